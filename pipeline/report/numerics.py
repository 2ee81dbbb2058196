"""How far an output is from its reference: figures, a histogram, a map of where."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, sqrt
from typing import Any

import numpy as np

from runner import compare as comparing
from runner.dtypes import is_float
from runner.verdicts.criteria import Criterion

Array = np.ndarray[Any, Any]
Run = Mapping[str, Any]

BINS = 24
MAP_ROWS, MAP_COLUMNS = 24, 32
"""The map's cells at most; each shows the largest error within it."""


def compare(
    name: str,
    got: Array,
    expected: Array,
    criterion: Criterion | None = None,
    unwritten: Array | None = None,
) -> dict[str, Any]:
    """One output against its reference, of one shape and dtype, as plain values.

    Args:
        criterion, unwritten: as for `runner.compare.compare`.

    Returns:
        `fault` (None when the run passes), `largest` and `mean` absolute error, `ulp` (floats:
        the largest error in units of the last place, infinite for one that is no number), and,
        where anything differs, `histogram` and `map`.
    """
    error = _error(got, expected)
    fault = comparing.compare(name, got, expected, criterion, unwritten=unwritten).fault
    finite = error[np.isfinite(error)]
    facts: dict[str, Any] = {
        "name": name,
        "dtype": got.dtype.name,
        "shape": list(got.shape),
        "fault": fault,
        "different": int(np.count_nonzero(error)),
        "largest": float(np.abs(finite).max(initial=0.0)),
        "mean": float(np.abs(finite).mean()) if finite.size else 0.0,
        "not_finite": int(error.size - finite.size),
        "ulp": _ulps(error, expected),
    }
    if facts["different"]:
        facts["histogram"] = histogram(finite)
        facts["map"] = error_map(error)
    return facts


def _error(got: Array, expected: Array) -> Array:
    """Got minus expected as float64; NaN on both sides is no error, on one an infinite one."""
    g, e = got.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore"):
        error = np.where((g == e) | (np.isnan(g) & np.isnan(e)), 0.0, g - e)
    return np.where(np.isnan(error), np.inf, error)


def _ulps(error: Array, expected: Array) -> float | None:
    if not is_float(expected.dtype):
        return None
    ulps = np.abs(error) / comparing.ulp(expected)
    return float(ulps[np.isfinite(ulps)].max(initial=0.0))


def histogram(error: Array) -> list[dict[str, float]]:
    """Counts of errors between `from` and `to`, whole numbers apart where all errors are whole."""
    if not error.size:
        return []
    low, high = float(error.min()), float(error.max())
    if np.all(error == np.round(error)) and high - low < BINS:
        edges = np.arange(low - 0.5, high + 1.0)
    else:
        edges = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    counts, _ = np.histogram(error, edges)
    return [
        {"from": float(a), "to": float(b), "count": int(n)}
        for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)
    ]


def error_map(error: Array) -> dict[str, Any]:
    """The largest absolute error in each cell of a grid over the output, zeros left out.

    An output of one line is laid out in lines of about its size's square root; of one with more
    dimensions the last is across, all others are down.
    """
    flat = error.ndim < 2 or error.size == error.shape[-1]
    columns = ceil(sqrt(error.size)) if flat else error.shape[-1]
    rows = ceil(error.size / columns)
    laid_out = np.zeros(rows * columns)
    laid_out[: error.size] = np.abs(error.reshape(-1))
    plane = laid_out.reshape(rows, columns)
    down, across = ceil(rows / MAP_ROWS), ceil(columns / MAP_COLUMNS)
    cells = [
        {"row": r, "column": c, "error": _shown(plane[r : r + down, c : c + across].max())}
        for r in range(0, rows, down)
        for c in range(0, columns, across)
    ]
    return {
        "rows": rows,
        "columns": columns,
        "cell": [down, across],
        "cells": [cell for cell in cells if cell["error"]],
    }


def _shown(value: float) -> float:
    """JSON has no infinity; a number that is no number counts as the largest float."""
    return float(value) if np.isfinite(value) else float(np.finfo(np.float32).max)


def badness(run: Run) -> tuple[int, float, float]:
    """Orders runs: one that fails is worse than any that passes, then by the error."""
    outputs = run["outputs"]
    return (
        sum(output["fault"] is not None for output in outputs),
        max((output.get("ulp") or 0.0 for output in outputs), default=0.0),
        max((output.get("largest", 0.0) for output in outputs), default=0.0),
    )


def brief(run: Run) -> dict[str, Any]:
    """A run without its histograms and maps."""
    return {
        **run,
        "outputs": [
            {key: value for key, value in output.items() if key not in ("histogram", "map")}
            for output in run["outputs"]
        ],
    }
