"""affine: the maximum, which xDSL does not have."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import affine
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir import Dialect, Operation, OpResult, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import Pure

from softnpu.dialects.codecs import ANY
from softnpu.dialects.opdef import INDEX, DefinedOp, attr, operands, result
from softnpu.dialects.upstream import with_ops
from softnpu.dialects.upstream.forms import print_attributes


class MaxOp(DefinedOp):
    """The largest of a map's results."""

    name = "affine.max"
    map: AffineMapAttr = attr(ANY)
    map_operands: tuple[SSAValue, ...] = operands(INDEX)
    result: OpResult = result(INDEX)
    traits = traits_def(Pure())

    @classmethod
    def parse(cls, parser: Parser) -> MaxOp:
        position = parser.pos
        stored = parser.parse_attribute()
        if not isinstance(stored, AffineMapAttr):
            parser.raise_error(f"expected an affine map, found {stored}", position, parser.pos)
        values: list[UnresolvedOperand] = []
        for delimiter in (parser.Delimiter.PAREN, parser.Delimiter.SQUARE):
            found = parser.parse_optional_comma_separated_list(
                delimiter, parser.parse_unresolved_operand
            )
            values.extend(found or ())
        attributes = parser.parse_optional_attr_dict()
        return cls.create(
            operands=parser.resolve_operands(values, [INDEX] * len(values), position),
            result_types=[INDEX],
            properties={"map": stored},
            attributes=attributes,
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_attribute(self.map)
        dims = self.map.data.num_dims
        with printer.in_parens():
            printer.print_list(self.map_operands[:dims], printer.print_ssa_value)
        if symbols := self.map_operands[dims:]:
            with printer.in_square_brackets():
                printer.print_list(symbols, printer.print_ssa_value)
        print_attributes(printer, self)


PARSERS: dict[str, Callable[[Parser], Operation]] = {}
PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {}


def dialect() -> Dialect:
    """affine with our op in it."""
    return with_ops(affine.Affine, MaxOp)
