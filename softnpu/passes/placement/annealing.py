"""The annealing placer: short wires, and no more memory, DMA channels, descriptors and cascades
than there are.

It begins with heavy tiles apart from one another, and searches from there. Flows, and buffers that
a core shares with another, are not looked at.

Source: mlir-aie, AIESAPlacer.cpp.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from secrets import randbits

from softnpu.arch.device import Device, TileKind
from softnpu.dialects.aie import LogicalTileOp, ObjectFifoCreateOp
from softnpu.dialects.rules.common import KIND_NAMES, kind_of, where
from softnpu.dialects.source import design_error
from softnpu.errors import DesignError
from softnpu.passes.dense_map import dense_order, hash_size
from softnpu.passes.placement.connectivity import (
    AnyTile,
    Connectivity,
    Position,
    fixed_position,
    tile_of,
)
from softnpu.passes.placement.effects import Load
from softnpu.passes.placement.fifo_loads import (
    FifoLoad,
    fifo_loads,
    memory_tile_uses,
    own_memory,
)
from softnpu.passes.placement.grid import Grid
from softnpu.passes.placement.loads import Loads, Usage
from softnpu.passes.placement.search import Search
from softnpu.passes.placement.wires import MULTICAST, Net, Wires
from softnpu.passes.std_random import StdRandom


@dataclass
class AnnealingPlacer:
    """Places the logical tiles of one device.

    Attributes:
        seed: of the random numbers; 0 for one that nobody knows.
        allocations: objectfifos whose objects go into another tile's memory than they would by
            themselves, and that tile; known once tiles are placed.
    """

    model: Device
    connectivity: Connectivity
    seed: int = 1
    allocations: list[tuple[ObjectFifoCreateOp, Position]] = field(default_factory=list)
    _placed: dict[LogicalTileOp, int] = field(default_factory=dict)

    def place(self) -> dict[AnyTile, Position]:
        """Choose a position for each logical tile.

        Raises:
            DesignError: more tiles than places, or a tile that is not where it has to be.
        """
        movable = self._place_first()
        loads = self._loads()
        if movable and (self._fifos or self._cascades):
            search = Search(
                random=self._random,
                wires=self._wires(loads),
                loads=loads,
                movable=movable,
                allowed=[self._allowed(tile) for tile in self._placed],
                cascades=self._cascades,
            )
            loads.rebuild(search.run())
        self._allocate(loads)
        found: dict[AnyTile, Position] = {}
        for tile, slot in zip(self._placed, loads.now.places, strict=True):
            self._check(tile, slot)
            found[tile] = self._grid.position(slot)
        return found

    @cached_property
    def _random(self) -> StdRandom:
        return StdRandom(self.seed or randbits(32))

    @cached_property
    def _grid(self) -> Grid:
        return Grid(self.model)

    @cached_property
    def _fifos(self) -> list[FifoLoad]:
        return fifo_loads(self.connectivity)

    @cached_property
    def _own(self) -> dict[LogicalTileOp, int]:
        return own_memory(self.connectivity)

    # where tiles begin

    def _place_first(self) -> int:
        """Give each tile its first slot, those that can move first; how many can is returned."""
        free = {kind: self._free(kind) for kind in TileKind}
        self._random.shuffle(free[TileKind.SHIM])
        pinned = {}
        for tile in self.connectivity.logical_tiles:
            if (position := fixed_position(tile)) is not None:
                slot = pinned[tile] = self._grid.slot(*position)
                slots = free[kind_of(tile)]
                if slot in slots:
                    slots.remove(slot)
        self._place_cores(free[TileKind.CORE])
        for kind in (TileKind.MEMORY, TileKind.SHIM):
            self._place_in_turn(self._movable(kind), free[kind])
        movable = len(self._placed)
        self._placed |= pinned
        return movable

    def _free(self, kind: TileKind) -> list[int]:
        """Slots in the order of their use: cores as on a checkerboard, other tiles every second."""
        slots = [slot for slot, other in enumerate(self._grid.kinds) if other is kind]
        if kind is TileKind.SHIM:
            return slots

        def key(slot: int) -> tuple[int, int, int]:
            col, row = self._grid.position(slot)
            odd = (col + row) % 2 if kind is TileKind.CORE else col % 2
            return odd, row, col

        return sorted(slots, key=key)

    def _movable(self, kind: TileKind) -> list[LogicalTileOp]:
        """The tiles of a kind that are not pinned, those with memory from the heaviest down."""
        found = [
            tile
            for tile in self.connectivity.logical_tiles
            if kind_of(tile) is kind and fixed_position(tile) is None
        ]
        return found if kind is TileKind.SHIM else sorted(found, key=lambda t: -self._weight(t))

    def _weight(self, tile: LogicalTileOp) -> int:
        """Bytes that a tile may come to hold."""
        weight = self._own.get(tile, 0)
        for fifo in self._fifos:
            consumer = next((end for end in fifo.consumers if end.tile is tile), None)
            if fifo.producer is tile:
                weight += fifo.shared(consumer) if consumer else fifo.size * fifo.depth
            elif consumer is not None:
                weight += fifo.consumer_size * consumer.depth
        return weight

    def _place_cores(self, free: list[int]) -> None:
        for used, tile in enumerate(self._movable(TileKind.CORE)):
            allowed = self._allowed(tile)
            index = next((i for i in range(used, len(free)) if allowed[free[i]]), None)
            if index is None:
                raise self._no_place(tile)
            self._placed[tile] = free[index]
            free[index], free[used] = free[used], free[index]

    def _place_in_turn(self, tiles: list[LogicalTileOp], free: list[int]) -> None:
        for index, tile in enumerate(tiles):
            if not free:
                raise self._no_place(tile)
            slot = self._placed[tile] = free[index % len(free)]
            if kind_of(tile) is TileKind.SHIM:
                self._check(tile, slot)

    def _allowed(self, tile: LogicalTileOp) -> list[bool]:
        """For each slot whether the tile's coordinates allow it."""
        return [
            tile.col in (None, col) and tile.row in (None, row) for col, row in self.model.tiles()
        ]

    # what the search looks at

    @cached_property
    def _numbers(self) -> dict[AnyTile, int]:
        return {tile: number for number, tile in enumerate(self._placed)}

    @cached_property
    def _cascades(self) -> list[tuple[int, int]]:
        pairs = self.connectivity.cascades().pairs
        return [
            (self._numbers[source], self._numbers[dest])
            for source, dest in pairs
            if source in self._numbers and dest in self._numbers
        ]

    def _index(self, ends: Iterable[Iterable[int]]) -> list[list[int]]:
        """For each tile the numbers of what it is an end of, once for each end."""
        found: list[list[int]] = [[] for _ in self._placed]
        for number, tiles in enumerate(ends):
            for tile in tiles:
                found[tile].append(number)
        return found

    def _wires(self, loads: Loads) -> Wires:
        nets = []
        for fifo in self.connectivity.fifos:
            tiles = map(tile_of, (fifo.producer_tile, *fifo.consumer_tiles))
            ends = tuple(self._numbers[tile] for tile in tiles if tile in self._numbers)
            if len(ends) > 1:
                nets.append(Net(ends, 2 if len(fifo.consumer_tiles) > MULTICAST else 1))
        of_tile = self._index(net.ends for net in nets)
        return Wires(self._grid, nets, of_tile, loads.now.places[:])

    def _loads(self) -> Loads:
        ends = [tuple(self._numbers[tile] for tile in fifo.tiles) for fifo in self._fifos]
        uses = memory_tile_uses(self._fifos, self._own)
        return Loads(
            grid=self._grid,
            kinds=[kind_of(tile) for tile in self._placed],
            own=[self._own.get(tile, 0) for tile in self._placed],
            loads={
                number: Load(fifo, ends[number])
                for number, fifo in enumerate(self._fifos)
                if fifo.producer is not None
            },
            of_tile=self._index(ends),
            memory_tiles={self._numbers[tile]: use for tile, use in uses.items()},
            now=Usage(list(self._placed.values())),
        )

    # what becomes of objects

    def _allocate(self, loads: Loads) -> None:
        """Find the objectfifos whose objects have to go elsewhere."""
        found = []
        for slot in loads.full:
            for number, size, to in loads.relocations(slot):
                loads.now.memory[to] += size
                found.append((number, to))
        for number in dense_order(loads.now.chosen, hash_size):
            if loads.now.chosen[number] != loads.now.places[loads.loads[number].ends[0]]:
                found.append((number, loads.now.chosen[number]))
        self.allocations = [
            (self._fifos[number].op, self._grid.position(slot)) for number, slot in found
        ]

    # messages

    def _no_place(self, tile: LogicalTileOp) -> DesignError:
        return design_error(
            tile,
            f"no {KIND_NAMES[kind_of(tile)].removeprefix('a ')} is left for {where(tile)}",
            f"{self.model.name} has {self._grid.kinds.count(kind_of(tile))} of them",
        )

    def _check(self, tile: LogicalTileOp, slot: int) -> None:
        """DesignError for a tile in a column or row that is not its own.

        Memory and shim tiles begin anywhere, and a search need not bring them home; aie-opt leaves
        the memory tile where it is, against the design.
        """
        if not self._allowed(tile)[slot]:
            raise design_error(
                tile,
                f"the annealing placer puts {where(tile)} into tile {self._grid.position(slot)}",
                "give both coordinates or none, or try another seed or the sequential placer",
            )
