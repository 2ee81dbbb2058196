"""What a core's code asks of the array: locks, streams, the cascade, its tile's registers, events.

Services are numbered in arch.standin. One that has to wait gives None, and is asked for again when
what it waits for has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.packets import packet_header
from softnpu.arch.standin import BUS_START, Service
from softnpu.emulator.cores.printing import Printed, printf
from softnpu.emulator.cores.processor import MachineError, Processor
from softnpu.emulator.cores.surroundings import CoreHome
from softnpu.emulator.memcheck.core import CoreCheck
from softnpu.emulator.memcheck.seen import plain
from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.scheduling.scheduler import Worker
from softnpu.emulator.streams.streams import Link
from softnpu.errors import EmulatorError

Results = tuple[int, ...] | None
"""What a service gives: values for the code, or None when the core has to wait."""


@dataclass(frozen=True)
class CoreFault:
    """Why a core cannot go on.

    Attributes:
        tile: its (col, row).
        what: e.g. "writes to 0x80000 (4 bytes), where there is no memory".
        pc: the address of the instruction.
    """

    tile: tuple[int, int]
    what: str
    pc: int

    def __str__(self) -> str:
        return f"core ({self.tile[0]},{self.tile[1]}) {self.what} (pc {self.pc:#x})"


class CoreError(EmulatorError):
    """A core faulted.

    Attributes:
        fault: what happened where.
    """

    def __init__(self, fault: CoreFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Services(Worker):
    """The part of a core that does what its code asks for.

    Attributes:
        tile: its (col, row).
        done: the program has ended, or faulted.
        stream_in: the link that leads to its stream port.
        fault_at: the address of the instruction that it faulted at, None if it has not.
        events: (clock, number) of the events that the code raised.
    """

    def __init__(self, tile: CoreHome, stream_out: Link) -> None:
        self._tile = tile
        self.tile = tile.place
        self.place = f"core ({tile.col},{tile.row})"
        self.done = False
        self.fault_at: int | None = None
        self.stream_out = stream_out
        self.stream_in: Link | None = None
        self.events: list[tuple[int, int]] = []
        self.control_registers: dict[int, int] = {}
        self._machine: Processor | None = None
        self._check: CoreCheck | None = None
        self._metered = 0
        self._turn_end = 0
        self._locks: list[Lock | None] = []
        self._services: dict[Service, Callable[[int, int], Results]] = {
            Service.ACQUIRE: self._acquire,
            Service.RELEASE: self._release,
            Service.PUT_STREAM: self._put_stream,
            Service.GET_STREAM: self._get_stream,
            Service.PUT_CASCADE: self._put_cascade,
            Service.GET_CASCADE: self._get_cascade,
            Service.EVENT: self._event,
            Service.SET_CONTROL_REGISTER: self._set_control_register,
            Service.DEBUG_I32: self._debug,
            Service.PRINT: self._print,
            Service.PUT_PACKET_HEADER: self._put_packet_header,
            Service.TRY_PUT_STREAM: self._try_put_stream,
            Service.TRY_GET_STREAM: self._try_get_stream,
            Service.TRY_PUT_PACKET_HEADER: self._try_put_packet_header,
            Service.READ_REGISTER: self._read_register,
            Service.WRITE_REGISTER: self._write_register,
        }

    def _fault(self, what: str) -> CoreError:
        self.done = True
        self.fault_at = self.asking
        return CoreError(CoreFault(self.tile, what, self.fault_at))

    @property
    def asking(self) -> int:
        """The address of the instruction that asks for something; 0 before the first start."""
        machine = self._machine
        return 0 if machine is None else machine.asking(machine.registers()["pc"])

    def registers(self) -> dict[str, int]:
        """Program counter, stack pointer and return address; empty before the first start."""
        return {} if self._machine is None else self._machine.registers()

    def memory(self, address: int, size: int) -> NDArray[np.uint8] | None:
        """The bytes of a tile, or of the program, that its code sees; None where there are none."""
        at = plain(address)
        for start, memory in {0: self._tile.program, **self._tile.windows()}.items():
            if start <= at and at + size <= start + len(memory):
                return memory[at - start :][:size]
        return None

    def read(self, address: int, size: int) -> bytes:
        """As `memory`, a copy; EmulatorError where there are none."""
        found = self.memory(address, size)
        if found is None:
            raise EmulatorError(f"{self.place} sees no memory at {plain(address):#x}")
        return found.tobytes()

    def _lock(self, number: int) -> Lock:
        lock = self._locks[number] if 0 <= number < len(self._locks) else None
        if lock is None:
            raise self._fault(f"uses lock {number}, which it does not reach")
        return lock

    def _acquire(self, number: int, value: int) -> Results:
        lock = self._lock(number)
        if not lock.acquire(value, self):
            return None
        if self._check is not None:
            self._check.holding.acquired(lock, value)
        return ()

    def _release(self, number: int, value: int) -> Results:
        lock = self._lock(number)
        try:
            lock.release(value, self)
        except EmulatorError as error:
            raise self._fault(str(error).removeprefix(f"{self.place} ")) from error
        if self._check is not None:
            self._check.holding.released(lock, value)
        return ()

    def _put_stream(self, word: int, last: int) -> Results:
        words = np.array([word & 0xFFFFFFFF], np.uint32)
        if not self.stream_out.offer(words, bool(last), self.clock, self):
            return None
        self.clock = max(self.clock + 1, self.stream_out.clock)
        return ()

    def _try_put_stream(self, word: int, last: int) -> Results:
        if self.stream_out.room() < 1:
            return self._passed((0,))
        self._put_stream(word, last)
        return (1,)

    def _passed(self, results: tuple[int, ...]) -> tuple[int, ...]:
        """What did not wait and was not done: others' turn, before it asks again."""
        self._turn_end = self._metered
        return results

    def _header(self, id: int, type: int) -> tuple[int, int]:
        return packet_header(id & 0x1F, type & 0x7, self.tile), type >> 3 & 1

    def _put_packet_header(self, id: int, type: int) -> Results:
        return self._put_stream(*self._header(id, type))

    def _try_put_packet_header(self, id: int, type: int) -> Results:
        return self._try_put_stream(*self._header(id, type))

    def _register(self, address: int) -> int:
        """A register's offset in the tile."""
        if address < BUS_START:
            raise self._fault(
                f"reaches for a tile's register at {address:#x}, below {BUS_START:#x}"
            )
        offset = address - BUS_START
        if not self._tile.bus_enabled():
            raise self._fault(
                f"reaches for register {offset:#x} of its tile, which an NPU waits for without "
                "end: Core_Processor_Bus (0x32038) is not enabled"
            )
        return offset

    def _read_register(self, address: int, _second: int) -> Results:
        return (self._tile.read(self._register(address)),)

    def _write_register(self, address: int, value: int) -> Results:
        self._tile.write(self._register(address), value & 0xFFFFFFFF)
        return ()

    def _get_stream(self, _first: int, _second: int) -> Results:
        taken = self.stream_in.take() if self.stream_in is not None else None
        if taken is None:
            return None
        word, last, time = taken
        self.clock = max(self.clock, time) + 1
        return word, int(last)

    def _try_get_stream(self, _first: int, _second: int) -> Results:
        there = self.stream_in is not None and self.stream_in.ready(self.clock)
        taken = self._get_stream(0, 0) if there else None
        return self._passed((0, 0, 0)) if taken is None else (*taken, 1)

    def _put_cascade(self, argument: int, _second: int) -> Results:
        assert self._machine is not None
        value = self._machine.cascade_sent(argument)
        return () if self._tile.cascade_out().put(value, self) else None

    def _get_cascade(self, argument: int, _second: int) -> Results:
        assert self._machine is not None
        value = self._tile.cascade_in().get(self)
        if value is None:
            return None
        self._machine.cascade_received(argument, value)
        return ()

    def _event(self, number: int, _second: int) -> Results:
        self.events.append((self.clock, number))
        return ()

    def _set_control_register(self, register: int, value: int) -> Results:
        self.control_registers[register] = value
        return ()

    def _debug(self, value: int, _second: int) -> Results:
        return self._say(f"debug_i32 {value}")

    def _print(self, format_at: int, arguments_at: int) -> Results:
        assert self._machine is not None
        try:
            shown = int if self._check is None else plain
            return self._say(printf(self._machine.read, format_at, arguments_at, shown))
        except MachineError as error:
            raise self._fault(f"{error} (npu_printf)") from error

    def _say(self, text: str) -> Results:
        said = (Printed(self.place, self.clock, line) for line in text.splitlines() or [""])
        self._tile.array.printed.extend(said)
        return ()

    def resume(self) -> None:
        """The output stream has room again."""
        self._tile.wake(self)
