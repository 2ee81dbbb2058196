"""MLIR's own way of writing a module: its names for values and blocks, its comments."""

from __future__ import annotations

from io import StringIO

from xdsl.ir import Block, Operation

from softnpu.dialects.attribute_printer import AttributePrinter
from softnpu.dialects.names import Names
from softnpu.dialects.upstream import op_printer

DEFAULT_DIALECTS = {"builtin.module": "builtin.", "func.func": "func."}
"""What the names of ops directly inside these ops need not start with."""


class AsmPrinter(AttributePrinter):
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
        """`%a = `, `%0:2 = `, `%base, %sizes:2 = `: groups of results by their names."""
        if not op.results:
            return
        groups: dict[str, int] = {}
        for result in op.results:
            name = self.names.values[result].partition("#")[0]
            groups[name] = groups.get(name, 0) + 1
        shown = (f"%{name}:{size}" if size > 1 else f"%{name}" for name, size in groups.items())
        self.print_string(f"{', '.join(shown)} = ")

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
