#!/usr/bin/env python3
"""What a Phoenix NPU computed, as single operations: makes the files in tests/data.

usage: tools/aie2_points.py POINTS.jsonl

POINTS.jsonl holds a batch a line: {"batch", "in_bytes", "out_bytes", "points": [{"instruction",
"asm", "in_offset", "in", "out_offset", "out_bytes", "out"}, ...]}. The asm lines of a batch's
points ran one after the other on a core, p0 at the input and p1 at the output; "out" is what the
NPU left at p1 + out_offset, or null. Registers are carried from point to point and from batch to
batch: nothing clears them. What four pointers held before the first batch is taken from the first
result that shows each.

Written are aie2_points.jsonl, the operation of every point that comes out right, with the values
of its operands, and aie2_points_left_out.tsv, every other point with its reason. Then the batches
run as `npuforge core` runs programs, each with the registers that the one before left and nothing
known of what the first one found: aie2_points_in_order.tsv has the points that differ then, with
what their results depend on. Printed is how many of each family come out, here and of each batch
alone; that takes some minutes. Exit
status 1 if a point is wrong without a reason.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import softnpu.core
from softnpu.core import Done
from tests.softnpu.emulator.semantics.instructions import SCALAR, VECTOR, UnknownError
from tests.softnpu.emulator.semantics.machine import INPUT, OUTPUT, Machine, parts_of
from tests.softnpu.emulator.semantics.operand import STREAM, spell

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"

POINTERS = {"p2": 0x3AF11, "p3": 0x87A28, "p4": 0x4E82E, "p5": 0x969AC}
"""Before the first batch: what 18.25, 18.31, 18.37 and 18.28 show (padda and what it added)."""

FAMILIES = (
    ("memory, moves, pointers", r"(V?LD[AB]|V?ST_|PADD|V?MOV).*"),
    ("multiply.h, products", r"V(NEG|ADD|SUB)?(MAC|MSC|MUL).*"),
    ("multiply.h, sums", r"V(NEG)?(ADD|SUB)|VNEG|V\w+_F"),
    ("accumulate.h", r"VUPS.*|VSRS.*|VUNPACK.*|VCLR.*"),
    ("floats.h", r"VCONV.*"),
    ("permute.h", r"VSH.*|VBCST.*|VEXT.*|VINSERT.*|VPUSH.*"),
    ("lanes.h", r"V.*"),
    ("scalar.h", r".*"),
)


def is_operation(line: str) -> bool:
    """Is it what a point is about? Inputs come through vups, outputs through vsrs, by s3, and both
    through p6 and p7."""
    mnemonic = line.split(" ")[0]
    if mnemonic.startswith("padd"):
        return "[p6]" not in line and "[p7]" not in line
    known = mnemonic.split(".")[0] in SCALAR or any(p.fullmatch(mnemonic) for p, _ in VECTOR)
    return known and not line.endswith(", s3")


class Point:
    """One point, executed: its operation, what it read, where its results were stored."""

    def __init__(self, machine: Machine, point: dict[str, Any]) -> None:
        self.machine, self.point = machine, point
        self.entry: dict[str, Any] = {}
        self.results: list[tuple[str, int]] = []
        self.reasons: set[str] = set()
        targets = {"nothing yet"}
        halves: dict[str, str] = {}
        machine.stored = []
        for line in point["asm"]:
            stored = len(machine.stored)
            if is_operation(line):
                targets, halves = self._operation(line), {}
            else:
                self._step(line)
            shown = re.fullmatch(r"(vsrs\.s16\.s32|mov) (\w+), (\w+)(, s3)?", line)
            if shown and set(parts_of(shown[3])) <= targets:
                halves[shown[2]] = shown[3] if shown[1] == "mov" else f"low16 {shown[3]}"
            for register, offset, origins in machine.stored[stored:]:
                self.reasons |= origins
                if register in halves:
                    self.results.append((halves[register], offset))
                elif set(parts_of(register)) <= targets:
                    self.results.append((register, offset))

    def _step(self, line: str) -> None:
        try:
            self.machine.step(line)
        except UnknownError as error:
            self.reasons.add(str(error))

    def _operation(self, line: str) -> set[str]:
        machine = self.machine
        machine.settle()
        text = re.sub(r"\[(p\d)\]", r"\1, \1", line.partition(" ")[2])
        operands = re.sub(r"\bqx(\d+)", r"x\1, q\1", text).split(", ")
        sources = [name for name in operands[1:] if not name.startswith("#")]
        inputs = {name: spell(machine.read(name)) for name in dict.fromkeys(sources)}
        self.entry = {"asm": line, "in": inputs}
        if line.startswith(("adc", "sbc")):
            self.entry["carry"] = machine.status.carry
        before = len(machine.pending)
        self._step(line)
        return {write.register for write in machine.pending[before:]}

    def shown(self, output: bytes) -> str:
        """What the whole batch left at this point's place."""
        start, size = self.point["out_offset"], self.point["out_bytes"]
        return output[start : start + size].hex()

    def judge(self, output: bytes) -> bool:
        """Is that what the NPU left there?"""
        return self.shown(output) == self.point["out"]

    def record(self) -> dict[str, Any]:
        """The operation with its operands and results."""
        data, start = bytes.fromhex(self.point["out"]), self.point["out_offset"]
        out: dict[str, str] = {}
        for register, offset in self.results:
            size = 4 if register[0] in "rp" else 32
            out[register] = data[offset - start :][:size].hex()
        return {**self.entry, "out": out}


def batches(
    path: Path, first: dict[str, int]
) -> Iterator[tuple[dict[str, Any], list[Point], bytes]]:
    """Every batch, its points executed, and the output that it left; what registers hold before
    the first one."""
    before: Machine | None = None
    for line in path.read_text().splitlines():
        batch = json.loads(line)
        machine = Machine(STREAM[: batch["in_bytes"]], batch["out_bytes"])
        if before is not None:
            machine.call(before)
        else:
            machine.preset(first)
        before = machine
        points = [Point(machine, point) for point in batch["points"]]
        yield batch, points, machine.output


REASONS = {
    "cntr": "shows the cycle counter",
    "no operation for vldb.4x": "reads a table in tiles outside of the program, at addresses that "
    "were drawn at random",
}


def explain(unknown: str) -> str:
    """What it is about an unknown thing that a result depends on."""
    for text, why in REASONS.items():
        if unknown.startswith(text):
            return why
    return unknown if " " in unknown else f"depends on {unknown}, which nothing has set"


def reason(batch: dict[str, Any], point: Point) -> str:
    """Why a point cannot come out; empty if nothing speaks against it."""
    end = point.point["out_offset"] + point.point["out_bytes"]
    if end > batch["out_bytes"] // 4 * 4:
        return "its last bytes lie beyond the output's last whole word, which is not transferred"
    return "; ".join(sorted({explain(unknown) for unknown in point.reasons}))


def execute(batch: dict[str, Any], folder: Path, registers: Mapping[str, int]) -> Done:
    """Runs a batch as `npuforge core` runs a program."""
    lines = [line for point in batch["points"] for line in point["asm"]]
    file = folder / "batch.s"
    file.write_text("\n".join([*lines, "ret lr", *["nop"] * 5, ""]))
    given = np.frombuffer(STREAM[: batch["in_bytes"]], np.int8)
    output = np.zeros(batch["out_bytes"], np.int8)
    return softnpu.core.run(file, given, output, registers=registers, at=(INPUT, OUTPUT))


def compare(path: Path, first: Mapping[str, int], *, alone: bool = False) -> dict[str, str]:
    """Runs every batch, with the registers that the one before left or `alone`; prints how many
    points come out, and gives the others: their instructions, by place."""
    right, known, wrong = Counter[str](), Counter[str](), dict[str, str]()
    registers = first
    with tempfile.TemporaryDirectory() as folder:
        for text in path.read_text().splitlines():
            batch = json.loads(text)
            done = execute(batch, Path(folder), registers)
            registers = first if alone else done.registers
            for index, point in enumerate(batch["points"]):
                if point["out"] is None:
                    continue
                name, start = point["instruction"], point["out_offset"]
                shown = done.arrays[1][start : start + point["out_bytes"]].tobytes()
                known[family(name)] += 1
                right[family(name)] += shown.hex() == point["out"]
                if shown.hex() != point["out"]:
                    wrong[f"{batch['batch']}.{index}"] = name
    _print(right, known)
    return wrong


def compare_programs(path: Path, left_out: dict[str, str]) -> int:
    """Writes what differs when the batches run in their order; how many do without a reason."""
    print("each batch alone, by npuforge core:")
    compare(path, {}, alone=True)
    print("in order, by npuforge core, each with the registers that the one before left:")
    wrong = compare(path, {})
    reasons = {
        f"{batch['batch']}.{index}": reason(batch, point)
        for batch, points, _ in batches(path, {})
        for index, point in enumerate(points)
    }
    lines = [f"{place}\t{name}\t{reasons[place] or 'WRONG'}" for place, name in wrong.items()]
    (DATA / "aie2_points_in_order.tsv").write_text("".join(f"{line}\n" for line in lines))
    print(f"the same with {', '.join(POINTERS)} as the first results that show them tell:")
    otherwise = compare(path, POINTERS).keys() - left_out.keys()
    if otherwise:
        print(f"right with the library alone, and wrong here: {', '.join(otherwise)}")
    return len(otherwise) + sum(line.endswith("WRONG") for line in lines)


def family(name: str) -> str:
    """The family that an instruction belongs to, by LLVM's name."""
    return next(family for family, text in FAMILIES if re.fullmatch(text, name))


def _print(right: Counter[str], known: Counter[str]) -> None:
    for name, _ in FAMILIES:
        print(f"{name:24} {right[name]:5} of {known[name]:5}")
    print(f"{'all together':24} {right.total():5} of {known.total():5}")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    right, known, entries, left_out, wrong = Counter[str](), Counter[str](), [], [], 0
    for batch, points, output in batches(Path(arguments[0]), POINTERS):
        for index, point in enumerate(points):
            if point.point["out"] is None:
                continue
            name = point.point["instruction"]
            place = f"{batch['batch']}.{index}"
            known[family(name)] += 1
            why = reason(batch, point)
            if point.judge(output):
                right[family(name)] += 1
                if not why and point.results:
                    entries.append({"point": place, **point.record()})
            else:
                left_out.append(f"{place}\t{name}\t{why or 'WRONG'}")
                wrong += not why
    (DATA / "aie2_points.jsonl").write_text("".join(f"{json.dumps(e)}\n" for e in entries))
    (DATA / "aie2_points_left_out.tsv").write_text("".join(f"{line}\n" for line in left_out))
    _print(right, known)
    print(f"{len(entries)} operations written, {len(left_out)} points left out, {wrong} wrong")
    reasons = {place: why for place, _, why in (line.split("\t") for line in left_out)}
    wrong += compare_programs(Path(arguments[0]), reasons)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
