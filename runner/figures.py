"""Figures as people write them: 6,144 and 0.0052 and 3.403 times a power of ten, never 6e+03."""

from __future__ import annotations

from math import floor, isfinite, log10

DIGITS = 4
"""That say something, of a figure that is no whole number."""
_LARGEST, _SMALLEST = 1e15, 1e-6
"""Beyond these nobody counts zeros: the figure gets a power of ten."""
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def figure(value: float) -> str:
    """A figure with as many digits as say something; thousands apart, whole numbers whole."""
    size = abs(value)
    if not isfinite(value):
        return f"{value:g}"
    if size >= _LARGEST or 0 < size < _SMALLEST:
        mantissa, _, exponent = f"{value:.{DIGITS - 1}e}".partition("e")
        return f"{_short(mantissa)} \N{MULTIPLICATION SIGN} {power_of_ten(int(exponent))}"
    if value != int(value) and size < 10 ** (DIGITS - 1):
        value = float(f"{value:.{DIGITS - 1}e}")
    if value == int(value) or size >= 10 ** (DIGITS - 1):
        return f"{value:,.0f}"
    return _short(f"{value:.{DIGITS - 1 - floor(log10(size))}f}")


def power_of_ten(exponent: int) -> str:
    """E.g. 10⁻⁶."""
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def _short(decimals: str) -> str:
    return decimals.rstrip("0").rstrip(".") if "." in decimals else decimals
