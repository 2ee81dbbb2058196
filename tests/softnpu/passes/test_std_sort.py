"""The expected orders were printed by a C++ program built with g++ 12 (libstdc++)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.passes.std_sort import std_sort

EQUAL = [1] * 20
EQUAL_ORDER = [10, 19, 18, 17, 16, 15, 14, 13, 12, 11, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1]

THIRDS = [i % 3 for i in range(24)]
THIRDS_ORDER = [23, 2, 20, 5, 17, 8, 14, 11, 1, 22, 19, 16, 13, 10, 7, 4]
THIRDS_ORDER += [12, 15, 9, 18, 6, 21, 3, 0]


def order(values: list[int]) -> list[int]:
    """Where the elements of a list stood, once sorted from the largest down."""
    pairs = list(enumerate(values))
    return [index for index, _ in std_sort(pairs, lambda a, b: a[1] > b[1])]


@pytest.mark.parametrize(
    ("values", "expected"), [(EQUAL, EQUAL_ORDER), (THIRDS, THIRDS_ORDER)], ids=["equal", "thirds"]
)
def test_equal_elements_end_up_where_libstdcxx_leaves_them(
    values: list[int], expected: list[int]
) -> None:
    assert order(values) == expected


def test_up_to_sixteen_elements_keep_their_order() -> None:
    assert order([1] * 16) == list(range(16))


def test_a_killer_of_medians_is_sorted_all_the_same() -> None:
    """Such a list drives introsort to its depth limit, where a heap sort takes over."""
    half = 512
    killer = [0] * (2 * half)
    for i in range(1, half + 1):
        if i % 2:
            killer[i - 1], killer[i] = i, half + i
        killer[half + i - 1] = 2 * i
    assert std_sort(killer, lambda a, b: a < b) == sorted(killer)


@given(st.lists(st.integers(0, 5), max_size=200))
def test_everything_is_sorted(values: list[int]) -> None:
    assert std_sort(values, lambda a, b: a < b) == sorted(values)
