"""How far a floating-point output may be from its reference."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerance:
    """Allows |output - reference| <= ulp * u + absolute.

    Attributes:
        ulp: units in the last place, u: the distance of the reference from the next number that
            its type holds, 2**-7 of a bfloat16 between 1 and 2.
        absolute: for what cancellation leaves of intermediate results.
    """

    ulp: float
    absolute: float = 0.0
