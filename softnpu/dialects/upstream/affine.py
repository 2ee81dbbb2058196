"""affine: the maximum, which xDSL does not have, and the spelling of branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from xdsl.dialects import affine
from xdsl.dialects.builtin import AffineMapAttr, AffineSetAttr
from xdsl.ir import Attribute, Block, Dialect, Operation, OpResult, Region, SSAValue
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
        values = _parse_dims_and_symbols(parser)
        attributes = parser.parse_optional_attr_dict()
        return cls.create(
            operands=values,
            result_types=[INDEX],
            properties={"map": stored},
            attributes=attributes,
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_attribute(self.map)
        _print_dims_and_symbols(printer, self.map_operands, self.map.data.num_dims)
        print_attributes(printer, self)


def _parse_dims_and_symbols(parser: Parser) -> Sequence[SSAValue]:
    """`(%d0, %d1)[%s0]`"""
    position = parser.pos
    values: list[UnresolvedOperand] = []
    for delimiter in (parser.Delimiter.PAREN, parser.Delimiter.SQUARE):
        found = parser.parse_optional_comma_separated_list(
            delimiter, parser.parse_unresolved_operand
        )
        values.extend(found or ())
    return parser.resolve_operands(values, [INDEX] * len(values), position)


def _print_dims_and_symbols(printer: Printer, values: Sequence[SSAValue], dims: int) -> None:
    with printer.in_parens():
        printer.print_list(values[:dims], printer.print_ssa_value)
    if symbols := values[dims:]:
        with printer.in_square_brackets():
            printer.print_list(symbols, printer.print_ssa_value)


def parse_if(parser: Parser) -> Operation:
    """`set(%d0)[%s0] -> (types) { ... } else { ... }`"""
    position = parser.pos
    condition = parser.parse_attribute()
    if not isinstance(condition, AffineSetAttr):
        parser.raise_error(f"expected an affine set, found {condition}", position, parser.pos)
    values = _parse_dims_and_symbols(parser)
    wanted = condition.data.num_dims + condition.data.num_symbols
    if len(values) != wanted:
        parser.raise_error(f"the set takes {wanted} values, found {len(values)}", position)
    types = _parse_result_types(parser)
    regions = [_parse_branch(parser)]
    has_else = parser.parse_optional_keyword("else") is not None
    regions.append(_parse_branch(parser) if has_else else Region())
    return affine.IfOp.create(
        operands=values,
        result_types=types,
        properties={"condition": condition},
        attributes=parser.parse_optional_attr_dict(),
        regions=regions,
    )


def _parse_result_types(parser: Parser) -> Sequence[Attribute]:
    """`-> type`, or `-> (type, type)`, or nothing."""
    if parser.parse_optional_punctuation("->") is None:
        return ()
    several = parser.parse_optional_comma_separated_list(parser.Delimiter.PAREN, parser.parse_type)
    return [parser.parse_type()] if several is None else several


def _parse_branch(parser: Parser) -> Region:
    """A region; that it yields nothing need not be said."""
    branch = parser.parse_region()
    if not branch.blocks:
        branch.add_block(Block())
    if not isinstance(branch.block.last_op, affine.YieldOp):
        branch.block.add_op(affine.YieldOp.get())
    return branch


def print_if(printer: Printer, op: Operation) -> None:
    branch = cast(affine.IfOp, op)
    printer.print_string(" ")
    printer.print_attribute(branch.condition)
    _print_dims_and_symbols(printer, branch.args, branch.condition.data.num_dims)
    if branch.results:
        single = len(branch.results) == 1
        printer.print_string(" -> " if single else " -> (")
        printer.print_list(branch.result_types, printer.print_attribute)
        printer.print_string("" if single else ")")
    for word, region in ((" ", branch.then_region), (" else ", branch.else_region)):
        if region.blocks:
            printer.print_string(word)
            printer.print_region(
                region, print_empty_block=False, print_block_terminators=bool(branch.results)
            )
    printer.print_op_attributes(dict(sorted(op.attributes.items())))


PARSERS: dict[str, Callable[[Parser], Operation]] = {affine.IfOp.name: parse_if}
PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {affine.IfOp.name: print_if}


def dialect() -> Dialect:
    """affine with our op in it."""
    return with_ops(affine.Affine, MaxOp)
