"""Memory, DMA channels and descriptors of the array under a placement, for the annealing placer.

Source: mlir-aie, AIESAPlacer.cpp (initResourceTracking, updateResourcePenalty and the penalties).
Where it counts in another way than memory is used in the end, so does this: the same seed has to
give the same placement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from softnpu.arch.device import TileKind
from softnpu.passes.dense_map import dense_order, hash_size, hash_tile
from softnpu.passes.placement.effects import Load
from softnpu.passes.placement.fifo_loads import MemoryTileUse
from softnpu.passes.placement.grid import Grid
from softnpu.passes.std_sort import std_sort

MEMORY_COST = 30
"""Of a KiB that fits nowhere."""
CHANNEL_COST = 20
"""Of a DMA channel or a descriptor that a tile does not have."""


@dataclass
class Usage:
    """What is used of the array.

    Attributes:
        places: the slot of each tile.
        memory: bytes in each slot.
        channels: DMA channels, by `Grid.limits`.
        chosen: the slot of a fifo's objects, by its number, where it could be either end's.
        pressure: the cost of memories that are nearly full.
        missing: the cost of DMA channels that are not there.
        memory_tiles: the cost of memory and descriptors that memory tiles miss.
        full: cores' slots whose memory overflows.
        overflow: what that costs.
    """

    places: list[int]
    memory: list[int] = field(default_factory=list)
    channels: list[int] = field(default_factory=list)
    chosen: dict[int, int] = field(default_factory=dict)
    pressure: int = 0
    missing: int = 0
    memory_tiles: int = 0
    full: frozenset[int] = frozenset()
    overflow: int = 0

    @property
    def penalty(self) -> int:
        """The cost of what the array does not have."""
        return self.missing + self.memory_tiles + self.overflow

    def copy(self) -> Usage:
        return Usage(
            self.places[:],
            self.memory[:],
            self.channels[:],
            self.chosen.copy(),
            self.pressure,
            self.missing,
            self.memory_tiles,
            self.full,
            self.overflow,
        )


@dataclass
class Loads:
    """What a placement takes of the array; the last move can be taken back.

    Attributes:
        kinds: of each tile.
        own: bytes of each tile's buffers and stack.
        loads: by their numbers, those of fifos whose producer is among the tiles.
        of_tile: for each tile the numbers of the fifos that it is an end of.
        memory_tiles: the needs of those tiles that are memory tiles.
    """

    grid: Grid
    kinds: Sequence[TileKind]
    own: Sequence[int]
    loads: dict[int, Load]
    of_tile: Sequence[Sequence[int]]
    memory_tiles: dict[int, MemoryTileUse]
    now: Usage
    _before: Usage = field(init=False)
    _filled: list[int] = field(default_factory=list)
    _orders: dict[tuple[int, ...], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rebuild(self.now.places)

    @property
    def exact(self) -> bool:
        """Whether memory stays what it really is, whatever moves: see `_remove`."""
        return all(
            len(load.ends) <= 2
            or load.fifo.needs_dma
            or self.kinds[load.ends[0]] is not TileKind.CORE
            or all(self.kinds[end] is not TileKind.CORE for end in load.ends[1:])
            for load in self.loads.values()
        )

    def least(self) -> int:
        """A bound that the cost of memory does not go below: see `Load.certain`."""
        certain = list(self.own)
        for load in self.loads.values():
            for tile, size in load.certain(self.kinds):
                certain[tile] += size
        slots = map(self.grid.kinds.index, self.kinds)
        return sum(map(self.grid.pressure, slots, certain))

    @property
    def full(self) -> list[int]:
        """The slots of cores whose memory overflows, in mlir-aie's order."""
        order = dense_order(self._filled, lambda slot: hash_tile(self.grid.position(slot)))
        return [slot for slot in order if slot in self.now.full]

    def rebuild(self, places: list[int]) -> None:
        """Count everything anew."""
        slots = range(len(self.grid.kinds))
        self.now = now = Usage(places, [0] * len(slots), [0] * len(self.grid.limits))
        self._filled = []
        for number in self.loads:
            self._add(number, self._filled)
        for tile, slot in enumerate(places):
            if self.own[tile]:
                now.memory[slot] += self.own[tile]
                self._filled.append(slot)
        now.pressure = sum(self.grid.pressure(slot, now.memory[slot]) for slot in slots)
        self._note_full(slots)
        now.overflow = self._core_overflow()
        now.memory_tiles = self._spilled() + self._missing_descriptors()

    # moves

    def move(self, moves: Sequence[tuple[int, int]]) -> None:
        """Put tiles into other slots."""
        before = self._before = self.now
        now = self.now = before.copy()
        touched = [slot for tile, slot in moves for slot in (before.places[tile], slot)]
        order = self._affected(tuple([tile for tile, _ in moves]))
        for number in order:
            self._remove(number, touched)
        for tile, slot in moves:
            now.memory[now.places[tile]] -= self.own[tile]
            now.places[tile] = slot
        for number in order:
            self._add(number, touched)
        for tile, slot in moves:
            now.memory[slot] += self.own[tile]
        changed = [slot for slot in set(touched) if now.memory[slot] != before.memory[slot]]
        for slot in changed:
            now.pressure += self.grid.pressure(slot, now.memory[slot])
            now.pressure -= self.grid.pressure(slot, before.memory[slot])
        self._note_full(changed)
        if now.full or before.full:
            now.overflow = self._core_overflow()
        if self.kinds[moves[0][0]] is TileKind.MEMORY:
            now.memory_tiles = self._spilled() + self._missing_descriptors()

    def undo(self) -> None:
        """Take the last move back."""
        self.now = self._before

    def _affected(self, tiles: tuple[int, ...]) -> list[int]:
        """The fifos of moved tiles, in the order in which they choose their memory."""
        found = self._orders.get(tiles)
        if found is None:
            numbers = (number for tile in tiles for number in self.of_tile[tile])
            order = dense_order(numbers, hash_size)
            found = self._orders[tiles] = [number for number in order if number in self.loads]
        return found

    def _add(self, number: int, touched: list[int]) -> None:
        now, limits = self.now, self.grid.limits
        memory, channels = now.memory, now.channels
        effect = self.loads[number].effect(self.grid, now.places)
        for charge in effect.charges:
            slot, size, rival = charge
            if rival is not None:
                if memory[slot] > memory[rival]:
                    slot = rival
                if effect.tracked:
                    now.chosen[number] = slot
            memory[slot] += size
            touched.append(slot)
        for channel in effect.channels:
            channels[channel] += 1
            if channels[channel] > limits[channel]:
                now.missing += CHANNEL_COST

    def _remove(self, number: int, touched: list[int]) -> None:
        now, limits = self.now, self.grid.limits
        memory, channels = now.memory, now.channels
        effect = self.loads[number].effect(self.grid, now.places)
        for charge in effect.charges:
            slot, size, rival = charge
            if rival is not None:
                # With several consumers nobody knows any more which it was, mlir-aie neither.
                slot = now.chosen.get(number, slot)
            memory[slot] -= size
            touched.append(slot)
        for channel in effect.channels:
            if channels[channel] > limits[channel]:
                now.missing -= CHANNEL_COST
            channels[channel] -= 1

    def _note_full(self, slots: Iterable[int]) -> None:
        """Keep the cores' memories that overflow."""
        now, grid = self.now, self.grid
        for slot in slots:
            if now.memory[slot] > grid.capacities[slot] and grid.kinds[slot] is TileKind.CORE:
                now.full |= {slot}
            elif slot in now.full:
                now.full -= {slot}

    # memory tiles

    def _missing_descriptors(self) -> int:
        used: dict[int, int] = {}
        for tile, use in self.memory_tiles.items():
            used[self.now.places[tile]] = used.get(self.now.places[tile], 0) + use.descriptors
        most = self.grid.model.facts(TileKind.MEMORY).bds
        return CHANNEL_COST * sum(max(0, number - most) for number in used.values())

    def _spilled(self) -> int:
        """The cost of objects that fit neither into their memory tile nor beside it.

        The largest go first; those that find their own full go where more is left.
        """
        rows = self.grid.model.rows
        room = [self.grid.model.mem_tile_size] * self.grid.model.columns
        for tile, use in self.memory_tiles.items():
            room[self.now.places[tile] // rows] -= use.own
        room = [max(0, left) for left in room]
        spare = room[:]
        for tile, use in self.memory_tiles.items():
            spare[self.now.places[tile] // rows] -= use.size
        if min(spare) >= 0:
            return 0
        objects = [
            (order, size, self.now.places[tile] // rows)
            for tile, use in self.memory_tiles.items()
            for order, size, count in use.fifos
            for _ in range(count)
        ]
        cost = 0
        for _, size, col in std_sort(sorted(objects), lambda a, b: a[1] > b[1]):
            if room[col] < size:
                beside = [at for at in (col - 1, col + 1) if 0 <= at < len(room)]
                fitting = [at for at in beside if room[at] >= size]
                if not fitting:
                    cost += -(-size // 1024) * MEMORY_COST
                    continue
                col = max(fitting, key=room.__getitem__)
            room[col] -= size
        return cost

    # cores

    def _core_overflow(self) -> int:
        """The cost of what a core's memory cannot hold, nor those that it reaches."""
        cost = 0
        for slot in self.now.full:
            over = self.now.memory[slot] - self.grid.capacities[slot]
            moved = sum(size for _, size, _ in self.relocations(slot))
            cost += -(-(over - min(moved, over)) // 1024) * MEMORY_COST
        return cost

    def relocations(self, slot: int) -> list[tuple[int, int, int]]:
        """What a full core could leave to its neighbours: (number of the fifo, bytes, slot).

        These are fifos from a core to itself; the largest goes first, to the neighbour that has
        most left.
        """
        room = {}
        for other in self.grid.around[slot]:
            left = self.grid.model.local_memory_size - self.now.memory[other]
            if left > 0:
                room[other] = left
        best = sorted(room, key=lambda other: -room[other])
        found = []
        # Where memory has drifted, no tile need be there.
        tiles = [self.now.places.index(slot)] if slot in self.now.places else []
        for number, size in (fifo for tile in tiles for fifo in self._within[tile]):
            to = next((other for other in best if room[other] >= size), None)
            if to is not None:
                room[to] -= size
                found.append((number, size, to))
        return found

    @cached_property
    def _within(self) -> list[list[tuple[int, int]]]:
        """For each tile the fifos from it to itself, with their bytes, from the largest down."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.kinds]
        for number, load in self.loads.items():
            if load.within:
                size = load.fifo.shared(load.fifo.consumers[0])
                found[load.ends[0]].append((number, size))
        return [std_sort(fifos, lambda a, b: a[1] > b[1]) for fifos in found]
