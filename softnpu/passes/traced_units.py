"""The trace units that a design uses, and the host's buffer for what they record, as it says them.

Facts: mlir-aie, AIEInsertTraceFlows.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import MemRefType, i8

from softnpu.arch.device import TileKind
from softnpu.dialects.aie import (
    DeviceOp,
    RuntimeSequenceOp,
    TileOp,
    TraceEventAttr,
    TraceHostConfigOp,
    TraceOp,
    TracePacketOp,
    TraceStartEventOp,
    TraceStopEventOp,
    tile_behind,
)
from softnpu.dialects.enums import TracePacketType
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error, location_of
from softnpu.passes.sequence_ops import model_of, sequences

START_EVENT, STOP_EVENT = "USER_EVENT_1", "USER_EVENT_0"
"""What the sequence fires in the shim tile for its broadcasts to begin and end the traces; the
shim tile's own trace listens to these, for no tile hears its own broadcast."""

DEFAULT_TYPES = {
    TileKind.SHIM: TracePacketType.ShimTile,
    TileKind.MEMORY: TracePacketType.MemTile,
    TileKind.CORE: TracePacketType.Core,
}


@dataclass(frozen=True)
class Traced:
    """One trace unit and what was found out about it.

    Attributes:
        start: the broadcast channel that starts it, None if an event of its own does.
        stop: the same for its end.
    """

    op: TraceOp
    tile: TileOp
    packet_id: int
    type: TracePacketType
    start: int | None
    stop: int | None


def host_config(device: DeviceOp, trace: TraceOp) -> tuple[RuntimeSequenceOp, TraceHostConfigOp]:
    """The first runtime sequence and what it says of the trace buffer."""
    sequence = next(iter(sequences(device)), None)
    if sequence is None:
        raise design_error(trace, "the design traces, but has no aie.runtime_sequence to start it")
    for op in sequence.body.block.ops:
        if isinstance(op, TraceHostConfigOp):
            return sequence, op
    raise design_error(
        sequence,
        "the design traces, but this sequence gives no buffer for it",
        "say how large: aie.trace.host_config {buffer_size = 8192 : i32}",
    )


def buffer_of(sequence: RuntimeSequenceOp, config: TraceHostConfigOp) -> tuple[int, int]:
    """The number of the host's buffer that traces go to, and the first byte that they fill.

    A buffer of its own becomes the last argument.
    """
    block = sequence.body.block
    types = [arg.type for arg in block.args]
    if not config.reuse_output_buffer:
        block.insert_arg(MemRefType(i8, [config.buffer_size]), len(types), sequence.location)
        return sum(isinstance(type, MemRefType) for type in types), 0
    if not types:
        raise design_error(config, "reuse_output_buffer needs a sequence with an argument")
    if not all(isinstance(type, MemRefType) for type in types):
        raise design_error(
            config,
            "reuse_output_buffer does not go with sizes that are known at run time only",
            "where the output ends is not known here: leave reuse_output_buffer out",
        )
    last = types[-1]
    assert isinstance(last, MemRefType)
    return len(types) - 1, memref_bytes(last)


def packet_of(trace: TraceOp) -> TracePacketOp | None:
    """What the design says of the packets of a trace."""
    ops = trace.body.block.ops
    return next((op for op in ops if isinstance(op, TracePacketOp)), None)


def traced_unit(trace: TraceOp, packet_id: int) -> Traced:
    """Write the id into the trace and find what starts and stops it."""
    tile, packet = tile_behind(trace.tile), packet_of(trace)
    if packet is None:
        type = DEFAULT_TYPES[_kind_of(tile)]
        packet = TracePacketOp(id=packet_id, type=type, location=trace.location)
        block = trace.body.block
        first = block.first_op
        assert first is not None
        block.insert_op_before(packet, first)
    packet.id = packet_id
    starts = [op for op in trace.body.block.ops if isinstance(op, TraceStartEventOp)]
    stops = [op for op in trace.body.block.ops if isinstance(op, TraceStopEventOp)]
    for found, word in ((starts, "start"), (stops, "stop")):
        if not found:
            raise design_error(trace, f"this trace never {word}s: it has no aie.trace.{word}")
    start = [op.broadcast for op in starts if op.broadcast is not None]
    stop = [op.broadcast for op in stops if op.broadcast is not None]
    return Traced(
        trace, tile, packet_id, packet.type, *(each[-1] if each else None for each in (start, stop))
    )


def _kind_of(tile: TileOp) -> TileKind:
    """What a tile is."""
    device = tile.parent_op()
    assert isinstance(device, DeviceOp)
    return model_of(device).kind(*tile.position)


def check_units(traced: Sequence[Traced]) -> None:
    """Refuse a trace unit that is used twice."""
    seen: dict[tuple[TileOp, TracePacketType], TraceOp] = {}
    for each in traced:
        key = (each.tile, each.type)
        if key in seen:
            raise design_error(
                each.op,
                f"the trace unit '{each.type.name}' of tile {each.tile.position} is used twice",
                f"first at {location_of(seen[key])}",
            )
        seen[key] = each.op


def listen_to_itself(traced: Traced) -> None:
    """The shim tile that broadcasts hears the event that it broadcasts, not the broadcast."""
    for op in traced.op.body.block.ops:
        for kind, event in ((TraceStartEventOp, START_EVENT), (TraceStopEventOp, STOP_EVENT)):
            if isinstance(op, kind) and op.broadcast is not None:
                op.broadcast = None
                op.event = TraceEventAttr(event)
