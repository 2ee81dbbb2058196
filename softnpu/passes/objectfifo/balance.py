"""Loops that take and give back unlike numbers of objects."""

from __future__ import annotations

from collections import Counter

from xdsl.dialects import scf

from softnpu.dialects.aie import CoreOp, ObjectFifoAcquireOp, ObjectFifoReleaseOp
from softnpu.dialects.source import design_error, design_warning
from softnpu.passes.objectfifo.accesses import FifoEnd, FifosOfCore
from softnpu.passes.objectfifo.hints import innermost_loop
from softnpu.passes.objectfifo.holding import taking_none
from softnpu.passes.objectfifo.state import FifoState
from softnpu.passes.rewriting.loops import trip_count

LoopEnd = tuple[scf.ForOp, FifoEnd]


def unbalanced(state: FifoState, core: CoreOp) -> list[str]:
    """Warnings of loops that acquire objects and never give one back, of releases outside of
    loops that give back what the core does not hold, and of acquires that take none.

    Raises:
        DesignError: a loop that releases more than it acquires, so that the core would in the end
            give back what it never had (mlir-aie, `verifyObjectFifoOverRelease`).
    """
    fifos = FifosOfCore(state, core)
    acquired: Counter[LoopEnd] = Counter()
    released: Counter[LoopEnd] = Counter()
    first: dict[LoopEnd, ObjectFifoAcquireOp | ObjectFifoReleaseOp] = {}
    for op in fifos.moves:
        loop = innermost_loop(op)
        if loop is None:
            continue
        key = (loop, fifos.end(op))
        first.setdefault(key, op)
        (acquired if isinstance(op, ObjectFifoAcquireOp) else released)[key] += op.size
    for key, number in released.items():
        if number > acquired[key] and not _also_inside(key, (*acquired, *released)):
            raise _too_many(state, key, number, acquired[key], first[key])
    kept = [
        key
        for key in acquired
        if not released[key] and trip_count(key[0]) != 1 and not _also_inside(key, tuple(released))
    ]
    return [
        *_over_released(state, core, fifos),
        *(_never_back(state, key, first[key]) for key in kept),
        *taking_none(state, core, {end for _, end in kept}),
    ]


def _over_released(state: FifoState, core: CoreOp, fifos: FifosOfCore) -> list[str]:
    """Only as far as the core's own block decides it: what is in a loop or branch may be held."""
    held: Counter[FifoEnd] = Counter()
    unsure: set[FifoEnd] = set()
    warnings = []
    for op in core.body.walk():
        if not isinstance(op, ObjectFifoAcquireOp | ObjectFifoReleaseOp):
            continue
        end = fifos.end(op)
        if op.parent_op() is not core:
            unsure.add(end)
        elif isinstance(op, ObjectFifoAcquireOp):
            held[end] = max(held[end], op.size)
        elif end not in unsure and op.size > held[end]:
            warnings.append(_not_held(state, end, op, held[end]))
            unsure.add(end)
        else:
            held[end] -= op.size
    return warnings


def _not_held(state: FifoState, end: FifoEnd, op: ObjectFifoReleaseOp, held: int) -> str:
    return design_warning(
        op,
        f"{op.size} objects of {state.name(end.fifo)} are released here, but this core holds "
        f"{held}: the other end gets what is not there",
        "acquire as many objects as are released",
    )


def _also_inside(key: LoopEnd, others: tuple[LoopEnd, ...]) -> bool:
    """Whether a loop inside has accesses to that end as well: how often it runs decides then."""
    loop, end = key
    return any(
        other_end == end and other is not loop and loop.is_ancestor(other)
        for other, other_end in others
    )


def _too_many(
    state: FifoState,
    key: LoopEnd,
    released: int,
    acquired: int,
    op: ObjectFifoAcquireOp | ObjectFifoReleaseOp,
) -> Exception:
    name = state.name(key[1].fifo)
    return design_error(
        op,
        f"each iteration of this loop releases {released} objects of {name} and acquires "
        f"{acquired}: it gives back more than it has",
        "balance its acquires and releases",
    )


def _never_back(
    state: FifoState, key: LoopEnd, op: ObjectFifoAcquireOp | ObjectFifoReleaseOp
) -> str:
    name = state.name(key[1].fifo)
    return design_warning(
        op,
        f"this loop acquires objects of {name} and never gives one back: each iteration after the "
        "first has the same object again or waits to be granted none, and the other end waits",
        "release the object in the loop, or acquire it before the loop",
    )
