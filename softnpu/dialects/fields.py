"""The parts that an op class is made of, as fields of the class (see `opdef`)."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, ClassVar, Literal, cast, overload

from typing_extensions import Self
from xdsl.dialects.builtin import UNKNOWN_LOC, DenseArrayBase, LocationAttr, i32
from xdsl.ir import Attribute, Block, Operation, OpResult, Region, SSAValue
from xdsl.irdl import AttrSizedOperandSegments

from softnpu.dialects.array_codecs import dense_array, dense_numbers
from softnpu.dialects.codecs import Codec
from softnpu.dialects.making import NOTHING, fill
from softnpu.dialects.parts import Parts
from softnpu.dialects.scalars import scalar

REQUIRED: Any = object()
"""The default of an attribute that must be given."""


class Field:
    """A part of an op; its name is set by the class body that it stands in."""

    name: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


class AttrField(Field):
    """An attribute: read and written as a Python value, stored as an MLIR attribute."""

    def __init__(self, codec: Codec[Any], default: Any, mlir: str | None) -> None:
        self.codec = codec
        self._load = codec.load
        self.default = default
        self.mlir = mlir or ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.mlir = self.mlir or name

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def is_default(self, stored: Attribute) -> bool:
        """Whether this is what an absent attribute means, so that printing leaves it out."""
        if self.default is REQUIRED or self.default is None:
            return False
        return bool(self.codec.load(stored) == self.default)

    def __get__(self, op: Fielded | None, owner: type | None = None) -> Any:
        if op is None:
            return self
        stored = op.properties.get(self.mlir)
        if stored is not None:
            return self._load(stored)
        if self.default is REQUIRED:
            raise AttributeError(f"{op.name} has no '{self.mlir}'")
        return self.default

    def __set__(self, op: Fielded, value: Any) -> None:
        if self.codec.is_absent(value):
            op.properties.pop(self.mlir, None)
        else:
            op.properties[self.mlir] = self.codec.store(value)


class OperandField(Field):
    """One operand, or (variadic) a run of them; `type` None leaves the type open."""

    def __init__(self, type: Attribute | None, variadic: bool) -> None:
        self.type = type
        self.variadic = variadic

    def given(self, values: Mapping[str, Any]) -> list[SSAValue]:
        """The operands for the field among a constructor's keywords."""
        if self.variadic:
            return [as_value(value) for value in values.get(self.name, ())]
        return [as_value(values[self.name])]

    def __get__(self, op: Fielded | None, owner: type | None = None) -> Any:
        if op is None:
            return self
        operands = op._operands
        if len(operands) == len(op.fixed_places):  # of what is variadic there is nothing
            return () if self.variadic else tuple.__getitem__(operands, op.fixed_places[self])
        start, stop = op.operand_range(self)
        if not self.variadic:
            return tuple.__getitem__(operands, start)  # xDSL's own asks what it is given
        return tuple.__getitem__(operands, slice(start, stop)) if start < stop else ()

    def __set__(self, op: Fielded, value: Any) -> None:
        start, stop = op.operand_range(self)
        new = list(value) if self.variadic else [value]
        values = [as_value(value) for value in new]
        op.operands = [*op._operands[:start], *values, *op._operands[stop:]]
        if op.segmented:
            op.set_segment(self, len(new))


class ScalarField(OperandField):
    """An i32 operand; a number stands for the constant of that value (see `scalars`).

    `mlir`: the attribute that held the number in older designs, which is still read.
    """

    def __init__(self, mlir: str | None) -> None:
        super().__init__(i32, variadic=False)
        self.mlir = mlir or ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.mlir = self.mlir or name

    @overload
    def __get__(self, op: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(self, op: Fielded, owner: type | None = None) -> SSAValue: ...

    def __get__(self, op: Fielded | None, owner: type | None = None) -> Any:
        return super().__get__(op, owner)

    def given(self, values: Mapping[str, Any]) -> list[SSAValue]:
        return [as_scalar(values[self.name])]

    def __set__(self, op: Fielded, value: int | SSAValue) -> None:
        super().__set__(op, as_scalar(value))


class OptionalScalarField(OperandField):
    """The same, or nothing: None."""

    def __init__(self, mlir: str | None) -> None:
        super().__init__(i32, variadic=True)
        self.mlir = mlir or ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.mlir = self.mlir or name

    @overload
    def __get__(self, op: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(self, op: Fielded, owner: type | None = None) -> SSAValue | None: ...

    def __get__(self, op: Fielded | None, owner: type | None = None) -> Any:
        found = super().__get__(op, owner)
        return found if op is None else next(iter(found), None)

    def given(self, values: Mapping[str, Any]) -> list[SSAValue]:
        value = values.get(self.name)
        return [] if value is None else [as_scalar(value)]

    def __set__(self, op: Fielded, value: int | SSAValue | None) -> None:
        super().__set__(op, [] if value is None else [as_scalar(value)])


def as_scalar(value: int | SSAValue) -> SSAValue:
    """The value, or a constant of the number."""
    return scalar(value) if isinstance(value, int) else as_value(value)


def as_value(value: SSAValue | Operation) -> SSAValue:
    """The value, or the only one that an op gives."""
    return value if type(value) is OpResult else SSAValue.get(value)


class ResultField(Field):
    """A result; `type` None: the constructor takes it as a `result_type` field."""

    def __init__(self, type: Attribute | None) -> None:
        self.type = type

    def __get__(self, op: Fielded | None, owner: type | None = None) -> Any:
        if op is None:
            return self
        results = op.results
        return results[0] if len(results) == 1 else results[op.result_fields.index(self)]


class ResultTypeField(Field):
    """The type of the op's (only) result, where it is not fixed; of a class, called `what`."""

    def __init__(self, kind: type[Attribute], what: str) -> None:
        self.kind = kind
        self.what = what

    def __get__(self, op: Fielded | None, owner: type | None = None) -> Any:
        return self if op is None else op.results[0].type


class RegionField(Field):
    """A region; (variadic) as many as there are."""

    def __init__(self, variadic: bool) -> None:
        self.variadic = variadic

    def __get__(self, op: Fielded | None, owner: type | None = None) -> Any:
        if op is None:
            return self
        return op.regions if self.variadic else op.regions[op.region_fields.index(self)]


class SuccessorField(Field):
    """A block that control may go to."""

    def __get__(self, op: Fielded | None, owner: type | None = None) -> Any:
        return self if op is None else op.successors[op.successor_fields.index(self)]

    def __set__(self, op: Fielded, value: Block) -> None:
        op.successors[op.successor_fields.index(self)] = value


SEGMENTS = AttrSizedOperandSegments.attribute_name

OPS: dict[str, type[Fielded]] = {}
"""Every class of an op that has been defined so far, by the op's name."""


class OpClass(ABCMeta):
    """Of our classes, no other class counts as one that does not inherit: asking what an op is
    takes no more than Python's own `isinstance`, and xDSL's ABCs ten times that."""

    __instancecheck__ = type.__instancecheck__
    __subclasscheck__ = type.__subclasscheck__


class Fielded(Operation, metaclass=OpClass):
    """An op whose parts are fields of its class: what these and its syntax need (see `opdef`)."""

    varies: ClassVar[str] = ""
    """The attribute, a number or a list of numbers, in which the ops of a long sequence differ
    most: what is remembered of one serves for others that differ in nothing else."""
    syntax: ClassVar[str] = ""
    """The assembly format, in the notation of the dialect's definition."""
    segmented: ClassVar[bool] = False
    """Several variadic operands, told apart by `operandSegmentSizes`."""
    implicit_end: ClassVar[bool] = False
    """One block, ended by an `aie.end` that the text leaves out."""

    attr_fields: ClassVar[dict[str, AttrField]] = {}
    operand_fields: ClassVar[list[OperandField]] = []
    operand_places: ClassVar[dict[OperandField, int]] = {}
    """Each operand field's place among them."""
    fixed_places: ClassVar[dict[OperandField, int]] = {}
    """The same among those that are one operand each."""
    variadic_at: ClassVar[int] = 0
    """Which operand field is the (first) variadic one; as many as there are if none is."""
    result_fields: ClassVar[list[ResultField]] = []
    region_fields: ClassVar[list[RegionField]] = []
    successor_fields: ClassVar[list[SuccessorField]] = []
    fields: ClassVar[dict[str, Field]] = {}

    @classmethod
    def create(
        cls,
        *,
        operands: Sequence[SSAValue] = (),
        result_types: Sequence[Attribute] = (),
        properties: Mapping[str, Attribute] = NOTHING,
        attributes: Mapping[str, Attribute] = NOTHING,
        location: LocationAttr | None = None,
        successors: Sequence[Block] = (),
        regions: Sequence[Region] = (),
    ) -> Self:
        """As xDSL's: an op of these parts."""
        op = cls.__new__(cls)
        fill(op, operands, result_types, properties, attributes, location or UNKNOWN_LOC)
        if successors:
            op.successors = successors
        for one in regions:
            op.add_region(one)
        op.__post_init__()
        return op

    def __post_init__(self) -> None:
        if not self.attributes:
            return
        for name in self.attributes.keys() & self.attr_fields.keys():
            self.properties[name] = self.attributes.pop(name)
        if self.segmented and SEGMENTS in self.attributes:
            self.properties[SEGMENTS] = self.attributes.pop(SEGMENTS)

    @property
    def has_number(self) -> bool:
        """Whether it has the attribute in which others differ, and that says all: no values
        stand for a part of it, nor for others."""
        return self.varies in self.properties and len(self._operands) == len(self.fixed_places)

    def number_text(self) -> str:
        """That attribute as it is written; "" unless `has_number`."""
        if not self.has_number:
            return ""
        number = getattr(self, self.varies)
        return str(number) if isinstance(number, int) else f"[{', '.join(map(str, number))}]"

    def _segments(self) -> tuple[int, ...]:
        return dense_numbers(cast("DenseArrayBase[Any]", self.properties[SEGMENTS]))

    def segment_sizes(self) -> list[int]:
        """How many operands each operand field has."""
        if self.segmented:
            return list(self._segments())
        spare = len(self._operands) - len(self.operand_fields) + 1
        return [spare if field.variadic else 1 for field in self.operand_fields]

    def operand_range(self, field: OperandField) -> tuple[int, int]:
        """Where the operands of a field start and stop."""
        index = self.operand_places[field]
        if not self.segmented:  # one field at most is variadic, and takes what the others leave
            spare = len(self._operands) - len(self.operand_fields)
            start = index if index <= self.variadic_at else index + spare
            return start, start + (spare if index == self.variadic_at else 0) + 1
        return _bounds(self._segments())[index]

    def set_segment(self, field: OperandField, size: int) -> None:
        """Record a new number of operands of a field."""
        sizes = self.segment_sizes()
        sizes[self.operand_places[field]] = size
        self.properties[SEGMENTS] = dense_array(i32, sizes)

    @classmethod
    def infer_types(cls, parts: Parts) -> None:
        """Add to `parts.types` the types that the syntax leaves out."""


@lru_cache(1 << 10)
def _bounds(sizes: tuple[int, ...]) -> list[tuple[int, int]]:
    """Where each of the groups of these sizes starts and stops."""
    stops = list(accumulate(sizes))
    return list(zip([0, *stops], stops, strict=False))


# `default` and `init` of the following tell the type checker which keywords may be left out.


def attr(codec: Codec[Any], *, default: Any = REQUIRED, mlir: str | None = None) -> Any:
    """An attribute. `default` None: optional. `mlir`: its MLIR name, if it is another."""
    return AttrField(codec, default, mlir)


def operand(type: Attribute | None = None) -> Any:
    """One operand of that type."""
    return OperandField(type, variadic=False)


def operands(type: Attribute | None = None, *, default: Any = ()) -> Any:  # noqa: ARG001
    """Any number of operands, each of that type."""
    return OperandField(type, variadic=True)


def scalar_operand(*, mlir: str | None = None) -> Any:
    """An i32 operand, which the constructor and older text may give as a number."""
    return ScalarField(mlir)


def optional_scalar(*, mlir: str | None = None, default: Any = None) -> Any:  # noqa: ARG001
    """The same, or nothing."""
    return OptionalScalarField(mlir)


def result(type: Attribute | None = None, *, init: Literal[False] = False) -> Any:  # noqa: ARG001
    """A result of that type."""
    return ResultField(type)


def result_type(kind: type[Attribute] = Attribute, what: str = "") -> Any:
    """The constructor's keyword for the type of the result, and its accessor."""
    return ResultTypeField(kind, what)


def region(*, default: Any = None) -> Any:  # noqa: ARG001
    """A region; left out, one with an empty block."""
    return RegionField(variadic=False)


def regions(*, default: Any = ()) -> Any:  # noqa: ARG001
    """Any number of regions."""
    return RegionField(variadic=True)


def successor() -> Any:
    """A successor block."""
    return SuccessorField()
