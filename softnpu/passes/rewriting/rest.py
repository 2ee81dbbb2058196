"""Runtime sequences in which folding has found nothing more to do, and nothing has changed since.

A pipeline folds half a dozen times, mostly for the sake of the cores, while a long sequence is
done after the first. Whether one is still as it was takes one walk over it; folding it takes ten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass

from xdsl.ir import Operation
from xdsl.ir.core import SSAValues

from softnpu.dialects.aie import RuntimeSequenceOp
from softnpu.dialects.walking import all_ops, ops_in


@dataclass(frozen=True)
class _State:
    """The ops of a sequence and their operands, and what has been tried on them.

    Of what folding looks at, passes exchange ops and operands; attributes and types never change.
    """

    ops: list[Operation]
    operands: list[SSAValues]
    patterns: frozenset[str]
    blocks_merged: bool

    @classmethod
    def of(cls, sequence: Operation, patterns: Set[str], merged: bool) -> _State:
        ops = all_ops(sequence)[1:]
        return cls(ops, [op._operands for op in ops], frozenset(patterns), merged)

    def holds(self, sequence: Operation, patterns: Set[str], merges: bool) -> bool:
        """Whether the sequence is as it was, and there is nothing new to try."""
        ops = all_ops(sequence)[1:]
        if ops != self.ops or [op._operands for op in ops] != self.operands:
            return False
        new = patterns - self.patterns
        if new and any(op.name in new for op in ops):
            return False
        return not merges or self.blocks_merged or not any(_has_several_blocks(op) for op in ops)


_known: dict[Operation, _State] | None = None


@contextmanager
def rest_remembered() -> Iterator[None]:
    """Where a design is lowered: sequences that are at rest are not folded again."""
    global _known
    outer, _known = _known, {} if _known is None else _known
    try:
        yield
    finally:
        _known = outer


def at_rest(root: Operation, patterns: Mapping[str, object], merges: bool) -> set[Operation]:
    """The sequences in a device or module that `patterns`, and if so the merging of equal blocks,
    would leave as they are."""
    if not _known:
        return set()
    return {
        sequence
        for sequence in _sequences(root)
        if (state := _known.get(sequence)) and state.holds(sequence, patterns.keys(), merges)
    }


def has_come_to_rest(
    root: Operation, patterns: Mapping[str, object], merged: bool, but: Collection[Operation]
) -> None:
    """Folding has found nothing to do in the sequences in a device or module; it has not looked
    at `but`."""
    if _known is None:
        return
    for sequence in _sequences(root):
        if sequence not in but:
            _known[sequence] = _State.of(sequence, patterns.keys(), merged)


def _sequences(root: Operation) -> Iterator[Operation]:
    """Those directly in a device, or in the devices of a module."""
    for region in root.regions:
        for block in region.blocks:
            for op in ops_in(block):
                if isinstance(op, RuntimeSequenceOp):
                    yield op
                elif op.name == "aie.device":
                    yield from _sequences(op)


def _has_several_blocks(op: Operation) -> bool:
    return any(region.first_block is not region.last_block for region in op.regions)
