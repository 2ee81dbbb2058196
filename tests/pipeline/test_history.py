"""The course of an artifact as table and plot."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from pipeline.history import commits, overview, plot, sparkline
from runner.bench.trend import course
from tests.runner.bench.test_history import FIGURE

SLOWER = replace(FIGURE, commit="def", at="2026-01-02T00:00:00+00:00", cycles=24_000)
COURSE = course([FIGURE, SLOWER])


def _text(table: Table) -> str:
    stream = io.StringIO()
    Console(file=stream, width=120).print(table)
    return stream.getvalue()


def test_a_slowdown_is_flagged_beside_its_commit() -> None:
    lines = _text(commits(COURSE)).splitlines()
    (row,) = [line for line in lines if "def" in line]
    assert "24,000" in row
    assert "SLOWER: estimated cycles +100.0 %" in row


def test_the_overview_shows_where_an_artifact_became_slower() -> None:
    text = _text(overview({("vector_scale/small", "emulator"): COURSE}))
    assert "0.012" in text
    assert "0.024" in text
    assert "▁█" in text
    assert "at def" in text


def test_the_plot_marks_the_slower_commit_and_has_no_escape_codes() -> None:
    drawn = plot(COURSE)
    assert "estimated ms on the NPU by commit, x: slower beyond noise" in drawn
    assert "def" in drawn
    assert "\x1b" not in drawn


def test_one_commit_is_no_course_to_plot() -> None:
    assert plot(COURSE[:1]) == ""


def test_a_steady_course_is_a_flat_line() -> None:
    assert sparkline([2.0, 2.0, 2.0]) == "▁▁▁"
