"""AIE2 and AIE2P code on the array: translated, its requests the array's services."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.standin import BUS_START, CASCADE_BYTES, STANDIN_ISA, Service
from softnpu.emulator.aie2.machine import Fault, Machine, Request
from softnpu.emulator.aie2.program import Program
from softnpu.emulator.aie2.regions import LONGEST
from softnpu.emulator.cores.processor import MachineError, Serve
from softnpu.emulator.cores.processor import Request as Asked
from softnpu.emulator.memcheck.owned import OwnedCheck
from softnpu.emulator.observing.recorder import Recorder
from softnpu.emulator.observing.stops import CoreStops
from softnpu.isa.model import InstructionSet
from softnpu.isa.text import notation

_SERVICES = {
    Request.ACQUIRE: Service.ACQUIRE,
    Request.RELEASE: Service.RELEASE,
    Request.CASCADE_IN: Service.GET_CASCADE,
    Request.CASCADE_OUT: Service.PUT_CASCADE,
    Request.DONE: Service.DONE,
    Request.EVENT: Service.EVENT,
    Request.STREAM_OUT: Service.PUT_STREAM,
    Request.PACKET_HEADER: Service.PUT_PACKET_HEADER,
    Request.TILE_LOAD: Service.READ_REGISTER,
    Request.TILE_STORE: Service.WRITE_REGISTER,
}
_TRIES = {
    Service.PUT_STREAM: Service.TRY_PUT_STREAM,
    Service.PUT_PACKET_HEADER: Service.TRY_PUT_PACKET_HEADER,
}
_PASSING = {*_TRIES.values(), Service.TRY_GET_STREAM}
"""What does not wait; the last of the results says whether it was done."""
_UNMARKED = f'; if the cores hold stand-in code without a mark, pass core_isa="{STANDIN_ISA}"'


class Aie2Processor:
    """Executes one program of an instruction set; see `Processor`."""

    def __init__(
        self,
        instructions: InstructionSet,
        program: NDArray[np.uint8],
        windows: dict[int, NDArray[np.uint8]],
        recorder: Recorder | None = None,
        check: OwnedCheck | None = None,
        stops: CoreStops | None = None,
    ) -> None:
        self._stops = stops
        self._memory = program
        self._windows = windows
        self._asked: Asked | None = None
        self._code = program.tobytes()
        self._overwritten = False
        self._check = check
        watched = 0 if check is None else check.address
        longest = LONGEST if stops is None else 1
        translated = _program(instructions, self._code, longest)
        self._machine = Machine(translated, recorder, check=watched)
        self._state = self._machine.state
        for address, memory in windows.items():
            self._machine.map(address, memory.data)
        self._machine.start(0)

    @property
    def retired(self) -> int:
        """As `Processor.retired`."""
        return int(self._state.cycles)

    @property
    def stalled(self) -> int:
        """As `Processor.stalled`."""
        return int(self._state.stalled)

    def run(self, instructions: int, serve: Serve | None) -> None:
        """As `Processor.run`."""
        if self._overwritten:
            raise MachineError(
                "runs while its program memory is written; reset the core before", self._pc
            )
        if self._check is not None and self._check.spent:
            self._machine.check_no_more()
            self._check.look_no_more()
            self._check = None
        end = self.retired + instructions
        while self.retired < end:
            request = self._execute(end)
            if request is Request.GOES_ON:
                return
            if request is Request.FAULT:
                raise MachineError(self._fault(), self._state.fault_pc)
            if request is Request.RETURNED:
                raise MachineError(self._beyond(), self._machine.program.halt)
            asked = self._request(request)
            if serve is None:
                self._asked = asked
                return
            results = serve(*asked)
            if results is None:
                return
            self.answer(results)
            if asked[0] in _PASSING and not results[-1]:
                return  # others' turn: it may ask again

    def _execute(self, end: int) -> Request:
        """Executes up to a cycle, or as far as it asks for something; a debugger stops it."""
        if self._stops is None:
            return self._machine.run(end)
        while self.retired < end:
            following = self._machine.following
            hit = None if following.granted else self._stops.looked_at(following.address)
            if hit is not None:
                self._stops.stopped(following.address, *hit)
                continue
            request = self._machine.run(self.retired + 1)
            if request is not Request.GOES_ON:
                return request
        return Request.GOES_ON

    def take_request(self) -> Asked | None:
        """As `Processor.take_request`."""
        asked, self._asked = self._asked, None
        return asked

    def _request(self, request: Request) -> Asked:
        """The service that a request asks for, and its arguments."""
        first, second = (_signed(value) for value in self._state.argument)
        if request is Request.STREAM_IN:
            return (Service.TRY_GET_STREAM if second else Service.GET_STREAM), 0, 0
        service = _SERVICES[request]
        if request in (Request.STREAM_OUT, Request.PACKET_HEADER):
            last, passing, kind = second & 1, second & 2, second >> 2
            second = kind | last << 3 if request is Request.PACKET_HEADER else last
            service = _TRIES[service] if passing else service
        return service, first, second

    def answer(self, results: tuple[int, ...]) -> None:
        """As `Processor.answer`: what is read, and the status of the stream."""
        if not results:
            return
        if self._state.request in (Request.STREAM_OUT, Request.PACKET_HEADER):
            (self._state.argument[0],) = results
            return
        word, *status = results
        self._state.result[0] = word & 0xFFFFFFFF
        last, there = (*status, 0, 1)[:2] if len(status) != 1 else (status[0], 1)
        self._state.argument[1] = last | there << 1

    def reload(self) -> None:
        """As `Processor.reload`; what is translated stays what it was."""
        self._overwritten = self._memory.tobytes() != self._code

    def read(self, address: int, size: int) -> bytes:
        """As `Processor.read`."""
        for start, memory in self._windows.items():
            if start <= address and address + size <= start + len(memory):
                return memory[address - start :][:size].tobytes()
        raise MachineError(f"reads from {address:#x}, {self._nowhere(address)}", self._pc)

    def cascade_sent(self, argument: int) -> bytes:  # noqa: ARG002
        """As `Processor.cascade_sent`."""
        return bytes(self._state.result)[:CASCADE_BYTES]

    def cascade_received(self, argument: int, value: bytes) -> None:  # noqa: ARG002
        """As `Processor.cascade_received`."""
        for index, word in enumerate(np.frombuffer(value, "<u8").tolist()):
            self._state.result[index] = word

    def registers(self) -> dict[str, int]:
        """As `Processor.registers`."""
        return {"pc": self._pc, "sp": self._state.sp, "ra": self._state.lr}

    def register_file(self) -> dict[str, int]:
        """As `Processor.register_file`; those made of others are there as well."""
        machine = self._machine
        names = machine.program.instructions.registers
        read = {name: int.from_bytes(machine.read(name), "little") for name in names}
        return {**read, "pc": self._pc}

    def write_register(self, name: str, value: int) -> None:
        """As `Processor.write_register`; the program counter is none of them."""
        self._machine.program.instructions.registers[name]
        size = len(self._machine.read(name))
        self._machine.write(name, value.to_bytes(size, "little"))

    def stack(self) -> range:
        """As `Processor.stack`."""
        return range(self._state.stack_low, self._state.stack_high)

    def asking(self, pc: int) -> int:
        """As `Processor.asking`: a bundle's own address."""
        return pc

    @property
    def _pc(self) -> int:
        """Where it goes on, or stands."""
        fault: int = self._state.fault
        return int(self._state.fault_pc) if fault else self._machine.address

    def _fault(self) -> str:
        state = self._state
        fault, pc = Fault(state.fault), state.fault_pc
        if fault is Fault.FORBIDDEN:
            assert self._check is not None
            return self._check.told()
        if fault in (Fault.LOAD, Fault.STORE):
            return f"{_VERBS[fault]} {state.fault_at:#x}, {self._nowhere(state.fault_at)}"
        bundle = self._machine.program.bundle(pc)
        written = notation(self._machine.program.instructions)
        text = f" ({written.write_bundle(bundle)})" if bundle else ""
        hint = _UNMARKED if fault is Fault.BUNDLE else ""
        return f"stops: what lies there{text} {fault.told.format(at=hex(state.fault_at))}{hint}"

    def _beyond(self) -> str:
        """It ran to the end of program memory: zeros, which memory holds at first, do nothing."""
        if not any(self._code):
            return "is enabled, but its program memory holds zeros: that is no program"
        return f"runs beyond its program memory{_UNMARKED}"

    def _nowhere(self, address: int) -> str:
        """What lies at an address that is no data memory."""
        if self._state.sp >= BUS_START:
            return f"out of stack: the stack pointer is {self._state.sp:#x}"
        if address >= BUS_START:
            return "where the tile's registers lie, which lda.tm and st.tm reach"
        if address < len(self._code):
            return "which is program memory"
        return "where there is no memory"


_VERBS = {Fault.LOAD: "reads from", Fault.STORE: "writes to"}


@lru_cache(maxsize=64)
def _program(instructions: InstructionSet, code: bytes, longest: int) -> Program:
    """A program's bundles; cores often share one."""
    return Program(instructions, code, longest=longest)


def _signed(value: int) -> int:
    return value - (1 << 32) if value & 0x80000000 else value
