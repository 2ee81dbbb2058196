"""`aie-dma-to-npu`: transfers, queue pushes and parameters as writes to registers.

After it a runtime sequence holds what the controller does: writes, masked writes, block writes,
address patches and syncs (mlir-aie, AIEDmaToNpu.cpp).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.memref import GetGlobalOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from softnpu.arch.dma import MAXIMUM_REPEAT, Direction
from softnpu.dialects.aie import BufferOp, DeviceOp, PacketInfoAttr
from softnpu.dialects.aiex import (
    NpuBlockWriteOp,
    NpuDmaMemcpyNdOp,
    NpuDmaWaitOp,
    NpuMaskWrite32Op,
    NpuPushQueueOp,
    NpuSyncOp,
    NpuWrite32Op,
    NpuWriteBdOp,
    NpuWriteRTPOp,
)
from softnpu.dialects.source import design_error
from softnpu.passes.bd_words import bd_words, check_bd_id, check_tile
from softnpu.passes.block_data import BlockData
from softnpu.passes.memcpy_descriptors import memcpy_ops
from softnpu.passes.register_address import absolute_address
from softnpu.passes.sequence_ops import (
    Symbols,
    devices,
    get_or_create_tile,
    model_of,
    replace,
    sequences,
)

CONTROLLER_ID = "controller_id"
"""The attribute of a tile that holds the packet header of its tokens."""
CONTROLLER_ID_LSB = 8
CONTROLLER_ID_MASK = 0x1F00
"""The packet id among the bits of a channel's control register."""

QUEUE_BD_BITS = 4
"""mlir-aie writes so many bits of the first descriptor's number, on every kind of tile."""
QUEUE_REPEAT_LSB = 16
QUEUE_TOKEN = 1 << 31


@dataclass(frozen=True)
class DmaToNpuPass(ModulePass):
    """Lower transfers and what goes with them to register operations."""

    name = "aie-dma-to-npu"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for sequence in sequences(device):
                lowering = _Lowering(device, BlockData(sequence))
                for step in list(sequence.walk()):
                    lower = lowering.of(step)
                    if lower is not None:
                        replace(step, lower(step))


class _Lowering:
    """What each op of a runtime sequence becomes."""

    def __init__(self, device: DeviceOp, data: BlockData) -> None:
        self.device = device
        self.model = model_of(device)
        self.symbols = Symbols(device)
        self.data = data
        self._table: dict[type[Operation], Callable[[Any], list[Operation]]] = {
            NpuDmaMemcpyNdOp: self._memcpy,
            NpuDmaWaitOp: self._wait,
            NpuPushQueueOp: self._push,
            NpuWriteBdOp: self._write_bd,
            NpuWriteRTPOp: self._parameter,
            NpuWrite32Op: self._write,
            NpuMaskWrite32Op: self._mask_write,
            NpuBlockWriteOp: self._block_write,
        }

    def of(self, op: Operation) -> Callable[[Any], list[Operation]] | None:
        """How to lower `op`, None if it stays as it is."""
        if isinstance(op, (NpuWrite32Op, NpuMaskWrite32Op, NpuBlockWriteOp)) and not op.buffer:
            return None
        return self._table.get(type(op))

    def _memcpy(self, op: NpuDmaMemcpyNdOp) -> list[Operation]:
        write, patch, push = memcpy_ops(op, self.symbols, self.model)
        return [*self._write_bd(write), patch, *self._push(push)]

    def _wait(self, op: NpuDmaWaitOp) -> list[Operation]:
        allocation = self.symbols.shim_allocation(op, op.symbol)
        sync = NpuSyncOp(
            column=allocation.tile_op.col,
            row=allocation.tile_op.row,
            direction=allocation.channel_dir.value,
            channel=allocation.channel_index,
            column_num=1,
            row_num=1,
            location=op.location,
        )
        return [sync]

    def _push(self, op: NpuPushQueueOp) -> list[Operation]:
        """A write to the task queue; before it, where its token shall go."""
        self._check_push(op)
        direction = Direction(op.direction.value)
        control = self.model.dma_control_address(op.column, op.row, op.channel, direction)
        command = op.bd_id | op.repeat_count << QUEUE_REPEAT_LSB
        ops: list[Operation] = []
        if op.issue_token:
            command |= QUEUE_TOKEN
            ops += self._token_route(op, control)
        return [*ops, NpuWrite32Op(address=control + 4, value=command, location=op.location)]

    def _check_push(self, op: NpuPushQueueOp) -> None:
        check_tile(op, self.model, op.column, op.row)
        engine = self.model.dma(op.column, op.row)
        check_bd_id(op, engine, op.bd_id)
        if op.bd_id >> QUEUE_BD_BITS:
            raise design_error(
                op,
                f"a task cannot start at BD {op.bd_id}: mlir-aie writes {QUEUE_BD_BITS} bits of "
                f"its number into the queue, which would start BD "
                f"{op.bd_id % (1 << QUEUE_BD_BITS)}",
                "choose a bd_id below 16 for the first descriptor",
            )
        if not 0 <= op.repeat_count <= MAXIMUM_REPEAT:
            raise design_error(
                op, f"repeat count {op.repeat_count} exceeds the range [0:{MAXIMUM_REPEAT}]"
            )
        if not 0 <= op.channel < engine.channels:
            raise design_error(
                op,
                f"channel {op.channel} does not exist: a {engine.kind.value} tile has "
                f"{engine.channels} {op.direction.name} channels",
            )

    def _token_route(self, op: NpuPushQueueOp, control: int) -> list[Operation]:
        tile = get_or_create_tile(self.device, op.column, op.row)
        header = tile.attributes.get(CONTROLLER_ID)
        if not isinstance(header, PacketInfoAttr):
            return []
        route = NpuMaskWrite32Op(
            address=control,
            value=header.pkt_id << CONTROLLER_ID_LSB,
            mask=CONTROLLER_ID_MASK,
            location=op.location,
        )
        return [route]

    def _write_bd(self, op: NpuWriteBdOp) -> list[Operation]:
        words = bd_words(op, self.model)
        data = GetGlobalOp(*self.data.symbol_and_type(words))
        data.location = op.location
        address = self.model.dma_bd_address(op.column, op.row, op.bd_id)
        write = NpuBlockWriteOp(address=address, data=data.memref, location=op.location)
        return [data, write]

    def _parameter(self, op: NpuWriteRTPOp) -> list[Operation]:
        buffer = self.symbols.get(op.buffer)
        if not isinstance(buffer, BufferOp):
            raise self.symbols.unknown(op, op.buffer, BufferOp, "buffer")
        if buffer.address is None:
            raise design_error(op, f"buffer '@{op.buffer}' has no address: assign addresses first")
        write = NpuWrite32Op(
            address=buffer.address + 4 * op.index,
            value=op.value,
            column=buffer.tile_op.col,
            row=buffer.tile_op.row,
            location=op.location,
        )
        return [write]

    def _write(self, op: NpuWrite32Op) -> list[Operation]:
        address = absolute_address(op, self.symbols)
        return [NpuWrite32Op(address=address, value=op.value, location=op.location)]

    def _mask_write(self, op: NpuMaskWrite32Op) -> list[Operation]:
        address = absolute_address(op, self.symbols)
        write = NpuMaskWrite32Op(
            address=address, value=op.value, mask=op.mask, location=op.location
        )
        return [write]

    def _block_write(self, op: NpuBlockWriteOp) -> list[Operation]:
        address = absolute_address(op, self.symbols)
        return [NpuBlockWriteOp(address=address, data=op.data, location=op.location)]
