"""Is this output what the reference says? And if not, how does it differ?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.dtypes import finfo, is_float
from runner.tolerance import Tolerance

Array = np.ndarray[Any, Any]

POISON = 0xA5
"""Every output byte before a run: what still holds it was never written."""

RELATIVE_TOLERANCE = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-3, "bfloat16": 1.6e-2}
"""By dtype: a few units in the last place (bfloat16: two, 2 * 2**-7)."""


@dataclass(frozen=True)
class Comparison:
    """One output against its reference.

    Attributes:
        fault: None when they agree; otherwise what is wrong, in a few words.
        details: further lines, each a fact about the difference.
    """

    output: str
    fault: str | None
    details: tuple[str, ...] = ()


def compare(
    name: str, got: Array, expected: Array, tolerance: Tolerance | None = None
) -> Comparison:
    """Compares an output (any shape) with the reference's array of the same shape and dtype.

    Integers must be equal, floats as close as the tolerance says, or else by RELATIVE_TOLERANCE.
    A constant, all-zero or unwritten output where the reference is neither fails under that name.
    """
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return Comparison(
            name,
            f"the reference gives {expected.dtype}{list(expected.shape)}, the buffer is"
            f" {got.dtype}{list(got.shape)}",
        )
    wrong = _differs(got, expected, tolerance)
    degenerate = _degenerate(got, expected)
    if degenerate is None and not wrong.any():
        return Comparison(name, None)
    fault = degenerate or f"{int(wrong.sum())} of {wrong.size} elements differ"
    return Comparison(name, fault, tuple(_details(got, expected, wrong)))


def _differs(got: Array, expected: Array, tolerance: Tolerance | None) -> Array:
    if not is_float(got.dtype):
        return np.asarray(got != expected)
    g, e = got.astype(np.float64), expected.astype(np.float64)
    if tolerance is None:
        relative = RELATIVE_TOLERANCE[got.dtype.name]
        return ~np.isclose(g, e, rtol=relative, atol=relative, equal_nan=True)
    with np.errstate(invalid="ignore"):
        near = np.abs(g - e) <= tolerance.ulp * ulp(expected) + tolerance.absolute
    return np.asarray(~(near | (g == e) | (np.isnan(g) & np.isnan(e))))


def ulp(values: Array) -> Array:
    """The unit in the last place of each number of a floating-point array, as float64.

    That is the spacing of the type's numbers from this one's power of two to the next; below the
    smallest normal number the spacing there.
    """
    limits = finfo(values.dtype)
    magnitude = np.maximum(np.abs(values.astype(np.float64)), float(limits.tiny))
    _, exponent = np.frexp(np.where(np.isfinite(magnitude), magnitude, 1.0))
    return np.asarray(np.ldexp(1.0, exponent - 1 - limits.nmant))


def _degenerate(got: Array, expected: Array) -> str | None:
    """Names an output that holds nothing although the reference does."""
    unwritten = _poisoned(got)
    if unwritten.all() and not _poisoned(expected).all():
        return "never written"
    if got.size < 2 or (expected == expected.flat[0]).all():
        return None
    if not got.astype(np.float64).any():
        return "all zero"
    if (got == got.flat[0]).all():
        return f"constant, {got.flat[0]} throughout"
    return None


def _poisoned(values: Array) -> Array:
    """Which elements still hold nothing but poison."""
    raw = np.ascontiguousarray(values).view(np.uint8).reshape(values.size, values.dtype.itemsize)
    return np.asarray((raw == POISON).all(axis=1))


def _details(got: Array, expected: Array, wrong: Array) -> list[str]:
    lines = []
    flat_got, flat_expected = got.reshape(-1), expected.reshape(-1)
    indices = np.flatnonzero(wrong.reshape(-1))
    unwritten = np.flatnonzero(_poisoned(got) & ~_poisoned(expected))
    if unwritten.size:
        lines.append(f"{unwritten.size} elements were never written, the first at {unwritten[0]}")
    if indices.size:
        error = np.abs(flat_got.astype(np.float64) - flat_expected.astype(np.float64))
        first, worst = int(indices[0]), int(np.argmax(np.where(wrong.reshape(-1), error, -1)))
        for label, i in {"first": first, "worst": worst}.items():
            if label == "first" or worst != first:
                lines.append(f"{label} at {i}: expected {flat_expected[i]}, got {flat_got[i]}")
    return lines


def statistics(values: Array) -> str:
    """What an output holds, for a run that nothing judges."""
    numbers = values.astype(np.float64)
    unwritten = int(_poisoned(values).sum())
    return (
        f"min {numbers.min():g}, max {numbers.max():g}, mean {numbers.mean():g},"
        f" {int((numbers != 0).sum())} of {values.size} non-zero"
        + (f", {unwritten} never written" if unwritten else "")
    )
