"""Tiles: registers, memories, locks, DMA, stream switch, control port, core.

A write to an address finds what lies there: memory, a lock, the DMA, the switch, the core. What
is not modelled is refused by its register's name, unless `ignored` says why it is safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.ports import (
    SHIM_DEMUX_FIELDS,
    SHIM_DEMUX_REGISTER,
    SHIM_MM2S_PORTS,
    SHIM_MUX_FIELDS,
    SHIM_MUX_REGISTER,
    SHIM_S2MM_PORTS,
    Bundle,
    ShimSource,
)
from softnpu.arch.tiles import LOCK_STRIDE, TILE_FACTS
from softnpu.emulator.array.control_port import ControlPort
from softnpu.emulator.array.ignored import reason_to_ignore
from softnpu.emulator.array.surroundings import Fabric
from softnpu.emulator.dma.engine import DmaState
from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.scheduling.scheduler import Actor
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.observing.observer import Observer

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

    def __init__(self, array: Fabric, place: tuple[int, int]) -> None:
        self.array = array
        self.place = place
        self.col, self.row = place
        self.kind = array.device.kind(*place)
        self.facts = TILE_FACTS[self.kind]
        self.memory: NDArray[np.uint8] = np.zeros(self.facts.data_memory, np.uint8)
        self.words: Words = self.memory.view(np.uint32)
        wake = array.scheduler.wake
        self.locks = [Lock(place, i, wake, array.observers) for i in range(self.facts.locks)]
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
    def observers(self) -> list[Observer]:
        """Who looks on, see Array."""
        return self.array.observers

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
            self.wrote(offset, 4)
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
            self.wrote(offset, len(data))
            return
        for index, value in enumerate(np.frombuffer(data, np.uint32).tolist()):
            self.write(offset + 4 * index, value)

    def wrote(self, offset: int, size: int) -> None:
        """Bytes of data memory were written, for a memory check."""

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
        if not (self.array.tracing.write(self, offset, value) or self._is_ignored(offset)):
            raise EmulatorError(
                f"{self.name}: write of {value:#x} to {self.array.register_name(self.kind, offset)}"
                " is not modelled"
            )
        self._stored[offset] = value

    def _read_other(self, offset: int) -> int:
        tracing = self.array.tracing
        status = tracing.status(self, offset)
        if status is not None:
            return status
        if offset not in self._stored and not (
            tracing.knows(self.kind, offset) or self._is_ignored(offset)
        ):
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

    def __init__(self, array: Fabric, place: tuple[int, int]) -> None:
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
