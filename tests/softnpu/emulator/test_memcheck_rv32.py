"""What the memory check takes an RV32 instruction for, against what Unicorn makes of it."""

from __future__ import annotations

import ctypes
import random
from pathlib import Path
from typing import Any

import pytest

from softnpu.emulator import memcheck
from softnpu.zig import shared_library

unicorn: Any = pytest.importorskip("unicorn")
riscv: Any = pytest.importorskip("unicorn.riscv_const")

SOURCE = """
#include "rv32.h"
void decode(const uint8_t *at, npu_rv *to) { *to = npu_rv_decode(at); }
uint32_t compute(int kind, uint32_t a, uint32_t b) { return npu_rv_compute(kind, a, b); }
"""
OTHER, UNKNOWN, PC, ADD, LOAD, STORE, ATOMIC = 0, 1, 2, 3, 21, 22, 23
CODE, DATA, SIZE = 0x1000, 0x40000, 0x10000
WIDE = (0x03, 0x07, 0x13, 0x17, 0x23, 0x27, 0x2F, 0x33, 0x37, 0x43, 0x53)
EDGES = (0, 1, 2, 31, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
INTEGERS = [riscv.UC_RISCV_REG_X0 + n for n in range(32)]
FPU_ON = 0x6000


class Instruction(ctypes.Structure):
    """`npu_rv` (rv32.h)."""

    _fields_ = [
        *((name, ctypes.c_uint8) for name in ("kind", "rd", "rs1", "rs2", "has_imm", "is_signed")),
        *((name, ctypes.c_uint8) for name in ("reads", "writes", "size", "bytes")),
        ("imm", ctypes.c_int32),
    ]


@pytest.fixture(scope="module")
def native() -> ctypes.CDLL:
    folder = Path(memcheck.__file__).parent
    library = ctypes.CDLL(str(shared_library(SOURCE, includes=(folder,))))
    library.compute.restype = ctypes.c_uint32
    return library


class Stepper:
    """Executes one instruction at a time, on registers of which every other is an address."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.uc = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
        self.uc.mem_map(CODE, 0x1000)
        self.uc.mem_map(DATA, SIZE)
        self.uc.mem_write(DATA, rng.randbytes(SIZE))
        self.uc.reg_write(riscv.UC_RISCV_REG_MSTATUS, FPU_ON)
        self.accesses: set[tuple[bool, int, int]] = set()
        self.uc.hook_add(unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, self._accessed)

    def _accessed(self, _uc: Any, kind: int, at: int, size: int, _value: int, _: Any) -> None:
        self.accesses.add((kind == unicorn.UC_MEM_WRITE, at, size))

    def step(self, code: bytes) -> tuple[list[int], list[int]] | None:
        """The registers before and behind it; None of what goes elsewhere, or is no instruction."""
        before = [0] + [self._value() for _ in range(31)]
        self.uc.ctl_flush_tb()
        self.uc.mem_write(CODE, code)
        for register, value in zip(INTEGERS[1:], before[1:], strict=True):
            self.uc.reg_write(register, value)
        self.accesses.clear()
        try:
            self.uc.emu_start(CODE, 0xFFFFFFF0, count=1)
        except unicorn.UcError:
            return None
        if self.uc.reg_read(riscv.UC_RISCV_REG_PC) != CODE + len(code):
            return None
        behind = [int(self.uc.reg_read(register)) for register in INTEGERS]
        return before, behind

    def _value(self) -> int:
        kind = self._rng.randrange(4)
        if kind < 2:
            return DATA + self._rng.randrange(0x1000, SIZE - 0x1000)
        return self._rng.choice(EDGES) if kind == 2 else self._rng.getrandbits(32)


def written(rng: random.Random) -> bytes:
    """An instruction of 16 or 32 bits, some of which there are."""
    if rng.randrange(2):
        return (rng.getrandbits(16) & ~3 | rng.randrange(3)).to_bytes(2, "little")
    word = rng.getrandbits(32) & ~0x7F | rng.choice(WIDE)
    if word & 0x7F == 0x33:  # of the arithmetic ones only three in 128 are there
        word = word & ~(0x7F << 25) | rng.choice((0, 1, 0x20)) << 25
    if word & 0x7F == 0x2F:  # atomic ones are of words
        word = word & ~(7 << 12) | 2 << 12
    if word & 0x7F == 0x53:  # comparisons and conversions to integers, of floats and doubles
        word = word & ~(0xFFF << 20) | rng.choice((0x50, 0x51, 0x60, 0x61, 0x70)) << 25
    return word.to_bytes(4, "little")


def is_reserved(code: bytes) -> bool:
    """A short shift by more than 31 or arithmetic of RV64, which RV32 has not."""
    half = int.from_bytes(code, "little")
    arithmetic = half & 0xE003 == 0x8001 and half >> 10 & 3 != 2
    return len(code) == 2 and bool(half & 0x1000) and (half & 0xE003 == 0x0002 or arithmetic)


@pytest.mark.parametrize("seed", range(4))
def test_registers_and_accesses_are_those_of_the_machine(native: ctypes.CDLL, seed: int) -> None:
    rng = random.Random(seed)
    stepper = Stepper(rng)
    kinds: dict[int, int] = {}
    for _ in range(4000):
        code = written(rng)
        if is_reserved(code):
            continue
        found = Instruction()
        native.decode(code.ljust(4, b"\0"), ctypes.byref(found))
        stepped = stepper.step(code)
        if stepped is None:
            continue
        before, behind = stepped
        assert found.bytes == len(code)
        kinds[found.kind] = kinds.get(found.kind, 0) + 1
        base = (before[found.rs1] + found.imm) & 0xFFFFFFFF
        ways = [way for way in (False, True) if (found.writes if way else found.reads)]
        expected = {(way, base, found.size) for way in ways}
        if found.kind == ATOMIC:
            assert stepper.accesses <= {(way, before[found.rs1], 4) for way in ways}, code.hex()
        else:
            assert stepper.accesses == expected, code.hex()
        after = list(before)
        if found.kind == LOAD and found.rd:
            loaded = stepper.uc.mem_read(base, found.size)
            value = int.from_bytes(loaded, "little", signed=bool(found.is_signed))
            after[found.rd] = value & 0xFFFFFFFF
        elif found.kind == PC and found.rd:
            after[found.rd] = (CODE + found.imm) & 0xFFFFFFFF
        elif ADD <= found.kind < LOAD and found.rd:
            second = found.imm if found.has_imm else before[found.rs2]
            after[found.rd] = native.compute(found.kind, before[found.rs1], second & 0xFFFFFFFF)
        elif found.kind in (UNKNOWN, ATOMIC) and found.rd:
            after[found.rd] = behind[found.rd]
        assert after == behind, code.hex()
    assert set(range(ADD, ATOMIC + 1)) | {OTHER, UNKNOWN, PC} == set(kinds)
