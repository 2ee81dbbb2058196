"""What ties the tiles of a design to one another, and what it asks of their DMAs.

Source: mlir-aie, AIEPlacer.cpp (the adjacency builders and buildChannelRequirements).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

from xdsl.dialects.memref import (
    CastOp,
    CollapseShapeOp,
    ExpandShapeOp,
    MemorySpaceCastOp,
    ReinterpretCastOp,
    SubviewOp,
    ViewOp,
)
from xdsl.ir import SSAValue

from softnpu.arch.device import TileKind
from softnpu.dialects.aie import (
    BufferOp,
    CascadeFlowOp,
    CoreOp,
    DeviceOp,
    FlowOp,
    LogicalTileOp,
    ObjectFifoCreateOp,
    ObjectFifoLinkOp,
    PacketDestOp,
    PacketFlowOp,
    PacketSourceOp,
    TileOp,
    WireBundle,
)
from softnpu.dialects.rules.common import kind_of
from softnpu.dialects.walking import all_ops
from softnpu.passes.device_ops import of_type

AnyTile: TypeAlias = "TileOp | LogicalTileOp"
Position = tuple[int, int]

VIEWS = (
    *(CastOp, CollapseShapeOp, ExpandShapeOp, MemorySpaceCastOp),
    *(ReinterpretCastOp, SubviewOp, ViewOp),
)
"""Ops that give another view of the memory of their first operand."""


class Demand(NamedTuple):
    """DMA channels into a tile (S2MM) and out of it (MM2S)."""

    inputs: int = 0
    outputs: int = 0

    @property
    def total(self) -> int:
        return self.inputs + self.outputs

    def plus(self, inputs: int = 0, outputs: int = 0) -> Demand:
        return Demand(self.inputs + inputs, self.outputs + outputs)


def tile_of(value: SSAValue) -> AnyTile:
    """The tile op, placed or not, that gives a value."""
    owner = value.owner
    assert isinstance(owner, TileOp | LogicalTileOp)
    return owner


def is_logical_core(tile: AnyTile) -> bool:
    """Whether a tile is a core's that has yet to be placed."""
    return isinstance(tile, LogicalTileOp) and kind_of(tile) is TileKind.CORE


def fixed_position(tile: AnyTile) -> Position | None:
    """Where a tile says it is, if it says so whole."""
    if tile.col is None or tile.row is None:
        return None
    return tile.col, tile.row


@dataclass
class Edges:
    """Pairs of tiles, each with its first and its second end, found from either."""

    pairs: list[tuple[AnyTile, AnyTile]] = field(default_factory=list)
    of_tile: dict[AnyTile, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, first: AnyTile, second: AnyTile) -> None:
        """Tie two tiles."""
        index = len(self.pairs)
        self.pairs.append((first, second))
        for end in (first, second):
            if isinstance(end, LogicalTileOp):
                self.of_tile[end].append(index)

    def peers(self, tile: AnyTile) -> Iterator[tuple[AnyTile, bool]]:
        """The tile at the other end of each pair, and whether `tile` is the first end."""
        for index in self.of_tile.get(tile, ()):
            first, second = self.pairs[index]
            yield (second, True) if first is tile else (first, False)

    def __contains__(self, tile: AnyTile) -> bool:
        return tile in self.of_tile


@dataclass(frozen=True)
class Connectivity:
    """The ties of one device's tiles."""

    device: DeviceOp

    @cached_property
    def logical_tiles(self) -> list[LogicalTileOp]:
        return list(of_type(self.device, LogicalTileOp))

    @cached_property
    def fifos(self) -> list[ObjectFifoCreateOp]:
        return list(of_type(self.device, ObjectFifoCreateOp))

    @cached_property
    def links(self) -> list[ObjectFifoLinkOp]:
        return list(of_type(self.device, ObjectFifoLinkOp))

    @cached_property
    def flows(self) -> list[FlowOp]:
        return list(of_type(self.device, FlowOp))

    @cached_property
    def packet_flows(self) -> list[tuple[list[PacketSourceOp], list[PacketDestOp]]]:
        """The ends of each packet flow."""
        return [
            (
                [op for op in all_ops(flow) if isinstance(op, PacketSourceOp)],
                [op for op in all_ops(flow) if isinstance(op, PacketDestOp)],
            )
            for flow in of_type(self.device, PacketFlowOp)
        ]

    # ties between cores

    def shared_buffers(self) -> Edges:
        """A logical core and the owner of each buffer that its program uses."""
        edges = Edges()
        for tile in self.logical_tiles:
            core = next((u.operation for u in tile.result.uses if _is_core(u.operation)), None)
            if kind_of(tile) is not TileKind.CORE or core is None:
                continue
            buffers = (buffer_behind(operand) for op in all_ops(core) for operand in op.operands)
            owners = (tile_of(buffer.tile) for buffer in buffers if buffer is not None)
            for owner in dict.fromkeys(owners):
                if owner is not tile:
                    edges.add(tile, owner)
        return edges

    def cascades(self) -> Edges:
        """Source and destination of each cascade."""
        edges = Edges()
        for flow in of_type(self.device, CascadeFlowOp):
            edges.add(tile_of(flow.source_tile), tile_of(flow.dest_tile))
        return edges

    def compute_peers(self) -> Edges:
        """Producer and consumer of each objectfifo from one logical core to another."""
        edges = Edges()
        for fifo in self.fifos:
            producer = tile_of(fifo.producer_tile)
            if not is_logical_core(producer):
                continue
            for consumer in map(tile_of, fifo.consumer_tiles):
                if is_logical_core(consumer) and consumer is not producer:
                    edges.add(producer, consumer)
        return edges

    # DMA channels

    def demands(self) -> dict[AnyTile, Demand]:
        """DMA channels that each tile needs, those between two cores left out."""
        found: dict[AnyTile, Demand] = defaultdict(Demand)
        linked_from = {name for link in self.links for name in link.fifo_ins}
        linked_to = {name for link in self.links for name in link.fifo_outs}
        for fifo in self.fifos:
            producer = tile_of(fifo.producer_tile)
            far = [
                consumer
                for consumer in map(tile_of, fifo.consumer_tiles)
                if not (is_logical_core(producer) and is_logical_core(consumer))
            ]
            # The tile of a link is counted with the link.
            if fifo.sym_name not in linked_from:
                for consumer in far:
                    found[consumer] = found[consumer].plus(inputs=1)
            if far and fifo.sym_name not in linked_to:
                found[producer] = found[producer].plus(outputs=1)
        self._add_links(found)
        self._add_flows(found)
        return found

    def _add_links(self, found: dict[AnyTile, Demand]) -> None:
        by_name = {fifo.sym_name: fifo for fifo in self.fifos}
        for link in self.links:
            sources = (by_name[name] for name in link.fifo_ins if name in by_name)
            consumers = (tile for source in sources for tile in source.consumer_tiles)
            if (value := next(consumers, None)) is not None:
                tile = tile_of(value)
                found[tile] = found[tile].plus(len(link.fifo_ins), len(link.fifo_outs))

    def _add_flows(self, found: dict[AnyTile, Demand]) -> None:
        """A channel counts once, though it sends to many or takes from many."""
        sources = {(tile_of(f.source), *f.source_port) for f in self.flows}
        sources |= {(tile_of(e.tile), *e.port) for ends, _ in self.packet_flows for e in ends}
        dests = {(tile_of(f.dest), *f.dest_port) for f in self.flows}
        dests |= {(tile_of(e.tile), *e.port) for _, ends in self.packet_flows for e in ends}
        for tile, bundle, _ in sources:
            if bundle is WireBundle.DMA and isinstance(tile, LogicalTileOp):
                found[tile] = found[tile].plus(outputs=1)
        for tile, bundle, _ in dests:
            if bundle is WireBundle.DMA and isinstance(tile, LogicalTileOp):
                found[tile] = found[tile].plus(inputs=1)

    # data's ways, for what has no core

    @cached_property
    def ways(self) -> dict[LogicalTileOp, list[list[AnyTile]]]:
        """For each logical tile the other ends of its flows and objectfifos."""
        found: dict[LogicalTileOp, list[list[AnyTile]]] = defaultdict(list)
        for sources, dests in self._ends():
            for here, there in ((sources, dests), (dests, sources)):
                for tile in here:
                    if isinstance(tile, LogicalTileOp) and there:
                        found[tile].append(there)
        return found

    def _ends(self) -> Iterable[tuple[list[AnyTile], list[AnyTile]]]:
        for flow in self.flows:
            yield [tile_of(flow.source)], [tile_of(flow.dest)]
        for sources, dests in self.packet_flows:
            yield [tile_of(end.tile) for end in sources], [tile_of(end.tile) for end in dests]
        for fifo in self.fifos:
            yield [tile_of(fifo.producer_tile)], [tile_of(tile) for tile in fifo.consumer_tiles]


def _is_core(op: object) -> bool:
    return isinstance(op, CoreOp)


def buffer_behind(value: SSAValue) -> BufferOp | None:
    """The buffer that a value is or is a view of."""
    owner = value.owner
    while isinstance(owner, VIEWS):
        owner = owner.operands[0].owner
    return owner if isinstance(owner, BufferOp) else None
