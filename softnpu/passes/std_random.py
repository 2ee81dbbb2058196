"""`std::mt19937` and what libstdc++ draws from it: the same seed gives the same numbers.

Sources: ISO C++ [rand.eng.mers] for the engine; libstdc++, bits/uniform_int_dist.h, bits/random.tcc
and bits/stl_algo.h for the distributions and the shuffle, which the standard leaves open.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import nextafter
from random import Random
from typing import Any

STATE_WORDS = 624
MULTIPLIER = 1812433253
"""Of the recurrence that spreads a seed over the state."""
MASK = (1 << 32) - 1


class StdRandom:
    """A stream of random numbers.

    Attributes:
        word: draws the next 32 bits.
    """

    word: Callable[[], int]

    def __init__(self, seed: int) -> None:
        state = [seed & MASK]
        for index in range(1, STATE_WORDS):
            last = state[-1]
            state.append((MULTIPLIER * (last ^ last >> 30) + index) & MASK)
        # Python's generator is the same engine; it only spreads its seeds in another way.
        engine = Random()
        engine.setstate((3, (*state, STATE_WORDS), None))
        self.word = partial(engine.getrandbits, 32)

    def below(self, count: int) -> int:
        """One of 0 ... `count` - 1 (`std::uniform_int_distribution`; Lemire's method)."""
        product = self.word() * count
        if product & MASK < count:
            threshold = (1 << 32) % count
            while product & MASK < threshold:
                product = self.word() * count
        return product >> 32

    def unit(self) -> float:
        """A number of [0, 1) (`std::uniform_real_distribution<double>`)."""
        low = self.word()
        drawn = (low + self.word() * 2.0**32) / 2.0**64
        return drawn if drawn < 1.0 else nextafter(1.0, 0.0)

    def shuffle(self, items: list[Any]) -> None:
        """Shuffle in place (`std::shuffle`), up to 65,535 items: two places come from one draw."""
        if not items:
            return
        index = 1
        if len(items) % 2 == 0:
            self._swap(items, index, self.below(2))
            index = 2
        while index < len(items):
            first, second = divmod(self.below((index + 1) * (index + 2)), index + 2)
            self._swap(items, index, first)
            self._swap(items, index + 1, second)
            index += 2

    @staticmethod
    def _swap(items: list[Any], one: int, other: int) -> None:
        items[one], items[other] = items[other], items[one]
