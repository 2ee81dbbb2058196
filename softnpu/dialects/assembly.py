"""The declarative assembly format: an op's syntax string read once, then parsed and printed by.

The notation is that of MLIR's `assemblyFormat` as far as the aie dialects use it: literals in
backticks, `$name`, `type($name)`, `attr-dict`, `regions`, `custom<Name>(...)` and optional
groups `( ... $anchor^ ...)?`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

from xdsl.dialects.builtin import IntegerAttr, i32
from xdsl.ir import Block, Region, SSAValue
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer

from softnpu.dialects.array_codecs import dense_array
from softnpu.dialects.directives import Custom
from softnpu.dialects.elements import (
    AttrDict,
    AttrElement,
    Blank,
    Element,
    Group,
    Literal,
    OperandElement,
    Regions,
    Spacing,
    SuccessorElement,
    TypeElement,
    print_attr_dict,
)
from softnpu.dialects.fields import (
    OPS,
    SEGMENTS,
    AttrField,
    Field,
    Fielded,
    OperandField,
    OptionalScalarField,
    RegionField,
    ResultField,
    ScalarField,
    SuccessorField,
)
from softnpu.dialects.parts import Parts
from softnpu.dialects.scalars import scalar

__all__ = [
    "build",
    "close_region",
    "parse_function_body",
    "parse_op",
    "print_attr_dict",
    "print_function_body",
    "print_op",
]

OpT = TypeVar("OpT", bound=Fielded)

TOKEN = re.compile(
    r"\s*(?:`(?P<literal>[^`]*)`|\$(?P<name>\w+)|(?P<qualified>qualified\()?type\(\$(?P<type>\w+)\)(?(qualified)\))"
    r"|custom<(?P<custom>\w+)>\((?P<arguments>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)"
    r"|(?P<word>attr-dict|regions)|(?P<open>\()|(?P<close>\)\?)|(?P<anchor>\^))"
)


def field_of(cls: type[Fielded], name: str) -> Field:
    """The field of a name as the definition spells it (`producerTile`, `lockID`)."""
    if name in cls.attr_fields:
        return cls.attr_fields[name]
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return cls.fields[snake]


@cache
def syntax_of(cls: type[Fielded]) -> list[Element]:
    """The op's syntax string as elements."""
    elements: list[Element] = []
    group: list[Element] | None = None
    anchor: Element | None = None
    position = 0
    while position < len(cls.syntax):
        match = TOKEN.match(cls.syntax, position)
        assert match is not None, f"{cls.name}: {cls.syntax[position:]}"
        position = match.end()
        if match["open"]:
            group = []
        elif match["close"]:
            assert group is not None and anchor is not None
            elements.append(Group(group, anchor))
            group = None
        elif match["anchor"]:
            assert group
            anchor = group[-1]
        else:
            (elements if group is None else group).append(_element(cls, match))
    return elements


def _element(cls: type[Fielded], match: re.Match[str]) -> Element:
    if (text := match["literal"]) is not None:
        return Literal(text) if text.strip() else Blank(text)
    if match["word"] == "regions":
        return Regions(cls.region_fields[0].variadic)
    if match["word"]:
        return AttrDict(_shown(cls))
    if match["custom"]:
        names = re.findall(r"\$(\w+)", match["arguments"])
        return Custom(match["custom"], [field_of(cls, name) for name in names])
    found = field_of(cls, match["type"] or match["name"])
    if match["type"]:
        assert isinstance(found, (OperandField, ResultField))
        return TypeElement(found)
    return _variable(found)


def _variable(found: Field) -> Element:
    makers: dict[type[Field], Callable[[Any], Element]] = {
        AttrField: AttrElement,
        OperandField: OperandElement,
        ScalarField: OperandElement,
        OptionalScalarField: OperandElement,
        SuccessorField: SuccessorElement,
        RegionField: lambda region: Regions(region.variadic),
    }
    return makers[type(found)](found)


def _shown(cls: type[Fielded]) -> set[str]:
    return {
        field.mlir
        for name in re.findall(r"\$(\w+)", cls.syntax)
        if isinstance(field := field_of(cls, name), AttrField)
    }


def parse_op(cls: type[OpT], parser: Parser) -> OpT:
    """Read an op by its syntax string."""
    parts = Parts()
    for element in syntax_of(cls):
        element.parse(parser, parts)
    return build(cls, parser, parts)


def build(cls: type[OpT], parser: Parser, parts: Parts) -> OpT:
    """The op that the parts make."""
    cls.infer_types(parts)
    groups = [_group(field, parts) for field in cls.operand_fields]
    operands = [
        value
        for field, group in zip(cls.operand_fields, groups, strict=True)
        for value in _resolved(parser, field, group, parts)
    ]
    if cls.segmented:
        sizes = [len(group) for group in groups]
        parts.properties[SEGMENTS] = dense_array(i32, sizes)
    for body in parts.regions if cls.implicit_end else ():
        close_region(body)
    return cls.create(
        operands=operands,
        result_types=[field.type or parts.types[field.name][0] for field in cls.result_fields],
        properties=parts.properties,
        attributes=parts.attributes,
        regions=parts.regions,
        successors=parts.successors,
    )


def _group(field: OperandField, parts: Parts) -> list[UnresolvedOperand | SSAValue]:
    """The operands of a field; a scalar's may stand in the attribute that it once was."""
    group = parts.operands.get(field.name, [])
    if group or not isinstance(field, ScalarField | OptionalScalarField):
        return group
    for given in (parts.attributes, parts.properties):
        if isinstance(number := given.get(field.mlir), IntegerAttr):
            del given[field.mlir]
            return [scalar(number.value.data)]
    return group


def _resolved(
    parser: Parser,
    field: OperandField,
    group: list[UnresolvedOperand | SSAValue],
    parts: Parts,
) -> list[SSAValue]:
    if isinstance(field, ScalarField | OptionalScalarField):
        return [
            value if isinstance(value, SSAValue) else parser.resolve_operand(value, i32)
            for value in group
        ]
    names = cast("list[UnresolvedOperand]", group)
    types = parts.types[field.name] if field.type is None else [field.type] * len(group)
    return list(parser.resolve_operands(names, types, parser.pos))


def close_region(body: Region) -> None:
    """Give a region its implied block and `aie.end`."""
    end = OPS["aie.end"]
    if not body.blocks:
        body.add_block(Block())
    block = body.blocks[-1]
    if not isinstance(block.last_op, end):
        block.add_op(end())


def parse_function_body(parser: Parser, parts: Parts) -> None:
    """`(%a: type, ...) attributes {...} { ... }`: arguments, then the region that they enter."""

    def argument() -> Parser.Argument:
        found = parser.parse_argument()
        found.location = parser.parse_optional_location()
        return found

    arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, argument)
    attributes = parser.parse_optional_attr_dict_with_keyword()
    if attributes is not None:
        parts.attributes.update(attributes.data)
    parts.regions = [parser.parse_region(arguments)]


def print_function_body(printer: Printer, op: Fielded, shown: set[str]) -> None:
    """As `parse_function_body` reads it; `shown`: the attributes that stand elsewhere."""
    body = op.regions[0]
    with printer.in_parens():
        arguments = body.blocks[0].args if body.blocks else ()
        printer.print_list(arguments, printer.print_block_argument)
    print_attr_dict(printer, op, shown, " attributes")
    printer.print_string(" ")
    printer.print_region(body, print_entry_block_args=False, print_empty_block=False)


def print_op(op: Fielded, printer: Printer) -> None:
    """Write an op by its syntax string, after its name."""
    spacing = Spacing()
    for element in syntax_of(type(op)):
        element.print(printer, op, spacing)
