"""scf: printed as MLIR does."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from xdsl.dialects import scf
from xdsl.ir import Attribute, Block, Dialect, Operation, Region, SSAValue
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import IsTerminator

from softnpu.dialects.opdef import INDEX
from softnpu.dialects.upstream import with_ops
from softnpu.dialects.upstream.forms import unchecked

WhileOp = unchecked(scf.WhileOp)


def parse_for(parser: Parser) -> Operation:
    """`%i = %a to %b step %c iter_args(%x = %y) -> type : i32 { ... }`; several types bracketed."""
    induction = parser.parse_argument(expect_type=False)
    parser.parse_punctuation("=")
    lower = parser.parse_operand()
    parser.parse_keyword("to")
    upper = parser.parse_operand()
    parser.parse_keyword("step")
    step = parser.parse_operand()
    pairs: list[tuple[Parser.UnresolvedArgument, UnresolvedOperand]] = []
    types: list[Attribute] = []
    if parser.parse_optional_keyword("iter_args") is not None:
        pairs = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, lambda: _parse_assignment(parser)
        )
        parser.parse_punctuation("->")
        types = _parse_types(parser)
    kind = parser.parse_type() if parser.parse_optional_punctuation(":") is not None else INDEX
    values = parser.resolve_operands([value for _, value in pairs], types, parser.pos)
    carried = [one.resolve(type) for (one, _), type in zip(pairs, types, strict=True)]
    body = parser.parse_region([induction.resolve(kind), *carried])
    if not carried:
        _end_with_yield(body)
    op = scf.ForOp(lower, upper, step, values, body)
    op.attributes.update(parser.parse_optional_attr_dict())
    return op


def parse_if(parser: Parser) -> Operation:
    """`%c -> type { ... } else { ... }`; several types bracketed."""
    condition = parser.parse_operand()
    arrow = parser.parse_optional_punctuation("->") is not None
    types = _parse_types(parser) if arrow else []
    first = parser.parse_region()
    _end_with_yield(first)
    second = Region()
    if parser.parse_optional_keyword("else") is not None:
        second = parser.parse_region()
        _end_with_yield(second)
    return scf.IfOp(condition, types, first, second, parser.parse_optional_attr_dict())


def _end_with_yield(region: Region) -> None:
    """The terminator that the text may leave out where nothing is yielded."""
    if not region.blocks:
        region.add_block(Block())
    block = region.blocks[-1]
    if block.last_op is None or not block.last_op.has_trait(IsTerminator):
        block.add_op(scf.YieldOp())


def parse_while(parser: Parser) -> Operation:
    """`(%a = %b) : (i32) -> i32 { ... } do { ... }`; without arguments no parentheses either."""
    start = parser.pos
    pairs = (
        parser.parse_optional_comma_separated_list(
            parser.Delimiter.PAREN, lambda: _parse_assignment(parser)
        )
        or []
    )
    parser.parse_punctuation(":")
    type = parser.parse_function_type()
    inputs = type.inputs.data
    if len(pairs) != len(inputs):
        parser.raise_error(
            f"expected as many input types as operands ({len(inputs)} vs {len(pairs)})",
            start,
            parser.pos,
        )
    operands = parser.resolve_operands([operand for _, operand in pairs], inputs, start)
    arguments = [one.resolve(kind) for (one, _), kind in zip(pairs, inputs, strict=True)]
    before = parser.parse_region(arguments)
    parser.parse_keyword("do")
    after = parser.parse_region()
    op = scf.WhileOp(operands, type.outputs.data, before, after)
    attributes = parser.parse_optional_attr_dict_with_keyword()
    op.attributes.update({} if attributes is None else attributes.data)
    return op


def _parse_assignment(parser: Parser) -> tuple[Parser.UnresolvedArgument, UnresolvedOperand]:
    argument = parser.parse_argument(expect_type=False)
    parser.parse_punctuation("=")
    return argument, parser.parse_unresolved_operand()


def print_while(printer: Printer, op: Operation) -> None:
    loop = cast(scf.WhileOp, op)
    if loop.arguments:
        pairs = zip(loop.before_region.block.args, loop.arguments, strict=True)
        printer.print_string(" (")
        for index, (argument, value) in enumerate(pairs):
            printer.print_string(", " if index else "")
            printer.print_ssa_value(argument)
            printer.print_string(" = ")
            printer.print_ssa_value(value)
        printer.print_string(")")
    printer.print_string(" : ")
    printer.print_operation_type(op)
    printer.print_string(" ")
    printer.print_region(loop.before_region, print_entry_block_args=False)
    printer.print_string(" do ")
    printer.print_region(loop.after_region)
    if op.attributes:
        printer.print_op_attributes(dict(sorted(op.attributes.items())), print_keyword=True)


def print_execute_region(printer: Printer, op: Operation) -> None:
    """`-> i32 { ... }`"""
    if op.results:
        printer.print_string(" -> ")
        _print_types(printer, op)
    printer.print_string(" ")
    printer.print_region(op.regions[0])
    printer.print_op_attributes(dict(sorted(op.attributes.items())))


def parse_index_switch(parser: Parser) -> Operation:
    """`%i -> type case 1 { ... } default { ... }`; an empty case need not say that it yields."""
    op = scf.IndexSwitchOp.parse(parser)
    for region in op.regions:
        _end_with_yield(region)
    return op


def print_index_switch(printer: Printer, op: Operation) -> None:
    switch = cast(scf.IndexSwitchOp, op)
    printer.print_string(" ")
    printer.print_ssa_value(switch.arg)
    printer.print_op_attributes(dict(sorted(op.attributes.items())))
    if op.results:
        printer.print_string(" -> ")
        printer.print_list(op.result_types, printer.print_attribute)
    printer.print_string(" ")
    for value, case in zip(switch.cases.iter_values(), switch.case_regions, strict=True):
        printer.print_string(f"\ncase {value} ")
        printer.print_region(case)
    printer.print_string("\ndefault ")
    yields = switch.default_region.block.last_op
    printer.print_region(
        switch.default_region,
        print_empty_block=False,
        print_block_terminators=bool(yields and yields.operands),
    )


def parse_parallel(parser: Parser) -> Operation:
    """`(%i, %j) = (%a, %b) to (%c, %d) step (%e, %f) init (%x) -> type { ... }`"""
    arguments = parser.parse_comma_separated_list(
        parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False)
    )
    bounds: list[list[SSAValue]] = []
    for separator in ("=", "to", "step"):
        if separator == "=":
            parser.parse_punctuation("=")
        else:
            parser.parse_keyword(separator)
        bounds.append(_parse_values(parser, [INDEX] * len(arguments)))
    initial: list[UnresolvedOperand] = []
    if parser.parse_optional_keyword("init") is not None:
        initial = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, parser.parse_unresolved_operand
        )
    types: list[Attribute] = []
    if parser.parse_optional_punctuation("->") is not None:
        types = _parse_types(parser)
    values = parser.resolve_operands(initial, types, parser.pos)
    body = parser.parse_region([argument.resolve(INDEX) for argument in arguments])
    if not isinstance(body.block.last_op, scf.ReduceOp):
        body.block.add_op(scf.ReduceOp())
    lower, upper, step = bounds
    op = scf.ParallelOp(lower, upper, step, body, values)
    op.attributes.update(parser.parse_optional_attr_dict())
    return op


def _parse_values(parser: Parser, types: list[Attribute]) -> list[SSAValue]:
    found = parser.parse_comma_separated_list(
        parser.Delimiter.PAREN, parser.parse_unresolved_operand
    )
    return list(parser.resolve_operands(found, types, parser.pos))


def _parse_types(parser: Parser) -> list[Attribute]:
    """One type, or several in parentheses."""
    found = parser.parse_optional_comma_separated_list(parser.Delimiter.PAREN, parser.parse_type)
    return [parser.parse_type()] if found is None else list(found)


def print_parallel(printer: Printer, op: Operation) -> None:
    loop = cast(scf.ParallelOp, op)
    parts = (
        (" (", loop.body.block.args),
        (" = (", loop.lowerBound),
        (" to (", loop.upperBound),
        (" step (", loop.step),
        *([(" init (", loop.initVals)] if loop.initVals else ()),
    )
    for word, values in parts:
        printer.print_string(word)
        printer.print_list(values, printer.print_ssa_value)
        printer.print_string(")")
    if op.results:
        printer.print_string(" -> ")
        _print_types(printer, op)
    printer.print_string(" ")
    printer.print_region(loop.body, print_entry_block_args=False)
    printer.print_op_attributes(dict(sorted(op.attributes.items())))


def _print_types(printer: Printer, op: Operation) -> None:
    if len(op.results) == 1:
        printer.print_attribute(op.results[0].type)
        return
    with printer.in_parens():
        printer.print_list(op.result_types, printer.print_attribute)


def parse_reduce(parser: Parser) -> Operation:
    """`(%v : type) { ^bb0(%a: type, %b: type): ... }`, or nothing at all."""
    values: list[SSAValue] = []

    def value() -> None:
        name = parser.parse_unresolved_operand()
        parser.parse_punctuation(":")
        values.append(parser.resolve_operand(name, parser.parse_type()))

    parser.parse_optional_comma_separated_list(parser.Delimiter.PAREN, value)
    regions = [parser.parse_region()] if values else []
    while values and parser.parse_optional_punctuation(",") is not None:
        regions.append(parser.parse_region())
    return scf.ReduceOp(values, regions)


def print_reduce(printer: Printer, op: Operation) -> None:
    printer.print_string(" " if not op.operands else "(")
    for index, value in enumerate(op.operands):
        printer.print_string(", " if index else "")
        printer.print_ssa_value(value)
        printer.print_string(" : ")
        printer.print_attribute(value.type)
    if op.operands:
        printer.print_string(") ")
        printer.print_list(op.regions, printer.print_region)


PARSERS: dict[str, Callable[[Parser], Operation]] = {
    "scf.for": parse_for,
    "scf.if": parse_if,
    "scf.index_switch": parse_index_switch,
    "scf.parallel": parse_parallel,
    "scf.reduce": parse_reduce,
    "scf.while": parse_while,
}
PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {
    "scf.execute_region": print_execute_region,
    "scf.index_switch": print_index_switch,
    "scf.parallel": print_parallel,
    "scf.reduce": print_reduce,
    "scf.while": print_while,
}


def dialect() -> Dialect:
    """scf with our ops in it."""
    return with_ops(scf.Scf, WhileOp)
