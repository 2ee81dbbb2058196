"""Translated code against what a Phoenix NPU computed (tests/data/aie2_points.jsonl), AIE2P's
where a line is the same for both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from softnpu.emulator.aie2.machine import Machine, Request
from softnpu.emulator.aie2.planner import not_executed
from softnpu.emulator.aie2.program import Program
from softnpu.errors import AssemblyError
from softnpu.isa import table
from softnpu.isa.assembler import assemble
from softnpu.isa.model import InstructionSet
from tests.softnpu.emulator.semantics.operand import parse

DATA = Path(__file__).parents[3] / "data" / "aie2_points.jsonl"
POINTS = [json.loads(line) for line in DATA.read_text().splitlines()]
AIE2, AIE2P = table.load(), table.load(table.AIE2P)
LANDED = "\n".join(["nop"] * 10)
"""Longer than any instruction is on its way."""


def families() -> Iterator[str]:
    yield from sorted({point["asm"].split()[0].split(".")[0] for point in POINTS})


def written(isa: InstructionSet) -> dict[str, str]:
    """The registers by how they are written."""
    return {register.text: name for name, register in isa.registers.items()}


def shared() -> Iterator[dict[str, Any]]:
    """Some of the points of which AIE2P has the registers and executes the line."""
    names = written(AIE2P)
    for point in POINTS[::5]:
        if names.keys() >= {*point["in"], *point["out"]}:
            with suppress(AssemblyError):
                code = bytes(assemble(point["asm"], AIE2P).sections[".text"].data)
                if not not_executed(AIE2P, code):
                    yield point


def together(points: list[dict[str, Any]], isa: InstructionSet = AIE2) -> Machine:
    """One program with an entry for each point: its line, and the end."""
    text = "\n".join(f"e{n}: {p['asm']}\n{LANDED}\ndone" for n, p in enumerate(points))
    assembly = assemble(text, isa)
    entries = tuple(assembly.symbols[f"e{n}"].address for n in range(len(points)))
    return Machine(Program(isa, bytes(assembly.sections[".text"].data), entries))


def compute(machine: Machine, entry: int, point: dict[str, Any]) -> dict[str, str]:
    """The registers that the NPU's results were taken from, after the line."""
    registers = machine.program.instructions.registers
    for text, number in point["in"].items():
        name = written(machine.program.instructions)[text]
        value = parse(number, registers[name].bits // 8)
        size = max(registers[name].bits, 32) // 8
        machine.write(name, value.to_bytes(size, "little") if isinstance(value, int) else value)
    machine.write("srCarry", bytes([point.get("carry", 0)]))
    machine.start(entry)
    assert machine.run(machine.state.cycles + 1000) is Request.DONE
    return {name: shown(machine, name) for name in point["out"]}


def shown(machine: Machine, name: str) -> str:
    names = written(machine.program.instructions)
    if name.startswith("low16 "):
        data = machine.read(names[name.removeprefix("low16 ")])
        return b"".join(data[at : at + 2] for at in range(0, len(data), 4)).hex()
    return machine.read(names[name]).hex()


@pytest.mark.parametrize("family", list(families()))
def test_a_line_leaves_what_it_left_on_the_npu(family: str) -> None:
    points = [p for p in POINTS if p["asm"].split()[0].split(".")[0] == family]
    check(points, together(points))


def test_lines_of_both_generations_leave_the_same() -> None:
    points = list(shared())
    assert len({point["asm"].split()[0] for point in points}) > 30
    check(points, together(points, AIE2P))


def check(points: list[dict[str, Any]], machine: Machine) -> None:
    wrong = [
        f"{point['point']}: {point['asm']}: {computed}, on the NPU {point['out']}"
        for entry, point in zip(machine.program.entries, points, strict=True)
        if (computed := compute(machine, entry, point)) != point["out"]
    ]
    assert not wrong, "\n".join(wrong[:3])
