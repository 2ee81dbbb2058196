"""Makes an instruction's plan."""

from __future__ import annotations

from functools import lru_cache

from softnpu.emulator.aie2 import control, operations
from softnpu.emulator.aie2.computing import compute
from softnpu.emulator.aie2.draft import Draft
from softnpu.emulator.aie2.operations import NotExecutedError
from softnpu.emulator.aie2.plan import Plan
from softnpu.isa.codec import Instruction, codec
from softnpu.isa.flow import reach
from softnpu.isa.model import InstructionSet


@lru_cache(maxsize=65536)
def planned(instructions: InstructionSet, instruction: Instruction) -> Plan:
    """What an instruction does; kept.

    Raises:
        NotExecutedError: an instruction that is not executed yet.
    """
    opcode = instruction.opcode
    if "nop" in opcode.effects:
        return Plan()
    if "[" in opcode.syntax or opcode.load:
        operations.check_addressed(instructions.name, opcode)
    draft = Draft(instructions, instruction)
    if opcode.transfers_control:
        control.branch(draft)
    elif opcode.effects & control.REQUESTS:
        control.request(draft)
    else:
        compute(draft)
    made = draft.made
    stages = [read.stage for read in made.reads if not draft.is_address(read.name)]
    made.computed = max([1, *stages, *([made.load[1]] if made.load else [])])
    return made


def not_executed(instructions: InstructionSet, code: bytes) -> set[str]:
    """The mnemonics of what a program reaches from its start and is not executed here."""
    found = set()
    for bundle in reach(codec(instructions), code, (0,)).bundles.values():
        for instruction in bundle.instructions:
            try:
                planned(instructions, instruction)
            except NotExecutedError:
                found.add(instruction.opcode.mnemonic)
    return found
