"""`aie-lower-set-lock`: setting a lock as a write to its register (AIELowerSetLock.cpp)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.dialects.aiex import NpuWrite32Op, SetLockOp
from softnpu.dialects.source import design_error
from softnpu.passes.concerns import Concerns
from softnpu.passes.sequence_ops import devices, model_of, replace, sequence_ops


@dataclass(frozen=True)
class LowerSetLockPass(ModulePass):
    """Lower `aiex.set_lock` in runtime sequences."""

    name = "aie-lower-set-lock"
    concerns: ClassVar[Concerns] = (SetLockOp,)

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            model = model_of(device)
            for step in sequence_ops(device):
                if isinstance(step, SetLockOp):
                    replace(step, [_write(step, model)])


def _write(op: SetLockOp, model: Device) -> NpuWrite32Op:
    lock = op.lock_op
    col, row = lock.position
    if lock.lock_id is None:
        raise design_error(op, "this lock has no number: assign lock ids first")
    address = model.local_lock_address(lock.lock_id, col, row)
    if address is None:
        raise design_error(
            op,
            f"lock {lock.lock_id} does not exist: tile ({col}, {row}) has "
            f"{model.num_locks(col, row)}",
        )
    return NpuWrite32Op(address=address, value=op.value, column=col, row=row, location=op.location)
