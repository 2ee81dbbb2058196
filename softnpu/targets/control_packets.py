"""The control packets of a sequence as the words that the host sends: `aie-ctrlpkt-to-bin`.

Each packet is a packet header for the stream switches, a control header, and its data
(mlir-aie, AIETargetNPU.cpp, `AIETranslateControlPacketsToUI32Vec`).
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from softnpu.arch.packets import CONTROL_HEADER, STREAM_HEADER, with_odd_parity
from softnpu.dialects.aie import DeviceOp, PacketInfoAttr
from softnpu.dialects.aiex import NpuControlPacketOp
from softnpu.dialects.source import design_error
from softnpu.formats.records import word_bytes
from softnpu.passes.assign_tile_controller_ids import CONTROLLER_ID
from softnpu.passes.ctrl_packet_to_dma import target_of
from softnpu.passes.sequence_ops import find_device, find_sequence, tile_at
from softnpu.passes.txn_to_control_packet import MAXIMUM_WORDS

OPERATIONS_WITH_DATA = (0, 2)
"""Write, and block write."""
WORD = 1 << 32


def emit_control_packets(module: ModuleOp, device_name: str = "", sequence_name: str = "") -> bytes:
    """The control packets of one runtime sequence, as the host puts them into its buffer.

    Raises:
        DesignError: no such device or sequence, or a packet that cannot be.
    """
    device = find_device(module, device_name)
    sequence = find_sequence(device, sequence_name)
    words: list[int] = []
    for op in sequence.body.blocks[0].ops:
        if isinstance(op, NpuControlPacketOp):
            words += _packet(op, device)
    return word_bytes(words)


def _packet(op: NpuControlPacketOp, device: DeviceOp) -> list[int]:
    data = op.data or ()
    size = len(data) if op.data is not None else op.length or 0
    if not 1 <= size <= MAXIMUM_WORDS:
        raise design_error(
            op,
            f"a control packet carries 1 to {MAXIMUM_WORDS} words, this one {size}",
            "aie-legalize-ctrl-packet splits longer ones",
        )
    control = CONTROL_HEADER.pack(
        {
            "stream_id": op.stream_id,
            "operation": op.opcode,
            "beats": size - 1,
            "address": op.address & CONTROL_HEADER.field("address").maximum,
        }
    )
    headers = [with_odd_parity(_stream_header(op, device)), with_odd_parity(control[0])]
    sent = data if op.opcode in OPERATIONS_WITH_DATA else (0,) * len(data)
    return [*headers, *(word % WORD for word in sent)]


def _stream_header(op: NpuControlPacketOp, device: DeviceOp) -> int:
    col, row = target_of(op)
    tile = tile_at(device, col, row)
    info = tile.attributes.get(CONTROLLER_ID) if tile else None
    if not isinstance(info, PacketInfoAttr):
        raise design_error(
            op,
            f"tile ({col}, {row}) has no controller id, so that no packet can reach it",
            "run aie-assign-tile-controller-ids or aie-ctrl-packet-infer-tiles first",
        )
    return STREAM_HEADER.pack({"packet_type": info.pkt_type, "packet_id": info.pkt_id})[0]
