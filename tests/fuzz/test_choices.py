"""Choices can be made again, and fewer of them."""

from __future__ import annotations

from random import Random

from tests.fuzz.choices import Choices, Drawn, shrink


def some_numbers(choices: Choices) -> list[int]:
    numbers = [choices.below(100)]
    while choices.chance(80):
        branch = choices.branch()
        numbers += [branch.between(5, 9), *branch.shuffled([1, 2, 3])]
    return numbers


def test_the_same_numbers_are_drawn_again() -> None:
    first = Choices(Random(1))
    numbers = some_numbers(first)
    again = Choices(first.drawn)
    assert some_numbers(again) == numbers
    assert again.drawn == first.drawn


def test_where_numbers_end_or_do_not_fit_the_simplest_is_chosen() -> None:
    assert some_numbers(Choices([])) == [0]
    assert some_numbers(Choices([7, 99, [1000, []], 99])) == [7, 9, 1, 2, 3, 5, 1, 2, 3]


def test_shrinking_keeps_what_makes_it_fail_and_nothing_else() -> None:
    def fails(drawn: Drawn) -> bool:
        return 8 in some_numbers(Choices(drawn))

    seed = next(s for s in range(100) if 8 in some_numbers(Choices(Random(s)))[20:])
    choices = Choices(Random(seed))
    some_numbers(choices)
    small = shrink(choices.drawn, fails, 500)
    assert some_numbers(Choices(small)) == [0, 8, 1, 2, 3]


def test_shrinking_stops_after_its_attempts() -> None:
    tried = []

    def fails(drawn: Drawn) -> bool:
        tried.append(drawn)
        return False

    assert shrink([1, 2, 3, 4], fails, 5) == [1, 2, 3, 4]
    assert len(tried) == 5
