"""Flows between the ends of a fifo, and the shim channels that the runtime sequence names."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import Block, Region

from softnpu.dialects.aie import (
    DMAChannelDir,
    EndOp,
    FlowOp,
    ObjectFifoCreateOp,
    PacketDestOp,
    PacketFlowOp,
    PacketInfoAttr,
    PacketSourceOp,
    ShimDMAAllocationOp,
    WireBundle,
)
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import append, of_type
from softnpu.passes.objectfifo.channels import ChannelAssignment
from softnpu.passes.objectfifo.programs import Transfer, create_program
from softnpu.passes.objectfifo.split import NO_DIMENSIONS
from softnpu.passes.objectfifo.state import FifoState

MAX_PACKET_ID = 31
"""Packet ids have five bits."""


def shim_allocation_name(fifo: str) -> str:
    """What the runtime sequence calls the shim channel of a fifo."""
    return f"{fifo}_shim_alloc"


def create_routes(state: FifoState, packets: bool) -> None:
    """Makes DMA programs, flows and shim allocations for all fifos that travel by DMA.

    Args:
        packets: whether fifos get packet-switched flows, one packet id each.
    """
    channels = ChannelAssignment(state)
    ids = _PacketIds(state) if packets else None
    for producer, consumers in state.splits:
        _connect(state, channels, producer, consumers, None if ids is None else ids.next(producer))


class _PacketIds:
    """Packet ids above those that the design has in use."""

    def __init__(self, state: FifoState) -> None:
        self._next = 0
        for flow in of_type(state.device, PacketFlowOp):
            # As in mlir-aie (getStartPacketID): an id of 0 does not count as used, nor does
            # one that is equal to the next so far.
            if flow.id > self._next:
                self._next = flow.id + 1

    def next(self, fifo: ObjectFifoCreateOp) -> PacketInfoAttr:
        number = self._next
        if number > MAX_PACKET_ID:
            raise design_error(
                fifo,
                f"no packet id is left for objectfifo @{fifo.sym_name}: "
                f"ids go up to {MAX_PACKET_ID}",
                "leave some fifos to circuit-switched flows",
            )
        self._next += 1
        return PacketInfoAttr((0, number))


@dataclass(frozen=True)
class _End:
    fifo: ObjectFifoCreateOp
    direction: DMAChannelDir
    channel: int
    bundle: WireBundle


def _connect(
    state: FifoState,
    channels: ChannelAssignment,
    producer: ObjectFifoCreateOp,
    consumers: list[ObjectFifoCreateOp],
    packet: PacketInfoAttr | None,
) -> None:
    source = _end(state, channels, producer, producer, DMAChannelDir.MM2S)
    _note_channel(state, producer, source)
    _serve_producer(state, source, packet)
    drains = []
    for consumer in consumers:
        drain = _end(state, channels, producer, consumer, DMAChannelDir.S2MM)
        _note_channel(state, producer, drain)
        _serve_consumer(state, producer, drain)
        drains.append(drain)
        if packet is None:
            state.device.body.insert_op_after(_flow(source, drain), producer)
    if packet is not None:
        flow = _packet_flow(packet, source, drains)
        state.device.body.insert_op_after(flow, producer)


def _note_channel(state: FifoState, fifo: ObjectFifoCreateOp, end: _End) -> None:
    """Keep which channels serve a fifo, for a sequence that arms it anew; the host arms shims."""
    if end.fifo.aie_stream is None and not state.is_shim(end.fifo.producer_tile_op):
        channel = (end.fifo.producer_tile, end.direction, end.channel)
        state.channels.setdefault(fifo, []).append(channel)


def _end(
    state: FifoState,
    channels: ChannelAssignment,
    producer: ObjectFifoCreateOp,
    fifo: ObjectFifoCreateOp,
    direction: DMAChannelDir,
) -> _End:
    channel = channels.channel(fifo, direction)
    if producer.plio:
        # As in mlir-aie, the other end is a DMA then, even where a stream port was asked for.
        bundle = WireBundle.PLIO if state.is_shim(fifo.producer_tile_op) else WireBundle.DMA
    else:
        bundle = WireBundle.DMA if fifo.aie_stream is None else WireBundle.Core
    return _End(fifo, direction, channel, bundle)


def _serve_producer(state: FifoState, end: _End, packet: PacketInfoAttr | None) -> None:
    fifo = end.fifo
    if fifo.aie_stream is not None:
        return
    padded = fifo.pad_dimensions is not None and state.is_memory_tile(fifo.producer_tile_op)
    create_program(
        state,
        Transfer(
            fifo,
            end.direction,
            end.channel,
            fifo.dimensions_to_stream,
            fifo.pad_dimensions if padded else None,
            fifo.pad_value if padded else 0,
            packet,
        ),
    )
    if state.is_shim(fifo.producer_tile_op):
        append(state.device, _shim_allocation(fifo, end, packet))


def _serve_consumer(state: FifoState, producer: ObjectFifoCreateOp, end: _End) -> None:
    fifo = end.fifo
    if fifo.aie_stream is not None:
        return
    dims = fifo.dimensions_from_stream_per_consumer
    create_program(
        state,
        Transfer(fifo, end.direction, end.channel, dims[0] if len(dims) else NO_DIMENSIONS),
    )
    if state.is_shim(fifo.producer_tile_op):
        append(state.device, _shim_allocation(producer, end, None))


def _shim_allocation(
    named_after: ObjectFifoCreateOp, end: _End, packet: PacketInfoAttr | None
) -> ShimDMAAllocationOp:
    return ShimDMAAllocationOp(
        sym_name=shim_allocation_name(named_after.sym_name),
        tile=end.fifo.producer_tile,
        channel_dir=end.direction,
        channel_index=end.channel,
        plio=named_after.plio,
        packet=packet,
        location=named_after.location,
    )


def _flow(source: _End, drain: _End) -> FlowOp:
    return FlowOp(
        source=source.fifo.producer_tile,
        source_bundle=source.bundle,
        source_channel=source.channel,
        dest=drain.fifo.producer_tile,
        dest_bundle=drain.bundle,
        dest_channel=drain.channel,
        location=source.fifo.location,
    )


def _packet_flow(packet: PacketInfoAttr, source: _End, drains: list[_End]) -> PacketFlowOp:
    """A packet flow; its destinations stand in reverse order, as mlir-aie leaves them."""
    location = source.fifo.location
    body = Block()
    for end in (source, *reversed(drains)):
        kind = PacketSourceOp if end is source else PacketDestOp
        if end.bundle is not WireBundle.DMA:
            raise design_error(
                end.fifo,
                f"objectfifo @{source.fifo.sym_name} ends at a core's stream port or a PLIO and "
                "cannot be packet-switched",
                "compile without packet-sw-objFifos",
            )
        body.add_op(
            kind(
                tile=end.fifo.producer_tile,
                bundle=end.bundle,
                channel=end.channel,
                location=location,
            )
        )
    body.add_op(EndOp(location=location))
    return PacketFlowOp(id=packet.pkt_id, ports=Region(body), location=location)
