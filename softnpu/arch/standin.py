"""The stand-in core: how RV32 code that takes an AIE core's place talks to the array.

Stand-in code is compiled for RV32 and linked at the AIE2 core's own addresses. What an AIE
core does with instructions of its own (locks, streams, cascade) is an `ecall` here: the
service number in a7, arguments in a0 and a1, the result in a0 (and a1). The emulator suspends
the core in the `ecall` while the array makes it wait.
"""

from __future__ import annotations

from enum import IntEnum

ELF_MACHINE_RISCV = 243
ELF_MACHINE_AIE = 264

CORE_ISA_MARK = "core_isa"
STANDIN_ISA = "rv32"
"""The mark (key and value) in an xclbin whose cores hold stand-in code; AIE code needs none."""

_START = bytes.fromhex("996273a00230")
"""`li t0, 0x6000; csrs mstatus, t0`: among the first things that stand-in code does
(standin_runtime/source/crt0.S)."""


def is_standin(program: bytes) -> bool:
    """Whether a core's program memory holds stand-in code, seen by how that begins."""
    return _START in program[:16]


STACK_BASE = 0x70000
"""Where a core's stack area starts in its own data window (mlir-aie, AIETargetLdScript.cpp)."""

BUS_START, BUS_SIZE = 0x80000, 0x80000
"""Where a core sees its tile's registers (mlir-aie, test/npu-xrt/tile_mapped_read)."""

VECTOR_UNIT = 0x100000
"""Where a stand-in core's vector unit takes commands: `vector_unit.h`."""

VECTOR_MEMORY, VECTOR_MEMORY_SIZE = 0x110000, 0x10000
"""The stack of a program that works on vectors. What an AIE core holds in registers of 512 and 1024
bits, RV32 code holds on its stack, which therefore lies beside the tile's memory."""

VECTOR_ENTRY = "standin_vector"
"""The function through which all vector code goes (standin_runtime/source/vector.c); a program that
has it has its stack in the vector memory."""

CASCADE_BYTES = 64
"""One cascade transfer: 512 bits, as `llvm.aie2.mcd.write.vec(<16 x i32>, i32)` carries."""


class Service(IntEnum):
    """Service numbers of the stand-in `ecall`, each named after the AIE intrinsic it stands for."""

    DONE = 0
    """() -> never returns; the core's program has ended."""
    ACQUIRE = 1
    """(lock id 0..63 as the core numbers them, value): value < 0 waits for lock >= -value and
    adds value; value >= 0 waits for lock == value. Blocks."""
    RELEASE = 2
    """(lock id, value): adds value to the lock."""
    PUT_STREAM = 3
    """(word, tlast): writes one word to the core's stream port. Blocks."""
    GET_STREAM = 4
    """() -> (word, tlast): reads one word from the core's stream port. Blocks."""
    PUT_CASCADE = 5
    """(address of CASCADE_BYTES): sends them to the next core. Blocks."""
    GET_CASCADE = 6
    """(address of CASCADE_BYTES): receives them from the previous core. Blocks."""
    EVENT = 7
    """(event number 0 or 1): marks an instant for the trace."""
    SET_CONTROL_REGISTER = 8
    """(register, value): the `llvm.aie2.set.ctrl.reg` intrinsic."""
    DEBUG_I32 = 9
    """(value): `debug_i32`, told with what cores print."""
    PUT_PACKET_HEADER = 10
    """(packet id, packet type, with TLAST 8 more): starts a packet on the core's stream port
    (`aie.put_ms_packet_header`). Blocks."""
    PRINT = 11
    """(address of a format, address of its arguments): `npu_printf`."""
    TRY_PUT_STREAM = 12
    """(word, tlast) -> (1 if there was room): PUT_STREAM that does not wait; AIE2 code only."""
    TRY_GET_STREAM = 13
    """() -> (word, tlast, 1), or (0, 0, 0): GET_STREAM that does not wait; AIE2 code only."""
    TRY_PUT_PACKET_HEADER = 14
    """As PUT_PACKET_HEADER -> (1 if there was room); AIE2 code only."""
    READ_REGISTER = 15
    """(address from 0x80000 on) -> (word): a register of the core's own tile; AIE2 code only."""
    WRITE_REGISTER = 16
    """(address from 0x80000 on, word): writes a register of the own tile; AIE2 code only."""
