"""What is slower, and what is noise."""

from __future__ import annotations

from dataclasses import replace

from runner.bench.trend import course, groups, slowdown
from tests.runner.bench.test_history import FIGURE

LATER = replace(FIGURE, commit="def")


def test_a_difference_within_the_scatter_is_noise() -> None:
    noisy = replace(FIGURE, mad=5e-5)
    assert slowdown(noisy, replace(LATER, median=1.3e-3, mad=5e-5)) == ""
    assert slowdown(noisy, replace(LATER, median=1.5e-3, mad=5e-5)) == "time +50.0 %"


def test_a_steady_time_may_drift_a_little() -> None:
    steady = replace(FIGURE, mad=0.0)
    assert slowdown(steady, replace(LATER, median=1.04e-3, mad=0.0)) == ""
    assert slowdown(steady, replace(LATER, median=1.06e-3, mad=0.0)) == "time +6.0 %"


def test_estimated_cycles_are_compared_exactly_and_across_machines() -> None:
    elsewhere = replace(LATER, cycles=12_120, median=9.0, conditions={"processor": "other"})
    assert slowdown(FIGURE, elsewhere) == "estimated cycles +1.0 %"


def test_times_of_different_power_modes_are_not_compared() -> None:
    turbo = replace(FIGURE, conditions={"power_mode": "turbo"})
    saving = replace(LATER, conditions={"power_mode": "powersaver"}, median=9.0)
    assert slowdown(turbo, saving) == ""


def test_a_commit_is_judged_by_its_best_figure() -> None:
    figures = [FIGURE, replace(LATER, median=5e-3), replace(LATER, median=1e-3)]
    points = course(figures)
    assert [p.figure.commit for p in points] == ["abc", "def"]
    assert [p.slower for p in points] == ["", ""]


def test_a_slowdown_is_flagged_at_the_commit_that_brought_it() -> None:
    figures = [FIGURE, replace(LATER, median=2e-3), replace(FIGURE, commit="fed", median=2e-3)]
    assert [p.slower for p in course(figures)] == ["", "time +100.0 %", ""]


def test_emulator_and_npu_have_courses_of_their_own() -> None:
    found = groups([replace(FIGURE, run_on="npu"), FIGURE])
    assert list(found) == [("vector_scale/small", "emulator"), ("vector_scale/small", "npu")]


def test_figures_of_uncommitted_sources_are_points_of_their_own() -> None:
    at = [f"2026-01-01T00:00:0{i}+00:00" for i in range(2)]
    for commit in ("abc+", ""):
        before = replace(FIGURE, commit=commit, at=at[0])
        after = replace(FIGURE, commit=commit, at=at[1], median=2e-3)
        assert [p.slower for p in course([before, after])] == ["", "time +100.0 %"]
