"""Outputs that hold nothing have names, and a value like the poison is not one of them."""

from __future__ import annotations

import numpy as np

from runner.verdicts.degenerate import POISON, degenerate, surely_unwritten

RAMP = np.arange(-64, 64, dtype=np.int16)


def _poison(values: np.ndarray, where: slice) -> np.ndarray:
    got = values.copy()
    got[where] = np.full(1, POISON * 0x0101, np.uint16).view(np.int16)[0]
    return got


def test_each_kind_of_nothing_has_its_name() -> None:
    assert degenerate(_poison(RAMP, slice(None)), RAMP) == "never written"
    assert degenerate(np.zeros_like(RAMP), RAMP) == "all zero"
    assert degenerate(np.full_like(RAMP, -1), RAMP) == "constant, -1 throughout"
    assert degenerate(_poison(RAMP, slice(96, None)), RAMP) == (
        "32 of 128 elements were never written"
    )


def test_a_reference_that_is_constant_may_be_met_by_a_constant() -> None:
    ones = np.ones(8, np.int8)
    assert degenerate(ones.copy(), ones) is None
    assert degenerate(np.zeros_like(ones), ones) is None, "that is for the criterion to find"


def test_few_narrow_elements_like_the_poison_are_results() -> None:
    assert not surely_unwritten(_poison(RAMP, slice(3, 10)), RAMP).any()
    assert surely_unwritten(_poison(RAMP, slice(3, 11)), RAMP).sum() == 8


def test_a_single_wide_element_like_the_poison_was_not_written() -> None:
    expected = np.linspace(0, 1, 16, dtype=np.float32)
    got = expected.copy()
    got[5] = np.full(4, POISON, np.uint8).view(np.float32)[0]
    assert degenerate(got, expected) == "1 of 16 elements were never written"


def test_poison_that_the_reference_holds_too_is_a_result() -> None:
    expected = np.full(64, POISON, np.uint8)
    assert degenerate(expected.copy(), expected) is None
