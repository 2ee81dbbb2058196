"""The RV32 machine that runs stand-in code: Unicorn, with windows onto the tiles' memories.

Imported when the first core starts, since Unicorn takes its time (and is GPL-2.0, used by the
emulator only).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.device import NORTH_WINDOW, WINDOW_SIZE
from softnpu.arch.standin import BUS_SIZE, BUS_START, CASCADE_BYTES, STACK_BASE, VECTOR_MEMORY
from softnpu.emulator.cores.meter import Meter
from softnpu.emulator.cores.processor import MachineError, ProcessorBus, Request, Serve
from softnpu.emulator.cores.registers import address_of_registers
from softnpu.emulator.memcheck.seen import plain
from softnpu.emulator.memcheck.tagged import TaggedCheck
from softnpu.emulator.observing.recorder import Recorder
from softnpu.emulator.observing.stops import CoreStops
from softnpu.emulator.vector_unit import VectorUnit, in_reach
from softnpu.errors import EmulatorError, SoftnpuError

_u: Any = importlib.import_module("unicorn")
_r: Any = importlib.import_module("unicorn.riscv_const")

_PC, _SP, _RA = _r.UC_RISCV_REG_PC, _r.UC_RISCV_REG_SP, _r.UC_RISCV_REG_RA
_A0, _A1, _A7 = _r.UC_RISCV_REG_A0, _r.UC_RISCV_REG_A1, _r.UC_RISCV_REG_A7
_REGISTERS = {
    **{f"x{n}": getattr(_r, f"UC_RISCV_REG_X{n}") for n in range(32)},
    **{f"f{n}": getattr(_r, f"UC_RISCV_REG_F{n}") for n in range(32)},
    "pc": _PC,
}
_WRITES = (_u.UC_MEM_WRITE_UNMAPPED, _u.UC_MEM_WRITE_PROT)
_FETCHES = (_u.UC_MEM_FETCH_UNMAPPED, _u.UC_MEM_FETCH_PROT)

_PAGE = 0x1000
_STACK_GUARDS = ((NORTH_WINDOW, WINDOW_SIZE - _PAGE), (STACK_BASE - _PAGE, _PAGE))
"""(address, size) of what lies below a core's own window, where a stack that is too small grows
into: the northern neighbour's memory. Each part is mapped only when the code uses it with a sound
stack; the last page is a part of its own, so that it goes on guarding what uses the neighbour."""

_ECALL_BYTES = 4
_NO_END = 0xFFFFFFF0
_MSTATUS_FPU_ON = 0x6000
_MSTATUS_TRANSLATE_DATA = 1 << 17
"""MPRV with a previous privilege of user: data accesses go through the page tables."""

_TABLES = 0xFFFFE000
"""Where the page tables lie, out of every window's way."""
_SATP_SV32 = 1 << 31
_READ_WRITE, _POINTER = 0xD7, 0x01
"""Page table entries: valid, readable, writable, for user mode, accessed, dirty; and a table."""
_ENTRIES = 1024
_USER_ECALL, _MACHINE_ECALL = 8, 11
_ILLEGAL_INSTRUCTION = 2
_TRAPS = {
    0: "jumps to an odd address",
    1: "runs where there is no program",
    _ILLEGAL_INSTRUCTION: "meets an instruction that does not exist",
    3: "meets a breakpoint",
    4: "reads from an address that is not a multiple of the data's size",
    6: "writes to an address that is not a multiple of the data's size",
}
_UNREACHABLE = (
    "comes to where its code ends: C gives no meaning to what is done there, such as a read or a"
    " call by NULL, an index beyond an array, a missing return"
)
"""Of `unimp`, which is two zero bytes."""


class Machine:
    """One processor.

    Args:
        program: program memory, mapped at 0.
        windows: address -> the data memory that is seen there, 64 KB each.
        bus: the tile's registers, seen from BUS_START on once they are enabled.
        recorder: sees what is executed.
        check: holds accesses against what the code may touch, see emulator.memcheck.
        stops: where a debugger wants it to stop.
    """

    def __init__(
        self,
        program: NDArray[np.uint8],
        windows: dict[int, NDArray[np.uint8]],
        bus: ProcessorBus,
        recorder: Recorder | None = None,
        check: TaggedCheck | None = None,
        stops: CoreStops | None = None,
    ) -> None:
        self._stops = stops
        self._program = program if check is None else check.code
        self._seen = windows
        self._windows = windows if check is None else {**windows, **check.windows(windows)}
        self._check = self._looking = check  # the latter until it has had its share
        self._serve: Serve | None = None
        self._asked: Request | None = None
        self._bus = bus
        self._error: BaseException | None = None
        self._guards_mapped: set[int] = set()
        self._vector_unit: VectorUnit | None = None
        self._uc = _u.Uc(_u.UC_ARCH_RISCV, _u.UC_MODE_RISCV32)
        if check is not None:
            registers = address_of_registers(self._uc)
            check.attach(self._uc, registers, {0: self._program, **windows})
        self._map()
        self._uc.hook_add(_u.UC_HOOK_INTR, self._on_interrupt)
        self._watch_gaps()
        self._mark_data()
        self._uc.reg_write(_PC, 0)
        self._meter = Meter(self._uc, self._program, recorder, check)
        if stops is not None:
            stops.attach(self._uc)

    def _map(self) -> None:
        code = _u.UC_PROT_READ | _u.UC_PROT_EXEC
        self._uc.mem_map_ptr(0, len(self._program), code, self._program.ctypes.data)
        for address in self._open_windows():
            self._map_data(address, WINDOW_SIZE, self._windows[address].ctypes.data)

    def _open_windows(self) -> list[int]:
        """The windows that are mapped from the start, in order."""
        return [address for address in sorted(self._windows) if address != NORTH_WINDOW]

    def _watch_gaps(self) -> None:
        """Hears of accesses to all that is no data memory.

        Only there: Unicorn makes every store slow where somebody listens.
        """
        begin = 0
        for address in self._open_windows():
            if begin < address:
                self._watch(begin, address - 1)
            begin = address + WINDOW_SIZE
        self._watch(begin, (1 << 32) - 1)

    def _watch(self, begin: int, end: int) -> None:
        self._uc.hook_add(_u.UC_HOOK_MEM_INVALID, self._on_bad_access, None, begin, end)

    def _mark_data(self) -> None:
        """Tells Unicorn that data memory holds no code.

        Without page tables every page may, and each store has to look whether it hit any, which
        makes it eleven times slower. The tables map every address to itself.
        """
        tables = _page_tables()
        self._uc.mem_map_ptr(_TABLES, tables.nbytes, _u.UC_PROT_READ, tables.ctypes.data)
        status = _MSTATUS_FPU_ON | _MSTATUS_TRANSLATE_DATA
        self._uc.reg_write(_r.UC_RISCV_REG_MSTATUS, status)
        self._uc.reg_write(_r.UC_RISCV_REG_SATP, _SATP_SV32 | _TABLES // _PAGE)

    def _map_data(self, address: int, size: int, pointer: int) -> None:
        self._uc.mem_map_ptr(address, size, _u.UC_PROT_READ | _u.UC_PROT_WRITE, pointer)

    @property
    def retired(self) -> int:
        """Instructions retired so far, counted by whole basic blocks."""
        return self._meter.retired

    @property
    def stalled(self) -> int:
        """As `Processor.stalled`: RV32 knows no banks."""
        return 0

    def run(self, instructions: int, serve: Serve | None) -> None:
        """As `Processor.run`: an `ecall` asks for service a7 with a0 and a1, and has its results
        in a0 and a1."""
        self._serve = serve
        if self._looking is not None and self._looking.spent:
            self._looking.detach(self._uc)
            self._meter.check_no_more()
            self._looking = None
        self._meter.allow(instructions)
        self._execute()
        while self._stopped() or self._looked_at():
            self._execute()
        raised, self._error = self._error, None
        if self._looking is not None and (found := self._looking.fault()):
            stack = int(self._uc.reg_read(_SP))
            is_overflow = NORTH_WINDOW <= stack < STACK_BASE
            raise MachineError(_describe_overflow(stack) if is_overflow else found[0], found[1])
        fault = self._vector_unit.fault() if self._vector_unit else None
        if fault is not None:
            raise MachineError(fault, self.pc)
        if raised is not None:
            raise raised

    def _execute(self) -> None:
        try:
            self._uc.emu_start(self._uc.reg_read(_PC), _NO_END)
        except _u.UcError as error:
            if self._error is None:
                self._error = MachineError(f"stops: {error}", self.pc)

    def _stopped(self) -> bool:
        """Whether it was a debugger that stopped it; it has looked on when this returns."""
        hit = None if self._stops is None else self._stops.take_hit()
        if self._stops is None or hit is None:
            return False
        self._meter.stopped_within(self.pc, self._stops.block_end)
        self._stops.stopped(self.pc, *hit)
        if self._looking is not None:
            self._looking.begin_anew()
        return True

    def _looked_at(self) -> bool:
        """Whether it was the memory check that stopped it, which has what it wanted now."""
        if self._looking is None or not self._looking.goes_on(self._uc):
            return False
        if (end := self._looking.stopped_within) is not None:
            self._meter.stopped_within(self.pc, end)
        return True

    def take_request(self) -> Request | None:
        """As `Processor.take_request`."""
        asked, self._asked = self._asked, None
        return asked

    def answer(self, results: tuple[int, ...]) -> None:
        """Puts a service's results into a0 and a1."""
        for register, value in zip((_A0, _A1), results):  # noqa: B905 (shorter on purpose)
            self._uc.reg_write(register, value & 0xFFFFFFFF)

    def reload(self) -> None:
        """Program memory has changed: forgets translated code."""
        if self._check is not None:
            self._check.reload()
        self._uc.ctl_flush_tb()
        self._meter.reload()

    def read(self, address: int, size: int) -> bytes:
        """As `Processor.read`; program memory, where constants may lie, is read as well."""
        address = self._untagged(address)
        self._map_guard(address)
        try:
            return bytes(self._uc.mem_read(address, size))
        except _u.UcError as error:
            raise MachineError(f"reads from {address:#x}: {error}", self.asking(self.pc)) from error

    def write(self, address: int, data: bytes) -> None:
        """Writes data memory as the code sees it; MachineError where there is none."""
        address = self._untagged(address)
        self._map_guard(address)
        try:
            self._uc.mem_write(address, data)
            if self._check is not None:
                self._check.wrote(address, len(data))
        except _u.UcError as error:
            raise MachineError(f"writes to {address:#x}: {error}", self.asking(self.pc)) from error

    def _untagged(self, address: int) -> int:
        return address if self._check is None else plain(address)

    def cascade_sent(self, argument: int) -> bytes:
        """As `Processor.cascade_sent`: the argument is the value's address."""
        return self.read(argument, CASCADE_BYTES)

    def cascade_received(self, argument: int, value: bytes) -> None:
        """As `Processor.cascade_received`: the argument is where the value goes."""
        self.write(argument, value)

    @property
    def pc(self) -> int:
        """The program counter."""
        return int(self._uc.reg_read(_PC))

    def registers(self) -> dict[str, int]:
        """Program counter, stack pointer and return address."""
        return {n: int(self._uc.reg_read(r)) for n, r in (("pc", _PC), ("sp", _SP), ("ra", _RA))}

    def register_file(self) -> dict[str, int]:
        """As `Processor.register_file`: x0 to x31, f0 to f31 (64 bits), pc."""
        return {name: int(self._uc.reg_read(number)) for name, number in _REGISTERS.items()}

    def write_register(self, name: str, value: int) -> None:
        """As `Processor.write_register`."""
        self._uc.reg_write(_REGISTERS[name], value)

    def stack(self) -> range:
        """As `Processor.stack`: RV32's grows downwards, and is guarded where it ends."""
        return range(0)

    def asking(self, pc: int) -> int:
        """As `Processor.asking`: the counter stands behind an `ecall` that was begun."""
        return max(pc - _ECALL_BYTES, 0)

    # hooks

    def _stop(self, error: BaseException) -> None:
        self._error = error
        self._uc.emu_stop()

    def _on_interrupt(self, uc: Any, number: int, _data: Any) -> None:
        if self._looking is not None and self._looking.failed:
            uc.emu_stop()
            return
        if number not in (_USER_ECALL, _MACHINE_ECALL):
            at = self.asking(self.pc)  # Unicorn moves the counter on here, too
            self._stop(MachineError(self._describe_trap(number, at), at))
            return
        read = uc.reg_read
        asked = (int(read(_A7)), _signed(read(_A0)), _signed(read(_A1)))
        if self._serve is None:
            self._asked = asked
            uc.emu_stop()
            return
        try:
            results = self._serve(*asked)
        except Exception as error:  # noqa: BLE001 (raised again by `run`, out of Unicorn's C code)
            self._stop(error)
            return
        if results is None:
            uc.emu_stop()
        elif results:
            self.answer(results)

    def _describe_trap(self, number: int, at: int) -> str:
        if number == _ILLEGAL_INSTRUCTION and not self._program.any():
            return "is enabled, but its program memory holds zeros: that is no program"
        if number == _ILLEGAL_INSTRUCTION and not self._program[at : at + 2].any():
            return _UNREACHABLE
        return _TRAPS.get(number, f"raises exception {number}")

    def _on_bad_access(
        self, uc: Any, access: int, address: int, size: int, _value: int, _data: Any
    ) -> bool:
        """An access outside the windows: a stack that is too small, or a wild pointer."""
        if self._map_guard(address):
            return True
        stack = int(uc.reg_read(_SP))
        if stack < STACK_BASE and NORTH_WINDOW <= address < STACK_BASE:
            self._stop(MachineError(_describe_overflow(stack), self.pc))
            return False
        if BUS_START <= address < BUS_START + BUS_SIZE and self._bus.bus_enabled():
            self._map_bus()
            return True
        if in_reach(address) and self._vector_unit is None:
            operands = None if self._check is None else self._check.operand_check()
            try:
                unit = VectorUnit(self._uc, {0: self._program, **self._seen}, operands)
            except SoftnpuError as error:
                self._stop(error)
                return False
            self._vector_unit = unit
            if self._check is not None:
                self._check.see(VECTOR_MEMORY, unit.stack)
            return True
        verb = "writes to" if access in _WRITES else "reads from"
        if access in _FETCHES:
            verb = "jumps to"
        inside = address < len(self._program)
        where = "which is program memory" if inside else "where there is no memory"
        self._stop(MachineError(f"{verb} {address:#x} ({size} bytes), {where}", self.pc))
        return False

    def _map_bus(self) -> None:
        """Maps the tile's registers; every access is a call."""

        def read(_uc: Any, offset: int, _size: int, _data: Any) -> int:
            return self._guarded(lambda: self._bus.read(offset)) or 0

        def write(_uc: Any, offset: int, _size: int, value: int, _data: Any) -> None:
            self._guarded(lambda: self._bus.write(offset, value))

        self._uc.mmio_map(BUS_START, BUS_SIZE, read, None, write, None)

    def _guarded(self, access: Callable[[], int | None]) -> int | None:
        """Does a register access; an error ends the run, since it cannot pass through C code."""
        try:
            return access()
        except EmulatorError as error:
            self._stop(error)
            return None

    def _map_guard(self, address: int) -> bool:
        """Maps the part of the northern neighbour's memory that `address` lies in, if it may be."""
        memory = self._windows.get(NORTH_WINDOW)
        if memory is None or int(self._uc.reg_read(_SP)) < STACK_BASE:
            return False
        for start, size in _STACK_GUARDS:
            if start <= address < start + size and start not in self._guards_mapped:
                self._guards_mapped.add(start)
                self._map_data(start, size, memory.ctypes.data + start - NORTH_WINDOW)
                return True
        return False


@cache
def _page_tables() -> NDArray[np.uint32]:
    """Two pages: the table for all 4 GB, and that for its first 4 MB."""
    tables = np.zeros(2 * _ENTRIES, np.uint32)
    tables[:_ENTRIES] = np.arange(_ENTRIES) << 20 | _READ_WRITE
    tables[0] = (_TABLES + _PAGE) // _PAGE << 10 | _POINTER
    tables[_ENTRIES:] = np.arange(_ENTRIES) << 10 | _READ_WRITE
    return tables


def _describe_overflow(stack: int) -> str:
    return (
        f"runs out of stack: the stack pointer is {stack:#x}, {STACK_BASE - stack} bytes below "
        "the core's data memory; give the core a larger stack_size"
    )


def _signed(value: int) -> int:
    return int(value) - (1 << 32) if value & 0x80000000 else int(value)
