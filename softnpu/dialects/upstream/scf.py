"""scf: printed as MLIR does."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from xdsl.dialects import scf
from xdsl.ir import Block, Dialect, Operation
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from softnpu.dialects.upstream import with_ops


class WhileOp(scf.WhileOp):
    """As xDSL's, which raises no error of its own class."""

    def verify_(self) -> None:
        for word, region, wanted in (
            ("arguments", self.before_region, [value.type for value in self.arguments]),
            ("results", self.after_region, [value.type for value in self.res]),
        ):
            found = [argument.type for argument in region.block.args]
            if found != wanted:
                raise VerifyException(f"{word} and block arguments differ: {wanted}, {found}")


def print_execute_region(printer: Printer, op: Operation) -> None:
    """`-> i32 { ... }`"""
    types = op.result_types
    if types:
        printer.print_string(" -> ")
        if len(types) == 1:
            printer.print_attribute(types[0])
        else:
            with printer.in_parens():
                printer.print_list(types, printer.print_attribute)
    printer.print_string(" ")
    printer.print_region(op.regions[0])
    printer.print_op_attributes(dict(sorted(op.attributes.items())))


def parse_index_switch(parser: Parser) -> Operation:
    """`%i -> type case 1 { ... } default { ... }`; an empty case need not say that it yields."""
    op = scf.IndexSwitchOp.parse(parser)
    for region in op.regions:
        if not region.blocks:
            region.add_block(Block())
        if not isinstance(region.block.last_op, scf.YieldOp):
            region.block.add_op(scf.YieldOp())
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


PARSERS: dict[str, Callable[[Parser], Operation]] = {
    "scf.index_switch": parse_index_switch,
}
PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {
    "scf.execute_region": print_execute_region,
    "scf.index_switch": print_index_switch,
}


def dialect() -> Dialect:
    """scf with our ops in it."""
    return with_ops(scf.Scf, WhileOp)
