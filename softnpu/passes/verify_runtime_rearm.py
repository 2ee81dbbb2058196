"""`aie-verify-runtime-rearm`: a channel that a sequence resets must find its locks set anew.

A reset leaves the locks of the channel's descriptors as they are, and whoever waits for one of
them may wait for ever. Any `aiex.set_lock` of the device counts, whatever sequence it is in.
That the locks are set does not mean that the channel is started again: nothing checks that
(mlir-aie, AIEVerifyRuntimeRearm.cpp). In no pipeline; to be asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from softnpu.dialects.aie import DeviceOp, DMAStartOp, LockOp, MemOp, MemTileDMAOp, UseLockOp
from softnpu.dialects.aiex import DmaChannelResetOp, SetLockOp
from softnpu.dialects.source import design_error, location_of
from softnpu.passes.device_ops import of_type
from softnpu.passes.rewriting.regions import reachable_blocks
from softnpu.passes.sequence_ops import devices, sequence_ops

Channel = tuple[tuple[int, int], object, int]
"""Tile, direction and number."""


@dataclass(frozen=True)
class VerifyRuntimeRearmPass(ModulePass):
    """Refuse the reset of a channel whose locks no sequence sets anew."""

    name = "aie-verify-runtime-rearm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            locks = _locks_of_channels(device)
            steps = list(sequence_ops(device))
            set_anew = {step.lock.owner for step in steps if isinstance(step, SetLockOp)}
            for step in steps:
                if isinstance(step, DmaChannelResetOp):
                    channel = (step.position, step.direction, step.channel)
                    _check(step, [lock for lock in locks[channel] if lock not in set_anew])


def _locks_of_channels(device: DeviceOp) -> dict[Channel, list[LockOp]]:
    """The locks that the descriptors of each channel of core and memory tiles use."""
    found: dict[Channel, list[LockOp]] = defaultdict(list)
    programs = (*of_type(device, MemOp), *of_type(device, MemTileDMAOp))
    for program in programs:
        for start in program.walk():
            if isinstance(start, DMAStartOp):
                channel = (program.position, start.channel_dir, start.channel_index)
                found[channel] += dict.fromkeys(_locks(start))
    return found


def _locks(start: DMAStartOp) -> Iterator[LockOp]:
    for block in reachable_blocks(start.dest):
        for op in block.ops:
            if isinstance(op, UseLockOp) and isinstance(op.lock.owner, LockOp):
                yield op.lock.owner


def _check(reset: DmaChannelResetOp, frozen: list[LockOp]) -> None:
    if frozen:
        raise design_error(
            reset,
            f"channel {reset.direction.name} {reset.channel} of tile {reset.position} is reset, "
            f"but {'these locks of its' if len(frozen) > 1 else 'this lock of its'} descriptors "
            "stay as they are: who waits for them may wait for ever",
            *map(_told, frozen),
            "set each to the value that it starts with (aiex.set_lock), or reset the objectfifo "
            "with aiex.dma_channel_reset_for",
        )


def _told(lock: Operation) -> str:
    assert isinstance(lock, LockOp)
    place = location_of(lock)
    where = f", {place.file}:{place.line}" if place else ""
    return f"lock {lock.lock_id} '{lock.sym_name or ''}' of tile {lock.position}{where}"
