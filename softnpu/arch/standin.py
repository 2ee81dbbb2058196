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

STACK_BASE = 0x70000
"""Where a core's stack area starts in its own data window (mlir-aie, AIETargetLdScript.cpp)."""

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
    """(value): `debug_i32`, reported by the emulator."""
    PUT_PACKET_HEADER = 10
    """(packet id, packet type): starts a packet on the core's stream port
    (`aie.put_ms_packet_header`). Blocks."""
