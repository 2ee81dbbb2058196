"""Verdicts on outputs: exact integers, tolerant floats, and outputs that hold nothing."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from runner.compare import POISON, compare, statistics, ulp
from runner.tolerance import Tolerance

RAMP = np.arange(64, dtype=np.int32)


def test_equal_integers_pass() -> None:
    assert compare("out", RAMP.copy(), RAMP).fault is None


def test_one_wrong_integer_fails_with_its_place_and_both_values() -> None:
    got = RAMP.copy()
    got[17] = -1
    result = compare("out", got, RAMP)
    assert result.fault == "1 of 64 elements differ"
    assert "first at 17: expected 17, got -1" in result.details


def test_the_worst_difference_is_named() -> None:
    got = RAMP.copy()
    got[3] += 1
    got[60] += 1000
    assert "worst at 60: expected 60, got 1060" in compare("out", got, RAMP).details


def test_an_output_that_was_never_written_fails_under_that_name() -> None:
    got = np.full(256, POISON, np.uint8).view(np.int32)
    assert compare("out", got, RAMP).fault == "never written"


def test_a_tail_that_was_never_written_is_counted() -> None:
    got = RAMP.copy()
    got[60:] = np.full(16, POISON, np.uint8).view(np.int32)
    details = compare("out", got, RAMP).details
    assert "4 elements were never written, the first at 60" in details


def test_constant_and_zero_outputs_fail_even_within_tolerance() -> None:
    expected = np.linspace(0, 1e-9, 64, dtype=np.float32)
    assert compare("out", np.zeros_like(expected), expected).fault == "all zero"
    constant = np.full_like(expected, 1e-9)
    assert str(compare("out", constant, expected).fault).startswith("constant")


def test_a_constant_output_passes_where_the_reference_is_constant() -> None:
    zeros = np.zeros(64, np.int32)
    assert compare("out", zeros.copy(), zeros).fault is None


def test_bfloat16_may_be_off_by_rounding_only() -> None:
    expected = np.linspace(1, 2, 64).astype(ml_dtypes.bfloat16)
    step = np.full(64, 2.0**-7).astype(ml_dtypes.bfloat16)
    assert compare("out", expected + step, expected).fault is None
    assert compare("out", expected + step * 8, expected).fault is not None


def test_a_reference_of_another_shape_is_a_fault_not_a_crash() -> None:
    fault = compare("out", RAMP, RAMP[:32]).fault
    assert fault == "the reference gives int32[32], the buffer is int32[64]"


def test_statistics_count_what_was_never_written() -> None:
    got = RAMP.copy()
    got[0] = np.full(4, POISON, np.uint8).view(np.int32)[0]
    assert statistics(got).endswith("1 never written")


def test_with_declared_units_small_outputs_are_judged_by_their_own_size() -> None:
    expected = np.linspace(1, 2, 64, endpoint=False).astype(ml_dtypes.bfloat16) / 1024
    step = np.full(64, 2.0**-17).astype(ml_dtypes.bfloat16)
    assert compare("out", expected + 3 * step, expected).fault is None
    assert compare("out", expected + step, expected, Tolerance(ulp=1)).fault is None
    fault = compare("out", expected + 3 * step, expected, Tolerance(ulp=1)).fault
    assert fault == "64 of 64 elements differ"


def test_an_absolute_tolerance_is_for_what_cancels() -> None:
    expected = np.array([1.0, 1e-9, 0.0], np.float32)
    got = np.array([1.0, 3e-9, -2e-9], np.float32)
    assert compare("out", got, expected, Tolerance(ulp=1)).fault is not None
    assert compare("out", got, expected, Tolerance(ulp=1, absolute=4e-9)).fault is None


def test_infinities_and_nans_agree_with_their_like_only() -> None:
    expected = np.array([np.inf, -np.inf, np.nan, 1.0], np.float32)
    assert compare("out", expected.copy(), expected, Tolerance(ulp=1)).fault is None
    swapped = expected[[1, 0, 3, 2]]
    assert compare("out", swapped, expected, Tolerance(ulp=1)).fault == "4 of 4 elements differ"


def test_the_unit_in_the_last_place_doubles_at_powers_of_two() -> None:
    values = np.array([1.0, 1.9921875, 2.0, -4.0, 0.0], ml_dtypes.bfloat16)
    tiny = float(ml_dtypes.finfo(ml_dtypes.bfloat16).tiny)
    assert ulp(values).tolist() == [2.0**-7, 2.0**-7, 2.0**-6, 2.0**-5, tiny * 2.0**-7]
