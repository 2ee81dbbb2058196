"""Races: what comes out otherwise when the array's actors have their turns in another order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from runner.errors import RunnerError
from runner.launch import Opened
from runner.vectors import Vector

Array = np.ndarray[Any, Any]

SEEDS = range(8)

WHY = (
    "what comes first decides: a lock is missing or taken too late, or packets of several senders"
    " share a way and are told apart by their order"
)


def hunt(
    opening: Callable[[int | None], Opened],
    vectors: Sequence[Vector],
    seeds: Iterable[int] = SEEDS,
) -> str:
    """Runs an artifact in the usual order and in shuffled ones.

    Args:
        opening: loads it anew for a seed of the emulator; None is the usual order.
        vectors: run after one another in each context.

    Returns:
        The first difference in words; "" when there is none.

    Raises:
        RunnerError: it does not complete in the usual order.
    """
    usual = _outputs(opening(None), vectors)
    for seed in seeds:
        try:
            shuffled = _outputs(opening(seed), vectors)
        except RunnerError as error:
            return f"with seed {seed} it does not complete; {WHY}\n{error}"
        for vector, expected, got in zip(vectors, usual, shuffled, strict=True):
            for name, values in expected.items():
                if told := _difference(values, got[name]):
                    return f"with seed {seed}, {name} of vector {vector.name} {told}; {WHY}"
    return ""


def _outputs(opened: Opened, vectors: Iterable[Vector]) -> list[dict[str, Array]]:
    try:
        return [opened.session.run(vector.inputs) for vector in vectors]
    finally:
        opened.session.close()


def _difference(usual: Array, shuffled: Array) -> str:
    """Where two arrays differ in their bytes, so that a NaN equals itself."""
    raw = [np.ascontiguousarray(a).view(np.uint8).reshape(a.size, -1) for a in (usual, shuffled)]
    places = np.flatnonzero((raw[0] != raw[1]).any(axis=1))
    if not places.size:
        return ""
    first = np.unravel_index(places[0], usual.shape)
    index = ", ".join(str(int(i)) for i in first)
    return (
        f"differs in {places.size} of {usual.size} elements, first at {index}: {usual[first]} in"
        f" the usual order, {shuffled[first]} in this one"
    )
