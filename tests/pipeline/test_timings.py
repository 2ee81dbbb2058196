from pathlib import Path

import pytest

from pipeline import timings
from pipeline.timings import Stopwatch, Worked


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
        "lower:a/x": Worked(100.0, 2.5),
        "cores:a/x": Worked(200.0, 1.0),
    }


def test_how_a_task_failed_is_kept_until_it_ends_well(tmp_path: Path) -> None:
    path = tmp_path / "timings.json"
    for message in ("k.c:3: error: no such type", ""):
        watch = Stopwatch()
        watch.start("kernels:a/x:k")
        watch.stop("kernels:a/x:k", message)
        watch.save(path)
        assert timings.load(path)["kernels:a/x:k"].failed == message


def test_a_build_that_does_nothing_writes_nothing(tmp_path: Path) -> None:
    watch = Stopwatch()
    watch.stop("never begun")
    watch.save(tmp_path / "timings.json")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "timings.json"
    path.write_text("{")
    assert timings.load(path) == {}
