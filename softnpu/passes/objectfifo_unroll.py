"""`aie-objectFifo-unroll`: loops over objectfifos that are to know their objects beforehand.

Each core either keeps its loops and finds its objects at run time, or has them unrolled by the
factor that `aie-objectFifo-stateful-transform` noted at each: after so many iterations the same
objects come round. Then what it counts folds to constants (mlir-aie, AIEObjectFifoUnroll.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, UnitAttr
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from softnpu.dialects.aie import CoreOp, DeviceOp, UseLockOp
from softnpu.dialects.scalars import number_of
from softnpu.dialects.walking import all_ops
from softnpu.passes.canonicalize import CANONICALIZATIONS
from softnpu.passes.device_ops import of_type
from softnpu.passes.objectfifo.hints import HINT, check_length
from softnpu.passes.rewriting.greedy import apply_greedily
from softnpu.passes.rewriting.ir import block_of
from softnpu.passes.rewriting.loops import peel_first, trip_count, unroll_by_factor
from softnpu.passes.rewriting.propagation import propagate_constants
from softnpu.passes.sequence_ops import devices

TRIED = "aie.peel_tried"
AUTO = "auto"


@dataclass(frozen=True)
class ObjectFifoUnrollPass(ModulePass):
    """Unroll the loops of cores that are not dynamic, and fold what all cores count.

    Attributes:
        default_dynamic: what a core is that does not say so itself (`dynamic_objfifo_lowering`).
        peel_first_iteration: "true", "false", or "auto" for the opposite of `default_dynamic`:
            whether a loop's first iteration comes before it, where that makes locks constant.
    """

    name = "aie-objectFifo-unroll"
    default_dynamic: bool = False
    peel_first_iteration: str = AUTO

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        peels = self.peel_first_iteration == "true" or (
            self.peel_first_iteration == AUTO and not self.default_dynamic
        )
        for device in devices(op):
            for core in of_type(device, CoreOp):
                self._unroll(core)
            _fold(device)
            if peels:
                _peel(device)
                apply_greedily(device, CANONICALIZATIONS, merge_blocks=False)

    def _unroll(self, core: CoreOp) -> None:
        dynamic = core.dynamic_objfifo_lowering
        loops = [op for op in core.body.walk(region_first=True) if isinstance(op, scf.ForOp)]
        for loop in loops:
            hint = loop.attributes.pop(HINT, None)
            keeps = self.default_dynamic if dynamic is None else dynamic
            if isinstance(hint, IntegerAttr) and not keeps:
                _unroll_loop(loop, hint.value.data)


def _unroll_loop(loop: scf.ForOp, factor: int) -> None:
    if factor <= 1:
        return
    trips = trip_count(loop)
    if trips == 0:
        return
    check_length(loop, factor if trips is None else min(factor, trips))
    if trips is not None and trips <= factor:
        unroll_by_factor(loop, trips)
        return
    rest = unroll_by_factor(loop, factor)
    if rest is not None and (left := trip_count(rest)):
        unroll_by_factor(rest, left)


def _fold(device: DeviceOp) -> None:
    apply_greedily(device, CANONICALIZATIONS, merge_blocks=False)
    propagate_constants(device.body_region)
    apply_greedily(device, CANONICALIZATIONS, merge_blocks=False)


def _open_locks(op: Operation) -> int:
    """Lock operations whose value is found at run time."""
    return sum(isinstance(o, UseLockOp) and number_of(o.value) is None for o in all_ops(op))


def _peel(device: DeviceOp) -> None:
    """Try loop after loop, the inner ones first, and keep what pays."""
    while trials := [trial for core in of_type(device, CoreOp) if (trial := _try(core))]:
        _fold(device)
        for core, before, locks in trials:
            if _open_locks(core) >= locks:
                block = block_of(core)
                block.insert_op_before(before, core)
                core.result.replace_all_uses_with(before.result)
                block.erase_op(core)
    for op in all_ops(device):
        op.attributes.pop(TRIED, None)


def _try(core: CoreOp) -> tuple[CoreOp, CoreOp, int] | None:
    """Peel the next loop of a core: the core, as it was, and its open locks."""
    for loop in core.body.walk(region_first=True):
        if not isinstance(loop, scf.ForOp) or TRIED in loop.attributes or not _open_locks(loop):
            continue
        trips = trip_count(loop)
        if trips is not None and trips <= 1:
            continue
        loop.attributes[TRIED] = UnitAttr()
        before = core.clone()
        before.location = core.location
        locks = _open_locks(core)
        peel_first(loop)
        return core, before, locks
    return None
