"""DMA channels: which one serves which end of a fifo."""

from __future__ import annotations

from xdsl.ir import SSAValue

from softnpu.dialects.aie import (
    DMAChannelDir,
    DMAOp,
    DMAStartOp,
    FlowOp,
    MemOp,
    MemTileDMAOp,
    ObjectFifoCreateOp,
    ShimDMAOp,
    TileOp,
    WireBundle,
)
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import of_type
from softnpu.passes.objectfifo.state import FifoState, describe

Channel = tuple[SSAValue, DMAChannelDir, int]


class ChannelAssignment:
    """The DMA channels and core stream ports of all tiles, and who has them.

    Channels are handed out in the order of the fifos, lowest first; ends whose objects lie in
    a neighbouring memory tile come first of all, for only the lower channels reach there.
    """

    def __init__(self, state: FifoState) -> None:
        self._state = state
        self._taken: dict[Channel, str] = _channels_in_programs(state)
        self._streams: dict[Channel, str] = _streams_in_flows(state)
        self._index: dict[ObjectFifoCreateOp, int | None] = {}
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

    def _assign(self, end: ObjectFifoCreateOp, direction: DMAChannelDir, far: bool) -> None:
        if _lies_elsewhere(self._state, end) is not far:
            return
        tile = end.producer_tile_op
        limit = self._state.target.facts_at(*tile.position).channels
        if far:
            limit = min(limit, self._state.target.max_channel_num_for_adjacent_mem_tile())
        for index in range(limit):
            key = (tile.result, direction, index)
            if key not in self._taken:
                self._taken[key] = self._state.name(end)
                self._index[end] = index
                return
        self._index[end] = None

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
            for (value, other, index), user in sorted(self._taken.items(), key=lambda i: i[0][2])
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
    return taken


def _streams_in_flows(state: FifoState) -> dict[Channel, str]:
    taken: dict[Channel, str] = {}
    for flow in of_type(state.device, FlowOp):
        if flow.source_bundle is WireBundle.Core:
            taken[flow.source, DMAChannelDir.MM2S, flow.source_channel] = "an aie.flow"
        if flow.dest_bundle is WireBundle.Core:
            taken[flow.dest, DMAChannelDir.S2MM, flow.dest_channel] = "an aie.flow"
    return taken
