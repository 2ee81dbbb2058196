"""The files beside an artifact that hold what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.judge import Outcome, RunResult, Verdict
from runner.mismatch_files import write
from runner.verdicts import plot
from runner.verdicts.mismatch import Mismatch, mismatch

EXPECTED = np.arange(8)
WRONG = mismatch("y", "8 of 8 elements differ", EXPECTED + 1, EXPECTED, np.ones(8, bool))
PLANE = EXPECTED.reshape(2, 4)
WRONG_PLANE = mismatch("c/d", "wrong", PLANE + 1, PLANE, np.ones((2, 4), bool))


def _written(folder: Path, *runs: RunResult) -> dict[str, Any]:
    outcome = Outcome("a/b", "npu1_1col", runs)
    told = outcome.as_json()
    write(told, outcome.runs, folder)
    return told


def test_each_failed_run_has_its_file_and_its_path_is_noted(tmp_path: Path) -> None:
    failed = RunResult("in range/1", Verdict.FAIL, 0.1, "wrong", mismatches=(WRONG,))
    told = _written(tmp_path, failed, RunResult("zeros", Verdict.PASS, 0.1, "fine"))
    file = tmp_path / "mismatch_in_range_1.txt"
    assert told["runs"][0]["file"] == str(file)
    assert "file" not in told["runs"][1]
    assert file.read_text().startswith("a/b, vector in range/1\n\ny: 8 of 8 elements differ\n")


def test_files_of_earlier_runs_go(tmp_path: Path) -> None:
    old = tmp_path / "mismatch_random-0.txt"
    old.touch()
    _written(tmp_path, RunResult("random-0", Verdict.PASS, 0.1, "fine"))
    assert not old.exists()


def _failed(vector: str, *mismatches: Mismatch) -> RunResult:
    return RunResult(vector, Verdict.FAIL, 0.1, "wrong", mismatches=mismatches)


def test_the_first_failed_run_of_an_output_with_two_dimensions_gets_a_picture(
    tmp_path: Path,
) -> None:
    later = _failed("w", WRONG_PLANE)
    told = _written(tmp_path, _failed("u", WRONG), _failed("v", WRONG, WRONG_PLANE), later)
    image = tmp_path / "mismatch_v_c_d.png"
    assert list(tmp_path.glob("*.png")) == [image]
    assert image.read_bytes().startswith(b"\x89PNG")
    images = [[m.get("image") for m in run["mismatches"]] for run in told["runs"]]
    assert images == [[None], [None, str(image)], [None]]
    json.dumps(told)


def test_a_picture_of_an_earlier_failure_goes(tmp_path: Path) -> None:
    _written(tmp_path, _failed("v", WRONG_PLANE))
    assert list(tmp_path.glob("*.png"))
    _written(tmp_path, RunResult("v", Verdict.PASS, 0.1, "fine"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError, ImportError, KeyError, ZeroDivisionError])
def test_what_cannot_be_drawn_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(mismatch: Mismatch, source: str, path: Path) -> None:
        path.touch()
        raise error("no\nway")

    monkeypatch.setattr(plot, "draw", refuse)
    (run,) = _written(tmp_path, _failed("v", WRONG_PLANE))["runs"]
    (found,) = run["mismatches"]
    assert found["image_error"].startswith(error.__name__)
    assert "image" not in found
    assert [path.name for path in tmp_path.iterdir()] == ["mismatch_v.txt"]


def test_a_pass_does_not_load_what_draws(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from runner import mismatch_files as files\n"
        "from runner.judge import Outcome, RunResult, Verdict\n"
        "passed = Outcome('a', 'd', (RunResult('v', Verdict.PASS, 0.1, ''),))\n"
        f"files.write(passed.as_json(), passed.runs, Path({str(tmp_path)!r}))\n"
        "print({'vl_convert', 'runner.verdicts.plot'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")
