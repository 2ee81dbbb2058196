"""Outputs that hold nothing have names; what was written is known, not read off the values."""

from __future__ import annotations

import numpy as np

from runner.verdicts.degenerate import OTHER, POISON, degenerate, kept_both, poisoned, untouched

RAMP = np.arange(-64, 64, dtype=np.int16)
NOWHERE = np.zeros(RAMP.size, np.bool_)


def _filled(values: np.ndarray, where: slice, fill: int = POISON) -> np.ndarray:
    got = values.copy()
    got[where] = np.full(1, fill * 0x0101, np.uint16).view(np.int16)[0]
    return got


def test_each_kind_of_nothing_has_its_name() -> None:
    assert degenerate(RAMP, RAMP, ~NOWHERE) == "never written", "whatever it holds"
    assert degenerate(np.zeros_like(RAMP), RAMP, NOWHERE) == "all zero"
    assert degenerate(np.full_like(RAMP, -1), RAMP, NOWHERE) == "constant, -1 throughout"
    tail = NOWHERE.copy()
    tail[96:] = True
    assert degenerate(RAMP, RAMP, tail) == "32 of 128 elements were never written"


def test_a_reference_that_is_constant_may_be_met_by_a_constant() -> None:
    ones = np.ones(8, np.int8)
    assert degenerate(ones.copy(), ones, np.zeros(8, np.bool_)) is None
    found = degenerate(np.zeros_like(ones), ones, np.zeros(8, np.bool_))
    assert found is None, "that is for the criterion to find"


def test_the_fill_that_was_written_is_a_result() -> None:
    got = _filled(RAMP, slice(3, 99))
    assert degenerate(got, RAMP, NOWHERE) is None
    assert degenerate(got, RAMP, None) is None, "nobody knows, so nothing is said"


def test_an_element_of_which_any_byte_was_written_was_written() -> None:
    written = np.zeros(16, np.bool_)
    written[[5, 8]] = True
    assert untouched(written, 4).tolist() == [True, False, False, True]


def test_what_holds_the_fill_of_both_runs_was_not_written() -> None:
    first = _filled(RAMP, slice(10, 20))
    second = _filled(_filled(RAMP, slice(10, 20)), slice(12, 20), OTHER)
    assert np.flatnonzero(kept_both(first, second)).tolist() == list(range(12, 20))


def test_the_fill_counts_in_all_bytes_of_an_element() -> None:
    assert poisoned(np.array([0xA5A5, 0x00A5], np.uint16)).tolist() == [True, False]
