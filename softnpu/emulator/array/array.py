"""The array: its tiles, streams, host memory and scheduler, and what they ask of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from softnpu.arch.address import split_address
from softnpu.arch.device import Device
from softnpu.arch.register import AIE2, AIE2P
from softnpu.arch.registers import find
from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.emulator.array.core_tile import CoreTile
from softnpu.emulator.array.tile import MemoryTile, ShimTile, Tile
from softnpu.emulator.dma.host_access import HostAccess
from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.memory.host_memory import HostMemory
from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.scheduling.scheduler import Actor, Scheduler
from softnpu.emulator.streams.network import Network
from softnpu.emulator.tracing.tracing import Tracing
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.cores.core import Core
    from softnpu.emulator.cores.printing import Printed
    from softnpu.emulator.dma.channels import Channel
    from softnpu.emulator.memcheck.check import MemoryCheck
    from softnpu.emulator.observing.attached import Attached
    from softnpu.emulator.observing.observer import Observer

_TILES: dict[TileKind, type[Tile]] = {
    TileKind.SHIM: ShimTile,
    TileKind.MEMORY: MemoryTile,
    TileKind.CORE: CoreTile,
}

_WINDOW_OF_MEMORY_TILE = (-1, 0, 1)
"""Columns to the owner of each window that a memory tile's DMA sees: west, own, east."""

_PHYSICAL_COLUMNS = {AIE2: 5, AIE2P: 8}
"""Columns of the whole array."""
_FIRST_COLUMN = {AIE2: 1, AIE2P: 0}
"""Where the driver's partitions begin at the earliest, whatever an xclbin says: npu1 has no
shim DMA in column 0 (drivers/accel/amdxdna, npu1_regs.c, first_col)."""


class OutsideMemory:
    """A memory tile beside the partition: its memory and locks can be reached, nothing else."""

    def __init__(
        self, place: tuple[int, int], scheduler: Scheduler, observers: list[Observer]
    ) -> None:
        facts = TILE_FACTS[TileKind.MEMORY]
        self.words: Words = np.zeros(facts.data_memory // 4, np.uint32)
        self.locks = [Lock(place, i, scheduler.wake, observers) for i in range(facts.locks)]


class Array:
    """The tiles of one partition.

    Args:
        device: the partition's shape and generation.
        core_isa: "rv32" if cores hold stand-in code, None or "aie2" if they hold the NPU's own.
        seed: shuffles the order of ready actors, see Scheduler.
        host: the host's memory, if other arrays share it.
        start_column: where the partition lies in the whole array, if the driver can place it there.
        threads: host threads on which cores execute; None for as many as the host has.

    Attributes:
        tiles: by (col, row).
        pdi: the id of the PDI that it was configured by.
        hazards: what went well in this run and might not on hardware, in the order of occurrence.
        printed: what cores have printed in this run.
        observers: who looks on.
        tracing: its trace units.
        profile: whether cores record what they execute, see emulator.profiling.
        memcheck: what cores' accesses are held against, None if they are not.
        debugger: stops cores, None if nobody does.
        deadline: the clock beyond which nothing runs, see `go_on`.
        settling: the instruction stream is at its end; the array goes on until it waits for work.
    """

    def __init__(
        self,
        device: Device,
        core_isa: str | None = None,
        seed: int | None = None,
        host: HostMemory | None = None,
        start_column: int = 0,
        threads: int | None = None,
    ) -> None:
        self.device = device
        self.core_isa = core_isa
        self.scheduler = Scheduler(seed, threads)
        self.network = Network(device)
        self.tracing = Tracing(self)
        self.host = host or HostMemory()
        self.host_access = HostAccess(self.host)
        self.observers: list[Observer] = []
        self.profile = False
        self.memcheck: MemoryCheck | None = None
        self.debugger: Attached | None = None
        self.pdi = 0
        self.controller_clock = 0
        self.deadline = 0
        self.settling = False
        self.timed_out = False
        self._parked: list[Actor] = []
        self._start_column = max(start_column, _FIRST_COLUMN[device.generation])
        self._outside: dict[tuple[int, int], OutsideMemory] = {}
        self.hazards: dict[str, None] = {}
        self.printed: list[Printed] = []
        self.tiles: dict[tuple[int, int], Tile] = {}
        for place in device.tiles():
            self.tiles[place] = _TILES[device.kind(*place)](self, place)

    # parts

    def tile(self, col: int, row: int) -> Tile:
        """The tile at (`col`, `row`); EmulatorError if the partition has none there."""
        found = self.tiles.get((col, row))
        if found is None:
            raise EmulatorError(
                f"there is no tile ({col},{row}): {self.device.name} has "
                f"{self.device.columns} columns and {self.device.rows} rows"
            )
        return found

    def core_tile(self, col: int, row: int) -> CoreTile:
        """The core tile at (`col`, `row`); EmulatorError if there is none."""
        found = self.tile(col, row)
        if not isinstance(found, CoreTile):
            raise EmulatorError(f"{found.name} has no core")
        return found

    def core_of(self, place: tuple[int, int]) -> Core:
        """The core of a tile; EmulatorError if it has none."""
        return self.core_tile(*place).core

    def cores(self) -> list[Core]:
        """Every core."""
        return [tile.core for tile in self.tiles.values() if isinstance(tile, CoreTile)]

    def channels(self) -> list[Channel]:
        """Every DMA channel."""
        return [c for tile in self.tiles.values() for c in tile.dma.channels.values()]

    def actors(self) -> list[Actor]:
        """Everything that can wait, in a fixed order."""
        ports = [tile.control_port for tile in self.tiles.values()]
        return [*self.cores(), *self.channels(), *ports]

    # registers and memory

    def write(self, address: int, value: int) -> None:
        """Writes a word at an array address."""
        col, row, offset = split_address(address)
        self.tile(col, row).write(offset, value)

    def read(self, address: int) -> int:
        """The word at an array address."""
        col, row, offset = split_address(address)
        return self.tile(col, row).read(offset)

    def write_block(self, address: int, data: bytes) -> None:
        """Writes whole words from an array address on."""
        col, row, offset = split_address(address)
        self.tile(col, row).write_block(offset, data)

    def register_name(self, kind: TileKind, offset: int) -> str:
        """The name of the register at `offset`, with the offset; only that if it has no name."""
        match = find(kind, offset, self.device.generation)
        return f"{match.name} ({offset:#x})" if match else f"offset {offset:#x}"

    # what tiles share

    def dma_lock(self, tile: tuple[int, int], id: int) -> Lock:
        """The lock that a DMA of `tile` calls by a number.

        Raises:
            EmulatorError: there is none.
        """
        if self.device.kind(*tile) is not TileKind.MEMORY:
            return self.tiles[tile].locks[id]
        window, lock = divmod(id, TILE_FACTS[TileKind.MEMORY].locks)
        owner = self._memory_tile_owner(tile, window)
        if owner is None:
            raise EmulatorError(
                f"tile ({tile[0]},{tile[1]}): lock {id} belongs to a memory tile that is not there"
            )
        return self.memory_tile(owner).locks[lock]

    def dma_memory_tile(
        self, tile: tuple[int, int], word: int
    ) -> tuple[tuple[int, int] | None, int]:
        """The tile whose memory a DMA of `tile` sees at `word`, and the word in that memory."""
        if self.device.kind(*tile) is not TileKind.MEMORY:
            return tile, word
        window, offset = divmod(word, TILE_FACTS[TileKind.MEMORY].data_memory // 4)
        return self._memory_tile_owner(tile, window), offset

    def _memory_tile_owner(self, tile: tuple[int, int], window: int) -> tuple[int, int] | None:
        if window >= len(_WINDOW_OF_MEMORY_TILE):
            return None
        col = tile[0] + _WINDOW_OF_MEMORY_TILE[window]
        physical = self.physical_column(col)
        exists = 0 <= physical < _PHYSICAL_COLUMNS[self.device.generation]
        return (col, tile[1]) if exists else None

    def physical_column(self, col: int) -> int:
        """Where a column of the partition lies in the whole array."""
        return self._start_column + col

    def memory_tile(self, place: tuple[int, int]) -> Tile | OutsideMemory:
        """The tile at `place`, which may be a memory tile beside the partition."""
        if place in self.tiles:
            return self.tiles[place]
        if place not in self._outside:
            self._outside[place] = OutsideMemory(place, self.scheduler, self.observers)
            side = "west" if place[0] < 0 else "east"
            self.hazard(
                f"a DMA reaches the memory tile {side} of the partition, which may belong to "
                "somebody else; a memory tile's own memory begins at word 0x20000, its own locks "
                "at 64"
            )
        return self._outside[place]

    # life

    def set_deadline(self, clock: int, settling: bool) -> None:
        """Lets the array run until `clock`; those who were stopped by the last deadline go on."""
        self.deadline = clock
        self.settling = settling
        parked, self._parked = self._parked, []
        if not settling:
            self.timed_out = False
        for actor in parked:
            self.scheduler.wake(actor)

    def go_on(self, actor: Actor) -> None:
        """`actor` has had its turn and could go on: it is ready again, unless the time is over.

        Past the deadline the run times out; after the instruction stream's end only the actor
        itself stops, until the next run.
        """
        if actor.clock < self.deadline:
            self.scheduler.wake(actor)
            return
        self._parked.append(actor)
        if not self.settling:
            self.timed_out = True
            self.scheduler.stop()

    def hazard(self, what: str) -> None:
        """Notes, once, something that hardware might do otherwise."""
        self.hazards.setdefault(what)

    def reset(self) -> None:
        """As after a reset of all columns: only memories keep what they hold."""
        self.scheduler.clear()
        self._parked.clear()
        self.tracing.clear()
        for tile in self.tiles.values():
            tile.clear()
        self.network.clear()
