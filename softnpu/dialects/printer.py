"""MLIR's own way of writing a module: its names for values and blocks, its comments.

A long sequence says the same over and over: the text of an op, but for the names of its operands,
is worked out once for all ops that have the same attributes and types (`_template`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import IO, TypeAlias

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.traits import IsTerminator

from softnpu.dialects.attribute_printer import AttributePrinter, integer_text
from softnpu.dialects.fields import Fielded
from softnpu.dialects.kinds import (
    OfAttributes,
    OfKinds,
    kind_but_for,
    kind_of,
    of_attributes,
    of_kinds,
)
from softnpu.dialects.names import Names
from softnpu.dialects.upstream import op_printer
from softnpu.dialects.walking import ops_in

DEFAULT_DIALECTS = {"builtin.module": "builtin.", "func.func": "func."}
"""What the names of ops directly inside these ops need not start with."""

OPERAND, REGION, NUMBER = "\0", "\1", "\2"
"""Stand for the name of an operand, for a region and for the number in which others differ, in a
text that is being worked out."""

Shown: TypeAlias = tuple[bool, bool, bool]
"""What of a region is printed: the entry's arguments, an empty block, terminators."""


@dataclass(frozen=True)
class _Around:
    """The text of an op with a region, `%s` for the names of its operands."""

    before: str
    behind: str
    named_before: int
    shown: Shown


class AsmPrinter(AttributePrinter):
    """Prints a module as aie-opt does."""

    def __init__(self, stream: IO[str], top: Operation) -> None:
        super().__init__(stream)
        self.names = Names(top)
        self._blocks = self.names.blocks
        self._templates: OfKinds[str | _Around | None] = of_kinds("text")
        """The texts of each kind of op; None: one that is written out each time."""
        self._operands: list[SSAValue] | None = None
        """The values that have been named since a text is being worked out."""
        self._regions: list[Shown] = []
        """The regions that have been asked for since then."""
        self._constants: OfAttributes[str | None] = of_attributes("text")
        """The texts of constants by their values."""
        self._implied = _implied_in(top.parent_op())
        """What the names of ops in the block that is being printed need not start with."""

    @classmethod
    def to_text(cls, top: Operation) -> str:
        """The op as text, ending in the blank line that aie-opt leaves."""
        stream = StringIO()
        cls(stream, top).print_op(top)
        return f"{stream.getvalue()}\n\n"

    def print_op(self, op: Operation) -> None:
        results = self._results(op) if op.results else ""
        text = self._text(op)
        if text is None:
            self.print_string(results)
            self._print_alone(op, self._implied)
        elif isinstance(text, str):
            self.print_string(results + text)
        else:
            names = self._names(op)
            self.print_string(results + text.before % names[: text.named_before])
            self.print_region(op.regions[0], *text.shown)
            self.print_string(text.behind % names[text.named_before :])

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

    def _text(self, op: Operation) -> str | _Around | None:
        """The text of an op without its results, or None for one that is to be written out."""
        if self._implied or op._successors:
            return None
        if type(op) is ConstantOp and not op.attributes:
            value, texts = op.properties["value"], self._constants
            if id(value) not in texts.known:
                texts.learn(value, _integer_constant(value))
            if (text := texts.known[id(value)]) is not None:
                return text
        if op.regions and not _is_plain(op.regions):
            return None
        number = ""
        if isinstance(op, Fielded) and (number := op.number_text()):
            kind = kind_but_for(op, op.varies)
        else:
            kind = kind_of(op)
        known = self._templates.known
        if kind not in known:
            self._templates.learn(kind, op, self._template(op))
        template = known[kind]
        if type(template) is not str or not op._operands:
            return template
        text = template % self._names(op)
        return text.replace(NUMBER, number) if number else text

    def _names(self, op: Operation) -> tuple[str, ...]:
        """The names of an op's operands."""
        values = self.names.values
        return tuple([values[value] for value in op._operands])

    def _template(self, op: Operation) -> str | _Around | None:
        """The text of an op with `%s` for its operands' names, if these come one after the other
        and the text, but for a region, has one line."""
        outer, text = self.stream, StringIO()
        self.stream, self._operands, self._regions = text, [], []
        self._print_alone(op, "")
        named, regions = self._operands, self._regions
        self.stream, self._operands = outer, None
        written = text.getvalue()
        in_order = [id(value) for value in named] == [id(value) for value in op._operands]
        if not in_order or "\n" in written or written.count(OPERAND) != len(named):
            return None
        if len(regions) != len(op.regions) or written.count(REGION) != len(regions):
            return None
        before, region, behind = written.partition(REGION)
        if region:
            count = before.count(OPERAND)
            return _Around(_with_holes(before), _with_holes(behind), count, regions[0])
        return _with_holes(written) if named else written

    def print_varying(self, text: str) -> None:
        self.print_string(text if self._operands is None else NUMBER)

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

    def _results(self, op: Operation) -> str:
        """`%a = `, `%0:2 = `, `%base, %sizes:2 = `: groups of results by their names."""
        if len(op.results) == 1:
            return f"%{self.names.values[tuple.__getitem__(op.results, 0)]} = "
        groups: dict[str, int] = {}
        for result in op.results:
            name = self.names.values[result].partition("#")[0]
            groups[name] = groups.get(name, 0) + 1
        shown = (f"%{name}:{size}" if size > 1 else f"%{name}" for name, size in groups.items())
        return f"{', '.join(shown)} = "

    def print_region(
        self,
        region: Region,
        print_entry_block_args: bool = True,
        print_empty_block: bool = True,
        print_block_terminators: bool = True,
    ) -> None:
        shown = (print_entry_block_args, print_empty_block, print_block_terminators)
        if self._operands is not None:
            self._regions.append(shown)
            self.print_string(REGION)
        elif not _is_plain((region,)):
            super().print_region(region, *shown)
        else:
            block = region.block
            self.print_string("{")
            self.print_block(
                block,
                print_block_args=block.first_op is None and print_empty_block,
                print_block_terminator=print_block_terminators,
            )
            self._print_new_line()
            self.print_string("}")

    def print_block(
        self, block: Block, print_block_args: bool = True, print_block_terminator: bool = True
    ) -> None:
        if print_block_args:
            self._print_header(block)
        outer, self._implied = self._implied, _implied_in(block.parent_op())
        with self.indented():
            for op in ops_in(block):
                if print_block_terminator or not op.has_trait(
                    IsTerminator, value_if_unregistered=False
                ):
                    self._print_new_line()
                    self.print_op(op)
        self._implied = outer

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


def _implied_in(op: Operation | None) -> str:
    """What the names of ops directly inside an op, or of one in nothing, need not start with."""
    return "builtin." if op is None else DEFAULT_DIALECTS.get(op.name, "")


def _is_plain(regions: Sequence[Region]) -> bool:
    """Whether there is one region, of one block without arguments."""
    (region, *others) = regions
    block = region._first_block
    return not others and block is not None and block is region._last_block and not block._args


def _with_holes(text: str) -> str:
    return text.replace("%", "%%").replace(OPERAND, "%s")


def _integer_constant(value: Attribute) -> str | None:
    """`arith.constant 5 : i32`, of which a sequence has more than of anything else."""
    text = integer_text(value) if isinstance(value, IntegerAttr) else None
    return None if text is None else f"{ConstantOp.name} {text}"
