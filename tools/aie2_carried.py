#!/usr/bin/env python3
"""What one program left in a Phoenix NPU's registers for another: makes
tests/data/aie2_programs.jsonl.

usage: tools/aie2_carried.py POINTS.jsonl

Of the measured programs (tools/aie2_points.py) only those points are kept whose values some results
depend on: the results named here, each of a register that an earlier program set and its own did
not. A line is a program, in the order in which they ran: {"program", "input" (bytes), "asm" (its
lines; "7 nop" are seven), "results": [[offset at p1, bytes in hex], ...]}.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.softnpu.emulator.semantics.instructions import UnknownError
from tests.softnpu.emulator.semantics.machine import Machine, Write
from tests.softnpu.emulator.semantics.operand import STREAM

TARGET = Path(__file__).resolve().parents[1] / "tests" / "data" / "aie2_programs.jsonl"

SHOWN = {
    "22.0": "amll0",
    "30.0": "r29",
    "57.0": "r14",
    "59.27": "p2",
    "70.7": "amhh0",
    "71.4": "amlh2",
    "73.13": "q0",
    "74.8": "q1",
    "77.8": "q3",
    "100.13": "q2",
    "112.4": "amhh4",
}
"""Results, and the registers that they show of earlier programs."""


class Sliced(Machine):
    """Registers know the points that their values come from (`origins`)."""

    point = ""

    def write(self, name: str, value: int | bytes, latency: int = 1) -> None:
        """As a machine does, from this point too."""
        before = len(self.pending)
        super().write(name, value, latency)
        self.pending[before:] = [
            Write(w.cycle, w.register, w.value, w.origins | {self.point})
            for w in self.pending[before:]
        ]


def needed(batches: list[dict[str, Any]]) -> set[str]:
    """The points that the results shown come from, themselves among them."""
    before: Machine | None = None
    found: set[str] = set()
    for batch in batches:
        machine = Sliced(STREAM[: batch["in_bytes"]], batch["out_bytes"])
        machine.origins["p1"] = frozenset()
        if before is not None:
            machine.call(before)
        before = machine
        for index, point in enumerate(batch["points"]):
            machine.point, machine.stored = f"{batch['batch']}.{index}", []
            for line in point["asm"]:
                with suppress(UnknownError):
                    machine.step(line)
            if machine.point in SHOWN:
                found.update(*(origins for _, _, origins in machine.stored))
    return found


def program(batch: dict[str, Any], points: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """What is kept of a batch."""
    lines = [line for point in points.values() for line in point["asm"]]
    runs = [(line, len(list(group))) for line, group in groupby(lines)]
    shown = [p for n, p in points.items() if f"{batch['batch']}.{n}" in SHOWN]
    return {
        "program": batch["batch"],
        "input": batch["in_bytes"],
        "asm": [line if count == 1 else f"{count} {line}" for line, count in runs],
        "results": [[point["out_offset"], point["out"]] for point in shown],
    }


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    batches = [json.loads(line) for line in Path(arguments[0]).read_text().splitlines()]
    kept: dict[int, list[int]] = defaultdict(list)
    for place in needed(batches):
        number, index = map(int, place.split("."))
        kept[number].append(index)
    programs = [
        program(batch, {n: batch["points"][n] for n in sorted(kept[batch["batch"]])})
        for batch in batches
        if batch["batch"] in kept
    ]
    TARGET.write_text("".join(f"{json.dumps(one)}\n" for one in programs))
    print(f"{len(programs)} programs, {len(SHOWN)} results")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
