"""cf: a switch printed as MLIR does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from xdsl.dialects import cf
from xdsl.dialects.builtin import IntegerType
from xdsl.ir import Block, Dialect, Operation, SSAValue
from xdsl.parser import Parser
from xdsl.printer import Printer

INDEX_BITS = 64
"""Width of an `index` case value, which is printed without sign."""


def print_switch(printer: Printer, op: Operation) -> None:
    """`%i : i32, [`, then a line a case without sign, the default first, and `]`."""
    switch = cast(cf.SwitchOp, op)
    printer.print_string(" ")
    printer.print_ssa_value(switch.flag)
    printer.print_string(" : ")
    printer.print_attribute(switch.flag.type)
    printer.print_string(", [\n")
    _print_case(printer, "default", switch.default_block, switch.default_operands)
    if switch.case_values is not None:
        cases = zip(
            switch.case_values.get_values(), switch.case_blocks, switch.case_operand, strict=True
        )
        type = switch.flag.type
        bits = type.width.data if isinstance(type, IntegerType) else INDEX_BITS
        for value, block, arguments in cases:
            printer.print_string(",\n")
            _print_case(printer, str(value & ((1 << bits) - 1)), block, arguments)
        printer.print_string("\n")
    printer.print_string("]")
    printer.print_op_attributes(dict(sorted(op.attributes.items())))


def _print_case(printer: Printer, name: str, block: Block, arguments: Sequence[SSAValue]) -> None:
    printer.print_string(f"  {name}: ")
    printer.print_block_name(block)
    if not arguments:
        return
    with printer.in_parens():
        printer.print_list(arguments, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_list([value.type for value in arguments], printer.print_attribute)


PARSERS: dict[str, Callable[[Parser], Operation]] = {}
PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {"cf.switch": print_switch}


def dialect() -> Dialect:
    """cf as xDSL has it."""
    return cf.Cf
