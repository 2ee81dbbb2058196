"""A core that runs stand-in code: RV32 under Unicorn, on the tiles' own memories.

The code sees what an AIE core sees: program memory at 0, and four windows onto data memories
(south, west, north, own), which are the very arrays that the tiles hold, so that neighbours share
memory as on the array. Locks, streams and the cascade are services (arch.standin): an `ecall`
that has to wait stops the core, and it is tried again when what it waits for has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from softnpu.arch.standin import CASCADE_BYTES, Service
from softnpu.emulator.addressing import Words
from softnpu.emulator.descriptors import packet_header
from softnpu.emulator.locks import Lock
from softnpu.emulator.scheduler import Actor
from softnpu.emulator.streams import Link
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.riscv import Machine
    from softnpu.emulator.tile import CoreTile
    from softnpu.emulator.waits import Wait

INSTRUCTIONS_PER_TURN = 1_000_000
"""How long a core runs before the others have their turn."""

_Results = tuple[int, ...] | None
"""What a service gives: values for a0 and a1, or None when the core has to wait."""

_SERVICES = {int(service): service for service in Service}


class MachineError(EmulatorError):
    """The code cannot go on; the message begins with a verb: "writes to 0x80000, …".

    Attributes:
        what: the message.
        pc: the address of the instruction, or just behind it.
    """

    def __init__(self, what: str, pc: int) -> None:
        super().__init__(what)
        self.what = what
        self.pc = pc


class ProcessorBus(Protocol):
    """A tile's registers as its core reaches them; offsets in the tile."""

    def bus_enabled(self) -> bool:
        """Whether Core_Processor_Bus lets the core through."""

    def read(self, offset: int) -> int:
        """The word at `offset`."""

    def write(self, offset: int, value: int) -> None:
        """Writes the word at `offset`."""


@dataclass(frozen=True)
class CoreFault:
    """Why a core cannot go on.

    Attributes:
        tile: its (col, row).
        what: e.g. "writes to 0x80000 (4 bytes), where there is no memory".
        pc: the address of the instruction, or just behind it.
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


@dataclass
class CoreCounts:
    """What a core has done, for statistics; waits in cycles."""

    instructions: int = 0
    lock_wait: int = 0
    stream_wait: int = 0
    cascade_wait: int = 0


class Core(Actor):
    """The core of a tile.

    Attributes:
        enabled, in_reset: bits of Core_Control; it runs when the first is set and not the second.
        done: the program has ended.
        pending: the (service, a0, a1) that it waits in, or None.
        stream_in: the link that leads to its stream port.
        events: (clock, number) of the events that the code raised.
        messages: values given to `debug_i32`.
    """

    def __init__(self, tile: CoreTile, stream_out: Link) -> None:
        self._tile = tile
        self.tile = tile.place
        self.place = f"core ({tile.col},{tile.row})"
        self.enabled = False
        self.in_reset = True
        self.done = False
        self.pending: tuple[Service, int, int] | None = None
        self.stream_out = stream_out
        self.stream_in: Link | None = None
        self.counts = CoreCounts()
        self.events: list[tuple[int, int]] = []
        self.messages: list[int] = []
        self.control_registers: dict[int, int] = {}
        self._machine: Machine | None = None
        self._loaded = False
        self._metered = 0
        self._locks: list[Lock | None] = []
        self._services: dict[Service, Callable[[int, int], _Results]] = {
            Service.ACQUIRE: self._acquire,
            Service.RELEASE: self._release,
            Service.PUT_STREAM: self._put_stream,
            Service.GET_STREAM: self._get_stream,
            Service.PUT_CASCADE: self._put_cascade,
            Service.GET_CASCADE: self._get_cascade,
            Service.EVENT: self._event,
            Service.SET_CONTROL_REGISTER: self._set_control_register,
            Service.DEBUG_I32: self._debug,
            Service.PUT_PACKET_HEADER: self._put_packet_header,
        }

    # control

    def control(self, enable: bool, reset: bool) -> None:
        """Follows Core_Control: a reset forgets all state, enabling clears Core_Done."""
        if reset and not self.in_reset:
            self.restart()
        if enable and not self.enabled:
            self.done = False
        self.enabled, self.in_reset = enable, reset
        if self.running:
            self._tile.wake(self)

    @property
    def running(self) -> bool:
        """Whether it is enabled, not in reset, and has not ended."""
        return self.enabled and not self.in_reset and not self.done

    def restart(self) -> None:
        """Goes back to address 0 with all registers cleared."""
        if self.pending is not None and self.pending[0] is Service.ACQUIRE:
            self._lock(self.pending[1]).forget(self)
        self.pending = None
        self.done = False
        self._machine = None

    def program_changed(self) -> None:
        """Program memory was written."""
        self._loaded = True
        if self._machine is not None:
            self._machine.reload()

    # running

    def run(self) -> None:
        """Runs until it must wait, ends, or its turn is over."""
        if not self.running:
            return
        if not self._loaded:
            self._idle()
            return
        machine = self._machine or self._start()
        try:
            if self.pending is not None and not self._retry(machine):
                return
            begin = self.clock
            try:
                array = self._tile.array
                turn = array.scheduler.portion(INSTRUCTIONS_PER_TURN)
                machine.run(max(min(turn, array.deadline - self.clock), 1))
            finally:
                self._settle(machine)
        except MachineError as error:
            self.done = True
            raise CoreError(CoreFault(self.tile, error.what, error.pc)) from error
        if self._tile.timeline is not None:
            self._tile.timeline.core_run(self, begin, self.clock)
        if self.running and self.pending is None:
            self._tile.array.go_on(self)

    def _idle(self) -> None:
        """Does nothing for want of a program, as designs with an empty core expect."""
        self.done = True
        self._tile.array.hazard(
            f"{self.place} is enabled, but no program was loaded into it:"
            " it does nothing here; an NPU executes whatever the memory holds"
        )

    def _start(self) -> Machine:
        """Makes the machine, after making sure that it can run the program."""
        from softnpu.emulator.riscv import Machine

        self._tile.check_runnable()
        tile = self._tile
        self._machine = Machine(tile.program, tile.windows(), self._serve, bus=tile)
        self._metered = 0
        self._locks = self._tile.core_locks()
        return self._machine

    def _settle(self, machine: Machine) -> None:
        """Adds the instructions retired since the last time to the clock."""
        retired = machine.retired
        self.clock += retired - self._metered
        self.counts.instructions += retired - self._metered
        self._metered = retired

    def _serve(self, code: int, first: int, second: int) -> _Results:
        """An `ecall`: does it, or leaves it pending."""
        assert self._machine is not None
        self._settle(self._machine)
        service = _SERVICES.get(code)
        if service is Service.DONE:
            self.done = True
            return None
        if service is None:
            raise self._fault(f"asks for service {code}, which does not exist")
        results = self._services[service](first, second)
        if results is None:
            self.pending = (service, first, second)
        return results

    def _retry(self, machine: Machine) -> bool:
        """Tries the pending service again; whether it is done."""
        assert self.pending is not None
        service, first, second = self.pending
        before = self.clock
        results = self._services[service](first, second)
        if results is None:
            return False
        self._waited(service, before)
        machine.answer(results)
        self.pending = None
        return True

    def _waited(self, service: Service, since: int) -> None:
        cycles = self.clock - since
        if service is Service.ACQUIRE:
            self.counts.lock_wait += cycles
        elif service in (Service.PUT_CASCADE, Service.GET_CASCADE):
            self.counts.cascade_wait += cycles
        else:
            self.counts.stream_wait += cycles
        if self._tile.timeline is not None:
            self._tile.timeline.core_wait(self, service, since, self.clock)

    def _fault(self, what: str) -> CoreError:
        self.done = True
        return CoreError(CoreFault(self.tile, what, self.registers().get("pc", 0)))

    def registers(self) -> dict[str, int]:
        """Program counter, stack pointer and return address; empty before the first start."""
        return {} if self._machine is None else self._machine.registers()

    def reachable_locks(self) -> list[Lock]:
        """The locks that it can acquire and release."""
        return [lock for lock in self._tile.core_locks() if lock is not None]

    # services

    def _lock(self, number: int) -> Lock:
        lock = self._locks[number] if 0 <= number < len(self._locks) else None
        if lock is None:
            raise self._fault(f"uses lock {number}, which it does not reach")
        return lock

    def _acquire(self, number: int, value: int) -> _Results:
        return () if self._lock(number).acquire(value, self) else None

    def _release(self, number: int, value: int) -> _Results:
        lock = self._lock(number)
        try:
            lock.release(value, self)
        except EmulatorError as error:
            raise self._fault(str(error).removeprefix(f"{self.place} ")) from error
        return ()

    def _put_stream(self, word: int, last: int) -> _Results:
        words = np.array([word & 0xFFFFFFFF], np.uint32)
        if not self.stream_out.offer(words, bool(last), self.clock, self):
            return None
        self.clock = max(self.clock + 1, self.stream_out.clock)
        return ()

    def _put_packet_header(self, id: int, type: int) -> _Results:
        return self._put_stream(packet_header(id, type, self.tile), 0)

    def _get_stream(self, _first: int, _second: int) -> _Results:
        taken = self.stream_in.take() if self.stream_in is not None else None
        if taken is None:
            return None
        word, last, time = taken
        self.clock = max(self.clock, time) + 1
        return word, int(last)

    def _put_cascade(self, address: int, _second: int) -> _Results:
        assert self._machine is not None
        value = self._machine.read(address, CASCADE_BYTES)
        return () if self._tile.cascade_out().put(value, self) else None

    def _get_cascade(self, address: int, _second: int) -> _Results:
        assert self._machine is not None
        value = self._tile.cascade_in().get(self)
        if value is None:
            return None
        self._machine.write(address, value)
        return ()

    def _event(self, number: int, _second: int) -> _Results:
        self.events.append((self.clock, number))
        if self._tile.timeline is not None:
            self._tile.timeline.event(self, number)
        return ()

    def _set_control_register(self, register: int, value: int) -> _Results:
        self.control_registers[register] = value
        return ()

    def _debug(self, value: int, _second: int) -> _Results:
        self.messages.append(value)
        return ()

    def resume(self) -> None:
        """The output stream has room again."""
        self._tile.wake(self)

    def wait(self) -> Wait | None:
        """What it waits for; None if it is not in use."""
        from softnpu.emulator import waits

        if self.done:
            return waits.Ended(self)
        if not self.enabled or self.in_reset:
            return waits.NotEnabled(self) if self._tile.program.any() else None
        if self.pending is None:
            return waits.Runs(self)
        service, first, second = self.pending
        if service is Service.ACQUIRE:
            return waits.LockWait(self, self._lock(first), second)
        if service is Service.GET_STREAM:
            return waits.DataWait(self, self.stream_in)
        if service is Service.GET_CASCADE:
            return waits.CascadeWait(self, self._tile.cascade_in(), True)
        if service is Service.PUT_CASCADE:
            return waits.CascadeWait(self, self._tile.cascade_out(), False)
        return waits.SpaceWait(self, self.stream_out)


class CoreStreamInput:
    """The target of a link that leads to a core's stream port: the core takes words one by one."""

    clock = 0

    def __init__(self, core: Core, wake: Callable[[Actor], None]) -> None:
        self.core = core
        self._wake = wake
        self.place = f"stream input of {core.place}"

    def attach(self, link: Link) -> None:
        """Tells the core where its words come from."""
        self.core.stream_in = link

    def room(self) -> int:
        """None of its own: the link's buffers hold what the core has not taken."""
        return 0

    def offer(self, words: Words, last: bool, time: int) -> int:  # noqa: ARG002
        """Takes nothing, but lets a core that waits look into the link."""
        pending = self.core.pending
        if pending is not None and pending[0] is Service.GET_STREAM:
            self._wake(self.core)
        return 0
