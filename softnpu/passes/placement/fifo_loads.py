"""What each objectfifo of a design asks of the tiles at its ends, for the annealing placer.

Source: mlir-aie, AIESAPlacer.cpp (buildFifoBufferInfo).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple, TypeAlias

from xdsl.dialects.builtin import MemRefType

from softnpu.arch.device import TileKind
from softnpu.dialects.aie import (
    BufferOp,
    CoreOp,
    LogicalTileOp,
    ObjectFifoAcquireOp,
    ObjectFifoCreateOp,
)
from softnpu.dialects.rules.common import kind_of
from softnpu.dialects.sizes import element_bits, element_count, memref_bytes
from softnpu.passes.placement.connectivity import Connectivity, tile_of

End: TypeAlias = "tuple[str, LogicalTileOp | None]"
"""An objectfifo and a tile."""


class Consumer(NamedTuple):
    """A consumer of an objectfifo.

    Attributes:
        depth: objects, as the design says it.
        dma_depth: objects, if the fifo goes by DMA.
    """

    tile: LogicalTileOp
    depth: int
    dma_depth: int


@dataclass(frozen=True)
class FifoLoad:
    """What an objectfifo asks of the tiles at its ends.

    Attributes:
        producer: None if it has its place already; such a fifo counts little.
        consumers: those that have yet to be placed.
        size, consumer_size: bytes of an object at the producer and at the consumers.
        depth, dma_depth: objects at the producer, as the design says it, and if the fifo goes by
            DMA: one more than a core ever holds.
        needs_dma: neighbours use DMA for it, too.
        borrows: its objects at the producer are those of the fifo that is linked to it.
    """

    op: ObjectFifoCreateOp
    producer: LogicalTileOp | None
    consumers: tuple[Consumer, ...]
    size: int
    consumer_size: int
    depth: int
    dma_depth: int
    needs_dma: bool
    borrows: bool

    @property
    def tiles(self) -> tuple[LogicalTileOp, ...]:
        """Producer and consumers."""
        consumers = tuple(consumer.tile for consumer in self.consumers)
        return consumers if self.producer is None else (self.producer, *consumers)

    def shared(self, consumer: Consumer) -> int:
        """Bytes of the objects that the producer and a consumer have in common."""
        return max(self.size, self.consumer_size) * max(self.depth, consumer.depth)


def fifo_loads(connectivity: Connectivity) -> list[FifoLoad]:
    """The loads of the device's objectfifos, in the order of its text."""
    held = _held(connectivity)
    linked_from = {name for link in connectivity.links for name in link.fifo_ins}
    linked_to = {name for link in connectivity.links for name in link.fifo_outs}

    def load(fifo: ObjectFifoCreateOp) -> FifoLoad:
        tile, depth, name = tile_of(fifo.producer_tile), fifo.size(), fifo.sym_name
        producer = tile if isinstance(tile, LogicalTileOp) else None
        reasons = (
            *(fifo.via_dma, fifo.repeat_count is not None, fifo.consumer_elem_type is not None),
            *(len(fifo.dimensions_to_stream) > 0, name in linked_from, name in linked_to),
        )
        return FifoLoad(
            op=fifo,
            producer=producer,
            consumers=_consumers(fifo, held),
            size=_object_bytes(fifo.element_type),
            consumer_size=_object_bytes(fifo.consumer_element_type),
            depth=depth,
            dma_depth=_dma_depth(depth, held.get((name, producer))),
            needs_dma=any(reasons),
            borrows=name in linked_to,
        )

    return [load(fifo) for fifo in connectivity.fifos]


def _consumers(fifo: ObjectFifoCreateOp, held: Mapping[End, int]) -> tuple[Consumer, ...]:
    # As in mlir-aie, depths are counted off by the consumers that have yet to be placed.
    tiles = [tile for tile in map(tile_of, fifo.consumer_tiles) if isinstance(tile, LogicalTileOp)]
    found = []
    for index, tile in enumerate(tiles, 1):
        depth = fifo.size(index) if index < len(fifo.depths) else fifo.size()
        found.append(Consumer(tile, depth, _dma_depth(depth, held.get((fifo.sym_name, tile)))))
    return tuple(found)


def _dma_depth(depth: int, held: int | None) -> int:
    if held is None:
        return depth
    return 1 if held == depth == 1 else held + 1


def _held(connectivity: Connectivity) -> dict[End, int]:
    """The most objects that a core acquires at once, by objectfifo and tile."""
    found: dict[End, int] = {}
    for core in connectivity.device.walk():
        if not isinstance(core, CoreOp):
            continue
        tile = tile_of(core.tile)
        if not isinstance(tile, LogicalTileOp):
            continue
        for op in core.walk():
            if isinstance(op, ObjectFifoAcquireOp):
                end = (op.obj_fifo_name, tile)
                found[end] = max(found.get(end, 0), op.acq_number)
    return found


def _object_bytes(type: MemRefType) -> int:
    return element_count(type) * element_bits(type.get_element_type()) // 8


def own_memory(connectivity: Connectivity) -> dict[LogicalTileOp, int]:
    """Bytes of each tile's buffers and of its core's stack."""
    found: dict[LogicalTileOp, int] = defaultdict(int)
    for op in connectivity.device.walk():
        if isinstance(op, BufferOp | CoreOp):
            tile = tile_of(op.tile)
            size = op.stack_size if isinstance(op, CoreOp) else memref_bytes(op.buffer_type)
            if isinstance(tile, LogicalTileOp):
                found[tile] += size
    return found


@dataclass(frozen=True)
class MemoryTileUse:
    """What the objectfifos of one memory tile need.

    Attributes:
        own: bytes of its other buffers.
        fifos: (place among all buffers, bytes of an object, objects), in order.
        descriptors: its buffer descriptors.
    """

    own: int
    fifos: tuple[tuple[int, int, int], ...]
    descriptors: int

    @property
    def size(self) -> int:
        return sum(size * count for _, size, count in self.fifos)


def memory_tile_uses(
    fifos: Iterable[FifoLoad], own: Mapping[LogicalTileOp, int]
) -> dict[LogicalTileOp, MemoryTileUse]:
    """The use of each memory tile that has objectfifos or buffers."""
    objects: dict[LogicalTileOp, list[tuple[int, int, int]]] = defaultdict(list)
    descriptors: dict[LogicalTileOp, int] = defaultdict(int)
    order = count()
    for fifo in fifos:
        producer = fifo.producer
        sends = producer is not None and _is_memory(producer) and not fifo.borrows
        if producer is not None and sends:
            objects[producer].append((next(order), fifo.size, fifo.depth))
            descriptors[producer] += fifo.depth
        for tile, depth, _ in fifo.consumers:
            if _is_memory(tile):
                descriptors[tile] += depth
                if sends:
                    objects[tile].append((next(order), fifo.consumer_size, depth))
    tiles = dict.fromkeys((*filter(_is_memory, own), *objects, *descriptors))
    return {
        tile: MemoryTileUse(own.get(tile, 0), tuple(objects[tile]), descriptors[tile])
        for tile in tiles
    }


def _is_memory(tile: LogicalTileOp) -> bool:
    return kind_of(tile) is TileKind.MEMORY
