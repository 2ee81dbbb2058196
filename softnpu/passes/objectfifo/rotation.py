"""Where the static lowering cannot follow a core, and says so.

Loops are unrolled so that each acquire in them means one object. That holds only if a loop's
body, and each branch, leaves every fifo as it found it: the same object next, as many in hand.
mlir-aie does not ask; from the second iteration on such a core uses other objects than the DMA
fills. (No design of mlir-aie's test/npu-xrt does this.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.ir import Operation, Region

from softnpu.dialects.aie import CoreOp, ObjectFifoAcquireOp, ObjectFifoReleaseOp
from softnpu.dialects.source import design_warning
from softnpu.passes.objectfifo.accesses import FifoEnd, FifosOfCore
from softnpu.passes.objectfifo.state import FifoState

RUNS_ONCE = "scf.execute_region"
LOOPS = ("scf.for", "scf.while")


@dataclass(frozen=True)
class Position:
    """Where a core is with one end of a fifo: the next object, and how many it holds."""

    next: int = 0
    held: int = 0


@dataclass(frozen=True)
class OutOfStep:
    """A loop or branch that leaves an end of a fifo elsewhere than it finds it."""

    op: Operation
    end: FifoEnd
    before: Position
    after: Position


def out_of_step(state: FifoState, core: CoreOp) -> list[OutOfStep]:
    """The loops and branches of an unrolled core that lose count of a fifo, innermost only."""
    return list(_Follower(FifosOfCore(state, core)).follow(core.body))


def warning_of(state: FifoState, found: OutOfStep) -> str:
    """What to tell the author."""
    name, depth = state.name(found.end.fifo), found.end.fifo.size()
    what = "loop" if found.op.name in LOOPS else "branch"
    more = found.after.held - found.before.held
    if more:
        verb = "acquires" if more > 0 else "releases"
        problem = f"this {what} {verb} {abs(more)} more of {name} than it gives back or takes"
        remedy = "balance its acquires and releases"
    else:
        steps = (found.after.next - found.before.next) % depth
        problem = (
            f"this {what} goes on by {steps} of the {depth} objects of {name}, "
            "but was compiled to start at the same one every time"
        )
        remedy = (
            "give the core the attribute dynamic_objfifo_lowering = true, or have a multiple "
            f"of {depth} objects used in it"
        )
    return design_warning(found.op, problem, remedy)


@dataclass
class _Follower:
    """Follows a core's acquires and releases, each region once."""

    fifos: FifosOfCore
    positions: dict[FifoEnd, Position] = field(default_factory=dict)

    def follow(self, region: Region) -> Iterator[OutOfStep]:
        for op in (op for block in region.blocks for op in block.ops):
            if isinstance(op, ObjectFifoAcquireOp | ObjectFifoReleaseOp):
                self._step(op)
            for inner in op.regions:
                before = dict(self.positions)
                yield from self.follow(inner)
                if op.name != RUNS_ONCE:
                    yield from self._changes(op, before)

    def _changes(self, op: Operation, before: dict[FifoEnd, Position]) -> Iterator[OutOfStep]:
        for end, after in list(self.positions.items()):
            start = before.get(end, Position())
            if after != start:
                yield OutOfStep(op, end, start, after)
                self.positions[end] = start

    def _step(self, op: ObjectFifoAcquireOp | ObjectFifoReleaseOp) -> None:
        end = self.fifos.end(op)
        now = self.positions.get(end, Position())
        if isinstance(op, ObjectFifoReleaseOp):
            self.positions[end] = Position(now.next, now.held - op.size)
            return
        fresh = max(0, op.size - now.held)
        self.positions[end] = Position((now.next + fresh) % end.fifo.size(), now.held + fresh)
