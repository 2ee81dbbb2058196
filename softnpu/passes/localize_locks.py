"""`aie-localize-locks`: locks by the numbers that a core calls them (AIELocalizeLocks.cpp).

A core counts the locks of its neighbours and its own in one row: south, west, north, own.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import Use
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.dialects.aie import CoreOp, LockOp, TileOp
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import devices, model_of


@dataclass(frozen=True)
class LocalizeLocksPass(ModulePass):
    """Replace a core's locks by index constants at its beginning.

    Only uses that stand directly in a core's body are replaced: loops are to be gone
    (aie-scf-to-control-flow), as in aiecc's pipeline for cores.
    """

    name = "aie-localize-locks"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            model = model_of(device)
            tiles = list(of_type(device, TileOp))
            for core in of_type(device, CoreOp):
                for tile in tiles:
                    if model.is_legal_mem_affinity(*core.position, *tile.position):
                        _localize(core, tile, model)


def _localize(core: CoreOp, tile: TileOp, model: Device) -> None:
    base = model.lock_local_base_index(*core.position, *tile.position)
    assert base is not None
    for lock in [use.operation for use in tile.result.uses]:
        uses = _uses_in(core, lock) if isinstance(lock, LockOp) else []
        if not uses:
            continue
        assert isinstance(lock, LockOp)
        if lock.lock_id is None:
            raise design_error(lock, "this lock has no number: run aie-assign-lock-ids first")
        number = ConstantOp(IntegerAttr.from_index_int_value(base + lock.lock_id))
        number.location = lock.location
        first = core.body.blocks[0].first_op
        assert first is not None
        core.body.blocks[0].insert_op_before(number, first)
        for use in uses:
            use.operation.operands[use.index] = number.result


def _uses_in(core: CoreOp, lock: LockOp) -> list[Use]:
    return [use for use in lock.result.uses if use.operation.parent_op() is core]
