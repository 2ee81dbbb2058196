"""How close an output must be to its reference: one criterion an output, chosen by its author.

`checks = {"y": ulp(2)}` in a design's Python file; an output without one is judged by its type
(`by_dtype`). The functions at the end of this module are what a design imports.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.dtypes import finfo, is_float
from runner.figures import figure

Array = np.ndarray[Any, Any]

RELATIVE = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-3, "bfloat16": 1.6e-2}
"""By dtype: a few units in the last place (bfloat16: two, 2 * 2**-7)."""


class Criterion(ABC):
    """Decides whether an output is close enough; got and expected have one shape and dtype.

    Numbers that are not finite agree with their like only.
    """

    @abstractmethod
    def wrong(self, got: Array, expected: Array) -> Array:
        """Which elements are at fault, as booleans."""

    @abstractmethod
    def words(self) -> str:
        """What is asked for, as the end of a sentence: " by more than 2 ulp"."""

    def fault(self, got: Array, expected: Array) -> str | None:
        """What is wrong in a few words; None when the output is close enough."""
        count = int(self.wrong(got, expected).sum())
        return f"{count} of {got.size} elements differ{self.words()}" if count else None


@dataclass(frozen=True)
class Exact(Criterion):
    """Every element is the reference's; NaN is NaN."""

    def wrong(self, got: Array, expected: Array) -> Array:
        same = got == expected
        if is_float(got.dtype):
            same |= np.isnan(got.astype(np.float64)) & np.isnan(expected.astype(np.float64))
        return np.asarray(~same)

    def words(self) -> str:
        return ""


@dataclass(frozen=True)
class Near(Criterion):
    """|got - expected| <= absolute + relative * |expected| + units * ulp(expected).

    Attributes:
        scaled: a part of the reference's root mean square that is allowed on top: for elements
            near zero among others that are not.
    """

    absolute: float = 0.0
    relative: float = 0.0
    units: float = 0.0
    scaled: float = 0.0

    def wrong(self, got: Array, expected: Array) -> Array:
        g, e = got.astype(np.float64), expected.astype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            near = np.abs(g - e) <= self._allowed(expected)
        both_finite = np.isfinite(g) & np.isfinite(e)
        return np.asarray(~((near & both_finite) | (g == e) | (np.isnan(g) & np.isnan(e))))

    def _allowed(self, expected: Array) -> Array:
        size = np.abs(expected.astype(np.float64))
        allowed = self.absolute + self.relative * size + self.scaled * _rms(size)
        return np.asarray(allowed + self.units * ulp_of(expected) if self.units else allowed)

    def words(self) -> str:
        terms = {
            f"{figure(self.units)} ulp": self.units,
            f"{figure(self.relative)} of the value": self.relative,
            f"{figure(self.scaled)} of the output's rms": self.scaled,
            figure(self.absolute): self.absolute,
        }
        return " by more than " + (" + ".join(t for t, given in terms.items() if given) or "0")


@dataclass(frozen=True)
class Correlated(Criterion):
    """Pearson's correlation with the reference; blind to scale and offset.

    A reference that is constant correlates with nothing: there each element is judged by type.
    """

    least: float

    def wrong(self, got: Array, expected: Array) -> Array:
        return by_dtype(expected.dtype).wrong(got, expected)

    def words(self) -> str:
        return f", where a correlation of {figure(self.least)} is wanted"

    def fault(self, got: Array, expected: Array) -> str | None:
        found = correlation_of(got, expected)
        if found is None:
            return super().fault(got, expected)
        return None if found >= self.least else f"correlation {found:.4f}{self.words()}"


@dataclass(frozen=True)
class Clear(Criterion):
    """Signal to noise in dB: the reference's power over that of the difference.

    Where the reference is silent, each element is judged by type.
    """

    least: float

    def wrong(self, got: Array, expected: Array) -> Array:
        return by_dtype(expected.dtype).wrong(got, expected)

    def words(self) -> str:
        return f", where {figure(self.least)} dB are wanted"

    def fault(self, got: Array, expected: Array) -> str | None:
        found = snr_of(got, expected)
        if found is None:
            return super().fault(got, expected)
        return None if found >= self.least else f"SNR {found:.1f} dB{self.words()}"


KINDS: Mapping[str, type[Criterion]] = {
    "exact": Exact,
    "near": Near,
    "correlation": Correlated,
    "snr": Clear,
}
"""By the name that JSON has for them."""


def as_json(criterion: Criterion) -> dict[str, Any]:
    """Plain values that `from_json` reads."""
    (name,) = (name for name, kind in KINDS.items() if type(criterion) is kind)
    return {"kind": name, **vars(criterion)}


def from_json(value: Mapping[str, Any]) -> Criterion:
    """A criterion from `as_json`'s values.

    Raises:
        KeyError, TypeError: there is no such criterion, or it takes no such values.
    """
    given = {name: float(number) for name, number in value.items() if name != "kind"}
    return KINDS[value["kind"]](**given)


def by_dtype(kind: np.dtype[Any]) -> Criterion:
    """What an output is judged by unless its author says otherwise.

    Integers must be equal; floats may be off by RELATIVE of their own size, and by as much of the
    output's root mean square, so that an output of small numbers is not passed for its smallness.
    """
    if not is_float(kind):
        return Exact()
    return Near(relative=RELATIVE[kind.name], scaled=RELATIVE[kind.name])


def ulp_of(values: Array) -> Array:
    """The unit in the last place of each element, as float64; of integers it is 1.

    That is the spacing of a floating-point type's numbers from this one's power of two to the
    next; below the smallest normal number the spacing there.
    """
    if not is_float(values.dtype):
        return np.ones(values.shape)
    limits = finfo(values.dtype)
    magnitude = np.maximum(np.abs(values.astype(np.float64)), float(limits.tiny))
    _, exponent = np.frexp(np.where(np.isfinite(magnitude), magnitude, 1.0))
    return np.asarray(np.ldexp(1.0, exponent - 1 - limits.nmant))


def correlation_of(got: Array, expected: Array) -> float | None:
    """Pearson's correlation; None where the reference is constant, -1 where got has no number."""
    g, e = got.astype(np.float64).ravel(), expected.astype(np.float64).ravel()
    e = e - e.mean()
    if not np.isfinite(e).all() or not e.any():
        return None
    if not np.isfinite(g).all():
        return -1.0
    g = g - g.mean()
    power = float(np.sqrt((g @ g) * (e @ e)))
    return float(g @ e) / power if power else 0.0


def snr_of(got: Array, expected: Array) -> float | None:
    """Signal to noise in dB, infinite for equal arrays; None where the reference is silent."""
    g, e = got.astype(np.float64).ravel(), expected.astype(np.float64).ravel()
    signal = float(e @ e)
    if not np.isfinite(signal) or not signal:
        return None
    if not np.isfinite(g).all():
        return -np.inf
    noise = float((g - e) @ (g - e))
    return float(10 * np.log10(signal / noise)) if noise else np.inf


def _rms(size: Array) -> float:
    finite = size[np.isfinite(size)]
    peak = float(finite.max(initial=0.0))
    # of parts of the largest: its square may be infinite, and nothing wrong beside that
    return peak * float(np.sqrt(np.mean((finite / peak) ** 2))) if peak else 0.0


def exact() -> Criterion:
    """Every element equals the reference's."""
    return Exact()


def absolute(limit: float) -> Criterion:
    """Every element within `limit` of the reference's: `absolute(1)` for a rounding of int8."""
    return Near(absolute=limit)


def relative(limit: float, absolute: float = 0.0) -> Criterion:
    """Every element within `limit` of the reference's size, plus `absolute` for those near 0."""
    return Near(relative=limit, absolute=absolute)


def ulp(units: float, absolute: float = 0.0) -> Criterion:
    """Every element within so many units in the last place of its type, plus `absolute`.

    The second is for what cancellation leaves of intermediate results. A unit of a bfloat16
    between 1 and 2 is 2**-7.
    """
    return Near(units=units, absolute=absolute)


def correlation(least: float) -> Criterion:
    """The output as a whole correlates with the reference: `correlation(0.999)`."""
    return Correlated(least)


def snr(least: float) -> Criterion:
    """The output as a whole is `least` dB louder than its error: `snr(40)`."""
    return Clear(least)
