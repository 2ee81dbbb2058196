"""Races: what comes out otherwise when the array's actors have their turns in another order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Hunt:
    """What came of it.

    Attributes:
        difference: the first one, in words; "" if there is none.
        orders: in which the artifact was run, the usual one included.
        runs: in each of them.
    """

    difference: str
    orders: int
    runs: int

    def clean(self) -> str:
        """What is known where nothing differs."""
        return (
            f"no difference: {self.runs} runs in each of {self.orders} orders, outputs the same to"
            " the last byte"
        )


def hunt(
    opening: Callable[[int | None], Opened],
    vectors: Sequence[Vector],
    seeds: Sequence[int] = SEEDS,
) -> Hunt:
    """Runs an artifact in the usual order and in shuffled ones.

    Args:
        opening: loads it anew for a seed of the emulator; None is the usual order.
        vectors: run after one another in each context.

    Raises:
        RunnerError: it does not complete in the usual order.
    """
    try:
        usual = _outputs(opening(None), vectors)
    except RunnerError as error:
        raise RunnerError(
            f"it fails in the usual order already, which is no race\n{error}"
        ) from error
    for done, seed in enumerate(seeds, 2):
        if told := _shuffled(opening(seed), seed, vectors, usual):
            return Hunt(told, done, len(vectors))
    return Hunt("", 1 + len(seeds), len(vectors))


def _shuffled(
    opened: Opened, seed: int, vectors: Sequence[Vector], usual: Sequence[dict[str, Array]]
) -> str:
    """What comes out otherwise in one order; "" if nothing does."""
    try:
        shuffled = _outputs(opened, vectors)
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
