"""A core that runs AIE2 or AIE2P code: its registers, and the native code of its program."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache

from softnpu.emulator.aie2.flights import QUEUE, Key
from softnpu.emulator.aie2.layout import CONTROL, STATUS, offsets
from softnpu.emulator.aie2.native import Native, native
from softnpu.emulator.aie2.program import Program
from softnpu.emulator.observing.recorder import Recorder
from softnpu.isa.model import InstructionSet, Register

_WINDOWS = 16
_WINDOW = 0x10000


class Request(IntEnum):
    """Why the native code came back (runtime.h, npu_request)."""

    GOES_ON = 0
    RETURNED = 1
    FAULT = 2
    UNKNOWN = 3
    ACQUIRE = 4
    RELEASE = 5
    STREAM_IN = 6
    STREAM_OUT = 7
    CASCADE_IN = 8
    CASCADE_OUT = 9
    DONE = 10
    EVENT = 11
    PACKET_HEADER = 12
    TILE_LOAD = 13
    TILE_STORE = 14


class Fault(IntEnum):
    """What went wrong (runtime.h, npu_fault)."""

    LOAD = 1
    STORE = 2
    TWICE = 3
    BRANCH = 4
    BUNDLE = 5
    OPERATION = 6
    LOOP = 7
    UNFILLED = 8
    FORBIDDEN = 9

    @property
    def told(self) -> str:
        """As a predicate; `{at}` is the address of an access."""
        return _TOLD[self]


_TOLD = {
    Fault.LOAD: "loads from {at}, where there is no memory",
    Fault.STORE: "stores to {at}, where there is no memory",
    Fault.TWICE: "is where two writes land in one register in one cycle: the NPU leaves it "
    "undefined which remains",
    Fault.BRANCH: "is a branch in the delay slots of another, which the NPU leaves undefined",
    Fault.BUNDLE: "is no bundle: control went where there is no code",
    Fault.LOOP: "ends a hardware loop at {at}, an address that no instruction names",
    Fault.UNFILLED: "takes compressed data up to {at}, which no vldb has filled: the NPU leaves it "
    "undefined what comes",
    Fault.OPERATION: "has an instruction that is not executed here yet",
}


class _Rest(ctypes.Structure):
    """`npu_core` behind its registers."""

    _fields_ = [
        ("control", ctypes.c_uint8 * 10),
        ("status", ctypes.c_uint8 * 7),
        ("code", ctypes.c_void_p),
        ("cycles", ctypes.c_uint64),
        ("limit", ctypes.c_uint64),
        ("stalled", ctypes.c_uint64),
        ("windows", ctypes.c_void_p * _WINDOWS),
        ("request", ctypes.c_uint32),
        ("argument", ctypes.c_uint32 * 2),
        ("resume", ctypes.c_int32),
        ("pc", ctypes.c_uint32),
        ("flight", ctypes.c_uint32),
        ("fault", ctypes.c_uint32),
        ("fault_pc", ctypes.c_uint32),
        ("fault_at", ctypes.c_uint32),
        ("stack_low", ctypes.c_uint32),
        ("stack_high", ctypes.c_uint32),
        ("filled", ctypes.c_uint32),
        ("recorder", ctypes.c_void_p),
        ("check", ctypes.c_void_p),
        ("result", ctypes.c_uint64 * 16),
        ("queue", ctypes.c_uint64 * (16 * QUEUE)),
    ]


@lru_cache
def _core_type(instructions: InstructionSet) -> type[ctypes.Structure]:
    integers = {4: ctypes.c_uint32, 8: ctypes.c_uint64}
    registers = [
        (name, integers.get(size, ctypes.c_uint64 * (size // 8)))
        for name, (_, size) in offsets(instructions).items()
    ]
    return type("Core", (ctypes.Structure,), {"_fields_": [*registers, *_Rest._fields_]})


_CLEARED = re.compile(r"(cr|sr)\w+|l[cesr]|sp|cntr|CORE_ID")
"""Registers that a reset sets (AM025: Core_CR, Core_SR, the loop's). The others keep what an
earlier program left there: results of a Phoenix NPU show it (tests/data/aie2_points.jsonl)."""
_SIGN = re.compile(r"[a-z]+Sign([01])")
"""AIE2P's sign registers: 0 holds 0, 1 holds 1, as llvm-aie relies on, which selects the first for
what is unsigned, the second for what is signed, and writes them only for a sign that it does not
know (AIE2PInstructionSelector.cpp)."""
UNSET = 0xA5
"""The bytes of all others here, so that a program which relies on one being 0 is seen to."""


@lru_cache
def _first_state(instructions: InstructionSet, unset: int) -> bytes:
    """The state before the first bundle: cores are many, and registers hundreds."""
    state = _core_type(instructions)()
    state.stack_low = 0xFFFFFFFF
    whole = memoryview(state).cast("B")
    for register in instructions.registers.values():
        if not register.parts:
            place = whole[_place(instructions, register.name)]
            place[:] = _at_first(register, unset)[: len(place)]
    return bytes(state)


def _place(instructions: InstructionSet, register: str) -> slice:
    """Where a register without parts lies in the state."""
    for group, fields in (("control", CONTROL), ("status", STATUS)):
        if register in fields:
            at = getattr(_core_type(instructions), group).offset + list(fields).index(register)
            return slice(at, at + 1)
    at, size = offsets(instructions)[register]
    return slice(at, at + size)


def _at_first(register: Register, unset: int) -> bytes:
    """What a register holds before the first bundle."""
    size = max(register.bits, 32) // 8
    if sign := _SIGN.fullmatch(register.name):
        return int(sign[1]).to_bytes(size, "little")
    pattern = int.from_bytes(bytes([unset]) * size, "little") & (1 << register.bits) - 1
    value = register.reset if _CLEARED.fullmatch(register.name) else pattern
    return value.to_bytes(size, "little")


def _outlives_reset(register: Register) -> bool:
    is_set = _CLEARED.fullmatch(register.name) or _SIGN.fullmatch(register.name)
    return not register.parts and not is_set


class Machine:
    """A core's state and code. Windows of data memory stay alive as long as it does.

    Args:
        recorder: sees what is executed.
        check: the address of what its accesses are held against (memcheck/check.h); 0 for nothing.
        unset: what the registers that a reset leaves as they are hold at first, in each byte.
    """

    def __init__(
        self,
        program: Program,
        recorder: Recorder | None = None,
        *,
        check: int = 0,
        unset: int = UNSET,
    ) -> None:
        self.program = program
        self._recorder = recorder
        first = _first_state(program.instructions, unset)
        self.state = _core_type(program.instructions).from_buffer_copy(first)
        self._bytes = memoryview(self.state).cast("B")
        if recorder is not None:
            self.state.recorder = ctypes.addressof(recorder.state)
        self.state.check = check
        self._entries = [Key(entry) for entry in program.entries]
        self._kept: list[object] = []
        self._use(self._translated(self._entries))

    def _translated(self, entries: list[Key], known: Native | None = None) -> Native:
        return native(self.program, entries, known, watched=bool(self.state.check))

    def check_no_more(self) -> None:
        """What it runs from now on is held against nothing."""
        resume = next(k for k, n in self._native.regions.items() if n == self.state.resume)
        self.state.check = None
        code = self._translated(self._entries)
        if resume not in code.regions:
            code = self._translated([resume], code)
        self._use(code)
        self.state.resume = code.regions[resume]

    def _use(self, code: Native) -> None:
        assert code.size == ctypes.sizeof(self.state), "npu_core's fields are not as here"
        self._native = code
        self._keys = {number: key for key, number in code.regions.items()}
        self.state.code = ctypes.addressof(code.tables)

    def map(self, address: int, memory: bytearray | memoryview, offset: int = 0) -> None:
        """Maps 64 KB of a buffer, from `offset` on, at a window's address: the buffer itself."""
        buffer = (ctypes.c_uint8 * _WINDOW).from_buffer(memory, offset)
        self._kept.append(buffer)
        self.state.windows[address >> 16] = ctypes.addressof(buffer)

    def read(self, register: str) -> bytes:
        """A register's bytes; those of at most 32 bits are words."""
        return b"".join(bytes(place) for place in self._places(register))

    def write(self, register: str, data: bytes) -> None:
        """Writes a register's bytes, as `read` gives them."""
        for place in self._places(register):
            place[:], data = data[: len(place)], data[len(place) :]

    def lasting(self) -> dict[str, str]:
        """The registers that a reset leaves as they are, by how assembly writes them.

        What a program leaves in them, the next one finds: so programs come out that ran on a
        Phoenix one after the other, and do not with control registers kept (docs/operations.md).
        """
        known = self.program.instructions.registers.items()
        return {register.text: name for name, register in known if _outlives_reset(register)}

    def _places(self, register: str) -> Iterator[memoryview]:
        """Where the registers without parts lie that a register is made of."""
        instructions = self.program.instructions
        for leaf in instructions.leaves(register):
            yield self._bytes[_place(instructions, leaf)]

    def start(self, entry: int) -> None:
        """Goes to an entry, with nothing in flight."""
        self.state.resume = self._native.regions[Key(entry)]

    @property
    def address(self) -> int:
        """The bundle that it goes on with, or asks in."""
        if self.state.request != Request.GOES_ON:
            return int(self.state.pc)
        return self.following.address

    @property
    def following(self) -> Key:
        """The region that it goes on with."""
        return self._keys[self.state.resume]

    def run(self, limit: int) -> Request:
        """Runs until it asks for something, or `cycles` reaches `limit`."""
        state = self.state
        state.limit = limit
        while True:
            native = self._native
            run = native.run if self._recorder is None else native.run_recorded
            run(ctypes.addressof(state), state.resume)
            request = Request(state.request)
            if request is not Request.UNKNOWN:
                if request is Request.DONE and state.pc == self.program.last:
                    return Request.RETURNED
                return request
            self._discover()

    def _discover(self) -> None:
        """Translates where the code went that nobody had named, by a register: what is there comes
        to the rest, or all of it anew if loops end in it that nobody knew of."""
        key = Key(self.state.pc, self._native.flights[self.state.flight])
        self._entries.append(key)
        program = self.program.entered_at(key.address)
        grown, self.program = program.loop_ends != self.program.loop_ends, program
        if grown:
            self._use(self._translated(self._entries))
        else:
            self._use(self._translated([key], self._native))
        self.state.resume = self._native.regions[key]
