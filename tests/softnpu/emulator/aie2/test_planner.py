"""Every instruction of the table has a plan: what it does in which stage."""

from __future__ import annotations

import pytest

from softnpu.emulator.aie2.operations import NotExecutedError
from softnpu.emulator.aie2.planner import planned
from softnpu.isa import table
from softnpu.isa.codec import Instruction
from softnpu.isa.model import Immediate, Opcode

AIE2 = table.load()
NOT_EXECUTED = {"VMOV_HI", "VMOV_LO"}
"""Half accumulators from the cascade: no public source says what the other half becomes."""


def instruction(opcode: Opcode, place: int) -> Instruction:
    """One whose operands are all the first or the last that they can be."""
    values: list[str | int] = []
    for operand in opcode.operands:
        if operand.tied:
            values.append(values[[one.name for one in opcode.operands].index(operand.tied)])
        elif isinstance(operand.type, Immediate):
            values.append(operand.type.range[place])
        else:
            values.append(list(operand.type.codes)[place])
    return Instruction(opcode, tuple(values))


@pytest.mark.parametrize("place", [0, -1])
def test_all_instructions_but_those_that_nobody_describes_are_executed(place: int) -> None:
    refused = set()
    for opcode in AIE2.opcodes.values():
        try:
            plan = planned(AIE2, instruction(opcode, place))
        except NotExecutedError:
            refused.add(opcode.name)
            continue
        written = {one.name for one in plan.writes}
        assert written <= set(plan.variables), opcode.name
        outputs = [o for o in opcode.operands if o.writes is not None]
        assert len(plan.writes) >= len(outputs), opcode.name
    assert refused == NOT_EXECUTED
