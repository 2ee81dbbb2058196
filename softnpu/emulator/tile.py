"""Tiles: registers, memories, locks, DMA, stream switch, control port, core.

A write to an address finds what lies there: memory, a lock, the DMA, the switch, the core. What
is not modelled is refused by its register's name, unless `ignored` says why it is safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from softnpu.arch import registers
from softnpu.arch.device import WINDOWS
from softnpu.arch.ports import (
    CASCADE_CONTROL_REGISTER,
    SHIM_DEMUX_FIELDS,
    SHIM_DEMUX_REGISTER,
    SHIM_MM2S_PORTS,
    SHIM_MUX_FIELDS,
    SHIM_MUX_REGISTER,
    SHIM_S2MM_PORTS,
    STEPS,
    Bundle,
    ShimSource,
)
from softnpu.arch.tiles import LOCK_STRIDE, TILE_FACTS, TileKind
from softnpu.emulator.addressing import Words
from softnpu.emulator.cascade import Cascade
from softnpu.emulator.control_port import ControlPort
from softnpu.emulator.core import Core, CoreStreamInput
from softnpu.emulator.dma_engine import DmaState
from softnpu.emulator.ignored import reason_to_ignore
from softnpu.emulator.locks import Lock
from softnpu.emulator.scheduler import Actor
from softnpu.emulator.services import CoreError, CoreFault
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.array import Array
    from softnpu.emulator.timeline import Timeline

CORE_CONTROL, CORE_STATUS = 0x32000, 0x32004
CORE_PROCESSOR_BUS = 0x32038
_CORE_DONE = 1 << 20
_LOCK_VALUE_BITS = 6


class Tile:
    """What every kind of tile has.

    Attributes:
        place: (col, row).
        memory: its data memory, uint8; empty for a shim.
        words: the same memory as 32-bit words.
        locks: its own locks.
        dma, switch, control_port: its parts.
    """

    def __init__(self, array: Array, place: tuple[int, int]) -> None:
        self.array = array
        self.place = place
        self.col, self.row = place
        self.kind = array.device.kind(*place)
        self.facts = TILE_FACTS[self.kind]
        self.memory: NDArray[np.uint8] = np.zeros(self.facts.data_memory, np.uint8)
        self.words: Words = self.memory.view(np.uint32)
        wake = array.scheduler.wake
        self.locks = [Lock(place, i, wake) for i in range(self.facts.locks)]
        self.switch = array.network.switches[place]
        self.dma = DmaState(array, place)
        output = array.network.source(place, Bundle.TileControl, 0)
        self.control_port = ControlPort(self, output)
        array.network.sinks[place, Bundle.TileControl, 0] = self.control_port
        self._stored: dict[int, int] = {}
        """Registers that are kept but have no effect here."""

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"tile ({self.col},{self.row})"

    @property
    def timeline(self) -> Timeline | None:
        """Where events are recorded, if anywhere."""
        return self.array.timeline

    def wake(self, actor: Actor) -> None:
        """Makes `actor` ready."""
        self.array.scheduler.wake(actor)

    # registers and memories

    def write(self, offset: int, value: int) -> None:
        """Writes a word at byte `offset` in the tile, a register or memory.

        Raises:
            EmulatorError: the register is not modelled.
        """
        if offset < len(self.memory):
            self.words[offset >> 2] = value
        elif self.lock_at(offset) is not None:
            self._write_lock(offset, value)
        elif not (self.switch.write(offset, value) or self.dma.write(offset, value)):
            self._write_other(offset, value)

    def read(self, offset: int) -> int:
        """The word at byte `offset` in the tile, a register or memory.

        Raises:
            EmulatorError: the register is not modelled.
        """
        if offset < len(self.memory):
            return int(self.words[offset >> 2])
        lock = self.lock_at(offset)
        if lock is not None:
            return lock.value & ((1 << _LOCK_VALUE_BITS) - 1)
        for part in (self.switch, self.dma):
            value = part.read(offset)
            if value is not None:
                return value
        return self._read_other(offset)

    def write_block(self, offset: int, data: bytes) -> None:
        """Writes whole words from byte `offset` on."""
        end = offset + len(data)
        if end <= len(self.memory):
            self.memory[offset:end] = np.frombuffer(data, np.uint8)
            return
        for index, value in enumerate(np.frombuffer(data, np.uint32).tolist()):
            self.write(offset + 4 * index, value)

    def lock_at(self, offset: int) -> Lock | None:
        """The lock whose register lies at `offset`, or None."""
        index, byte = divmod(offset - self.facts.lock_base, LOCK_STRIDE)
        return self.locks[index] if 0 <= index < len(self.locks) and not byte else None

    def _write_lock(self, offset: int, value: int) -> None:
        """Sets a lock: the register holds six bits (AM025, Lock_value)."""
        lock = self.lock_at(offset)
        assert lock is not None
        lock.set(value & ((1 << _LOCK_VALUE_BITS) - 1), self.array.controller_clock)

    def _is_ignored(self, offset: int) -> bool:
        return reason_to_ignore(self.kind, offset, self.array.device.generation) is not None

    def _write_other(self, offset: int, value: int) -> None:
        if not self._is_ignored(offset):
            raise EmulatorError(
                f"{self.name}: write of {value:#x} to {self.array.register_name(self.kind, offset)}"
                " is not modelled"
            )
        self._stored[offset] = value

    def _read_other(self, offset: int) -> int:
        if offset not in self._stored and not self._is_ignored(offset):
            raise EmulatorError(
                f"{self.name}: read of {self.array.register_name(self.kind, offset)}"
                " is not modelled"
            )
        return self._stored.get(offset, 0)

    def clear(self) -> None:
        """As after a reset of its column: registers and locks hold 0, nothing is under way; memory
        keeps what it holds."""
        self.dma.clear()
        self.control_port.clear()
        self._stored.clear()
        for lock in self.locks:
            lock.clear()


class MemoryTile(Tile):
    """A memory tile: 512 KB, and DMAs that reach the neighbours' memory and locks."""


class ShimTile(Tile):
    """A shim tile: DMAs to the host's memory, behind a mux in front of the switch."""

    def __init__(self, array: Array, place: tuple[int, int]) -> None:
        super().__init__(array, place)
        self._mux = 0
        self._demux = 0
        self._connect()

    def _write_other(self, offset: int, value: int) -> None:
        if offset == SHIM_MUX_REGISTER:
            self._check_sources(offset, value, SHIM_MUX_FIELDS)
            self._mux = value
        elif offset == SHIM_DEMUX_REGISTER:
            self._check_sources(offset, value, SHIM_DEMUX_FIELDS)
            self._demux = value
        else:
            super()._write_other(offset, value)
            return
        self._connect()

    def _read_other(self, offset: int) -> int:
        if offset == SHIM_MUX_REGISTER:
            return self._mux
        if offset == SHIM_DEMUX_REGISTER:
            return self._demux
        return super()._read_other(offset)

    def _check_sources(self, offset: int, value: int, fields: Mapping[int, int]) -> None:
        for port, lowest in fields.items():
            selected = value >> lowest & 3
            if selected not in ShimSource.__members__.values():
                raise EmulatorError(
                    f"{self.name}: write of {value:#x} to "
                    f"{self.array.register_name(self.kind, offset)} selects {selected} for South "
                    f"{port}; there are {', '.join(f'{s.value} ({s.name})' for s in ShimSource)}"
                )

    def clear(self) -> None:
        """As Tile.clear; its DMA is connected to nothing."""
        super().clear()
        self._mux = self._demux = 0
        self._connect()

    def _connect(self) -> None:
        """Follows the mux and demux registers: which south ports are the DMA's."""
        network = self.array.network
        for channel, port in enumerate(SHIM_MM2S_PORTS):
            index = self.switch.ports.slave_index(Bundle.South, port)
            selected = self._mux >> SHIM_MUX_FIELDS[port] & 3
            if selected == ShimSource.DMA:
                network.blocked_inputs.pop((self.place, index), None)
            else:
                network.blocked_inputs[self.place, index] = (
                    f"the shim mux connects the port to {ShimSource(selected).name}, "
                    f"not to MM2S {channel}"
                )
        for channel, port in enumerate(SHIM_S2MM_PORTS):
            selected = self._demux >> SHIM_DEMUX_FIELDS[port] & 3
            key = (self.place, Bundle.South, port)
            if selected == ShimSource.DMA:
                network.sinks[key] = self.dma.receivers[channel]
            else:
                network.sinks.pop(key, None)
        network.epoch += 1


class CoreTile(Tile):
    """A core tile: 64 KB of data, 16 KB of program, a core with cascade and stream ports.

    Attributes:
        program: program memory, uint8.
        core: the core.
    """

    def __init__(self, array: Array, place: tuple[int, int]) -> None:
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
        found = registers.lookup(registers.Module.CORE, "Core_PC", array.device.generation)
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
            descriptor = self.dma.peek(number)
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
        return {address: self.array.tiles[tile].memory for address, tile in self._seen().items()}

    def reach(self) -> frozenset[tuple[int, int]]:
        """The tiles whose data memory the core sees."""
        return frozenset(self._seen().values())

    def _seen(self) -> dict[int, tuple[int, int]]:
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
        pc = self.core.registers().get("pc", 0)
        return CoreError(CoreFault(self.place, what, pc))

    def clear(self) -> None:
        """As Tile.clear; the core begins anew when it is enabled."""
        super().clear()
        self._cascade_control = 0
        self.core.control(enable=False, reset=False)
        self.core.restart()
        for cascade in self._cascade_to.values():
            cascade.clear()


TILE_CLASSES: dict[TileKind, type[Tile]] = {
    TileKind.SHIM: ShimTile,
    TileKind.MEMORY: MemoryTile,
    TileKind.CORE: CoreTile,
}
