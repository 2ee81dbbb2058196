"""MLIR's own way of writing a module: its names for values and blocks, its comments.

Values are named before anything is printed, by the rules of MLIR's AsmPrinter: all ops of a
region first, then the regions inside them, each starting from the counters that its
surroundings left; an op's own suggestion (`%tile_0_2`, `%c7_i32`) where it has one, numbers
otherwise. What the author called a value plays no part, as with aie-opt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import StringIO

from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.printer import Printer

from softnpu.dialects.names import suggested_name
from softnpu.dialects.upstream import op_printer

DEFAULT_DIALECTS = {"builtin.module": "builtin.", "func.func": "func."}
"""What the names of ops directly inside these ops need not start with."""


@dataclass
class Counters:
    """The next numbers of a naming scope."""

    value: int = 0
    argument: int = 0
    conflict: int = 0

    def copy(self) -> Counters:
        return Counters(self.value, self.argument, self.conflict)


def sanitized(name: str) -> str:
    """A name that is an MLIR identifier."""
    name = re.sub(r"[^A-Za-z0-9$._ -]", lambda match: f"{ord(match[0]):X}", name).replace(" ", "_")
    return f"_{name}" if name[0].isdigit() else name


class Names:
    """The names of all values and blocks under an op."""

    def __init__(self, top: Operation) -> None:
        self.values: dict[SSAValue, str] = {}
        self.blocks: dict[Block, str] = {}
        self.orders: dict[Block, int] = {}
        used: set[str] = set()
        counters = Counters()
        self._name_results(top, counters, used)
        pending = [(region, counters, used) for region in top.regions]
        while pending:
            region, outer, names = pending.pop()
            counters, used = outer.copy(), set(names)
            self._name_region(region, counters, used)
            pending.extend(
                (inner, counters, used)
                for block in region.blocks
                for op in block.ops
                for inner in op.regions
            )

    def _name_region(self, region: Region, counters: Counters, used: set[str]) -> None:
        for order, block in enumerate(region.blocks):
            self.blocks[block] = f"bb{order}"
            self.orders[block] = order
            for argument in block.args:
                if order == 0:
                    self._use(argument, f"arg{counters.argument}", counters, used)
                    counters.argument += 1
                else:
                    self._number(argument, counters)
            for op in block.ops:
                self._name_results(op, counters, used)

    def _name_results(self, op: Operation, counters: Counters, used: set[str]) -> None:
        if not op.results:
            return
        if suggestion := suggested_name(op):
            self._use(op.results[0], suggestion, counters, used)
            first = self.values[op.results[0]]
        else:
            first = str(counters.value)
            counters.value += 1
        if len(op.results) == 1:
            self.values[op.results[0]] = first
            return
        for index, result in enumerate(op.results):
            self.values[result] = f"{first}#{index}"

    def _number(self, value: SSAValue, counters: Counters) -> None:
        self.values[value] = str(counters.value)
        counters.value += 1

    def _use(self, value: SSAValue, name: str, counters: Counters, used: set[str]) -> None:
        name = sanitized(name)
        unique = name
        while unique in used:
            unique = f"{name}_{counters.conflict}"
            counters.conflict += 1
        used.add(unique)
        self.values[value] = unique


class AsmPrinter(Printer):
    """Prints a module as aie-opt does."""

    names: Names

    @classmethod
    def to_text(cls, top: Operation) -> str:
        """The op as text, ending in the blank line that aie-opt leaves."""
        stream = StringIO()
        printer = cls(stream)
        printer.names = Names(top)
        printer._ssa_values = printer.names.values
        printer._blocks = printer.names.blocks
        printer.print_op(top)
        return f"{stream.getvalue()}\n\n"

    def print_op(self, op: Operation) -> None:
        self._print_results(op)
        special = op_printer(op.name)
        if special is None and type(op).print is Operation.print:
            self.print_string(f'"{op.name}"')
            self.print_op_with_default_format(op)
            return
        parent = op.parent_op()
        implied = DEFAULT_DIALECTS.get(parent.name, "") if parent else "builtin."
        short = implied and op.name.count(".") == 1
        self.print_string(op.name.removeprefix(implied) if short else op.name)
        if special is not None:
            special(self, op)
        else:
            op.print(self)

    def _print_results(self, op: Operation) -> None:
        if not op.results:
            return
        name, _, rest = self.names.values[op.results[0]].partition("#")
        self.print_string(f"%{name}:{len(op.results)} = " if rest else f"%{name} = ")

    def print_block(
        self, block: Block, print_block_args: bool = True, print_block_terminator: bool = True
    ) -> None:
        if print_block_args:
            self._print_header(block)
        super().print_block(block, False, print_block_terminator)

    def _print_header(self, block: Block) -> None:
        """`^bb1(%0: index):  // pred: ^bb0`"""
        self._print_new_line()
        self.print_block_name(block)
        if block.args:
            with self.in_parens():
                self.print_list(block.args, self.print_block_argument)
        self.print_string(":" + self._predecessors(block))

    def _predecessors(self, block: Block) -> str:
        region = block.parent
        if region is None or region.blocks.first is block:
            return ""
        blocks = [use.operation.parent_block() for use in block.uses]
        orders = sorted(self.names.orders[b] for b in blocks if b is not None)
        names = ", ".join(f"^bb{order}" for order in orders)
        if not orders:
            return "  // no predecessors"
        return f"  // pred: {names}" if len(orders) == 1 else f"  // {len(orders)} preds: {names}"
