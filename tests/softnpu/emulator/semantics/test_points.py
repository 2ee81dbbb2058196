"""The operations against what a Phoenix NPU computed (tools/aie2_points.py)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.softnpu.emulator.semantics.instructions import SIZES
from tests.softnpu.emulator.semantics.machine import Machine, is_vector
from tests.softnpu.emulator.semantics.operand import parse

FOLDER = Path(__file__).parents[3] / "data"
POINTS = [json.loads(line) for line in (FOLDER / "aie2_points.jsonl").read_text().splitlines()]


def mnemonic(point: dict[str, Any]) -> str:
    return str(point["asm"].split()[0])


def compute(point: dict[str, Any]) -> dict[str, str]:
    """The registers that the NPU's results were taken from, after the operation."""
    machine = Machine(b"", 0)
    for name, text in point["in"].items():
        size = 16 if name[0] == "q" else SIZES[name[0]] if is_vector(name) else 4
        machine.write(name, parse(text, size), latency=0)
    machine.status.carry = point.get("carry", 0)
    machine.step(point["asm"])
    machine.settle(drain=True)
    return {name: _shown(machine, name) for name in point["out"]}


def _shown(machine: Machine, name: str) -> str:
    if name.startswith("low16 "):
        lanes = np.frombuffer(machine.vector(name.removeprefix("low16 ")), "<u4")
        return lanes.astype("<u2").tobytes().hex()
    if is_vector(name):
        return machine.vector(name).hex()
    return machine.scalar(name).to_bytes(4, "little").hex()


def test_the_points_cover_every_family() -> None:
    covered = {mnemonic(point).split(".")[0] for point in POINTS}
    assert {"sbc", "vsub_lt", "vshuffle", "vsrs", "vups", "vmac", "vnegmsc", "vconv"} <= covered


def listed(name: str) -> dict[str, tuple[str, str]]:
    """A list of points: (LLVM's name, reason) by place."""
    lines = (line.split("\t") for line in (FOLDER / name).read_text().splitlines())
    return {place: (instruction, reason) for place, instruction, reason in lines}


def test_what_differs_in_order_cannot_be_computed_or_shows_a_pointer_that_nothing_set() -> None:
    """Of these pointers the operations are computed right (by the test below)."""
    right = {point["point"] for point in POINTS}
    never = listed("aie2_points_left_out.tsv")
    for place, (instruction, reason) in listed("aie2_points_in_order.tsv").items():
        if place in never:
            assert never[place] == (instruction, reason)
        else:
            assert re.fullmatch(r"depends on p[2-5], which nothing has set", reason)
            assert instruction.startswith("PADD") and place in right


@pytest.mark.parametrize("name", sorted({mnemonic(point) for point in POINTS}))
def test_an_operation_computes_what_the_npu_computed(name: str) -> None:
    wrong = [
        f"{point['point']}: {point['asm']}: {computed}, on the NPU {point['out']}"
        for point in POINTS
        if mnemonic(point) == name and (computed := compute(point)) != point["out"]
    ]
    assert not wrong, "\n".join(wrong[:3])
