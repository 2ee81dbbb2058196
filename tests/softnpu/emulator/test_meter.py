"""Instructions are counted, whatever their size, and none twice."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import unicorn as u
from unicorn import arm64_const, x86_const

from softnpu.emulator.cores.meter import CODE, instruction_counts
from tests.softnpu.emulator.running import (
    LEFT,
    Compile,
    run,
)
from tests.softnpu.emulator.wiring import make_array


def test_instructions_are_counted(compile_core: Compile) -> None:
    source = "void program(void) { for (volatile int i = 0; i < 1000; i++) {} }"
    core = run(make_array(), {LEFT: compile_core(source)}).core_tile(*LEFT).core
    assert 3000 < core.counts.instructions < 10_000
    assert core.clock == core.counts.instructions


def test_the_count_table_knows_short_and_long_instructions() -> None:
    program = np.frombuffer(bytes.fromhex("0100 13000000 0100 13000000".replace(" ", "")), np.uint8)
    assert instruction_counts(program).tolist() == [0, 1, 2, 2, 3, 4, 4]


CODE_AT, STOP, METER, COUNTS, STACK, BACK = (page << 12 for page in range(1, 7))
HANDLE = 0xDEAD


@dataclass(frozen=True)
class Processor:
    """How a machine calls a function.

    Attributes:
        arguments: the registers of the first four.
        back: an instruction that returns.
    """

    architecture: int
    mode: int
    arguments: tuple[int, int, int, int]
    back: bytes

    def prepare(self, uc: Any) -> None:
        """Lets a function called from nowhere return to BACK."""
        if self.architecture == u.UC_ARCH_X86:
            uc.reg_write(x86_const.UC_X86_REG_RSP, STACK + 0x800)
            uc.mem_write(STACK + 0x800, struct.pack("<Q", BACK))
        else:
            uc.reg_write(arm64_const.UC_ARM64_REG_LR, BACK)


PROCESSORS = {
    "x86_64": Processor(
        u.UC_ARCH_X86,
        u.UC_MODE_64,
        (
            *(x86_const.UC_X86_REG_RDI, x86_const.UC_X86_REG_RSI),
            *(x86_const.UC_X86_REG_RDX, x86_const.UC_X86_REG_RCX),
        ),
        bytes.fromhex("c3"),
    ),
    "aarch64": Processor(
        u.UC_ARCH_ARM64,
        u.UC_MODE_ARM,
        tuple(getattr(arm64_const, f"UC_ARM64_REG_X{i}") for i in range(4)),
        bytes.fromhex("c0035fd6"),
    ),
}


@pytest.mark.parametrize("machine", CODE)
@pytest.mark.parametrize(
    ("retired", "limit", "counted"),
    [(0, 0, 6), (7, 7, 6), (7, 8, 6), (8, 7, 0), (1 << 40, 1 << 41, 6), (1 << 41, 1 << 40, 0)],
)
def test_the_machine_code_counts_a_block_or_stops_before_it(
    machine: str, retired: int, limit: int, counted: int
) -> None:
    """A block of ten halfwords from 0x20 on, before which are 3 instructions, behind it 9.

    The size comes with rubbish in the upper half of its register, as calling conventions allow.
    """
    processor = PROCESSORS[machine]
    uc = u.Uc(processor.architecture, processor.mode)
    uc.mem_map(CODE_AT, BACK)
    uc.mem_write(CODE_AT, CODE[machine])
    uc.mem_write(STOP, processor.back)
    uc.mem_write(METER, struct.pack("<4Q", retired, limit, STOP, COUNTS))
    uc.mem_write(COUNTS + 0x10 * 4, struct.pack("<I", 3))
    uc.mem_write(COUNTS + 0x1A * 4, struct.pack("<I", 9))
    given = (HANDLE, 0x20, 20 | 0xABCD << 32, METER)
    for register, value in zip(processor.arguments, given, strict=True):
        uc.reg_write(register, value)
    processor.prepare(uc)
    stopped: list[int] = []

    def on_stop(uc: Any, address: int, _size: int, _data: Any) -> None:
        if address == STOP:
            stopped.append(uc.reg_read(processor.arguments[0]))

    uc.hook_add(u.UC_HOOK_CODE, on_stop)
    uc.emu_start(CODE_AT, BACK, count=100)
    (now,) = struct.unpack("<Q", uc.mem_read(METER, 8))
    assert now == retired + counted
    assert stopped == ([] if counted else [HANDLE])
