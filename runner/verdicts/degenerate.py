"""Outputs that hold nothing: never written, all zero, constant.

They are faults whatever the criterion: a tolerance for small errors would let zeros pass where
the reference is small, and a poisoned bfloat16 is -2.9e-16.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

POISON = 0xA5
"""Every output byte before a run: what still holds it was never written."""

SURE_BYTES = 16
"""So many poisoned bytes in a row are no coincidence; a single -91 of int8 can be a result."""

SURE_ITEM = 4
"""Nor is one element of that size or more."""


def degenerate(got: Array, expected: Array) -> str | None:
    """Names an output that holds nothing, or not all, although the reference does."""
    if poisoned(got).all() and not poisoned(expected).all():
        return "never written"
    if got.size > 1 and not (expected == expected.flat[0]).all():
        if not got.astype(np.float64).any():
            return "all zero"
        if (got == got.flat[0]).all():
            return f"constant, {got.flat[0]} throughout"
    unwritten = int(surely_unwritten(got, expected).sum())
    return f"{unwritten} of {got.size} elements were never written" if unwritten else None


def poisoned(values: Array) -> Array:
    """Which elements still hold nothing but poison, flat."""
    raw = np.ascontiguousarray(values).view(np.uint8).reshape(values.size, values.dtype.itemsize)
    return np.asarray((raw == POISON).all(axis=1))


def unwritten(got: Array, expected: Array) -> Array:
    """Which elements hold poison where the reference does not, flat."""
    return np.asarray(poisoned(got) & ~poisoned(expected))


def surely_unwritten(got: Array, expected: Array) -> Array:
    """Those of them that no result can be by chance: in runs of SURE_BYTES, or of wide types."""
    suspect = unwritten(got, expected)
    if got.dtype.itemsize >= SURE_ITEM or not suspect.any():
        return suspect
    edges = np.flatnonzero(np.diff(np.concatenate(([0], suspect.astype(np.int8), [0]))))
    sure = np.zeros_like(suspect)
    for start, end in edges.reshape(-1, 2):
        if (end - start) * got.dtype.itemsize >= SURE_BYTES:
            sure[start:end] = True
    return sure
