"""A picture of the error in characters, for the terminal and the file beside the artifact."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from runner.verdicts.cells import gridded

Array = np.ndarray[Any, Any]

SHADES = " .:-=+*#%@"
"""From no error to the largest."""

ROWS, COLUMNS = 24, 72
"""Characters at most."""


def heatmap(error: Array) -> list[str]:
    """Draws an error of two dimensions or more; those before the last are laid out downwards.

    A character stands for the largest error of its cell, on a logarithmic scale from the smallest
    to the largest that there is.
    """
    plane = error.reshape(-1, error.shape[-1])
    cells = _largest(plane, ceil(plane.shape[0] / ROWS), ceil(plane.shape[1] / COLUMNS))
    present = cells[cells > 0]
    if not present.size:
        return []
    low, high = np.log(present.min()), np.log(present.max())
    levels = np.full(cells.shape, 0)
    steps = len(SHADES) - 2
    with np.errstate(divide="ignore"):
        scaled = (np.log(cells) - low) / (high - low) if high > low else np.ones(cells.shape)
    levels[cells > 0] = 1 + np.round(scaled[cells > 0] * steps).astype(int)
    frame = "+" + "-" * cells.shape[1] + "+"
    drawn = ["|" + "".join(SHADES[level] for level in row) + "|" for row in levels]
    return [frame, *drawn, frame]


def _largest(plane: Array, down: int, across: int) -> Array:
    """The largest value in each cell of a grid over the plane."""
    finite = np.where(np.isfinite(plane), plane, np.finfo(np.float64).max)
    return np.asarray(gridded(finite, down, across, fill=0.0).max(axis=(1, 3)))
