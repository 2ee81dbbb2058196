"""MLIR's own way of writing a module: its names for values and blocks, its comments.

A long sequence says the same over and over: the text of an op, but for the names of its operands,
is worked out once for all ops that have the same attributes and types (`_template`).
"""

from __future__ import annotations

from io import StringIO
from typing import IO

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.traits import IsTerminator

from softnpu.dialects.attribute_printer import AttributePrinter, integer_text
from softnpu.dialects.kinds import OfAttributes, OfKinds, kind_of, of_attributes, of_kinds
from softnpu.dialects.names import Names
from softnpu.dialects.upstream import op_printer
from softnpu.dialects.walking import ops_in

DEFAULT_DIALECTS = {"builtin.module": "builtin.", "func.func": "func."}
"""What the names of ops directly inside these ops need not start with."""

OPERAND = "\0"
"""Stands for the name of an operand in a text that is being worked out."""


class AsmPrinter(AttributePrinter):
    """Prints a module as aie-opt does."""

    def __init__(self, stream: IO[str], top: Operation) -> None:
        super().__init__(stream)
        self.names = Names(top)
        self._blocks = self.names.blocks
        self._templates: OfKinds[str | None] = of_kinds("text")
        """The texts of each kind of op; None: one that is written out each time."""
        self._operands: list[SSAValue] | None = None
        """The values that have been named since a text is being worked out."""
        self._constants: OfAttributes[str | None] = of_attributes("text")
        """The texts of constants by their values."""
        self._block: Block | None = None
        self._implied = "builtin."
        """What the names of ops in `_block`, which is being printed, need not start with."""

    @classmethod
    def to_text(cls, top: Operation) -> str:
        """The op as text, ending in the blank line that aie-opt leaves."""
        stream = StringIO()
        cls(stream, top).print_op(top)
        return f"{stream.getvalue()}\n\n"

    def print_op(self, op: Operation) -> None:
        if op.parent is not self._block:
            parent, self._block = op.parent_op(), op.parent
            self._implied = DEFAULT_DIALECTS.get(parent.name, "") if parent else "builtin."
        self._print_results(op)
        text = self._text(op)
        if text is None:
            self._print_alone(op, self._implied)
        else:
            self.print_string(text)

    def _print_alone(self, op: Operation, implied: str) -> None:
        """An op without its results, `implied` left out of its name."""
        special = op_printer(op.name)
        if special is None and type(op).print is Operation.print:
            self.print_string(f'"{op.name}"')
            self.print_op_with_default_format(op)
            return
        short = implied and op.name.count(".") == 1
        self.print_string(op.name.removeprefix(implied) if short else op.name)
        if special is not None:
            special(self, op)
        else:
            op.print(self)

    def _text(self, op: Operation) -> str | None:
        """The text of an op without its results, or None for one that is to be written out."""
        if self._implied or op.regions or op._successors:
            return None
        if type(op) is ConstantOp and not op.attributes:
            value, texts = op.properties["value"], self._constants
            if id(value) not in texts.known:
                texts.learn(value, _integer_constant(value))
            if (text := texts.known[id(value)]) is not None:
                return text
        kind, known = kind_of(op), self._templates.known
        if kind not in known:
            self._templates.learn(kind, op, self._template(op))
        template = known[kind]
        if template is None:
            return None
        if not op._operands:
            return template
        values = self.names.values
        return template % tuple([values[value] for value in op._operands])

    def _template(self, op: Operation) -> str | None:
        """The text of an op with `%s` for its operands' names, if these come one after the other
        and the text has one line."""
        outer, text = self.stream, StringIO()
        self.stream, self._operands = text, []
        self._print_alone(op, "")
        named = self._operands
        self.stream, self._operands = outer, None
        written = text.getvalue()
        in_order = [id(value) for value in named] == [id(value) for value in op._operands]
        if not in_order or "\n" in written or written.count(OPERAND) != len(named):
            return None
        if not named:
            return written
        return written.replace("%", "%%").replace(OPERAND, "%s")

    def print_ssa_value(self, value: SSAValue) -> str:
        name = self.names.values.get(value)
        if name is None:
            return super().print_ssa_value(value)
        if self._operands is None:
            self.print_string(f"%{name}")
        else:
            self._operands.append(value)
            self.print_string(f"%{OPERAND}")
        return name

    def _print_results(self, op: Operation) -> None:
        """`%a = `, `%0:2 = `, `%base, %sizes:2 = `: groups of results by their names."""
        if not op.results:
            return
        if len(op.results) == 1:
            (result,) = op.results
            self.print_string(f"%{self.names.values[result]} = ")
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
        with self.indented():
            for op in ops_in(block):
                if print_block_terminator or not op.has_trait(
                    IsTerminator, value_if_unregistered=False
                ):
                    self._print_new_line()
                    self.print_op(op)

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


def _integer_constant(value: Attribute) -> str | None:
    """`arith.constant 5 : i32`, of which a sequence has more than of anything else."""
    text = integer_text(value) if isinstance(value, IntegerAttr) else None
    return None if text is None else f"{ConstantOp.name} {text}"
