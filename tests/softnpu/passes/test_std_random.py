"""Random numbers as libstdc++ draws them; the numbers below are printed by a program of GCC 12."""

from __future__ import annotations

import pytest

from softnpu.passes.std_random import StdRandom


def test_the_engine_is_the_standards() -> None:
    """ISO C++ [rand.predef]: the 10,000th number of a `mt19937` that is made without a seed."""
    random = StdRandom(5489)
    assert [random.word() for _ in range(10_000)][-1] == 4123659995


@pytest.mark.parametrize(
    ("seed", "below", "units", "four", "seven"),
    [
        (
            1,
            [6, 0, 0, 2, 6, 1, 1, 0],
            [0.18626021137381454, 0.34556072517016689],
            [3, 2, 1, 0],
            [6, 1, 3, 2, 0, 5, 4],
        ),
        (
            42,
            [1, 5, 5, 4, 4, 1, 3, 1],
            [0.058083611098112289, 0.86617614875064441],
            [1, 2, 0, 3],
            [2, 0, 3, 5, 4, 1, 6],
        ),
    ],
)
def test_a_seed_gives_what_libstdcpp_draws(
    seed: int, below: list[int], units: list[float], four: list[int], seven: list[int]
) -> None:
    random = StdRandom(seed)
    for _ in range(3):
        random.word()
    assert [random.below(7) for _ in below] == below
    assert [random.unit() for _ in units] == units
    shuffled = list(range(4)), list(range(7))
    for items in shuffled:
        random.shuffle(items)
    assert shuffled == (four, seven)


def test_draws_that_would_favour_some_numbers_are_made_again() -> None:
    """Of 2^32 words, 1,294,967,296 are too many for three thousand million numbers."""
    random = StdRandom(5489)
    words = iter((0, 3, 2))
    random.word = lambda: next(words)
    assert random.below(3_000_000_000) == 1
    assert list(words) == []
