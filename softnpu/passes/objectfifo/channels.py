"""DMA channels: which one serves which end of a fifo."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from xdsl.ir import Operation, SSAValue

from softnpu.dialects.aie import (
    DMAChannelDir,
    DMAOp,
    DMAStartOp,
    FlowOp,
    MemOp,
    MemTileDMAOp,
    ObjectFifoCreateOp,
    PacketDestOp,
    PacketFlowOp,
    PacketSourceOp,
    ShimDMAAllocationOp,
    ShimDMAOp,
    TileOp,
    WireBundle,
)
from softnpu.dialects.source import design_error, design_warning, location_of
from softnpu.passes.device_ops import of_type
from softnpu.passes.objectfifo.state import FifoState, describe

_log = logging.getLogger(__name__)

Channel = tuple[SSAValue, DMAChannelDir, int]


class ChannelAssignment:
    """The DMA channels and core stream ports of all tiles, and who has them.

    Channels are handed out in the order of the fifos, lowest first, after those that the design
    chooses; ends whose objects lie in a neighbouring memory tile come first of all, for only the
    lower channels reach there. What the author's own DMA programs, flows and shim DMA allocations
    name is left to them; mlir-aie looks at the programs only, and lets a fifo and a flow have one
    channel.
    """

    def __init__(self, state: FifoState) -> None:
        self._state = state
        self._in_flows = _channels_in_flows(state)
        self._taken: dict[Channel, str] = _channels_in_programs(state)
        self._streams: dict[Channel, str] = _streams_in_flows(state)
        self._index: dict[ObjectFifoCreateOp, int | None] = {}
        for producer, consumers in state.splits:
            self._reserve(producer, DMAChannelDir.MM2S)
            for consumer in consumers:
                self._reserve(consumer, DMAChannelDir.S2MM)
        for far in (True, False):
            for producer, consumers in state.splits:
                self._assign(producer, DMAChannelDir.MM2S, far)
                for consumer in consumers:
                    self._assign(consumer, DMAChannelDir.S2MM, far)

    def channel(self, end: ObjectFifoCreateOp, direction: DMAChannelDir) -> int:
        """The channel of a fifo's end, or the stream port of its core."""
        if end.aie_stream is not None:
            return self._stream_port(end, direction)
        index = self._index[end]
        if index is None:
            raise self._none_left(end, direction)
        return index

    def _reserve(self, end: ObjectFifoCreateOp, direction: DMAChannelDir) -> None:
        """Give an end the channel that the design chooses for it."""
        index = end.prod_dma_channel
        if index is None:
            return
        name, tile = self._state.name(end), end.producer_tile_op
        if end.aie_stream is not None:
            raise design_error(
                end,
                f"objectfifo {name} has a DMA channel chosen for an end that is a stream port of "
                "the core (aie_stream)",
                "leave out one of the two",
            )
        limit = self._state.target.facts_at(*tile.position).channels
        key = (tile.result, direction, index)
        if index >= limit or key in self._taken:
            other = f"{self._taken[key]} has it" if key in self._taken else f"it has {limit}"
            raise design_error(
                end,
                f"objectfifo {name} cannot have {direction.name} channel {index} of "
                f"{describe(tile)}: {other}",
                "choose another prod_dma_channel or cons_dma_channels, or none",
            )
        self._taken[key] = name
        self._index[end] = index

    def _assign(self, end: ObjectFifoCreateOp, direction: DMAChannelDir, far: bool) -> None:
        if end in self._index or _lies_elsewhere(self._state, end) is not far:
            return
        tile = end.producer_tile_op
        limit = self._state.target.facts_at(*tile.position).channels
        if far:
            limit = min(limit, self._state.target.max_channel_num_for_adjacent_mem_tile())
        free = [i for i in range(limit) if (tile.result, direction, i) not in self._taken]
        index = next((i for i in free if (tile.result, direction, i) not in self._in_flows), None)
        if free and index != free[0]:
            _log.warning(self._shared(end, direction, free[0]))
        if index is not None:
            self._taken[tile.result, direction, index] = self._state.name(end)
        self._index[end] = index

    def _shared(self, end: ObjectFifoCreateOp, direction: DMAChannelDir, index: int) -> str:
        tile = end.producer_tile_op
        user = self._in_flows[tile.result, direction, index]
        return design_warning(
            end,
            f"aie-opt gives objectfifo {self._state.name(end)} the channel {direction.name} "
            f"{index} of {describe(tile)}, which {user} has, too; npuforge gives it another",
            "for aie-opt, have the flow use another channel than the first that is free",
        )

    def _stream_port(self, end: ObjectFifoCreateOp, direction: DMAChannelDir) -> int:
        port = end.aie_stream_port
        assert port is not None
        key = (end.producer_tile, direction, port)
        if key in self._streams:
            way = "out of" if direction is DMAChannelDir.MM2S else "into"
            raise design_error(
                end,
                f"objectfifo {self._state.name(end)} needs stream port {port} {way} the core of "
                f"{describe(end.producer_tile_op)}, which {self._streams[key]} has",
                "a core has one stream in and one out",
            )
        self._streams[key] = self._state.name(end)
        return port

    def _none_left(self, end: ObjectFifoCreateOp, direction: DMAChannelDir) -> Exception:
        tile = end.producer_tile_op
        limit = self._state.target.facts_at(*tile.position).channels
        way = "output" if direction is DMAChannelDir.MM2S else "input"
        users = [
            f"{direction.name} {index}: {user}"
            for (value, other, index), user in sorted(
                (self._in_flows | self._taken).items(), key=lambda item: item[0][2]
            )
            if value is tile.result and other is direction
        ]
        return design_error(
            end,
            f"objectfifo {self._state.name(end)} finds no {way} DMA channel left "
            f"in {describe(tile)}, which has {limit}",
            *users,
            _remedy(self._state, tile),
        )


def _remedy(state: FifoState, tile: TileOp) -> str:
    if state.is_shim(tile):
        return "use the shim tile of another column, or join streams in a memory tile"
    if state.is_memory_tile(tile):
        return "use the memory tile of another column"
    return "join or distribute streams in a memory tile, or place the work on more cores"


def _lies_elsewhere(state: FifoState, end: ObjectFifoCreateOp) -> bool:
    """Whether any of the objects that an end uses is not in its owner's own tile."""
    owner = state.owner(end)
    home = owner.producer_tile
    return any(buffer.tile is not home for buffer in state.buffers.get(owner, ()))


def _channels_in_programs(state: FifoState) -> dict[Channel, str]:
    taken: dict[Channel, str] = {}
    for program in state.device.body.ops:
        if not isinstance(program, (MemOp, MemTileDMAOp, ShimDMAOp)):
            continue
        for op in (op for block in program.body.blocks for op in block.ops):
            if not isinstance(op, (DMAStartOp, DMAOp)):
                continue
            key = (program.tile, op.channel_dir, op.channel_index)
            taken[key] = f"the {program.name} of {describe(program.tile_op)}"
    for allocation in of_type(state.device, ShimDMAAllocationOp):
        key = (allocation.tile, allocation.channel_dir, allocation.channel_index)
        taken[key] = f"@{allocation.sym_name}"
    return taken


def _channels_in_flows(state: FifoState) -> dict[Channel, str]:
    """The DMA channels that the author's flows and shim DMA allocations name."""
    taken: dict[Channel, str] = {}
    for op in state.device.body.ops:
        for tile, bundle, direction, index in _ends(op):
            if bundle is WireBundle.DMA:
                place = location_of(op)
                where = "" if place is None else f" (line {place.line})"
                taken.setdefault((tile, direction, index), f"the {op.name}{where}")
    return taken


def _ends(op: Operation) -> Iterator[tuple[SSAValue, WireBundle, DMAChannelDir, int]]:
    """Where a flow begins and ends, or a shim DMA allocation is."""
    if isinstance(op, FlowOp):
        yield op.source, op.source_bundle, DMAChannelDir.MM2S, op.source_channel
        yield op.dest, op.dest_bundle, DMAChannelDir.S2MM, op.dest_channel
    elif isinstance(op, PacketFlowOp):
        for end in op.ports.block.ops:
            if isinstance(end, PacketSourceOp):
                yield end.tile, end.bundle, DMAChannelDir.MM2S, end.channel
            elif isinstance(end, PacketDestOp):
                yield end.tile, end.bundle, DMAChannelDir.S2MM, end.channel
    elif isinstance(op, ShimDMAAllocationOp):
        yield op.tile, WireBundle.DMA, op.channel_dir, op.channel_index


def _streams_in_flows(state: FifoState) -> dict[Channel, str]:
    taken: dict[Channel, str] = {}
    for flow in of_type(state.device, FlowOp):
        if flow.source_bundle is WireBundle.Core:
            taken[flow.source, DMAChannelDir.MM2S, flow.source_channel] = "an aie.flow"
        if flow.dest_bundle is WireBundle.Core:
            taken[flow.dest, DMAChannelDir.S2MM, flow.dest_channel] = "an aie.flow"
    return taken
