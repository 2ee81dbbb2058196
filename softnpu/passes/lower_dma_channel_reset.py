"""`aie-lower-dma-channel-reset`: resetting DMA channels, and arming those of a fifo anew.

A fifo's channels are drained first, then its locks get their first values, then each channel is
started again at its first descriptor, since nothing else starts one after a reset. Its channels
and locks stand in its `aie.objectfifo_rearm_binding` (mlir-aie, AIELowerDmaChannelReset.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.arch.register import Module
from softnpu.dialects.aie import DeviceOp, DMAChannelDir, ObjectFifoRearmBindingOp, tile_behind
from softnpu.dialects.aiex import (
    DmaChannelResetForOp,
    DmaChannelResetOp,
    NpuPushQueueOp,
    SetLockOp,
)
from softnpu.dialects.source import design_error
from softnpu.passes.concerns import Concerns
from softnpu.passes.reset_pulse import reset_pulse
from softnpu.passes.rewriting.ir import erase
from softnpu.passes.sequence_ops import Symbols, devices, model_of, replace, sequence_ops


@dataclass(frozen=True)
class LowerDmaChannelResetPass(ModulePass):
    """Lower `aiex.dma_channel_reset` and `aiex.dma_channel_reset_for` in runtime sequences."""

    name = "aie-lower-dma-channel-reset"
    concerns: ClassVar[Concerns] = (
        DmaChannelResetOp,
        DmaChannelResetForOp,
        ObjectFifoRearmBindingOp,
    )

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            _rearm(device)
            model = model_of(device)
            for step in sequence_ops(device):
                if isinstance(step, DmaChannelResetOp):
                    replace(step, _reset(step, model))


def _reset(op: DmaChannelResetOp, model: Device) -> list[Operation]:
    module = Module.MEMORY_TILE if model.is_memory_tile(*op.position) else Module.MEMORY
    return reset_pulse(op, module, f"DMA_{op.direction.name}_{op.channel}_Ctrl")


def _rearm(device: DeviceOp) -> None:
    symbols = Symbols(device)
    for step in sequence_ops(device):
        if isinstance(step, DmaChannelResetForOp):
            replace(step, _armed_anew(step, _binding(step, symbols)))
    for binding in list(device.body.ops):
        # Every reset that named one is lowered by now.
        if isinstance(binding, ObjectFifoRearmBindingOp):
            erase(binding)


def _binding(op: DmaChannelResetForOp, symbols: Symbols) -> ObjectFifoRearmBindingOp:
    found = symbols.get(op.objfifo)
    if not isinstance(found, ObjectFifoRearmBindingOp):
        raise design_error(
            op,
            f"'@{op.objfifo}' is no objectfifo_rearm_binding",
            "aie-objectFifo-stateful-transform makes one of an objectfifo: run it first",
        )
    return found


def _armed_anew(op: DmaChannelResetForOp, binding: ObjectFifoRearmBindingOp) -> list[Operation]:
    if binding.head_bd_ids is None or binding.repeat_counts is None:
        raise design_error(
            op,
            f"the binding '@{op.objfifo}' does not say which descriptors its channels begin with",
            "run aie-assign-bd-ids first, or give it head_bd_ids and repeat_counts",
        )
    endpoints = [
        (tile, DMAChannelDir(direction), channel)
        for tile, direction, channel in zip(
            binding.channel_tiles, binding.channel_dirs, binding.channel_indices, strict=True
        )
    ]
    steps: list[Operation] = [
        DmaChannelResetOp(tile=tile, direction=direction, channel=channel, location=op.location)
        for tile, direction, channel in endpoints
    ]
    steps += (
        SetLockOp(lock=lock, value=init, location=op.location)
        for lock, init in zip(binding.locks, binding.lock_inits, strict=True)
    )
    starts = zip(endpoints, binding.head_bd_ids, binding.repeat_counts, strict=True)
    for (tile, direction, channel), bd_id, repeats in starts:
        owner = tile_behind(tile)
        steps.append(
            NpuPushQueueOp(
                column=owner.col,
                row=owner.row,
                direction=direction,
                channel=channel,
                issue_token=False,
                repeat_count=repeats,
                bd_id=bd_id,
                location=op.location,
            )
        )
    return steps
