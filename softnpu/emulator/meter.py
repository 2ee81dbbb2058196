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
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    """

    def __init__(self, uc: Any, program: NDArray[np.uint8]) -> None:
        self._program = program
        self._counts = np.zeros(len(program) // 2 + 1, np.uint32)
        self._meter = _Meter(0, 0, None, self._counts.ctypes.data)
        self._handle = ctypes.c_size_t()
        self.reload()
        if not self._attach_native(uc):
            self._attach_python(uc)

    @property
    def retired(self) -> int:
        """Instructions retired so far, counted by whole basic blocks."""
        return int(self._meter.retired)

    def allow(self, instructions: int) -> None:
        """Lets the core run about this many instructions more before it is stopped."""
        self._meter.limit = self._meter.retired + instructions

    def reload(self) -> None:
        """Counts the program's instructions again."""
        self._counts[:] = instruction_counts(self._program)

    def _attach_native(self, uc: Any) -> bool:
        address = _native_block()
        if address is None:
            return False
        from unicorn import UC_HOOK_BLOCK
        from unicorn.unicorn_py3.unicorn import uclib

        self._meter.stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value
        everywhere = (ctypes.c_uint64(1), ctypes.c_uint64(0))
        data = ctypes.cast(ctypes.pointer(self._meter), ctypes.c_void_p)
        status = uclib.uc_hook_add(
            uc._uch,
            ctypes.byref(self._handle),
            UC_HOOK_BLOCK,
            ctypes.c_void_p(address),
            data,
            *everywhere,
        )
        return bool(status == 0)

    def _attach_python(self, uc: Any) -> None:
        from unicorn import UC_HOOK_BLOCK

        def block(core: Any, address: int, size: int, _data: Any) -> None:
            counts, meter = self._counts, self._meter
            if meter.retired > meter.limit:
                core.emu_stop()
                return
            meter.retired += int(counts[(address + size) >> 1]) - int(counts[address >> 1])

        uc.hook_add(UC_HOOK_BLOCK, block)


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


_KEPT: list[NDArray[np.uint8]] = []
"""The machine code's memory lives as long as the process."""
