"""Unrolling of the loops around acquires, so that each acquire knows its buffer.

A loop that acquires from fifos of depths 2 and 3 is unrolled 6 times: after that many
iterations the same buffers come round again. What is left over becomes a loop behind it.

Which loops are unrolled, and by how much, is decided exactly as mlir-aie decides it
(`unrollForLoops`), for a core's code is part of what is compared. Two consequences are worth
knowing: all loops of the same block are looked at together with the first that acquires, and
a remainder of several iterations is unrolled too only if its step is smaller than their number.

mlir-aie knows loops by their addresses, so a copy that comes to lie where an unrolled loop was
may count as unrolled; that hangs on the allocator, and is not followed here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from math import lcm

from xdsl.dialects import scf
from xdsl.ir import Block, Operation, Region

from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.dialects.aie import (
    CoreOp,
    ObjectFifoAcquireOp,
    ObjectFifoCreateOp,
    ObjectFifoReleaseOp,
)
from softnpu.dialects.source import design_error, design_warning
from softnpu.passes.rewriting.constants import integer_of
from softnpu.passes.rewriting.loops import bounds_of, trip_count, unroll_by_factor

_log = logging.getLogger(__name__)


def unroll_loops(core: CoreOp, fifos: Mapping[str, ObjectFifoCreateOp]) -> None:
    """Unrolls the loops of a core that acquire objects; `fifos` by name."""
    _Unroller(fifos).visit(core.body)


class _Unroller:
    def __init__(self, fifos: Mapping[str, ObjectFifoCreateOp]) -> None:
        self._fifos = fifos
        self._done: set[scf.ForOp] = set()
        """Loops that are not to be unrolled (again)."""
        self._acquires: set[scf.ForOp] = set()
        """Loops that acquire and are yet to be unrolled."""
        self._remainder: dict[scf.ForOp, int] = {}

    def visit(self, region: Region) -> None:
        _walk_loops(region, self._visit_loop)

    def _visit_loop(self, loop: scf.ForOp) -> None:
        depths = [
            self._fifos[op.obj_fifo_name].size()
            for op in loop.body.block.ops
            if isinstance(op, ObjectFifoAcquireOp)
        ]
        self._remainder[loop] = 0
        if not depths:
            self._done.add(loop)
            return
        self._acquires.add(loop)
        region = loop.parent_region()
        assert region is not None
        previous = loop
        factor = lcm(*depths)

        def unroll(other: scf.ForOp) -> None:
            nonlocal previous
            self._unroll_beside(previous, other, factor)
            previous = other

        while self._remainder.get(previous, 0) > 1 or previous in self._acquires:
            try:
                _walk_loops(region, unroll)
            except _NeverRunsError as found:
                if self._remainder.get(previous, 0) > 1 or previous in self._acquires:
                    raise design_error(found.loop, *_NEVER_RUNS) from found
                _log.warning(design_warning(found.loop, *_NEVER_RUNS))

    def _unroll_beside(self, previous: scf.ForOp, loop: scf.ForOp, factor: int) -> None:
        """Unrolls `loop`, met after `previous`, if it is its turn."""
        acquires = loop in self._acquires
        between = self._remainder.get(previous, 0) > 1 and not acquires and previous is not loop
        skipped = loop in self._done or between
        trips = None if skipped else _static_trips(loop, factor, acquires)
        if trips == 0:
            raise _NeverRunsError(loop)
        self._acquires.discard(loop)
        self._remainder[loop] = 0
        if skipped:
            return
        if trips is None:
            self._done.add(loop)
            return
        factor = min(factor, trips)
        step = integer_of(loop.step)
        assert step is not None
        if step < factor or acquires:
            self._remainder[loop] = trips % factor
            _check_length(loop, factor)
            unroll_by_factor(loop, factor)
            self._done.add(loop)


class _NeverRunsError(Exception):
    """A loop of no iterations among those that are to be unrolled."""

    def __init__(self, loop: scf.ForOp) -> None:
        super().__init__(loop)
        self.loop = loop


_NEVER_RUNS = (
    "this loop never runs, but is to be unrolled for the objectfifos around it",
    "check its bounds",
)
"""As in mlir-aie, it is left alone where a loop inside it was looked at before; it is an error
otherwise, for aie-opt would try again for ever."""


_SHORTEST = 4
"""Bytes of the shortest instruction that acquires or releases a lock."""
_PROGRAM_MEMORY = TILE_FACTS[TileKind.CORE].program_memory


def _check_length(loop: scf.ForOp, factor: int) -> None:
    """Refuses to unroll what cannot fit, before it takes for ever to find that out."""
    takes = sum(isinstance(op, (ObjectFifoAcquireOp, ObjectFifoReleaseOp)) for op in loop.walk())
    if takes * factor * _SHORTEST > _PROGRAM_MEMORY:
        raise design_error(
            loop,
            f"this loop acquires objects of objectfifos that come round after {factor} "
            f"iterations; unrolled so often, its {takes} acquires and releases alone fill more "
            f"than a core's {_PROGRAM_MEMORY:,} bytes of program memory",
            "make the objectfifos less deep, or acquire fewer objects at once "
            "(a fifo is one object deeper than the largest acquire)",
            "or give the core the attribute dynamic_objfifo_lowering = true",
        )


def _static_trips(loop: scf.ForOp, factor: int, acquires: bool) -> int | None:
    """The loop's trip count; None where it is not known and need not be."""
    if bounds_of(loop) is not None:
        return trip_count(loop)
    if not acquires or factor == 1:
        return None
    raise design_error(
        loop,
        "this loop acquires objects of objectfifos that are several objects deep, "
        "and its bounds are not constants, so it cannot be unrolled",
        "give the core the attribute dynamic_objfifo_lowering = true, "
        "which finds the object at run time",
        "or make lower bound, upper bound and step constants",
    )


def _walk_loops(region: Region, visit: Callable[[scf.ForOp], None]) -> None:
    """Visits all loops in a region, inner ones first; `visit` may replace the loop it is given.

    What is inserted between a loop and the op behind it is not visited.
    """
    for block in list(region.blocks):
        op = block.first_op
        following = list(block.ops)
        while op is not None:
            behind = op.next_op
            for inner in op.regions:
                _walk_loops(inner, visit)
            if isinstance(op, scf.ForOp):
                visit(op)
            if behind is not None and behind.parent_block() is not block:
                _log.warning(_lost(behind))
            op = _still_there(behind, block, following)


def _lost(loop: Operation) -> str:
    """What to tell of a loop that mlir-aie's walk goes on with after it was erased."""
    return design_warning(
        loop,
        "aie-opt crashes on this loop: it stands right behind another that acquires objects, "
        "and nothing is left of it once that one is unrolled",
        "give the core the attribute dynamic_objfifo_lowering = true, or put a call between",
    )


def _still_there(
    op: Operation | None, block: Block, following: list[Operation]
) -> Operation | None:
    """`op`, or the first op of the block behind it that is left, if `op` was erased."""
    if op is None or op.parent_block() is block:
        return op
    later = following[following.index(op) + 1 :] if op in following else []
    return next((other for other in later if other.parent_block() is block), None)
