"""scf: printed as MLIR does."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import scf
from xdsl.ir import Dialect, Operation
from xdsl.parser import Parser
from xdsl.printer import Printer


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


PARSERS: dict[str, Callable[[Parser], Operation]] = {}
PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {
    "scf.execute_region": print_execute_region,
}


def dialect() -> Dialect:
    """scf as it is."""
    return scf.Scf
