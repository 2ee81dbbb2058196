"""Verdict lines: what passed in one line, what failed in full once."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest

from runner.report import hints, print_table, verdict_lines


def _run(vector: str, verdict: str = "PASS", **more: Any) -> dict[str, Any]:
    return {
        "vector": vector,
        "verdict": verdict,
        "seconds": 0.002,
        "summary": "y int32[8]" if verdict == "PASS" else "y: 1 of 8 elements differ",
        "details": [],
        "mismatches": [],
        **more,
    }


def _outcome(*runs: dict[str, Any], warnings: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"label": "a/b", "runs": runs, "warnings": warnings, "verdict": "FAIL"}


WRONG = {
    "details": ["y: first at 3: expected 3, got 0", "y: more"],
    "mismatches": [
        {"output": "y", "differences": [{"index": [3], "expected": "3", "got": "0"}]},
    ],
    "file": "build/mismatch.txt",
}


def test_runs_that_passed_take_one_line_with_their_median() -> None:
    slow = {**_run("c"), "seconds": 9.0}
    assert verdict_lines(_outcome(_run("a"), _run("b"), slow)) == [
        "PASS       a/b                          3 vectors, median 2.0 ms  y int32[8]"
    ]


def test_a_run_that_did_not_complete_has_no_time() -> None:
    hang = {**_run("c", "FAIL"), "seconds": None, "summary": "ERT_CMD_STATE_TIMEOUT"}
    lines = verdict_lines(_outcome(_run("a"), hang))
    assert lines == [
        "FAIL       a/b                          c                       ERT_CMD_STATE_TIMEOUT",
        "PASS       a/b                          1 vector, median 2.0 ms  y int32[8]",
    ]
    stream = StringIO()
    print_table([{**_outcome(hang), "device": "npu1", "run_on": "npu"}], stream)
    assert stream.getvalue().split()[-2:] == ["0/1", "-"]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("rows", "whole"), [(40, True), (24, False)])
def test_what_the_screen_cannot_hold_is_counted(
    monkeypatch: pytest.MonkeyPatch, rows: int, whole: bool
) -> None:
    monkeypatch.setenv("LINES", str(rows))
    monkeypatch.setenv("COLUMNS", "100")
    place = {"device": "npu1", "run_on": "emulator"}
    passed = [
        {**_outcome(_run("v")), **place, "label": f"design{n}/x", "verdict": "PASS"}
        for n in range(30)
    ]
    failed = {**_outcome(_run("v", "FAIL")), **place, "label": "wrong/x"}
    stream = Terminal()
    print_table([*passed, failed], stream)
    told = stream.getvalue()
    assert "wrong/x" in told
    assert ("design7/x" in told) == whole
    assert ("31 artifacts: 30 PASS, 1 FAIL" in told) == (not whole)
    assert len(told.splitlines()) < rows

    piped = StringIO()
    print_table([*passed, failed], piped)
    assert "design7/x" in piped.getvalue()


def test_a_narrow_terminal_has_verdicts_and_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    place = {"device": "npu1_1col", "run_on": "emulator", "label": "passthrough_memtile/default"}
    stream = Terminal()
    print_table([{**_outcome(_run("v")), **place, "verdict": "PASS"}], stream)
    row = next(line for line in stream.getvalue().splitlines() if "passthrough" in line)
    assert "PASS" in row and row.split()[-2:] == ["1/1", "2.0"]
    assert "npu1_1col" not in row


def test_the_first_failure_is_told_in_full_and_the_others_by_their_first_difference() -> None:
    lines = verdict_lines(_outcome(_run("a", "FAIL", **WRONG), _run("b", "FAIL", **WRONG)))
    assert [line.strip() for line in lines[1:]] == [
        "y: first at 3: expected 3, got 0",
        "y: more",
        "all of it: build/mismatch.txt",
        "FAIL       a/b                          b               2.0 ms  y: 1 of 8 elements differ",
        "y: first at 3: expected 3, got 0; see build/mismatch.txt",
    ]


def test_a_picture_is_named_and_so_is_why_there_is_none() -> None:
    (found,) = WRONG["mismatches"]
    drawn = {**WRONG, "mismatches": [{**found, "image": "build/mismatch_y.png"}]}
    failed = {**WRONG, "mismatches": [{**found, "image_error": "OSError: disk full"}]}
    lines = verdict_lines(_outcome(_run("a", "FAIL", **drawn), _run("b", "FAIL", **failed)))
    assert [line.strip() for line in lines[3:]] == [
        "all of it: build/mismatch.txt",
        "y as a picture: build/mismatch_y.png",
        "FAIL       a/b                          b               2.0 ms  y: 1 of 8 elements differ",
        "y: first at 3: expected 3, got 0; see build/mismatch.txt",
        "y could not be drawn: OSError: disk full",
    ]


def test_a_failure_without_outputs_keeps_all_that_was_said() -> None:
    lines = verdict_lines(
        _outcome(_run("a", "FAIL", **WRONG), _run("b", "FAIL", details=["core (0,2) waits"]))
    )
    assert lines[-1].strip() == "core (0,2) waits"


def test_a_trace_is_told_with_the_command_that_reads_it() -> None:
    line = verdict_lines({**_outcome(_run("a")), "trace_packets": 12})[-1]
    assert line == "trace      a/b                          12 packets: npuforge trace a/b"


def test_warnings_are_lines_of_their_own() -> None:
    lines = verdict_lines(_outcome(_run("a"), warnings=("an output is left out",)))
    assert lines[-1].split() == ["warning", "a/b", "an", "output", "is", "left", "out"]


def test_what_cores_print_stands_below_the_verdicts_up_to_a_screenful() -> None:
    printed = [f"core (0,2) at {i}.00 us: x" for i in range(20)]
    runs = (_run(name, printed=printed) for name in "abc")
    _, head, first, *rest = verdict_lines(_outcome(*runs, _run("d")))
    assert head.split() == ["printed", "a/b", "a"]
    assert first.strip() == printed[0]
    assert [line.strip() for line in rest[-2:]] == [
        "… and 8 more, which its results (JSON) hold",
        "… and in 2 other runs that passed",
    ]


def test_a_design_that_nothing_judges_gets_the_remedy() -> None:
    (hint,) = hints([{"label": "a/b", "verdict": "not judged"}])
    assert "mlir_templates/a.py" in hint
