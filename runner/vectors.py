"""The inputs that every design is run with unless its author brings others.

A sine or a ramp hides faults; broadband values and the edges of the type show them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.artifact import Argument
from runner.dtypes import dtype, is_float

Array = np.ndarray[Any, Any]

RANDOM_SEEDS = (0, 1, 2)
"""At least three runs in one context, so that ping and pong buffers both serve."""


@dataclass(frozen=True)
class Vector:
    """One set of inputs: an array for each input argument, by name."""

    name: str
    inputs: dict[str, Array]


def default_vectors(arguments: Sequence[Argument]) -> Iterator[Vector]:
    """Broadband random values from three seeds, all smallest, all largest, zeros, an impulse."""
    inputs = [a for a in arguments if a.is_input]
    for seed in RANDOM_SEEDS:
        rng = np.random.default_rng(seed)
        yield Vector(f"random-{seed}", {a.name: _random(a, rng) for a in inputs})
    if inputs:
        yield Vector("min", {a.name: _full(a, _limits(a)[0]) for a in inputs})
        yield Vector("max", {a.name: _full(a, _limits(a)[1]) for a in inputs})
        yield Vector("zeros", {a.name: _full(a, 0) for a in inputs})
        yield Vector("impulse", {a.name: _impulse(a) for a in inputs})


def _random(argument: Argument, rng: np.random.Generator) -> Array:
    kind = dtype(argument.dtype)
    if is_float(kind):
        return rng.standard_normal(argument.shape).astype(kind)
    low, high = _limits(argument)
    return rng.integers(low, high, size=argument.shape, dtype=kind, endpoint=True)


def _limits(argument: Argument) -> tuple[Any, Any]:
    """Smallest and largest value to test with; for floats a range that sums do not overflow."""
    kind = dtype(argument.dtype)
    if is_float(kind):
        return -8.0, 8.0
    info = np.iinfo(kind)
    return info.min, info.max


def _full(argument: Argument, value: Any) -> Array:
    return np.full(argument.shape, value, dtype=dtype(argument.dtype))


def _impulse(argument: Argument) -> Array:
    values = _full(argument, 0)
    values.flat[values.size // 3] = 1
    return values
