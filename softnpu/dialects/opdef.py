"""Op classes as data: what an op of the aie dialects is made of.

A class lists its operands, attributes, results, regions and successors as fields, in the
order and under the names of the dialect's definition (snake_case), and its syntax as the
string that the definition has. From that follow the constructor (keywords only), typed
accessors (`tile.col` is an int, `lock.lock_id` an int or None), the checks of `verify` and,
in `assembly`, parser and printer.

    class TileOp(DefinedOp):
        name = "aie.tile"
        col: int = attr(I32)
        row: int = attr(I32)
        result: OpResult = result(INDEX)
        syntax = "`(` $col `,` $row `)` attr-dict"

Attributes of the definition live in `op.properties` under their MLIR names, as in MLIR;
all others (discardable ones, such as `controller_id`) in `op.attributes`.
xdsl's own `irdl_op_definition` would do, but it reads every op's format at import, which a
short-lived command pays for each time, and says what is wrong in the compiler's terms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, cast

from typing_extensions import dataclass_transform
from xdsl.dialects.builtin import UNKNOWN_LOC, DenseArrayBase, IndexType, i32
from xdsl.ir import Attribute, Block, OpResult, OpTraits, Region, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from softnpu.dialects.array_codecs import dense_array
from softnpu.dialects.assembly import close_region, parse_op, print_op
from softnpu.dialects.fields import (
    OPS,
    REQUIRED,
    SEGMENTS,
    AttrField,
    Field,
    Fielded,
    OperandField,
    OptionalScalarField,
    RegionField,
    ResultField,
    ResultTypeField,
    ScalarField,
    SuccessorField,
    attr,
    operand,
    operands,
    optional_scalar,
    region,
    regions,
    result,
    result_type,
    scalar_operand,
    successor,
)
from softnpu.dialects.kinds import of_attributes
from softnpu.dialects.making import NOTHING, fill, locate
from softnpu.dialects.scalars import number_of

INDEX = IndexType()


@dataclass_transform(
    kw_only_default=True,
    field_specifiers=(
        attr,
        operand,
        operands,
        optional_scalar,
        result,
        result_type,
        region,
        regions,
        scalar_operand,
        successor,
    ),
)
class DefinedOp(Fielded):
    """Base of every op of the aie and aiex dialects."""

    __hash__ = object.__hash__  # as xDSL's, by identity

    traits: ClassVar[OpTraits] = traits_def()
    status: ClassVar[str] = ""
    """For docs/dialect.md: `read only: why` or `refused: why`. Empty: compiled."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fields: dict[str, Field] = {}
        for base in reversed(cls.__mro__):
            for name, value in vars(base).items():
                if isinstance(value, Field):
                    fields.pop(name, None)  # named again, it has its place there
                    fields[name] = value
        parts = list(fields.values())
        cls.fields = fields
        OPS[cls.name] = cls
        cls.attr_fields = {f.mlir: f for f in parts if isinstance(f, AttrField)}
        cls.operand_fields = [f for f in parts if isinstance(f, OperandField)]
        cls.operand_places = {f: index for index, f in enumerate(cls.operand_fields)}
        fixed = [f for f in cls.operand_fields if not f.variadic]
        cls.fixed_places = {f: index for index, f in enumerate(fixed)}
        variadic = [index for index, f in enumerate(cls.operand_fields) if f.variadic]
        cls.variadic_at = variadic[0] if variadic else len(cls.operand_fields)
        cls.result_fields = [f for f in parts if isinstance(f, ResultField)]
        cls.region_fields = [f for f in parts if isinstance(f, RegionField)]
        cls.successor_fields = [f for f in parts if isinstance(f, SuccessorField)]

    def __init__(self, **values: Any) -> None:
        attributes: Mapping[str, Attribute] = values.pop("attributes", NOTHING)
        location = values.pop("location", None)
        if self.implicit_end:
            for body in self.region_fields:
                close_region(values.setdefault(body.name, Region(Block())))
        if not values.keys() <= self.fields.keys():
            unknown = sorted(values.keys() - self.fields.keys())
            raise TypeError(f"{self.name} has no field {', '.join(unknown)}")
        operands, sizes = list[SSAValue](), list[int]()
        for field in self.operand_fields:
            group = field.given(values)
            operands += group
            sizes.append(len(group))
        fill(
            self,
            operands,
            [field.type or _given_type(self, values) for field in self.result_fields],
            self._properties(values, sizes),
            attributes,
            location or UNKNOWN_LOC,
        )
        if self.successor_fields:
            self.successors = [values[field.name] for field in self.successor_fields]
        for body in self.region_fields:
            for one in _region_group(body, values):
                self.add_region(one)
        if location is not None and self.regions:
            locate(self, location)
        self.__post_init__()

    def _properties(self, values: dict[str, Any], groups: list[int]) -> dict[str, Attribute]:
        properties = {}
        for mlir, field in self.attr_fields.items():
            if field.name in values:
                value = values[field.name]
                if not field.codec.is_absent(value):
                    properties[mlir] = field.codec.store(value)
            elif field.default is REQUIRED:
                raise TypeError(f"{self.name} needs '{field.name}'")
        if self.segmented:
            properties[SEGMENTS] = dense_array(i32, groups)
        return properties

    def number(self, name: str) -> int:
        """What the scalar operand of that name is known to be. Raises DesignError if it is not."""
        value = getattr(self, name)
        found = number_of(value)
        if found is None:
            from softnpu.dialects.run_time import unknown_number

            raise unknown_number(self, name, value)
        return found

    def word(self, name: str) -> int:
        """The same as a 32-bit word without sign, as registers and addresses are."""
        return self.number(name) & 0xFFFF_FFFF

    @classmethod
    def parse(cls, parser: Parser) -> DefinedOp:
        """Read the op in its own syntax; the name has been read."""
        return parse_op(cls, parser)

    def print(self, printer: Printer) -> None:
        """Write the op in its own syntax, after its name."""
        print_op(self, printer)

    def verify_(self) -> None:
        """Check the op's parts against its definition, then its rules."""
        self.verify_parts()
        self.verify_rules()

    def verify_rules(self) -> None:
        """Check what an op whose parts are whole keeps to by its class; what others must keep to
        besides stands in `rules`, which `verifier` asks."""

    def verify_parts(self) -> None:
        """Check attributes, operands, results, regions and successors: what accessors rely on."""
        self._verify_attributes()
        self._verify_operands()
        self._verify_results()
        self._verify_number("region", len(self.regions), self.region_fields)
        self._verify_number("successor", len(self.successors), self.successor_fields)

    def _verify_number(self, word: str, found: int, fields: Sequence[Field]) -> None:
        if found == len(fields):
            return
        if not any(isinstance(field, RegionField) and field.variadic for field in fields):
            raise VerifyException(f"'{self.name}' has {_count(len(fields), word)}, found {found}")

    def _verify_attributes(self) -> None:
        fit = of_attributes("fit")  # for which codecs
        for mlir, field in self.attr_fields.items():
            stored = self.properties.get(mlir)
            if stored is None:
                if field.required:
                    raise VerifyException(f"'{self.name}' needs the attribute '{mlir}'")
            elif field.codec in fit.known.get(id(stored), ()):
                continue
            elif (reason := field.codec.reject(stored)) is not None:
                raise VerifyException(f"'{self.name}': '{mlir}' must be {reason}, found {stored}")
            elif id(stored) in fit.known:
                fit.known[id(stored)].add(field.codec)
            else:
                fit.learn(stored, {field.codec})

    def _verify_operands(self) -> None:
        expected = len(self.operand_fields)
        found = len(self._operands)
        if found != expected and self.variadic_at == expected:
            raise VerifyException(
                f"'{self.name}' takes {_count(expected, 'operand')}, found {found}"
            )
        if self.segmented:
            stored = self.properties.get(SEGMENTS)
            counts = isinstance(stored, DenseArrayBase) and stored.elt_type == i32
            sizes = self._segments() if counts else ()
            if len(sizes) != expected or sum(sizes) != found:
                names = ", ".join(field.name for field in self.operand_fields)
                raise VerifyException(
                    f"'{self.name}' needs {SEGMENTS}: how many of its {found} operands are {names}"
                )
        start = 0
        for field, size in zip(self.operand_fields, self.segment_sizes(), strict=True):
            if size < 0:
                raise VerifyException(f"'{self.name}' lacks its operand '{field.name}'")
            start, first = start + size, start
            if field.type is None:
                continue
            for value in tuple.__getitem__(self._operands, slice(first, start)):
                if value.type is not field.type and value.type != field.type:
                    raise VerifyException(
                        f"'{self.name}': '{field.name}' must be of type {field.type}, "
                        f"found {value.type}"
                    )

    def _verify_results(self) -> None:
        found = [value.type for value in self.results]
        if len(found) != len(self.result_fields):
            wanted = _count(len(self.result_fields), "result")
            raise VerifyException(f"'{self.name}' gives {wanted}, found {len(found)}")
        for field, type in zip(self.result_fields, found, strict=True):
            if field.type not in (None, type):
                raise VerifyException(f"'{self.name}' gives a {field.type}, found {type}")
        for given in self.fields.values():
            if isinstance(given, ResultTypeField) and not isinstance(found[0], given.kind):
                raise VerifyException(f"'{self.name}' gives {given.what}, found {found[0]}")


def defined(dialect: str) -> tuple[type[DefinedOp], ...]:
    """The ops of a dialect that have been defined so far, in that order."""
    found = (op for name, op in OPS.items() if name.startswith(f"{dialect}."))
    return tuple(cast("Iterator[type[DefinedOp]]", found))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _given_type(op: DefinedOp, values: dict[str, Any]) -> Attribute:
    for field in op.fields.values():
        if isinstance(field, ResultTypeField):
            return cast(Attribute, values[field.name])
    raise TypeError(f"{op.name}: no result type")


def _region_group(field: RegionField, values: dict[str, Any]) -> Sequence[Region]:
    given = values.get(field.name)
    if field.variadic:
        return list(given or ())
    return [Region(Block()) if given is None else given]


__all__ = [
    "INDEX",
    "AttrField",
    "DefinedOp",
    "Field",
    "OpResult",
    "OperandField",
    "OptionalScalarField",
    "RegionField",
    "ResultField",
    "ResultTypeField",
    "ScalarField",
    "SuccessorField",
    "attr",
    "defined",
    "operand",
    "operands",
    "optional_scalar",
    "region",
    "regions",
    "result",
    "result_type",
    "scalar_operand",
    "successor",
]
