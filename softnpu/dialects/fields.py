"""The parts that an op class is made of, as fields of the class (see `opdef`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from typing_extensions import Self
from xdsl.dialects.builtin import i32
from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValue

from softnpu.dialects.codecs import Codec
from softnpu.dialects.scalars import scalar

if TYPE_CHECKING:
    from softnpu.dialects.opdef import DefinedOp

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

    def __get__(self, op: DefinedOp | None, owner: type | None = None) -> Any:
        if op is None:
            return self
        stored = op.properties.get(self.mlir)
        if stored is not None:
            return self._load(stored)
        if self.default is REQUIRED:
            raise AttributeError(f"{op.name} has no '{self.mlir}'")
        return self.default

    def __set__(self, op: DefinedOp, value: Any) -> None:
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

    def __get__(self, op: DefinedOp | None, owner: type | None = None) -> Any:
        if op is None:
            return self
        operands = op._operands
        if len(operands) == len(op.fixed_places):  # of what is variadic there is nothing
            return () if self.variadic else tuple.__getitem__(operands, op.fixed_places[self])
        start, stop = op.operand_range(self)
        if not self.variadic:
            return tuple.__getitem__(operands, start)  # xDSL's own asks what it is given
        return tuple.__getitem__(operands, slice(start, stop)) if start < stop else ()

    def __set__(self, op: DefinedOp, value: Any) -> None:
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
    def __get__(self, op: DefinedOp, owner: type | None = None) -> SSAValue: ...

    def __get__(self, op: DefinedOp | None, owner: type | None = None) -> Any:
        return super().__get__(op, owner)

    def given(self, values: Mapping[str, Any]) -> list[SSAValue]:
        return [as_scalar(values[self.name])]

    def __set__(self, op: DefinedOp, value: int | SSAValue) -> None:
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
    def __get__(self, op: DefinedOp, owner: type | None = None) -> SSAValue | None: ...

    def __get__(self, op: DefinedOp | None, owner: type | None = None) -> Any:
        found = super().__get__(op, owner)
        return found if op is None else next(iter(found), None)

    def given(self, values: Mapping[str, Any]) -> list[SSAValue]:
        value = values.get(self.name)
        return [] if value is None else [as_scalar(value)]

    def __set__(self, op: DefinedOp, value: int | SSAValue | None) -> None:
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

    def __get__(self, op: DefinedOp | None, owner: type | None = None) -> Any:
        if op is None:
            return self
        results = op.results
        return results[0] if len(results) == 1 else results[op.result_fields.index(self)]


class ResultTypeField(Field):
    """The type of the op's (only) result, where it is not fixed; of a class, called `what`."""

    def __init__(self, kind: type[Attribute], what: str) -> None:
        self.kind = kind
        self.what = what

    def __get__(self, op: DefinedOp | None, owner: type | None = None) -> Any:
        return self if op is None else op.results[0].type


class RegionField(Field):
    """A region; (variadic) as many as there are."""

    def __init__(self, variadic: bool) -> None:
        self.variadic = variadic

    def __get__(self, op: DefinedOp | None, owner: type | None = None) -> Any:
        if op is None:
            return self
        return op.regions if self.variadic else op.regions[op.region_fields.index(self)]


class SuccessorField(Field):
    """A block that control may go to."""

    def __get__(self, op: DefinedOp | None, owner: type | None = None) -> Any:
        return self if op is None else op.successors[op.successor_fields.index(self)]

    def __set__(self, op: DefinedOp, value: Block) -> None:
        op.successors[op.successor_fields.index(self)] = value


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
