"""The loops around what the cores of random designs do again and again."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.choices import Choices
from tests.fuzz.spelling import FOREVER, constant, loop

Iteration = Callable[[str], list[str]]
"""The text of an iteration, its names marked."""


def schedule(choices: Choices, iteration: Iteration, total: int) -> list[str]:
    """Some loops that run `iteration` so often; %c0 and %c1 are there."""
    forms = [
        _forever,
        _counted,
        *([_straight] if total <= 4 else []),
        _peeled,
        *([_nested, _pairs] if total % 2 == 0 else []),
        *([_two_loops] if total > 1 else []),
    ]
    return choices.one_of(forms)(iteration, total)


def _forever(iteration: Iteration, total: int) -> list[str]:
    return [constant("all", FOREVER), *loop("n", "all", iteration(""))]


def _counted(iteration: Iteration, total: int) -> list[str]:
    return [constant("all", total), *loop("n", "all", iteration(""))]


def _straight(iteration: Iteration, total: int) -> list[str]:
    return [line for n in range(total) for line in iteration(f"s{n}")]


def _peeled(iteration: Iteration, total: int) -> list[str]:
    rest = _forever(iteration, total) if total > 1 else []
    return [*iteration("first"), *rest]


def _nested(iteration: Iteration, total: int) -> list[str]:
    inner = [constant("few", 2), *loop("m", "few", iteration(""))]
    return [constant("all", total // 2), *loop("n", "all", inner)]


def _pairs(iteration: Iteration, total: int) -> list[str]:
    return [constant("all", total // 2), *loop("n", "all", [*iteration("p"), *iteration("q")])]


def _two_loops(iteration: Iteration, total: int) -> list[str]:
    return [
        *(constant("few", total // 2), constant("rest", total - total // 2)),
        *loop("n", "few", iteration("p")),
        *loop("m", "rest", iteration("q")),
    ]
