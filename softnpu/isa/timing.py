"""When an instruction reads and writes its registers, and when what is written is there.

A value that is written in stage w is there for a read in stage r of an instruction issued
w - r + 1 cycles later, one earlier if both take part in the same bypass; until then the read
gives the old value (llvm-aie, AIE2Schedule.td: operand latencies).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from softnpu.isa.codec import Instruction
from softnpu.isa.model import InstructionSet, Stage

COUNTERS = "dc"
"""What the counters of 2D and 3D addresses are called."""


@dataclass(frozen=True)
class Touch:
    """A read or a write of a register that has no parts.

    Attributes:
        stage: the pipeline stage.
        bypass: what it takes part in, "" for none.
    """

    register: str
    stage: int
    bypass: str = ""


def reads(instructions: InstructionSet, instruction: Instruction) -> Iterator[Touch]:
    """The registers that an instruction reads, in the order of its operands."""
    for operand, value in zip(instruction.opcode.operands, instruction.operands, strict=True):
        if operand.reads and isinstance(value, str):
            yield from _touches(instructions, value, operand.reads)
    for other in instruction.opcode.implicit:
        if other.reads:
            yield from _touches(instructions, other.register, other.reads)


def writes(instructions: InstructionSet, instruction: Instruction) -> Iterator[Touch]:
    """The registers that an instruction writes, in the order of its operands."""
    for operand, value in zip(instruction.opcode.operands, instruction.operands, strict=True):
        if operand.writes and isinstance(value, str):
            yield from _touches(instructions, value, operand.writes)
        if operand.counts and isinstance(value, str):
            for touch in _touches(instructions, value, operand.counts):
                if touch.register.startswith(COUNTERS):
                    yield touch
    for other in instruction.opcode.implicit:
        if other.writes:
            yield from _touches(instructions, other.register, other.writes)


def latency(write: Touch, read: Touch) -> int:
    """Cycles from issuing the writer until a reader that is issued has the new value."""
    forwarded = bool(write.bypass) and write.bypass == read.bypass
    return write.stage - read.stage + 1 - forwarded


def _touches(instructions: InstructionSet, register: str, stage: Stage) -> Iterator[Touch]:
    bypassing = instructions.classes.get(stage.bypass_class)
    bypass = stage.bypass if bypassing is None or register in bypassing.codes else ""
    for leaf in instructions.leaves(register):
        yield Touch(leaf, stage.number, bypass)
