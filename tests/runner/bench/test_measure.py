"""Which runs count, and what they come to; times are made up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.bench.measure import LEAST, Plan, Samples, measure, median, rates, summary


def _clocked(*seconds: float) -> Iterator[float]:
    return iter(seconds)


def test_the_first_run_stands_apart_and_warm_up_does_not_count() -> None:
    times = _clocked(9.0, 5.0, 5.0, 1.0, 2.0, 3.0)
    samples = measure(lambda: next(times), Plan(warm_up=2, iterations=3))
    assert samples == Samples(9.0, (1.0, 2.0, 3.0))


def test_slow_artifacts_are_run_less_often_but_not_once_only() -> None:
    runs = 0

    def run() -> float:
        nonlocal runs
        runs += 1
        return 100.0

    samples = measure(run, Plan(warm_up=1, iterations=50, budget=10.0))
    assert len(samples.runs) == LEAST
    assert runs == LEAST + 2


def test_an_outlier_moves_neither_median_nor_scatter() -> None:
    found = summary(Samples(0.5, (1.0, 1.1, 0.9, 1.0, 50.0)))
    assert found.minimum == 0.9
    assert found.median == 1.0
    assert found.mad == pytest.approx(0.1)
    assert found.p95 == 50.0


def test_nineteen_of_twenty_runs_take_no_longer_than_p95() -> None:
    assert summary(Samples(0.0, tuple(float(i) for i in range(1, 21)))).p95 == 19.0


def test_the_median_of_an_even_count_lies_between() -> None:
    assert median([4.0, 1.0, 3.0, 2.0]) == 2.5


def test_rates_come_from_what_the_design_declares() -> None:
    found = rates({"ops": 2e9, "bytes": 4e6}, 0.5)
    assert found.gops == pytest.approx(4.0)
    assert found.gbps == pytest.approx(0.008)
    assert rates({"bytes": 1}, 0.5).gops is None
    assert rates({"ops": 1}, 0.0).gops is None
