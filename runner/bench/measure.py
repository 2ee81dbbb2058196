"""Times of many runs, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WARM_UP, ITERATIONS, LEAST = 3, 50, 5
BUDGET_SECONDS = 10.0


@dataclass(frozen=True)
class Plan:
    """How often to run.

    Attributes:
        warm_up: runs after the first that do not count.
        iterations: runs that count.
        budget: seconds of counted runs after which no further one is begun, once there are LEAST.
    """

    warm_up: int = WARM_UP
    iterations: int = ITERATIONS
    budget: float = BUDGET_SECONDS


@dataclass(frozen=True)
class Samples:
    """Seconds of the first run, which sets the array up, and of those that count."""

    first: float
    runs: tuple[float, ...]


@dataclass(frozen=True)
class Summary:
    """What samples come to, in seconds.

    Attributes:
        p95: 19 of 20 runs took no longer.
        mad: the median of the distances from the median: what noise is, outliers left out.
    """

    first: float
    runs: int
    minimum: float
    median: float
    p95: float
    mad: float


def measure(run: Callable[[], float], plan: Plan) -> Samples:
    """Runs as planned.

    Args:
        run: runs once and gives the seconds that it took.
    """
    first = run()
    for _ in range(plan.warm_up):
        run()
    taken: list[float] = []
    while len(taken) < plan.iterations:
        if len(taken) >= LEAST and sum(taken) >= plan.budget:
            break
        taken.append(run())
    return Samples(first, tuple(taken))


def summary(samples: Samples) -> Summary:
    """Minimum, median, 95th percentile and median absolute deviation.

    Raises:
        ValueError: no run counted.
    """
    if not samples.runs:
        raise ValueError("no run counted")
    middle = median(samples.runs)
    return Summary(
        first=samples.first,
        runs=len(samples.runs),
        minimum=min(samples.runs),
        median=middle,
        p95=_percentile(samples.runs, 0.95),
        mad=median([abs(value - middle) for value in samples.runs]),
    )


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least that part of the values does not exceed."""
    ordered = sorted(values)
    count = -int(-part * len(ordered) // 1)
    return ordered[max(count, 1) - 1]


@dataclass(frozen=True)
class Rates:
    """What a run achieves: 10**9 operations and bytes a second; None where nobody counted."""

    gops: float | None
    gbps: float | None


def rates(work: Mapping[str, float], seconds: float) -> Rates:
    """Rates from a design's own figures.

    Args:
        work: "ops" and "bytes" of one run, each optional.
    """

    def rate(name: str) -> float | None:
        return work[name] / seconds / 1e9 if name in work and seconds > 0 else None

    return Rates(rate("ops"), rate("bytes"))
