"""What there is to say of an output that is wrong: numbers, places, values, a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runner.figures import figure
from runner.verdicts import degenerate, where
from runner.verdicts.cells import Cells, cells
from runner.verdicts.displaced import displaced
from runner.verdicts.heatmap import heatmap

Array = np.ndarray[Any, Any]

KEPT = 50
"""Differences that a result keeps."""
SHOWN = 10
"""Differences that a terminal shows."""
AROUND = 4
"""Elements before and after the first difference in the slice around it."""


@dataclass(frozen=True)
class Difference:
    """One element that is wrong; the values as they print in their own type."""

    index: tuple[int, ...]
    expected: str
    got: str


@dataclass(frozen=True)
class Mismatch:
    """A wrong output.

    Attributes:
        facts: a line each.
        differences: the first KEPT of them.
        picture: the error of an output with two dimensions or more, in characters.
        cells: the same output, to be drawn.
    """

    output: str
    fault: str
    facts: tuple[str, ...]
    differences: tuple[Difference, ...]
    picture: tuple[str, ...] = ()
    cells: Cells | None = field(default=None, repr=False, compare=False)

    def brief(self) -> list[str]:
        """The facts and the first SHOWN differences, for a terminal."""
        return [*self.facts, *table(self.differences[:SHOWN])]

    def full(self) -> list[str]:
        """All of it, for a file."""
        picture = ["", "error by place, . the smallest, @ the largest:", *self.picture]
        return [
            f"{self.output}: {self.fault}",
            *(f"  {fact}" for fact in self.facts),
            "",
            *table(self.differences),
            *(picture if self.picture else []),
        ]


def mismatch(
    output: str,
    fault: str,
    got: Array,
    expected: Array,
    wrong: Array,
    objects: Sequence[where.Unit] = (),
    unwritten: Array | None = None,
) -> Mismatch:
    """Describes a wrong output; all arrays have the output's shape.

    Args:
        wrong: booleans.
        objects: sizes of what the array's fifos carry, in elements.
        unwritten: which elements were not written, flat booleans; None if nobody knows.
    """
    error = absolute_error(got, expected)
    facts = (
        *_unwritten(got, wrong, unwritten),
        *_values(got, expected),
        *_not_numbers(expected),
        *_sizes(error, got, expected, wrong),
        *where.places(wrong, objects),
        *_displaced(got, expected, wrong, objects),
        *_around(got, expected, wrong),
    )
    differences = tuple(_differences(got, expected, wrong))
    if got.ndim < 2 or not wrong.any():
        return Mismatch(output, fault, facts, differences)
    picture = tuple(heatmap(np.where(wrong, error, 0)))
    drawn = cells(got, expected, error, wrong, unwritten)
    return Mismatch(output, fault, facts, differences, picture, drawn)


def absolute_error(got: Array, expected: Array) -> Array:
    """|got - expected| as float64: 0 for NaN on both sides, infinite for NaN on one."""
    g, e = got.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.where((g == e) | (np.isnan(g) & np.isnan(e)), 0.0, np.abs(g - e))
    return np.where(np.isnan(error), np.inf, error)


def _unwritten(got: Array, wrong: Array, unwritten: Array | None) -> Iterator[str]:
    if unwritten is not None:
        told, places = "were never written", unwritten
        why = ""
    else:
        told, places = "hold what was there before", degenerate.poisoned(got) & wrong.reshape(-1)
        why = f": not written, or with just that ({degenerate.POISON:#x})"
    found = np.flatnonzero(places)
    if found.size:
        size = got.dtype.itemsize
        yield (
            f"{found.size} elements {told}, the first at {found[0]}"
            f" ({found.size * size} bytes, from byte {found[0] * size}){why}"
        )


def _values(got: Array, expected: Array) -> Iterator[str]:
    """Zeros and constants, where the two sides do not have the same."""
    zeros = [int((side.astype(np.float64) == 0).sum()) for side in (expected, got)]
    if zeros[0] != zeros[1]:
        yield f"zeros: {zeros[0]} expected, {zeros[1]} got, of {got.size}"
    for name, side in (("expected", expected), ("got", got)):
        if side.size > 1 and (side == side.flat[0]).all():
            yield f"{name}: {side.flat[0]} throughout"


def _not_numbers(expected: Array) -> Iterator[str]:
    count = int(np.isnan(expected.astype(np.float64)).sum())
    if count:
        yield f"the reference itself gives NaN in {count} of {expected.size} elements"


def _sizes(error: Array, got: Array, expected: Array, wrong: Array) -> Iterator[str]:
    if not wrong.any():
        return
    among = error[wrong]
    finite = among[np.isfinite(among)]
    if finite.size:
        yield f"error of those: largest {figure(finite.max())}, mean {figure(finite.mean())}"
    if finite.size < among.size:
        yield f"{among.size - finite.size} of them are no finite numbers"
    first = int(np.flatnonzero(wrong.reshape(-1))[0])
    worst = int(np.argmax(np.where(wrong, error, -1)))
    for label, i in {"first": first, "worst": worst}.items():
        if label == "first" or worst != first:
            place = _index(i, got.shape)
            yield f"{label} at {place}: expected {expected.flat[i]}, got {got.flat[i]}"


def _displaced(
    got: Array, expected: Array, wrong: Array, objects: Sequence[where.Unit]
) -> Iterator[str]:
    """Values in the wrong place, where more elements are wrong than a few."""
    if wrong.mean() > 0.5:
        rows = [got.shape[-1]] if got.ndim > 1 else []
        yield from displaced(got, expected, [*rows, *(unit.size for unit in objects)])


def _around(got: Array, expected: Array, wrong: Array) -> Iterator[str]:
    if not wrong.any() or got.size == 1:
        return
    first = int(np.flatnonzero(wrong.reshape(-1))[0])
    low, high = max(0, first - AROUND), min(got.size, first + AROUND + 1)
    columns = [[str(side.flat[i]) for i in range(low, high)] for side in (expected, got)]
    widths = [max(map(len, pair)) for pair in zip(*columns, strict=True)]
    for name, values in zip(("expected", "got"), columns, strict=True):
        shown = " ".join(value.rjust(w) for value, w in zip(values, widths, strict=True))
        yield f"[{low}:{high}] {name:<8} {shown}"


def _differences(got: Array, expected: Array, wrong: Array) -> Iterator[Difference]:
    for i in np.flatnonzero(wrong.reshape(-1))[:KEPT]:
        index = tuple(int(n) for n in np.unravel_index(i, got.shape))
        yield Difference(index, str(expected.flat[i]), str(got.flat[i]))


def _index(flat: int, shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return str(flat)
    place = ", ".join(str(int(n)) for n in np.unravel_index(flat, shape))
    return f"{flat}, [{place}]"


def table(differences: Sequence[Difference]) -> list[str]:
    """Differences in columns: index, expected, got."""
    if not differences:
        return []
    rows = [("index", "expected", "got")]
    for d in differences:
        rows.append((", ".join(map(str, d.index)), d.expected, d.got))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
