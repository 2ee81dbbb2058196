"""Figures are kept with all that belongs to them, across runs and builds."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from runner.bench.history import Figure, append, load
from runner.errors import RunnerError

FIGURE = Figure(
    label="vector_scale/small",
    run_on="emulator",
    at="2026-01-01T00:00:00+00:00",
    commit="abc",
    runs=50,
    first=2e-3,
    minimum=9e-4,
    median=1e-3,
    p95=2e-3,
    mad=1e-5,
    floor=None,
    cycles=12_000,
    ops=4096.0,
    bytes=32768.0,
    conditions={"processor": "made up", "python": "3.11"},
)


def test_what_is_kept_comes_back_oldest_first(tmp_path: Path) -> None:
    file = tmp_path / "new/history.sqlite"
    later = replace(FIGURE, at="2026-01-02T00:00:00+00:00", floor=1e-4, cycles=None)
    append(file, later)
    append(file, FIGURE)
    append(file, replace(FIGURE, label="other/default"))
    assert load(file, "vector_scale/small") == [FIGURE, later]
    assert len(load(file)) == 3


def test_no_file_is_no_history(tmp_path: Path) -> None:
    assert load(tmp_path / "none.sqlite") == []
    assert not (tmp_path / "none.sqlite").exists()


def test_a_file_that_is_something_else_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    file.write_text("not a database, " * 100)
    with pytest.raises(RunnerError, match=r"history\.sqlite cannot be used"):
        load(file)


def test_a_later_format_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(RunnerError, match=r"format 9, this one has 2"):
        append(file, FIGURE)


def test_figures_of_an_earlier_format_stay(tmp_path: Path) -> None:
    """Format 1 did not count what memory banks take."""
    file = tmp_path / "history.sqlite"
    append(file, FIGURE)
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE figures DROP COLUMN bank_wait")
        connection.execute("PRAGMA user_version = 1")
    append(file, replace(FIGURE, bank_wait=7))
    assert load(file) == [FIGURE, replace(FIGURE, bank_wait=7)]
