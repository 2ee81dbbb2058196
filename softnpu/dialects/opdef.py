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

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from typing_extensions import dataclass_transform
from xdsl.dialects.builtin import DenseArrayBase, IndexType, i32
from xdsl.ir import Attribute, Block, Operation, OpResult, OpTraits, Region, SSAValue
from xdsl.irdl import AttrSizedOperandSegments, traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from softnpu.dialects.fields import (
    REQUIRED,
    AttrField,
    Field,
    OperandField,
    RegionField,
    ResultField,
    ResultTypeField,
    SuccessorField,
    attr,
    operand,
    operands,
    region,
    regions,
    result,
    result_type,
    successor,
)

if TYPE_CHECKING:
    from softnpu.dialects.assembly import Parts

INDEX = IndexType()
SEGMENTS = AttrSizedOperandSegments.attribute_name


@dataclass_transform(
    kw_only_default=True,
    field_specifiers=(attr, operand, operands, result, result_type, region, regions, successor),
)
class DefinedOp(Operation):
    """Base of every op of the aie and aiex dialects."""

    traits: ClassVar[OpTraits] = traits_def()
    syntax: ClassVar[str] = ""
    """The assembly format, in the notation of the dialect's definition."""
    segmented: ClassVar[bool] = False
    """Several variadic operands, told apart by `operandSegmentSizes`."""
    implicit_end: ClassVar[bool] = False
    """One block, ended by an `aie.end` that the text leaves out."""
    status: ClassVar[str] = ""
    """For docs/dialect.md: `read only: why` or `refused: why`. Empty: compiled."""

    attr_fields: ClassVar[dict[str, AttrField]] = {}
    operand_fields: ClassVar[list[OperandField]] = []
    result_fields: ClassVar[list[ResultField]] = []
    region_fields: ClassVar[list[RegionField]] = []
    successor_fields: ClassVar[list[SuccessorField]] = []
    fields: ClassVar[dict[str, Field]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fields = {
            name: value
            for base in reversed(cls.__mro__)
            for name, value in vars(base).items()
            if isinstance(value, Field)
        }
        parts = list(fields.values())
        cls.fields = fields
        cls.attr_fields = {f.mlir: f for f in parts if isinstance(f, AttrField)}
        cls.operand_fields = [f for f in parts if isinstance(f, OperandField)]
        cls.result_fields = [f for f in parts if isinstance(f, ResultField)]
        cls.region_fields = [f for f in parts if isinstance(f, RegionField)]
        cls.successor_fields = [f for f in parts if isinstance(f, SuccessorField)]

    def __init__(self, **values: Any) -> None:
        attributes: Mapping[str, Attribute] = values.pop("attributes", {})
        location = values.pop("location", None)
        if self.implicit_end:
            _close_regions(self, values)
        unknown = values.keys() - self.fields.keys()
        if unknown:
            raise TypeError(f"{self.name} has no field {', '.join(sorted(unknown))}")
        groups = [self._operand_group(field, values) for field in self.operand_fields]
        Operation.__init__(
            self,
            operands=[value for group in groups for value in group],
            result_types=[field.type or _given_type(self, values) for field in self.result_fields],
            properties=self._properties(values, [len(group) for group in groups]),
            attributes=attributes,
            location=location,
            successors=[values[field.name] for field in self.successor_fields],
            regions=[r for field in self.region_fields for r in _region_group(field, values)],
        )

    def __post_init__(self) -> None:
        super().__post_init__()  # type: ignore[no-untyped-call]
        for name in self.attributes.keys() & self.attr_fields.keys():
            self.properties[name] = self.attributes.pop(name)
        if self.segmented and SEGMENTS in self.attributes:
            self.properties[SEGMENTS] = self.attributes.pop(SEGMENTS)

    def _operand_group(self, field: OperandField, values: dict[str, Any]) -> list[SSAValue]:
        if field.variadic:
            return [SSAValue.get(value) for value in values.get(field.name, ())]
        return [SSAValue.get(values[field.name])]

    def _properties(self, values: dict[str, Any], groups: list[int]) -> dict[str, Attribute]:
        properties = {}
        for mlir, field in self.attr_fields.items():
            value = values.get(field.name, field.default)
            if value is REQUIRED:
                raise TypeError(f"{self.name} needs '{field.name}'")
            if value is not None and field.name in values:
                properties[mlir] = field.codec.store(value)
        if self.segmented:
            properties[SEGMENTS] = DenseArrayBase.from_list(i32, groups)
        return properties

    def segment_sizes(self) -> list[int]:
        """How many operands each operand field has."""
        if self.segmented:
            sizes = cast("DenseArrayBase[Any]", self.properties[SEGMENTS])
            return [int(size) for size in sizes.get_values()]
        spare = len(self._operands) - len(self.operand_fields) + 1
        return [spare if field.variadic else 1 for field in self.operand_fields]

    def operand_range(self, field: OperandField) -> tuple[int, int]:
        """Where the operands of a field start and stop."""
        sizes = self.segment_sizes()
        index = self.operand_fields.index(field)
        start = sum(sizes[:index])
        return start, start + sizes[index]

    def set_segment(self, field: OperandField, size: int) -> None:
        """Record a new number of operands of a field."""
        sizes = self.segment_sizes()
        sizes[self.operand_fields.index(field)] = size
        self.properties[SEGMENTS] = DenseArrayBase.from_list(i32, sizes)

    @classmethod
    def infer_types(cls, parts: Parts) -> None:
        """Add to `parts.types` the types that the syntax leaves out."""

    @classmethod
    def parse(cls, parser: Parser) -> DefinedOp:
        """Read the op in its own syntax; the name has been read."""
        from softnpu.dialects.assembly import parse_op

        return parse_op(cls, parser)

    def print(self, printer: Printer) -> None:
        """Write the op in its own syntax, after its name."""
        from softnpu.dialects.assembly import print_op

        print_op(self, printer)

    def verify_(self) -> None:
        """Check the op's parts against its definition, then its rules (see `rules`)."""
        from softnpu.dialects.rules import rule_of

        self._verify_attributes()
        self._verify_operands()
        if (rule := rule_of(self.name)) is not None:
            rule(self)

    def _verify_attributes(self) -> None:
        for mlir, field in self.attr_fields.items():
            stored = self.properties.get(mlir)
            if stored is None:
                if field.required:
                    raise VerifyException(f"'{self.name}' needs the attribute '{mlir}'")
            elif (reason := field.codec.reject(stored)) is not None:
                raise VerifyException(f"'{self.name}': '{mlir}' must be {reason}, found {stored}")

    def _verify_operands(self) -> None:
        expected = len(self.operand_fields)
        found = len(self._operands)
        if not any(field.variadic for field in self.operand_fields) and found != expected:
            raise VerifyException(f"'{self.name}' takes {expected} operands, found {found}")
        for field, size in zip(self.operand_fields, self.segment_sizes(), strict=True):
            if size < 0:
                raise VerifyException(f"'{self.name}' lacks its operand '{field.name}'")
            if field.type is None:
                continue
            start, stop = self.operand_range(field)
            for value in self.operands[start:stop]:
                if value.type != field.type:
                    raise VerifyException(
                        f"'{self.name}': '{field.name}' must be of type {field.type}, "
                        f"found {value.type}"
                    )


def _given_type(op: DefinedOp, values: dict[str, Any]) -> Attribute:
    for field in op.fields.values():
        if isinstance(field, ResultTypeField):
            return cast(Attribute, values[field.name])
    raise TypeError(f"{op.name}: no result type")


def _close_regions(op: DefinedOp, values: dict[str, Any]) -> None:
    from softnpu.dialects.assembly import close_region

    for field in op.region_fields:
        close_region(values.setdefault(field.name, Region(Block())))


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
    "RegionField",
    "ResultField",
    "ResultTypeField",
    "SuccessorField",
    "attr",
    "operand",
    "operands",
    "region",
    "regions",
    "result",
    "result_type",
    "successor",
]
