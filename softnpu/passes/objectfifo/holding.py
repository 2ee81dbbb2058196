"""How many objects a core holds, step by step, as far as its loops' bounds are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from contextlib import suppress

from xdsl.dialects import scf
from xdsl.ir import Block, Operation

from softnpu.dialects.aie import CoreOp, ObjectFifoAcquireOp, ObjectFifoReleaseOp
from softnpu.dialects.source import design_warning
from softnpu.passes.objectfifo.accesses import FifoEnd, FifosOfCore
from softnpu.passes.objectfifo.state import FifoState
from softnpu.passes.rewriting.loops import trip_count

_ITERATIONS = 10_000
"""That are followed at most; what a loop holds repeats after few."""


def taking_none(state: FifoState, core: CoreOp, others: Container[FifoEnd]) -> list[str]:
    """Warnings of acquires that find as many objects held as they ask for, where the core counts
    at run time, since the iterations of a loop begin with unlike numbers.

    An acquire of 0 more waits there until the lock is 0, on the NPU as here: it hangs as soon as
    the other end is ahead. Where the number is always the same, it is a constant, and an acquire
    that takes none is left out of the program.

    Args:
        others: ends of which is warned already.
    """
    fifos = FifosOfCore(state, core)
    follower = _Follower(fifos)
    with suppress(_UnsureError):  # what is seen until there happens all the same
        follower.follow(core.body.blocks[0])
    return [
        _takes_none(op, state.name(fifos.end(op).fifo))
        for op in follower.taking_none
        if fifos.end(op) not in others
    ]


def _takes_none(op: ObjectFifoAcquireOp, name: str) -> str:
    return design_warning(
        op,
        f"this acquire finds as many objects of {name} held as it asks for, in a loop that "
        "does not hold as many in each iteration: it waits until there is none to be taken, "
        "which need not come",
        "release what is held where a loop ends, or take what its iterations need before it",
    )


class _UnsureError(Exception):
    """What happens next depends on values that only the run knows."""


class _Follower:
    """Goes through a core's program; `taking_none` are the acquires to be warned of, in order."""

    def __init__(self, fifos: FifosOfCore) -> None:
        self._fifos = fifos
        self._around = {parent for op in fifos.moves for parent in _parents(op)}
        self._held: Counter[FifoEnd] = Counter()
        self._iterations = 0
        self._varying: set[FifoEnd] = set()
        self.taking_none: dict[ObjectFifoAcquireOp, None] = {}

    def follow(self, block: Block) -> None:
        for op in block.ops:
            if isinstance(op, ObjectFifoAcquireOp):
                end = self._fifos.end(op)
                missing = max(op.size - self._held[end], 0)
                if not missing and end in self._varying:
                    self.taking_none[op] = None
                self._held[end] += missing
            elif isinstance(op, ObjectFifoReleaseOp):
                end = self._fifos.end(op)
                self._held[end] = max(self._held[end] - op.size, 0)
            elif op in self._around:
                self._repeat(op)

    def _repeat(self, loop: Operation) -> None:
        trips = trip_count(loop) if isinstance(loop, scf.ForOp) else None
        if trips is None:
            raise _UnsureError
        first = self._held.copy()
        for _ in range(trips):
            before = self._held.copy()
            self._varying |= {end for end in first | before if first[end] != before[end]}
            self.follow(loop.regions[0].blocks[0])
            if self._held == before:
                return
            self._iterations += 1
            if self._iterations > _ITERATIONS:
                raise _UnsureError


def _parents(op: Operation) -> list[Operation]:
    """What an op stands in, up to its core."""
    parents = []
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, CoreOp):
        parents.append(parent)
        parent = parent.parent_op()
    return parents
