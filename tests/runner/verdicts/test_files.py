"""The files beside an artifact that hold what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runner.judge import Outcome, RunResult, Verdict
from runner.verdicts.files import write
from runner.verdicts.mismatch import mismatch

EXPECTED = np.arange(8)
WRONG = mismatch("y", "8 of 8 elements differ", EXPECTED + 1, EXPECTED, np.ones(8, bool))


def _written(folder: Path, *runs: RunResult) -> dict[str, object]:
    outcome = Outcome("a/b", "npu1_1col", runs)
    told = outcome.as_json()
    write(told, outcome.runs, folder)
    return told


def test_each_failed_run_has_its_file_and_its_path_is_noted(tmp_path: Path) -> None:
    failed = RunResult("in range/1", Verdict.FAIL, 0.1, "wrong", mismatches=(WRONG,))
    told = _written(tmp_path, failed, RunResult("zeros", Verdict.PASS, 0.1, "fine"))
    file = tmp_path / "mismatch_in_range_1.txt"
    assert told["runs"][0]["file"] == str(file)  # type: ignore[index]
    assert "file" not in told["runs"][1]  # type: ignore[index]
    assert file.read_text().startswith("a/b, vector in range/1\n\ny: 8 of 8 elements differ\n")


def test_files_of_earlier_runs_go(tmp_path: Path) -> None:
    old = tmp_path / "mismatch_random-0.txt"
    old.touch()
    _written(tmp_path, RunResult("random-0", Verdict.PASS, 0.1, "fine"))
    assert not old.exists()
