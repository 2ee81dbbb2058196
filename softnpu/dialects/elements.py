"""The pieces of an op's syntax string: each reads and writes itself.

White space follows the rules of MLIR's generated printers, so that what comes out is what
aie-opt would have written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from typing_extensions import override
from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Region, SSAValue
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer

from softnpu.dialects.fields import (
    SEGMENTS,
    AttrField,
    Fielded,
    OperandField,
    OptionalScalarField,
    ResultField,
    ScalarField,
    SuccessorField,
)
from softnpu.dialects.parts import Parts
from softnpu.dialects.scalars import scalar


@dataclass
class Spacing:
    """MLIR's rules for blanks: what the element before leaves to the next."""

    space: bool = True
    after_punctuation: bool = False

    def before_element(self, printer: Printer) -> None:
        if self.space or not self.after_punctuation:
            printer.print_string(" ")
        self.space, self.after_punctuation = True, False

    def before_literal(self, printer: Printer, text: str) -> None:
        if len(text) != 1 and text != "->":
            wanted = True
        elif self.after_punctuation:
            wanted = text not in ">)}],"
        else:
            wanted = text not in "<>(){}[],"
        if self.space and wanted:
            printer.print_string(" ")
        self.space = len(text) != 1 or text not in "<({["
        self.after_punctuation = not (text[0].isalpha() or text[0] == "_")


class Element:
    """A piece of a syntax string."""

    def parse(self, parser: Parser, parts: Parts) -> None:
        raise NotImplementedError

    def parse_optional(self, parser: Parser, parts: Parts) -> bool:
        """As the first of an optional group: whether it was there."""
        raise NotImplementedError

    def present(self, op: Fielded) -> bool:
        """As the anchor of an optional group: whether the group is printed."""
        raise NotImplementedError

    def print(self, printer: Printer, op: Fielded, spacing: Spacing) -> None:
        raise NotImplementedError


class Literal(Element):
    """Punctuation or a keyword."""

    def __init__(self, text: str) -> None:
        self.text: Any = text
        self.is_word = text[0].isalpha()

    @override
    def parse(self, parser: Parser, parts: Parts) -> None:
        if self.is_word:
            parser.parse_keyword(self.text)
        else:
            parser.parse_punctuation(self.text)

    @override
    def parse_optional(self, parser: Parser, parts: Parts) -> bool:
        if self.is_word:
            return parser.parse_optional_keyword(self.text) is not None
        return parser.parse_optional_punctuation(self.text) is not None

    @override
    def print(self, printer: Printer, op: Fielded, spacing: Spacing) -> None:
        spacing.before_literal(printer, self.text)
        printer.print_string(self.text)


class Blank(Element):
    """A blank to print, or (empty) one to leave out."""

    def __init__(self, text: str) -> None:
        self.text = text

    @override
    def parse(self, parser: Parser, parts: Parts) -> None:
        pass

    @override
    def print(self, printer: Printer, op: Fielded, spacing: Spacing) -> None:
        printer.print_string(self.text)
        spacing.space = False
        spacing.after_punctuation = not self.text


class AttrElement(Element):
    """An attribute of the op."""

    def __init__(self, field: AttrField) -> None:
        self.field = field

    @override
    def parse(self, parser: Parser, parts: Parts) -> None:
        parts.properties[self.field.mlir] = self.field.codec.parse(parser)

    @override
    def parse_optional(self, parser: Parser, parts: Parts) -> bool:
        stored = self.field.codec.parse_optional(parser)
        if stored is not None:
            parts.properties[self.field.mlir] = stored
        return stored is not None

    def present(self, op: Fielded) -> bool:
        stored = op.properties.get(self.field.mlir)
        return stored is not None and not self.field.is_default(stored)

    @override
    def print(self, printer: Printer, op: Fielded, spacing: Spacing) -> None:
        spacing.before_element(printer)
        self.field.codec.print(printer, op.properties[self.field.mlir])


def parse_scalar(parser: Parser) -> UnresolvedOperand | SSAValue:
    """`%value`, or, as older designs have it, a number."""
    position = parser.pos
    number = parser.parse_optional_integer(allow_boolean=False)
    if number is None:
        return parser.parse_unresolved_operand()
    return scalar(checked_i32(parser, number, position))


def checked_i32(parser: Parser, number: int, position: int) -> int:
    """The number, if 32 bits hold it, with or without sign."""
    if not -(1 << 31) <= number < 1 << 32:
        parser.raise_error(f"{number} does not fit in i32", position, parser.pos)
    return number


def given(op: Fielded, field: OperandField) -> bool:
    """Whether an op has operands in a field."""
    start, stop = op.operand_range(field)
    return stop > start


class OperandElement(Element):
    """An operand, or a run of them."""

    def __init__(self, field: OperandField) -> None:
        self.field = field

    @override
    def parse(self, parser: Parser, parts: Parts) -> None:
        if isinstance(self.field, ScalarField | OptionalScalarField):
            parts.operands[self.field.name] = [parse_scalar(parser)]
            return
        if not self.field.variadic:
            parts.operands[self.field.name] = [parser.parse_unresolved_operand()]
            return
        found = parser.parse_optional_undelimited_comma_separated_list(
            parser.parse_optional_unresolved_operand, parser.parse_unresolved_operand
        )
        parts.operands[self.field.name] = list(found or ())

    def present(self, op: Fielded) -> bool:
        return given(op, self.field)

    @override
    def print(self, printer: Printer, op: Fielded, spacing: Spacing) -> None:
        spacing.before_element(printer)
        start, stop = op.operand_range(self.field)
        printer.print_list(op.operands[start:stop], printer.print_ssa_value)


class TypeElement(Element):
    """The type of an operand or result."""

    def __init__(self, field: OperandField | ResultField) -> None:
        self.field = field

    def present(self, op: Fielded) -> bool:
        return isinstance(self.field, ResultField) or given(op, self.field)

    @override
    def parse(self, parser: Parser, parts: Parts) -> None:
        if (
            isinstance(self.field, ResultField | ScalarField | OptionalScalarField)
            or not self.field.variadic
        ):
            parts.types[self.field.name] = [parser.parse_type()]
            return
        found = parser.parse_optional_undelimited_comma_separated_list(
            parser.parse_optional_type, parser.parse_type
        )
        parts.types[self.field.name] = list(found or ())

    @override
    def print(self, printer: Printer, op: Fielded, spacing: Spacing) -> None:
        spacing.before_element(printer)
        if isinstance(self.field, ResultField):
            printer.print_attribute(op.results[op.result_fields.index(self.field)].type)
            return
        start, stop = op.operand_range(self.field)
        printer.print_list([v.type for v in op.operands[start:stop]], printer.print_attribute)


class SuccessorElement(Element):
    """A successor block."""

    def __init__(self, field: SuccessorField) -> None:
        self.field = field

    @override
    def parse(self, parser: Parser, parts: Parts) -> None:
        parts.successors.append(parser.parse_successor())

    @override
    def print(self, printer: Printer, op: Fielded, spacing: Spacing) -> None:
        spacing.before_element(printer)
        printer.print_block_name(op.successors[op.successor_fields.index(self.field)])


class Regions(Element):
    """The op's regions: one, or as many as there are."""

    def __init__(self, variadic: bool) -> None:
        self.variadic = variadic

    @override
    def parse(self, parser: Parser, parts: Parts) -> None:
        if not self.variadic:
            parts.regions.append(parser.parse_region())
            return
        found = parser.parse_optional_undelimited_comma_separated_list(
            parser.parse_optional_region, parser.parse_region
        )
        parts.regions.extend(found or ())

    @override
    def print(self, printer: Printer, op: Fielded, spacing: Spacing) -> None:
        spacing.before_element(printer)
        printer.print_list(op.regions, lambda body: print_body(printer, op, body))


class AttrDict(Element):
    """`{name = value, ...}`: all attributes that the rest of the syntax does not show."""

    def __init__(self, shown: set[str]) -> None:
        self.shown = shown

    @override
    def parse(self, parser: Parser, parts: Parts) -> None:
        position = parser.pos
        found = parser.parse_optional_attr_dict()
        for name in found:
            if name in parts.properties:
                parser.raise_error(f"'{name}' is given twice", position, parser.pos)
        parts.attributes.update(found)

    @override
    def print(self, printer: Printer, op: Fielded, spacing: Spacing) -> None:
        print_attr_dict(printer, op, self.shown)
        spacing.after_punctuation = False


class Group(Element):
    """Elements that stand together or not at all."""

    def __init__(self, elements: list[Element], anchor: Element) -> None:
        self.elements = elements
        self.anchor = anchor

    @override
    def parse(self, parser: Parser, parts: Parts) -> None:
        if self.elements[0].parse_optional(parser, parts):
            for element in self.elements[1:]:
                element.parse(parser, parts)

    @override
    def print(self, printer: Printer, op: Fielded, spacing: Spacing) -> None:
        if self.anchor.present(op):
            for element in self.elements:
                element.print(printer, op, spacing)


def print_body(printer: Printer, op: Fielded, body: Region) -> None:
    """A region as MLIR shows it: an implied `aie.end` is left out."""
    printer.print_region(
        body, print_empty_block=not op.implicit_end, print_block_terminators=not op.implicit_end
    )


def print_attr_dict(printer: Printer, op: Fielded, shown: set[str], keyword: str = "") -> None:
    """The attributes that are neither shown elsewhere nor defaults, by name, if there are any."""
    entries = {**op.attributes}
    for name, stored in op.properties.items():
        known = op.attr_fields.get(name)
        if name != SEGMENTS and not (known and known.is_default(stored)):
            entries[name] = stored
    names = sorted(entries.keys() - shown)
    if not names:
        return

    def entry(name: str) -> None:
        printer.print_identifier_or_string_literal(name)
        if not isinstance(entries[name], UnitAttr):
            printer.print_string(" = ")
            printer.print_attribute(entries[name])

    printer.print_string(f"{keyword} {{")
    printer.print_list(names, entry)
    printer.print_string("}")
