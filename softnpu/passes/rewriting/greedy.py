"""The greedy driver: fold, drop what is dead and apply patterns until nothing changes.

Rounds as MLIR's driver has them (mlir, GreedyPatternRewriteDriver.cpp): constants are made
unique at the start of each, which is what decides in which order they stand in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from xdsl.dialects.arith import ConstantOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from softnpu.dialects.aside import set_aside
from softnpu.dialects.walking import all_ops
from softnpu.passes.rewriting.constants import unique_constants
from softnpu.passes.rewriting.dead import is_dead, may_be_dead
from softnpu.passes.rewriting.folding import FOLDS, fold
from softnpu.passes.rewriting.ir import erase, insert_before, move_before, terminator_of
from softnpu.passes.rewriting.regions import simplify_regions
from softnpu.passes.rewriting.rest import at_rest, has_come_to_rest

MAX_ROUNDS = 10
"""As MLIR's default (GreedyRewriteConfig)."""


class Rewriter:
    """Changes the IR and keeps the list of ops that are worth another look.

    A pattern changes ops through its methods, so that all that is affected comes up again.
    """

    def __init__(self, ops: Iterable[Operation]) -> None:
        """`ops`: the first to look at."""
        self._pending = dict.fromkeys(reversed(list(ops)))

    def next(self) -> Operation | None:
        """The next op to look at, still part of the IR; None when all is done."""
        while self._pending:
            op, _ = self._pending.popitem()
            if op.parent is not None:
                return op
        return None

    def revisit(self, op: Operation) -> None:
        """Puts `op` first in line."""
        self._pending.pop(op, None)
        self._pending[op] = None

    def insert_before(self, op: Operation, *new: Operation) -> None:
        """Inserts `new` before `op`, said to come from where `op` comes from."""
        insert_before(op, *new)
        for one in new:
            self.revisit(one)

    def replace(self, op: Operation, values: Sequence[SSAValue]) -> None:
        """Puts `values` in the place of `op`'s results and erases `op`."""
        for old, new in zip(op.results, values, strict=True):
            for use in old.uses:
                self.revisit(use.operation)
            old.replace_all_uses_with(new)
        self.erase(op)

    def erase(self, op: Operation) -> None:
        """Erases `op`, with all that is in it; what it used may be dead now."""
        for inner in op.walk():
            self._pending.pop(inner, None)
            for value in inner.operands:
                if isinstance(value.owner, Operation):
                    self.revisit(value.owner)
        parent = op.parent_op()
        if parent is not None:
            self.revisit(parent)
        erase(op)

    def inline_before(self, op: Operation, block: Block, arguments: Sequence[SSAValue]) -> None:
        """Moves the ops of `block` before `op`, with `arguments` for the block's own."""
        for argument, value in zip(block.args, arguments, strict=True):
            for use in argument.uses:
                self.revisit(use.operation)
            argument.replace_all_uses_with(value)
        move_before(op, *list(block.ops))

    def replace_with_region(
        self, op: Operation, region: Region, arguments: Sequence[SSAValue] = ()
    ) -> None:
        """Puts a single-block region of `op` in its place; what it yields is the result."""
        block = region.block
        terminator = terminator_of(block)
        self.inline_before(op, block, arguments)
        yielded = tuple(terminator.operands)
        self.replace(op, yielded)
        self.erase(terminator)


Pattern: TypeAlias = Callable[[Operation, Rewriter], bool]
"""Tries to simplify an op; tells whether it did."""

Patterns: TypeAlias = Mapping[str, Sequence[Pattern]]
"""By the name of the op that they apply to."""


def apply_greedily(root: Operation, patterns: Patterns, merge_blocks: bool) -> None:
    """Simplifies all that is below `root`.

    Args:
        patterns: by name of op, tried in order after folding.
        merge_blocks: whether equal blocks of a region become one
            (MLIR's "aggressive" region simplification).
    """
    resting = at_rest(root, patterns, merge_blocks)
    with set_aside(resting):
        for _ in range(MAX_ROUNDS):
            unique_constants(root)
            changed = _one_round(root, patterns)
            changed |= simplify_regions(root, merge_blocks)
            if not changed:
                has_come_to_rest(root, patterns, merge_blocks, resting)
                return


def _one_round(root: Operation, patterns: Patterns) -> bool:
    below = all_ops(root)[1:]
    rewriter = Rewriter(op for op in below if is_dead(op) or _may_change(op, patterns))
    changed = False
    while (op := rewriter.next()) is not None:
        if is_dead(op):
            rewriter.erase(op)
            changed = True
        elif (known := fold(op)) is not None:
            rewriter.replace(op, (_materialised(known, op, rewriter),))
            changed = True
        elif any(pattern(op, rewriter) for pattern in patterns.get(op.name, ())):
            rewriter.revisit(op)
            changed = True
    return changed


def _may_change(op: Operation, patterns: Patterns) -> bool:
    """Whether an op can be folded or simplified, or be dead when what stands before it has been.

    What a constant is for stands behind it, and brings it up again when that goes."""
    if type(op) is ConstantOp:
        return False
    return op.name in FOLDS or op.name in patterns or may_be_dead(type(op))


def _materialised(known: SSAValue | Attribute, op: Operation, rewriter: Rewriter) -> SSAValue:
    if isinstance(known, SSAValue):
        return known
    made = ConstantOp(known)  # type: ignore[arg-type]
    rewriter.insert_before(op, made)
    return made.result
