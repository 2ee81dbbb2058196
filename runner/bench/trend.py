"""A kernel's course from commit to commit, and slowdowns that are more than noise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from runner.bench.history import Figure
from runner.bench.machine import CHANGED

NOISE = 5.0
"""So many times the scatter of either side a difference must be; for normal noise one in a
million is."""

MAD_TO_SIGMA = 1.4826
"""A normal distribution's standard deviation, by its median absolute deviation."""

LEAST_TIME = 0.05
"""A smaller part of a measured time is never called slower: machines drift by as much."""

LEAST_CYCLES = 0.001
"""Estimated cycles have no noise, but the timing of single polls."""

COMPARABLE = ("processor", "power_mode", "clocks")
"""Conditions in which figures must agree to be compared."""


@dataclass(frozen=True)
class Point:
    """A stretch of figures of one commit: the one with the smallest median.

    Attributes:
        slower: than the point before, in words; "" if it is not.
    """

    figure: Figure
    slower: str


def course(figures: Iterable[Figure]) -> list[Point]:
    """One point for each commit of one artifact at one place, oldest first.

    Figures of sources that are not committed are points of their own.

    Args:
        figures: of one label and one `run_on`, oldest first.
    """
    points: list[Point] = []
    for _, same in groupby(figures, key=lambda f: (_state(f), _conditions(f))):
        best = min(same, key=lambda f: f.median)
        points.append(Point(best, slowdown(points[-1].figure, best) if points else ""))
    return points


def _state(figure: Figure) -> str:
    """The state of the sources; what is not committed is another one each time."""
    committed = figure.commit and not figure.commit.endswith(CHANGED)
    return figure.commit if committed else f"{figure.commit} at {figure.at}"


def _conditions(figure: Figure) -> tuple[str, ...]:
    return tuple(figure.conditions.get(name, "") for name in COMPARABLE)


def slowdown(before: Figure, after: Figure) -> str:
    """In words, how much slower a later figure is; "" when it is not, or nobody can say."""
    found = []
    if before.cycles and after.cycles and after.cycles > before.cycles * (1 + LEAST_CYCLES):
        found.append(_more("estimated cycles", before.cycles, after.cycles))
    if _conditions(before) == _conditions(after):
        scatter = MAD_TO_SIGMA * max(before.mad, after.mad)
        least = max(NOISE * scatter, LEAST_TIME * before.median)
        if after.median - before.median > least:
            found.append(_more("time", before.median, after.median))
    return "; ".join(found)


def _more(what: str, before: float, after: float) -> str:
    return f"{what} +{(after / before - 1) * 100:.1f} %"


def groups(figures: Sequence[Figure]) -> dict[tuple[str, str], list[Figure]]:
    """Figures by artifact and place, in order of their names."""
    found: dict[tuple[str, str], list[Figure]] = {}
    for figure in sorted(figures, key=lambda f: (f.label, f.run_on)):
        found.setdefault((figure.label, figure.run_on), []).append(figure)
    return found
