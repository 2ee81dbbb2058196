"""Whatever a program's bytes are: it ends, and reaches nothing but its windows.

More of them by hand: `python -m tests.softnpu.emulator.aie2.test_random_programs FIRST COUNT`,
of AIE2P's with `aie2p` behind.
"""

from __future__ import annotations

import random
import sys
import tempfile
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest

from softnpu import zig
from softnpu.emulator.aie2 import native
from softnpu.emulator.aie2.machine import Fault, Machine, Request
from softnpu.emulator.aie2.operations import NotExecutedError
from softnpu.emulator.aie2.planner import planned
from softnpu.emulator.aie2.program import Program
from softnpu.errors import FormatError
from softnpu.isa import table
from softnpu.isa.codec import Instruction, codec
from softnpu.isa.model import Immediate, InstructionSet, Opcode

GUARD = bytes(range(256)) * 16
BUNDLES = 30
ENDED = (Request.FAULT, Request.DONE, Request.RETURNED, Request.GOES_ON)


def instruction(random_: random.Random, opcode: Opcode) -> Instruction:
    values: list[str | int] = []
    for operand in opcode.operands:
        if operand.tied:
            values.append(values[[one.name for one in opcode.operands].index(operand.tied)])
        elif isinstance(operand.type, Immediate) and operand.type.kind == "address":
            values.append(random_.randrange(0, 8 * BUNDLES))
        elif isinstance(operand.type, Immediate):
            values.append(random_.choice(operand.type.range))
        else:
            values.append(random_.choice(list(operand.type.codes)))
    return Instruction(opcode, tuple(values))


@cache
def slots_of(isa: InstructionSet) -> dict[str, list[Opcode]]:
    """What the programs are made of: of AIE2P what is executed, else hardly any gets anywhere."""
    every = {slot: [o for o in isa.opcodes.values() if o.slot == slot] for slot in isa.slots}
    if isa.name == table.AIE2:
        return every
    return {slot: [o for o in opcodes if executed(isa, o)] for slot, opcodes in every.items()}


def executed(isa: InstructionSet, opcode: Opcode) -> bool:
    try:
        planned(isa, instruction(random.Random(0), opcode))
    except NotExecutedError:
        return False
    return True


def bundles(random_: random.Random, isa: InstructionSet) -> bytes:
    """Bundles that decode, of any instructions; now and then bytes that are none. In some programs
    nothing stands between them, in others so much that hardly two results meet."""
    coder, code, apart = codec(isa), b"", random_.choice([0, 0, 1, 8])
    opcodes = slots_of(isa)
    nothing = coder.encode(coder.bundle([]))
    for _ in range(BUNDLES):
        slots = random_.sample(sorted(opcodes), random_.randrange(1, 4))
        try:
            chosen = [instruction(random_, random_.choice(opcodes[slot])) for slot in slots]
            code += coder.encode(coder.bundle(chosen)) + nothing * random_.randrange(apart + 1)
        except FormatError:
            code += random_.randbytes(random_.randrange(1, 3)) if random_.random() < 0.02 else b""
    return code


def check(seed: int, isa: InstructionSet) -> str:
    """Runs a random program; how it ended, which it must, without a touch beside its window."""
    random_ = random.Random(seed)
    machine = Machine(Program(isa, bundles(random_, isa)))
    memory = bytearray(GUARD + bytes(0x10000) + GUARD)
    for window in range(16) if seed % 2 else (7,):
        machine.map(window << 16, memory, len(GUARD))
    for register in machine.program.instructions.registers.values():
        if not register.parts and register.name != "le":
            bits = random_.choice([0, 0x70040, random_.getrandbits(register.bits)])
            size = len(machine.read(register.name))
            machine.write(register.name, (bits & (1 << register.bits) - 1).to_bytes(size, "little"))
    machine.start(0)
    for _ in range(200):
        # A request is granted with whatever is there; an endless loop is left at its limit.
        ended = machine.run(machine.state.cycles + 2_000)
        if ended in ENDED:
            break
    assert memory[: len(GUARD)] == GUARD
    assert memory[-len(GUARD) :] == GUARD
    return Fault(machine.state.fault).name if ended is Request.FAULT else ended.name


@pytest.mark.parametrize(
    ("name", "seed"),
    [*((table.AIE2, seed) for seed in range(24)), *((table.AIE2P, seed) for seed in range(4))],
)
def test_a_random_program_ends_and_reaches_nothing_else(name: str, seed: int) -> None:
    check(seed, table.load(name))


def main(first: int, count: int, name: str = table.AIE2) -> None:
    """Checks programs that are compiled in a hurry, and kept nowhere."""
    hurried = (*native._FLAGS, "-O0")
    seen: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder, patch.object(native, "_FLAGS", hurried):
        (Path(folder) / "native").mkdir()
        kept = patch.object(zig, "cache_folder", return_value=Path(folder))
        with kept, patch.object(native, "cache_folder", return_value=Path(folder)):
            for seed in range(first, first + count):
                ended = check(seed, table.load(name))
                seen[ended] = seen.get(ended, 0) + 1
    counts = ", ".join(f"{number} {ended}" for ended, number in sorted(seen.items()))
    sys.stdout.write(f"{count} programs from {first} on: {counts}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
