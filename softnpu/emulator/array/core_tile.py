"""Core tiles: program memory, the core and what it reaches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from softnpu.arch import registers
from softnpu.arch.device import WINDOWS
from softnpu.arch.ports import CASCADE_CONTROL_REGISTER, STEPS, Bundle
from softnpu.arch.register import Module
from softnpu.emulator.array.surroundings import Fabric
from softnpu.emulator.array.tile import Tile
from softnpu.emulator.cores.core import Core, CoreStreamInput
from softnpu.emulator.cores.services import CoreError, CoreFault
from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.streams.cascade import Cascade

CORE_CONTROL, CORE_STATUS = 0x32000, 0x32004
CORE_PROCESSOR_BUS = 0x32038
_CORE_DONE = 1 << 20


class CoreTile(Tile):
    """A core tile: 64 KB of data, 16 KB of program, a core with cascade and stream ports.

    Attributes:
        program: program memory, uint8.
        core: the core.
    """

    def __init__(self, array: Fabric, place: tuple[int, int]) -> None:
        super().__init__(array, place)
        self.program: NDArray[np.uint8] = np.zeros(self.facts.program_memory, np.uint8)
        self._program_words: Words = self.program.view(np.uint32)
        self.core = Core(self, array.network.source(place, Bundle.Core, 0))
        network = array.network
        network.sinks[place, Bundle.Core, 0] = CoreStreamInput(self.core, array.scheduler.wake)
        self._cascade_to = {
            Bundle.South: Cascade(array.scheduler.wake),
            Bundle.East: Cascade(array.scheduler.wake),
        }
        self._cascade_control = 0
        found = registers.lookup(Module.CORE, "Core_PC", array.device.generation)
        assert found is not None
        self._program_counter = registers.address(found)

    def _program_offset(self, offset: int) -> int | None:
        inside = offset - self.facts.program_base
        return inside if 0 <= inside < len(self.program) else None

    def write_block(self, offset: int, data: bytes) -> None:
        """As Tile.write_block; program memory at once too."""
        inside = self._program_offset(offset)
        if inside is None or inside + len(data) > len(self.program):
            super().write_block(offset, data)
            return
        self.program[inside : inside + len(data)] = np.frombuffer(data, np.uint8)
        self.core.program_changed()

    def wrote(self, offset: int, size: int) -> None:
        """As Tile.wrote."""
        if self.array.memcheck is not None:
            self.array.memcheck.written(self.place)[offset : offset + size] = 1

    def _write_other(self, offset: int, value: int) -> None:
        inside = self._program_offset(offset)
        if inside is not None:
            self._program_words[inside >> 2] = value
            self.core.program_changed()
        elif offset == CORE_CONTROL:
            self.core.control(enable=bool(value & 1), reset=bool(value & 2))
        elif offset == CASCADE_CONTROL_REGISTER:
            self._cascade_control = value
        else:
            super()._write_other(offset, value)

    def _read_other(self, offset: int) -> int:
        inside = self._program_offset(offset)
        if inside is not None:
            return int(self._program_words[inside >> 2])
        if offset == CORE_CONTROL:
            return self.core.enabled | self.core.in_reset << 1
        if offset == CORE_STATUS:
            control = self.core.enabled | self.core.in_reset << 1
            return control | (_CORE_DONE if self.core.done else 0)
        if offset == self._program_counter:
            return self.core.registers().get("pc", 0)
        if offset == CASCADE_CONTROL_REGISTER:
            return self._cascade_control
        return super()._read_other(offset)

    def bus_enabled(self) -> bool:
        """Whether the core may reach the tile's registers (Core_Processor_Bus)."""
        return bool(self._stored.get(CORE_PROCESSOR_BUS, 0) & 1)

    def check_stack(self, stack: range) -> None:
        """Notes that the core's stack went into a buffer of the tile's DMA.

        Args:
            stack: the addresses that it has taken, as the core sees them.
        """
        own = WINDOWS[Bundle.East]
        for number in range(self.dma.facts.bds):
            descriptor = self.dma.descriptors.peek(number)
            begin = own + 4 * descriptor.base
            end = begin + 4 * descriptor.pattern.span
            if descriptor.valid and begin < stack.stop and stack.start < end:
                self.array.hazard(
                    f"the stack of {self.core.place} reaches up to {stack.stop:#x}, over the buffer"
                    f" at {begin:#x} that descriptor {number} of its tile moves: give the core a"
                    " larger stack_size"
                )
                return

    def windows(self) -> dict[int, NDArray[np.uint8]]:
        """Address -> the data memory that the core sees there."""
        return {address: self.array.tiles[tile].memory for address, tile in self.seen().items()}

    def reach(self) -> frozenset[tuple[int, int]]:
        """The tiles whose data memory the core sees."""
        return frozenset(self.seen().values())

    def seen(self) -> dict[int, tuple[int, int]]:
        """Address -> the tile whose data memory the core sees there."""
        neighbour = self.array.device.neighbour
        seen = {address: neighbour(self.col, self.row, w) for w, address in WINDOWS.items()}
        return {address: tile for address, tile in seen.items() if tile is not None}

    def core_locks(self) -> list[Lock | None]:
        """The locks as the core numbers them: 16 each south, west, north, own."""
        locks: list[Lock | None] = []
        for window in WINDOWS:
            other = self.array.device.neighbour(self.col, self.row, window)
            tile = self.array.tiles[other] if other is not None else None
            locks.extend(tile.locks if tile is not None else [None] * self.facts.locks)
        return locks

    @property
    def _cascade_output(self) -> Bundle:
        return Bundle.East if self._cascade_control & 2 else Bundle.South

    @property
    def _cascade_input(self) -> Bundle:
        return Bundle.West if self._cascade_control & 1 else Bundle.North

    def cascade_destination(self) -> Core | None:
        """The core that takes the cascade from this one, None if none does."""
        direction = self._cascade_output
        other = self._neighbour(direction)
        if other is None or other._cascade_input is not direction.opposite:
            return None
        return other.core

    def cascade_source(self) -> Core | None:
        """The core that this one takes the cascade from, None if none gives it."""
        direction = self._cascade_input
        other = self._neighbour(direction)
        if other is None or other._cascade_output is not direction.opposite:
            return None
        return other.core

    def _neighbour(self, direction: Bundle) -> CoreTile | None:
        col, row = STEPS[direction]
        other = self.array.tiles.get((self.col + col, self.row + row))
        return other if isinstance(other, CoreTile) else None

    def cascade_out(self) -> Cascade:
        """The cascade that the core writes.

        Raises:
            CoreError: no core takes it.
        """
        direction = self._cascade_output
        if self.cascade_destination() is None:
            raise self._fault(
                f"writes the cascade to the {direction.name.lower()}, where no core takes it"
            )
        return self._cascade_to[direction]

    def cascade_in(self) -> Cascade:
        """The cascade that the core reads.

        Raises:
            CoreError: no core writes it.
        """
        direction = self._cascade_input
        other = self._neighbour(direction)
        if other is None or self.cascade_source() is None:
            raise self._fault(
                f"reads the cascade from the {direction.name.lower()}, where no core writes it"
            )
        return other._cascade_to[direction.opposite]

    def _fault(self, what: str) -> CoreError:
        return CoreError(CoreFault(self.place, what, self.core.asking))

    def clear(self) -> None:
        """As Tile.clear; the core begins anew when it is enabled."""
        super().clear()
        self._cascade_control = 0
        self.core.control(enable=False, reset=False)
        self.core.restart()
        for cascade in self._cascade_to.values():
            cascade.clear()
