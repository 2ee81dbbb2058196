"""Outputs that hold nothing: never written, all zero, constant.

They are faults whatever the criterion: a tolerance for small errors would let zeros pass where
the reference is small, and a poisoned bfloat16 is -2.9e-16.

Whether an element was written is known, not read off its value: the emulator knows what its DMAs
wrote; on hardware a second run from another fill tells.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

POISON = 0xA5
"""Every output byte before a run."""

OTHER = 0x5A
"""Every output byte before a second run on the same inputs."""


def degenerate(got: Array, expected: Array, unwritten: Array | None) -> str | None:
    """Names an output that holds nothing, or not all, although the reference does.

    Args:
        unwritten: the elements that were not written, flat booleans; None if nobody knows.
    """
    if unwritten is not None and unwritten.all():
        return "never written"
    if got.size > 1 and not (expected == expected.flat[0]).all():
        if not got.astype(np.float64).any():
            return "all zero"
        if (got == got.flat[0]).all():
            return f"constant, {got.flat[0]} throughout"
    count = 0 if unwritten is None else int(unwritten.sum())
    return f"{count} of {got.size} elements were never written" if count else None


def poisoned(values: Array, fill: int = POISON) -> Array:
    """Which elements hold nothing but the fill, flat."""
    return np.asarray((_bytes(values) == fill).all(axis=1))


def untouched(written: Array, itemsize: int) -> Array:
    """Which elements have no byte that was written.

    Args:
        written: of each byte whether it was.
    """
    return np.asarray(~written.reshape(-1, itemsize).any(axis=1))


def kept_both(first: Array, second: Array) -> Array:
    """Which elements hold the fill of their run in both of two runs: POISON, then OTHER."""
    return poisoned(first) & poisoned(second, OTHER)


def _bytes(values: Array) -> Array:
    return np.ascontiguousarray(values).view(np.uint8).reshape(values.size, values.dtype.itemsize)
