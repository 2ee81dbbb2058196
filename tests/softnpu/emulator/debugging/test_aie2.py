"""The debugger on cores that run the NPU's own code: bundle by bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from softnpu.compiler.driver import Options, compile_design
from tests.softnpu.emulator.debugging.artifacts import Built, session
from tests.softnpu.emulator.machine_code import debugged, linked
from tests.softnpu.emulator.test_designs_aie2 import DESIGN, WORKER

RIGHT = 2 * (100 + np.arange(64))


def built(folder: Path, program: str, elf: bytes | None = None) -> Built:
    (folder / "worker.elf").write_bytes(elf or linked(program))
    (folder / "design.mlir").write_text(DESIGN)
    compile_design(folder / "design.mlir", folder, Options(elf_dir=folder))
    return Built(folder)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A program that has symbols alone."""
    return built(tmp_path_factory.mktemp("plain"), WORKER)


@pytest.mark.parametrize(
    ("commands", "told"),
    [
        ([], "-> 0x44: vlda wl0, [p0, #0]"),
        (["bt"], "#0 double (pc 0x44)\n#1 forever (pc 0x27)"),
        (["stepi"], "-> 0x48: vlda wh0, [p0, #32]"),
        (["stepi 3"], "-> 0x4e: nop"),
        (["registers p0 lr"], "p0 = 0x70400\nlr = 0x28"),
        (["stepi 8", "registers wl0"], "wl0 = 0x"),
        (["print $p1 - $p0"], "= 1024"),
        (["x/2 given"], "[0]  100, 101"),
        (["disassemble 0x5c"], "   0x5c: vadd.32 x0, x0, x0"),
        (["finish"], "-> 0x28: mova r1, #1"),
        (["until *0x2c"], "-> 0x2c: rel #48, r1"),
        (["locals"], "nothing is known of the variables of double (pc 0x44): no debug information"),
        (["registers q77"], "error: core (0,2) has no register q77"),
        (["watch made[3]", "delete 1", "c"], "watchpoint 2: made[3] was 0, is 206, written by"),
        (["locks given_full"], "0  given_full (lock 1 of tile (0,2))"),
    ],
)
def test_what_is_seen_at_a_bundle(plain: Built, commands: list[str], told: str) -> None:
    assert told in session(plain, "break double", "c", *commands).last()


def test_each_bundle_is_a_step_and_a_load_lands_cycles_later(plain: Built) -> None:
    """A vector load takes seven cycles (AM020); the register holds its old value until then."""
    steps = [c for _ in range(9) for c in ("registers wl0", "stepi")]
    done = session(plain, "break double", "c", *steps)
    held = [told.rpartition(" = ")[2] for told in done.told if told.startswith("registers")]
    changed = [n for n in range(1, len(held)) if held[n] != held[n - 1]]
    assert changed == [7]
    assert held[7] == hex(int.from_bytes((100 + np.arange(8, dtype="<i4")).tobytes(), "little"))


def test_cycles_and_data_are_those_of_a_run_that_nobody_stops(plain: Built) -> None:
    undisturbed, right = plain.run(plain.context())
    done = session(plain, "break double", "c", *["stepi"] * 12, "finish", "step", "next", "delete")
    assert done.report is not None
    assert (done.report.cycles, done.report.statistics) == (
        undisturbed.cycles,
        undisturbed.statistics,
    )
    assert (done.output == right).all()
    assert (done.output == RIGHT).all()


def test_a_line_of_its_debug_information_is_a_place(tmp_path: Path) -> None:
    folder = built(tmp_path, WORKER, debugged(WORKER, tmp_path))
    line = WORKER.splitlines().index("    vadd.32 x0, x0, x0") + 1
    done = session(folder, f"break worker.s:{line}", "c", "step")
    assert f"in double (worker.s:{line}), called from forever" in done.told[2]
    assert "-> 0x5c: vadd.32 x0, x0, x0" in done.told[2]
    assert f"in double (worker.s:{line + 1})" in done.last()


def test_a_fault_stops_at_its_bundle(tmp_path: Path) -> None:
    wrong = WORKER.replace("movxm p1, #0x70800", "movxm p1, #0x30000")
    done = session(built(tmp_path, wrong), "c", "bt", "registers p1")
    head, where, instruction = done.told[1].splitlines()[1:]
    assert head == "core (0,2) writes to 0x30000, where there is no memory"
    assert where.startswith("  in double")
    assert "vst wl0, [p1, #0]" in instruction
    assert done.last() == "p1 = 0x30000"
