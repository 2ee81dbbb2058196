"""By how much a loop must be unrolled for each of its accesses to mean one object."""

from __future__ import annotations

from math import lcm

from xdsl.dialects import scf
from xdsl.dialects.builtin import IntegerAttr, i64
from xdsl.ir import Operation

from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.dialects.aie import CoreOp, UseLockOp
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import all_ops
from softnpu.passes.objectfifo.accesses import FifosOfCore
from softnpu.passes.objectfifo.state import FifoState

HINT = "aie.unroll_hint"
"""The attribute of a loop that tells it."""

_SHORTEST = 4
"""Bytes of the shortest instruction that acquires or releases a lock."""
_PROGRAM_MEMORY = TILE_FACTS[TileKind.CORE].program_memory


def note_factors(state: FifoState, core: CoreOp) -> None:
    """Note at each loop that acquires or releases: the least common multiple of the depths."""
    fifos = FifosOfCore(state, core)
    depths: dict[scf.ForOp, list[int]] = {}
    for op in fifos.moves:
        loop = innermost_loop(op)
        if loop is not None:
            depths.setdefault(loop, []).append(fifos.end(op).fifo.size())
    for loop, found in depths.items():
        loop.attributes[HINT] = IntegerAttr(lcm(*found), i64)


def innermost_loop(op: Operation) -> scf.ForOp | None:
    """The loop that an op stands in."""
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, scf.ForOp | CoreOp):
        parent = parent.parent_op()
    return parent if isinstance(parent, scf.ForOp) else None


def check_length(loop: scf.ForOp, factor: int) -> None:
    """Refuses to unroll what cannot fit, before it takes for ever to find that out."""
    takes = sum(isinstance(op, UseLockOp) for op in all_ops(loop))
    if takes * factor * _SHORTEST > _PROGRAM_MEMORY:
        raise design_error(
            loop,
            f"this loop acquires objects of objectfifos that come round after {factor} "
            f"iterations; unrolled so often, its {takes} acquires and releases alone fill more "
            f"than a core's {_PROGRAM_MEMORY:,} bytes of program memory",
            "leave out dynamic_objfifo_lowering = false, make the objectfifos less deep, or "
            "acquire fewer objects at once",
        )
