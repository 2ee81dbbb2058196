"""Is this output what the reference says? And if not, how does it differ?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.figures import figure
from runner.verdicts.criteria import Criterion, by_dtype
from runner.verdicts.criteria import ulp_of as ulp
from runner.verdicts.degenerate import POISON, degenerate
from runner.verdicts.mismatch import Mismatch, mismatch
from runner.verdicts.where import Unit

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Comparison:
    """One output against its reference.

    Attributes:
        fault: None when they agree; otherwise what is wrong, in a few words.
        details: further lines, each a fact about the difference.
        mismatch: all there is to say of it; None when they agree, or cannot be compared.
    """

    output: str
    fault: str | None
    details: tuple[str, ...] = ()
    mismatch: Mismatch | None = None


def compare(
    name: str,
    got: Array,
    expected: Array,
    criterion: Criterion | None = None,
    objects: Callable[[], Sequence[Unit]] = tuple,
    unwritten: Array | None = None,
) -> Comparison:
    """Compares an output (any shape) with the reference's array of the same shape and dtype.

    A constant, all-zero or unwritten output where the reference is neither fails under that name,
    whatever the criterion.

    Args:
        criterion: how close it must be; by its dtype unless given.
        objects: gives the sizes of what the array's fifos carry, in elements; asked if it differs.
        unwritten: which elements were not written and should have been, flat booleans; None if
            nobody knows.
    """
    criterion = criterion or by_dtype(got.dtype)
    fault = degenerate(got, expected, unwritten) or criterion.fault(got, expected)
    if fault is None:
        return Comparison(name, None)
    wrong = criterion.wrong(got, expected)
    if unwritten is not None:
        wrong = wrong | unwritten.reshape(got.shape)
    if not wrong.any():  # close enough in every element, but not as a whole
        wrong = np.asarray(got != expected)
    found = mismatch(name, fault, got, expected, wrong, objects(), unwritten)
    return Comparison(name, fault, tuple(found.brief()), found)


def statistics(values: Array, unwritten: Array | None = None) -> str:
    """What an output holds, for a run that nothing judges; `unwritten` as for `compare`."""
    numbers = values.astype(np.float64)
    count = 0 if unwritten is None else int(unwritten.sum())
    return (
        f"min {figure(numbers.min())}, max {figure(numbers.max())},"
        f" mean {figure(numbers.mean())},"
        f" {int((numbers != 0).sum())} of {values.size} non-zero"
        + (f", {count} never written" if count else "")
    )


__all__ = ["POISON", "Array", "Comparison", "compare", "statistics", "ulp"]
