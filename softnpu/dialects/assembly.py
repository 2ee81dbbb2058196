"""The declarative assembly format: an op's syntax string read once, then parsed and printed by.

The notation is that of MLIR's `assemblyFormat` as far as the aie dialects use it: literals in
backticks, `$name`, `type($name)`, `attr-dict`, `regions`, `custom<Name>(...)` and optional
groups `( ... $anchor^ ...)?`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from xdsl.dialects.builtin import DenseArrayBase, i32
from xdsl.ir import Attribute, Block, Region
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer

from softnpu.dialects.elements import (
    AttrDict,
    AttrElement,
    Blank,
    Custom,
    Element,
    Group,
    Literal,
    OperandElement,
    Parts,
    Regions,
    Spacing,
    SuccessorElement,
    TypeElement,
    print_attr_dict,
)
from softnpu.dialects.opdef import (
    SEGMENTS,
    AttrField,
    DefinedOp,
    Field,
    OperandField,
    RegionField,
    ResultField,
    SuccessorField,
)

__all__ = [
    "Parts",
    "build",
    "parse_function_body",
    "parse_op",
    "print_attr_dict",
    "print_function_body",
    "print_op",
]

OpT = TypeVar("OpT", bound=DefinedOp)

TOKEN = re.compile(
    r"\s*(?:`(?P<literal>[^`]*)`|\$(?P<name>\w+)|(?:qualified\()?type\(\$(?P<type>\w+)\)\)?"
    r"|custom<(?P<custom>\w+)>\((?P<arguments>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)"
    r"|(?P<word>attr-dict|regions)|(?P<open>\()|(?P<close>\)\?)|(?P<anchor>\^))"
)


def field_of(cls: type[DefinedOp], name: str) -> Field:
    """The field of a name as the definition spells it (`producerTile`, `lockID`)."""
    if name in cls.attr_fields:
        return cls.attr_fields[name]
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return cls.fields[snake]


@cache
def syntax_of(cls: type[DefinedOp]) -> list[Element]:
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


def _element(cls: type[DefinedOp], match: re.Match[str]) -> Element:
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
        SuccessorField: SuccessorElement,
        RegionField: lambda region: Regions(region.variadic),
    }
    return makers[type(found)](found)


def _shown(cls: type[DefinedOp]) -> set[str]:
    return {
        field.mlir
        for name in re.findall(r"\$(\w+)", cls.syntax)
        if isinstance(field := field_of(cls, name), AttrField)
    }


def parse_op(cls: type[DefinedOp], parser: Parser) -> DefinedOp:
    """Read an op by its syntax string."""
    parts = Parts()
    for element in syntax_of(cls):
        element.parse(parser, parts)
    return build(cls, parser, parts)


def build(cls: type[OpT], parser: Parser, parts: Parts) -> OpT:
    """The op that the parts make."""
    groups = [parts.operands.get(field.name, []) for field in cls.operand_fields]
    cls.infer_types(parts)
    operands = [
        value
        for field, group in zip(cls.operand_fields, groups, strict=True)
        for value in parser.resolve_operands(group, _types(field, group, parts), parser.pos)
    ]
    if cls.segmented:
        sizes = [len(group) for group in groups]
        parts.properties[SEGMENTS] = DenseArrayBase.from_list(i32, sizes)
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


def _types(field: OperandField, group: list[UnresolvedOperand], parts: Parts) -> list[Attribute]:
    return parts.types[field.name] if field.type is None else [field.type] * len(group)


def close_region(body: Region) -> None:
    """Give a region its implied block and `aie.end`."""
    from softnpu.dialects.aie.tiles import EndOp

    if not body.blocks:
        body.add_block(Block())
    block = body.blocks[-1]
    if not isinstance(block.last_op, EndOp):
        block.add_op(EndOp())


def parse_function_body(parser: Parser) -> Region:
    """`(%a: type, ...) { ... }`: arguments, then the region that they enter."""
    arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
    return parser.parse_region(arguments)


def print_function_body(printer: Printer, body: Region) -> None:
    """As `parse_function_body` reads it."""
    with printer.in_parens():
        arguments = body.blocks[0].args if body.blocks else ()
        printer.print_list(arguments, printer.print_block_argument)
    printer.print_string(" ")
    printer.print_region(body, print_entry_block_args=False, print_empty_block=False)


def print_op(op: DefinedOp, printer: Printer) -> None:
    """Write an op by its syntax string, after its name."""
    spacing = Spacing()
    for element in syntax_of(type(op)):
        element.print(printer, op, spacing)
