"""`aie-ctrl-packet-infer-tiles` and `aie-ctrl-packet-to-dma`: control packets from the host.

The packets of a sequence lie one behind the other in one more host buffer, its last argument; a
shim DMA channel of the column sends each of them, and the sequence waits for it. On npu2, packets
to one tile that follow one another are sent by one transfer (mlir-aie, AIECtrlPacketToDma.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, ModuleOp, i32
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from softnpu.arch.address import split_address
from softnpu.arch.dma import Direction
from softnpu.dialects.aie import PacketInfoAttr, RuntimeSequenceOp
from softnpu.dialects.aiex import NpuControlPacketOp, NpuDmaMemcpyNdOp, NpuSyncOp
from softnpu.passes.assign_tile_controller_ids import COLUMN_IDS, CONTROLLER_ID
from softnpu.passes.generate_column_control_overlay import control_channel
from softnpu.passes.sequence_ops import (
    devices,
    get_or_create_tile,
    model_of,
    replace,
    sequences,
)

HEADER_WORDS = 2
"""Words before a packet's data: the stream's packet header and the control packet's own."""


@dataclass(frozen=True)
class CtrlPacketInferTilesPass(ModulePass):
    """Give every tile that a control packet is for an `aie.tile` with a controller id."""

    name = "aie-ctrl-packet-infer-tiles"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for sequence in sequences(device):
                for packet in _packets(sequence):
                    col, row = target_of(packet)
                    tile = get_or_create_tile(device, col, row)
                    if CONTROLLER_ID not in tile.attributes:
                        header = PacketInfoAttr.of(pkt_type=0, pkt_id=COLUMN_IDS[0][row])
                        tile.attributes[CONTROLLER_ID] = header


@dataclass(frozen=True)
class CtrlPacketToDmaPass(ModulePass):
    """Send the control packets of runtime sequences from a host buffer."""

    name = "aie-ctrl-packet-to-dma"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            model = model_of(device)
            for sequence in sequences(device):
                batches = _batches(sequence, batch=model.generation == "aie2p")
                if not batches:
                    continue
                block = sequence.body.blocks[0]
                words = MemRefType(i32, [DYNAMIC_INDEX])
                buffer = block.insert_arg(words, len(block.args), device.location)
                offset = 0
                for packets in batches:
                    channel = control_channel(model, *target_of(packets[0]))
                    size = sum(packet_words(packet) for packet in packets)
                    replace(packets[0], _send(packets[0], buffer, channel, offset, size))
                    for packet in packets[1:]:
                        replace(packet, [])
                    offset += size


def target_of(packet: NpuControlPacketOp) -> tuple[int, int]:
    """The (column, row) of the tile that a control packet is for."""
    col, row, _ = split_address(packet.address)
    return col, row


def packet_words(packet: NpuControlPacketOp) -> int:
    """Words of a control packet in the host's buffer, headers included."""
    if packet.data is not None:
        return HEADER_WORDS + len(packet.data)
    return HEADER_WORDS + (packet.length or 0)


def _packets(sequence: RuntimeSequenceOp) -> Iterator[NpuControlPacketOp]:
    return (op for op in sequence.body.blocks[0].ops if isinstance(op, NpuControlPacketOp))


def _batches(sequence: RuntimeSequenceOp, *, batch: bool) -> list[list[NpuControlPacketOp]]:
    """The packets of a sequence, those together that one transfer sends."""
    batches: list[list[NpuControlPacketOp]] = []
    for packet in _packets(sequence):
        follows = bool(batches) and packet.prev_op is batches[-1][-1]
        if batch and follows and target_of(packet) == target_of(batches[-1][-1]):
            batches[-1].append(packet)
        else:
            batches.append([packet])
    return batches


def _send(
    packet: NpuControlPacketOp, buffer: SSAValue, channel: int, offset: int, size: int
) -> Sequence[Operation]:
    """One transfer of `size` words from word `offset` of the buffer, and the wait for it."""
    col, _ = target_of(packet)
    transfer = NpuDmaMemcpyNdOp(
        memref=buffer,
        offsets=(),
        sizes=(),
        strides=(),
        static_offsets=(0, 0, 0, offset),
        static_sizes=(1, 1, 1, size),
        static_strides=(0, 0, 0, 1),
        metadata=f"ctrlpkt_col{col}_mm2s_chan{channel}",
        id=0,
        issue_token=True,
        location=packet.location,
    )
    wait = NpuSyncOp(
        column=col,
        row=0,
        direction=Direction.MM2S.value,
        channel=channel,
        column_num=1,
        row_num=1,
        location=packet.location,
    )
    return [transfer, wait]
