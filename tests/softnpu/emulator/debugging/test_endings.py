"""Runs that hang or fault under the debugger, and the state that they leave."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from softnpu.__main__ import main
from softnpu.emulator.debugging import state
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import Outcome
from softnpu.errors import FormatError
from tests.softnpu.emulator.debugging.artifacts import KERNEL, Built, build, line_of, session

STORE = "out[i] = twice"


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Sends three objects and a half."""
    return build(tmp_path_factory.mktemp("short"), sent=56)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Writes one element behind an object."""
    return build(
        tmp_path_factory.mktemp("faulty"), KERNEL.replace("i < 16; i++) {", "i < 17; i++) {")
    )


def test_a_hang_stops_with_its_cause_and_its_waits(short: Built) -> None:
    done = session(short, "c", "waits", "locks mid_cons_cons", "core 0,4", "step")
    head, *chain = done.told[1].splitlines()[1:]
    assert head == "a hang: in moves 56 elements: 3 objects of 16 and 8 over"
    assert chain[0].startswith("  controller waits for the task-complete token")
    assert "core (0,4) waits in core_0_4" in done.told[2]
    assert done.told[3].endswith("core (0,4) waits")
    assert "in core_0_4 (design.mlir:" in done.told[4]
    assert done.last() == "error: the run is over; `continue` tells its verdict"
    assert done.report is not None
    assert done.report.outcome is Outcome.HANG


def test_a_fault_stops_at_the_instruction_that_did_it(faulty: Built) -> None:
    done = session(faulty, "c", "print i", "locals", "up", check=True)
    line = line_of("int32_t value = in")
    head, where, *source = done.told[1].splitlines()[1:]
    assert head == (
        f"kernel.c:{line}: core (0,2) reads in_cons_buff_0[16] (i32), one element behind its last"
    )
    assert where.startswith(f"  in scale (kernel.c:{line})")
    assert source[2].startswith(f"-> {line:4} ")
    assert done.told[2].endswith("i = 16")
    assert done.report is not None
    assert done.report.outcome is Outcome.FAULT


def test_a_fault_is_told_of_the_line_that_it_happens_in(tmp_path: Path) -> None:
    """The store is the first instruction of its line."""
    text = (
        "#include <stdint.h>\nint32_t sink;\nvoid scale(const int32_t *in, int32_t *out) {\n"
        "    sink = in[0] + 1;\n    *(volatile int32_t *)0x90000 = sink;\n    out[2] = in[3];\n}\n"
        "void add(const int32_t *in, int32_t *out) {}\n"
    )
    stray = build(tmp_path, text, flags=())
    report, _ = stray.run(stray.context())
    head, where = explain(report, stray.names).splitlines()
    assert head == "kernel.c:5: core (0,2) writes to 0x90000 (4 bytes), where there is no memory"
    assert where.startswith("  in scale (kernel.c:5), called from core_0_2")


NESTED = """\
#include <npu_core.h>
#define APART static __attribute__((noinline))
APART int32_t twice(volatile const int32_t *value) { return 2 * *value; }
APART void row(const int32_t *in, volatile int32_t *out) {
    int32_t kept = twice(in);
    ENDS
    out[1] = kept + twice(in + 1);
}
void scale(const int32_t *in, int32_t *out) {
    row(in, out);
    out[2] = in[2];
}
void add(const int32_t *in, int32_t *out) {}
"""


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ("out[(64 << 10) + kept - kept] = kept;", "  in {}; pc 0x"),
        ("npu_acquire_equal(48 + 15, 3);", "; it waits in {} for lock 15 of tile (0,2) = 3"),
    ],
)
def test_who_called_is_told_up_to_the_core_where_a_function_has_called_others(
    tmp_path: Path, ends: str, told: str
) -> None:
    nested = build(tmp_path, NESTED.replace("ENDS", ends), flags=())
    report, _ = nested.run(nested.context())
    callers = "row (kernel.c:6), called from scale (kernel.c:10), called from core_0_2 (design.mlir"
    assert told.format(f"{callers}:21)") in explain(report, nested.names)


def test_what_c_gives_no_meaning_to_is_told_by_its_line(tmp_path: Path) -> None:
    """The compiler leaves no code of it: without a trap, what lies behind is executed."""
    text = (
        "static const int *table;\nvoid scale(const int *in, int *out) {\n"
        "    out[0] = table[in[0]];\n}\nvoid add(const int *in, int *out) {}\n"
    )
    lawless = build(tmp_path, text, flags=())
    report, _ = lawless.run(lawless.context())
    head, where = explain(report, lawless.names).splitlines()
    assert head.startswith("kernel.c:3: core (0,2) comes to where its code ends: ")
    assert where.startswith("  in scale (kernel.c:3), called from core_0_2 (design.mlir:21); pc")


def test_the_time_that_is_over_is_a_stop(tmp_path: Path) -> None:
    text = "void scale(const int *a, int *b) { for (;;) *(volatile int *)b = *a; }\n"
    endless = build(tmp_path, text + "void add(const int *a, int *b) {}\n")
    context = endless.context()
    insts = (endless.folder / "insts.bin").read_bytes()
    report = context.run(insts, [context.allocate(256), context.allocate(256)], timeout_ms=1)
    assert report.outcome is Outcome.TIMEOUT
    head = explain(report, endless.names).splitlines()[0]
    where = "in scale (kernel.c:1), and others wait for it"
    assert head == f"the time is over: core (0,2) still runs, {where}"
    assert "core (0,2) could release it, but never has; it runs in scale (kernel.c:1)" in explain(
        report, endless.names
    )


def saved(built: Built, folder: Path, *, check: bool = False) -> Path:
    """The state file of a run."""
    context = built.context(check=check)
    report, _ = built.run(context)
    state.save(folder / "state.zip", report.array, built.names, report)
    return folder / "state.zip"


def test_a_state_file_holds_all_there_was(short: Built, tmp_path: Path) -> None:
    found = state.read(saved(short, tmp_path))
    told = found.told
    assert told["outcome"] == "hang"
    assert told["explanation"][0] == "a hang: in moves 56 elements: 3 objects of 16 and 8 over"
    names = [one["name"] for one in told["buffers"]]
    assert {"in_cons_buff_0", "mid_buff_1", "out_buff_0"} <= set(names)
    held = found.arrays["buffers/in_cons_buff_1_0_2.npy"]
    assert held.dtype == np.int32
    assert held.tolist() == [*range(148, 156), *range(124, 132)], "half of the fourth object"
    assert (found.arrays["arguments/0.npy"] == 100 + np.arange(64)).all()
    core = next(one for one in told["cores"] if one["tile"] == [0, 2])
    assert core["functions"][0].startswith("core_0_2 (design.mlir:")
    assert core["registers"]["pc"] == core["pc"]
    assert "for lock in_cons_cons_lock_0" in core["state"]
    lock = next(one for one in told["locks"] if one["name"] == "in_cons_cons_lock_0")
    assert (lock["value"], lock["waiters"]) == (0, ["core (0,2)"])
    channel = next(c for c in told["channels"] if (c["tile"], c["direction"]) == ([0, 2], "S2MM"))
    assert (channel["descriptor"]["words"], channel["descriptor"]["words done"]) == (16, 8)
    assert channel["descriptor"]["releases"].startswith("lock in_cons_cons_lock_0")


def test_the_state_of_a_fault_has_the_core_at_its_instruction(
    faulty: Built, tmp_path: Path
) -> None:
    told = state.read(saved(faulty, tmp_path, check=True)).told
    assert told["outcome"] == "fault"
    core = next(one for one in told["cores"] if one["tile"] == [0, 2])
    assert core["functions"][0] == f"scale (kernel.c:{line_of('int32_t value = in')})"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "a hang: in moves 56 elements: 3 objects of 16 and 8 over"),
        ([], "  in_cons_buff_0 tile (0,2) at 0x"),
        ([], "    0  lock 3 of tile (0,2) in_cons_cons_lock_0, core (0,2) waits"),
        ([], "descriptor 1: 8 of 16 words"),
        ([], "  x  i32[64]  100, 101, 102"),
        (["in_cons_buff_1"], "[148 149 150"),
        (["core", "0,2"], "#0 core_0_2 (design.mlir:"),
        (["core", "0,2"], "        sp 0x"),
    ],
)
def test_the_state_is_shown(
    short: Built,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    assert main(["state", str(saved(short, tmp_path)), *arguments]) == 0
    assert told in capsys.readouterr().out


def test_a_buffer_of_the_state_goes_into_a_file_of_numpys(short: Built, tmp_path: Path) -> None:
    file = tmp_path / "out.npy"
    assert main(["state", str(saved(short, tmp_path)), "mid_buff_0", "-o", str(file)]) == 0
    assert np.load(file).tolist() == [2 * n for n in range(132, 148)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["out_buff"], "there is no buffer 'out_buff' in it; there are "),
        (["core", "1,2"], "no core at 1,2 has a program; there are (0,2), (0,4)"),
    ],
)
def test_what_is_not_in_the_state_is_an_error(
    short: Built,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    assert main(["state", str(saved(short, tmp_path)), *arguments]) == 1
    assert told in capsys.readouterr().err


def test_a_file_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("nothing")
    with pytest.raises(FormatError, match="is no state file of a run"):
        state.read(tmp_path / "text")
    with zipfile.ZipFile(tmp_path / "later.zip", "w") as archive:
        archive.writestr("state.json", json.dumps({"version": 9}))
    with pytest.raises(FormatError, match="a state file of version 9, not 1"):
        state.read(tmp_path / "later.zip")
