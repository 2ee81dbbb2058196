"""A wrong output cut into cells, each standing for its most wrong element, to be drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

LIMIT = 64
"""Cells at most, down and across: a cell of a picture must be large enough to be seen."""


@dataclass(frozen=True)
class Cells:
    """An output of two dimensions or more; those before the last are laid out downwards.

    The arrays have an element a cell, and all are of one and the same element of the output: the
    one in the cell that is most wrong, its first if none is.

    Attributes:
        dtype, shape: of the output.
        size: elements a cell, down and across; those at the edges may have fewer.
        first: row and column of the first wrong element.
        expected, got: float64.
        error: float64; 0 where the output is right, infinite where it is no number.
        unwritten: booleans, where got was never written, as far as that is known.
    """

    dtype: str
    shape: tuple[int, ...]
    size: tuple[int, int]
    first: tuple[int, int]
    expected: Array
    got: Array
    error: Array
    unwritten: Array


def cells(
    got: Array, expected: Array, error: Array, wrong: Array, unwritten: Array | None = None
) -> Cells:
    """Reduces a wrong output; all arrays have its shape of two dimensions or more.

    Args:
        error: absolute.
        wrong: booleans, at least one of them true.
        unwritten: booleans, flat; None if nobody knows.
    """
    columns = got.shape[-1]
    least = 1.0 if got.dtype.kind in "iu" else 0.0  # float64 cannot tell large integers apart
    plane = np.where(wrong, np.maximum(error, least), 0.0).reshape(-1, columns)
    if unwritten is None:
        unwritten = np.zeros(got.size, np.bool_)
    size = ceil(plane.shape[0] / LIMIT), ceil(columns / LIMIT)
    ranked = np.where(unwritten.reshape(plane.shape), np.inf, plane)  # what poison is is no error
    grid = gridded(ranked, *size, fill=-1.0)
    flat = np.ascontiguousarray(grid.swapaxes(1, 2)).reshape(grid.shape[0], grid.shape[2], -1)
    down, across = np.divmod(flat.argmax(axis=2), size[1])
    rows = np.arange(flat.shape[0])[:, None] * size[0] + down
    chosen = rows * columns + np.arange(flat.shape[1])[None, :] * size[1] + across
    row, column = divmod(int(np.flatnonzero(wrong.reshape(-1))[0]), columns)
    return Cells(
        got.dtype.name,
        got.shape,
        size,
        (row, column),
        expected.reshape(-1)[chosen].astype(np.float64),
        got.reshape(-1)[chosen].astype(np.float64),
        plane.reshape(-1)[chosen],
        unwritten[chosen],
    )


def gridded(plane: Array, down: int, across: int, fill: float) -> Array:
    """The plane as [row of cells, down, column of cells, across]; what lies outside is `fill`."""
    rows, columns = ceil(plane.shape[0] / down), ceil(plane.shape[1] / across)
    padded = np.full((rows * down, columns * across), fill)
    padded[: plane.shape[0], : plane.shape[1]] = plane
    return padded.reshape(rows, down, columns, across)


def span(values: Iterable[Array]) -> tuple[float, float]:
    """The smallest and the largest finite number of them; (0, 0) if there is none."""
    numbers = np.concatenate([v[np.isfinite(v)].ravel() for v in values])
    return (float(numbers.min()), float(numbers.max())) if numbers.size else (0.0, 0.0)
