"""Counts the instructions that a core retires, and stops it when its turn is over.

Unicorn calls a function at every basic block. In Python that costs a microsecond a block, in
machine code next to nothing, so the few instructions that it takes are given here for the
machines that emulators run on; elsewhere Python does it, slowly. They are what a C compiler makes
of this function, `counts` being the number of instructions before each halfword of the program:

    struct meter { uint64_t retired, limit; void (*stop)(void *); const uint32_t *counts; };

    void block(void *core, uint64_t address, uint32_t size, struct meter *m) {
        if (m->retired > m->limit) { m->stop(core); return; }
        m->retired += m->counts[(address + size) >> 1] - m->counts[address >> 1];
    }

A block before which the core is stopped is not counted: it is called for again, in the next turn.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softnpu.emulator.memcheck.tagged import TaggedCheck
from softnpu.emulator.observing import recorder
from softnpu.emulator.observing.recorder import Recorder
from softnpu.zig import shared_library

CODE = {
    # mov rax,[rcx]; cmp rax,[rcx+8]; jbe +3; jmp [rcx+16]; mov rax,[rcx+24]; mov edx,edx;
    # add rdx,rsi; and rdx,-2; mov edx,[rax+rdx*2]; and rsi,-2; sub edx,[rax+rsi*2];
    # add [rcx],rdx; ret
    "x86_64": bytes.fromhex(
        "488b01 483b4108 7603 ff6110 488b4118 89d2 4801f2 4883e2fe 8b1450 4883e6fe 2b1470 480111 c3"
    ),
    # ldp x10,x11,[x3]; cmp x10,x11; b.ls +12; ldr x1,[x3,#16]; br x1; add x8,x1,w2,uxtw;
    # ldr x9,[x3,#24]; lsr x12,x1,#1; lsr x8,x8,#1; ldr w8,[x9,x8,lsl #2];
    # ldr w9,[x9,x12,lsl #2]; sub w8,w8,w9; add x8,x10,x8; str x8,[x3]; ret
    "aarch64": bytes.fromhex(
        "6a2c40a9 5f010beb 69000054 610840f9 20001fd6 2840228b 690c40f9 2cfc41d3 08fd41d3 287968b8"
        "29796cb8 0801094b 4801088b 680000f9 c0035fd6"
    ),
}
"""By machine, the function that Unicorn calls at a block."""


class _Block(ctypes.Structure):
    """`npu_block` (observing/block.h)."""

    _fields_ = [
        ("meter", ctypes.c_void_p),
        ("recorder", ctypes.c_void_p),
        ("ends", ctypes.c_void_p),
        ("last", ctypes.c_uint64),
    ]


class _Meter(ctypes.Structure):
    _fields_ = [
        ("retired", ctypes.c_uint64),
        ("limit", ctypes.c_uint64),
        ("stop", ctypes.c_void_p),
        ("counts", ctypes.c_void_p),
    ]


class Meter:
    """Counts the instructions of one Unicorn instance.

    Args:
        uc: a `unicorn.Uc` that runs RV32.
        program: its program memory, from address 0; call `reload` when it has changed.
        seen: records the blocks, too.
        check: looks at each block before it is executed.
    """

    def __init__(
        self,
        uc: Any,
        program: NDArray[np.uint8],
        seen: Recorder | None = None,
        check: TaggedCheck | None = None,
    ) -> None:
        self._uc = uc
        self._program = program
        self._seen = seen
        self._ends = np.zeros(len(program) // 2 + 1, np.uint8)
        self._counts = np.zeros(len(program) // 2 + 1, np.uint32)
        self._meter = _Meter(0, 0, None, self._counts.ctypes.data)
        self._handle = ctypes.c_size_t()
        self.reload()
        self._block: _Block | None = None
        if seen is not None:
            self._block = _Block(
                meter=ctypes.addressof(self._meter),
                recorder=ctypes.addressof(seen.state),
                ends=self._ends.ctypes.data,
            )
        self._attach(check)

    def _attach(self, check: TaggedCheck | None) -> None:
        meter = ctypes.addressof(self._meter)
        recording = 0 if self._block is None else ctypes.addressof(self._block)
        if check is not None:
            self._attach_native(*check.block_hook(meter, recording))
        elif recording:
            self._attach_native(_recording_block(), recording)
        elif not self._attach_native(_native_block(), meter):
            self._attach_python()

    def check_no_more(self) -> None:
        """From the next turn on nobody looks at blocks but to count them: that costs nothing."""
        from unicorn.unicorn_py3.unicorn import uclib

        uclib.uc_hook_del(self._uc._uch, self._handle)
        self._attach(None)
        self._uc.ctl_flush_tb()

    @property
    def retired(self) -> int:
        """Instructions retired so far, counted by whole basic blocks."""
        return int(self._meter.retired)

    def allow(self, instructions: int) -> None:
        """Lets the core run about this many instructions more before it is stopped."""
        self._meter.limit = self._meter.retired + instructions

    def stopped_within(self, pc: int, end: int) -> None:
        """The block that ends at `end` was counted, but not executed from `pc` on."""
        self._meter.retired -= int(self._counts[end >> 1]) - int(self._counts[pc >> 1])
        if self._seen is not None and self._block is not None:
            self._seen.stopped_within(pc, end)
            self._block.last = 0  # what goes on there is neither called nor returned to

    def reload(self) -> None:
        """Counts the program's instructions again."""
        self._counts[:] = instruction_counts(self._program)
        if self._seen is not None:
            self._ends[:] = transfer_ends(self._program)

    def _attach_native(self, address: int | None, data: int) -> bool:
        if address is None:
            return False
        from unicorn import UC_HOOK_BLOCK
        from unicorn.unicorn_py3.unicorn import uclib

        self._meter.stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value
        everywhere = (ctypes.c_uint64(1), ctypes.c_uint64(0))
        status = uclib.uc_hook_add(
            self._uc._uch,
            ctypes.byref(self._handle),
            UC_HOOK_BLOCK,
            ctypes.c_void_p(address),
            ctypes.c_void_p(data),
            *everywhere,
        )
        return bool(status == 0)

    def _attach_python(self) -> None:
        from unicorn import UC_HOOK_BLOCK

        def block(core: Any, address: int, size: int, _data: Any) -> None:
            counts, meter = self._counts, self._meter
            if meter.retired > meter.limit:
                core.emu_stop()
                return
            meter.retired += int(counts[(address + size) >> 1]) - int(counts[address >> 1])

        self._uc.hook_add(UC_HOOK_BLOCK, block)


def transfers(program: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """By halfword: whether a call, and whether a return begins there.

    RV32's convention: a call links ra (x1), a return jumps to it (RISC-V, calling convention).
    """
    low = program.view(np.uint16).astype(np.uint32)
    word = low | np.append(low[1:], np.uint32(0)) << 16
    wide = (low & 3) == 3
    calls = wide & ((word & 0xFFF) == 0xEF) | wide & ((word & 0x7FFF) == 0xE7)
    calls |= ((low & 0xE003) == 0x2001) | ((low & 0xF07F) == 0x9002) & ((low >> 7 & 31) != 0)
    return calls, (word == 0x8067) | (low == 0x8082)


def transfer_ends(program: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """By halfword: 1 where a call ends, 2 where a return does, else 0."""
    ends = np.zeros(len(program) // 2 + 1, np.uint8)
    wide = (program.view(np.uint16) & 3) == 3
    starts = np.flatnonzero(np.diff(instruction_counts(program)))
    for kind, found in enumerate(transfers(program), start=1):
        at = starts[found[starts]]
        ends[np.minimum(at + 1 + wide[at], len(ends) - 1)] = kind
    return ends


def instruction_counts(program: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """The number of RV32 instructions before each halfword, and in all, decoded from address 0.

    An instruction is 4 bytes long when its lowest two bits are set, else 2.
    """
    halfwords = program.view(np.uint16)
    starts = np.zeros(len(halfwords) + 1, np.uint32)
    wide = ((halfwords & 3) == 3).tolist()
    marks = bytearray(len(halfwords))
    index = 0
    while index < len(marks):
        marks[index] = 1
        index += 2 if wide[index] else 1
    np.cumsum(np.frombuffer(marks, np.uint8), dtype=np.uint32, out=starts[1:])
    return starts


@lru_cache(maxsize=1)
def _recording_block() -> int:
    """The address of the function that meters and records."""
    folder = Path(recorder.__file__).parent
    library = ctypes.CDLL(str(shared_library('#include "block.h"\n', includes=(folder,))))
    _KEPT.append(library)
    address = ctypes.cast(library.npu_at_block, ctypes.c_void_p).value
    assert address is not None
    return address


@lru_cache(maxsize=1)
def _native_block() -> int | None:
    """The address of the machine code, or None where there is none or it may not be run."""
    code = CODE.get(platform.machine())
    if code is None:
        return None
    try:
        file = os.memfd_create("softnpu-meter")
        os.write(file, code.ljust(mmap.PAGESIZE, b"\0"))
        memory = mmap.mmap(file, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_EXEC)
    except (OSError, ValueError, AttributeError):
        return None
    os.close(file)
    mapped = np.frombuffer(memory, np.uint8)
    _KEPT.append(mapped)
    return int(mapped.ctypes.data)


_KEPT: list[object] = []
"""The machine code's memory lives as long as the process."""
