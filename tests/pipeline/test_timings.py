from pathlib import Path

import pytest

from pipeline import timings
from pipeline.timings import Stopwatch


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 3}', '{"a": {"start": 1}}'])
def test_a_file_that_says_something_else_says_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "timings.json"
    file.write_text(text)
    assert timings.load(file) == {}


def test_a_tasks_time_is_kept_beside_those_of_earlier_builds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "timings.json"
    now = iter([100.0, 102.5, 200.0, 201.0])
    monkeypatch.setattr(timings.time, "time", lambda: next(now))
    for task in ("lower:a/x", "cores:a/x"):
        watch = Stopwatch()
        watch.start(task)
        watch.stop(task)
        watch.save(path)
    assert timings.load(path) == {
        "lower:a/x": {"start": 100.0, "seconds": 2.5},
        "cores:a/x": {"start": 200.0, "seconds": 1.0},
    }


def test_a_build_that_does_nothing_writes_nothing(tmp_path: Path) -> None:
    watch = Stopwatch()
    watch.stop("never begun")
    watch.save(tmp_path / "timings.json")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "timings.json"
    path.write_text("{")
    assert timings.load(path) == {}
