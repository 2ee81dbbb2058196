"""How close is close enough, by each criterion and each type."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest

from runner.verdicts.criteria import (
    Criterion,
    absolute,
    as_json,
    by_dtype,
    correlation,
    exact,
    from_json,
    relative,
    snr,
    ulp,
    ulp_of,
)

BF16 = np.dtype(ml_dtypes.bfloat16)


def test_integers_are_exact_by_default_and_may_be_given_a_step() -> None:
    expected = np.arange(8, dtype=np.int8)
    got = expected + np.int8(1)
    assert by_dtype(expected.dtype).fault(got, expected) == "8 of 8 elements differ"
    assert absolute(1).fault(got, expected) is None
    assert absolute(0.5).fault(got, expected) == "8 of 8 elements differ by more than 0.5"


def test_the_largest_int64_are_told_apart() -> None:
    expected = np.array([2**62, 2**62], np.int64)
    assert exact().fault(expected + 1, expected) is not None


def test_small_floats_are_judged_by_the_size_of_their_output() -> None:
    expected = np.linspace(1, 2, 64).astype(np.float32) * np.float32(1e-6)
    check = by_dtype(expected.dtype)
    assert check.fault(expected * np.float32(1 + 5e-6), expected) is None
    assert check.fault(expected * np.float32(1.01), expected) is not None


def test_an_element_near_zero_may_be_off_by_what_the_others_leave() -> None:
    expected = np.array([1.0, -1.0, 1e-9], np.float32)
    got = np.array([1.0, -1.0, 3e-9], np.float32)
    assert by_dtype(expected.dtype).fault(got, expected) is None
    assert relative(1e-5).fault(got, expected) is not None
    assert relative(1e-5, absolute=1e-8).fault(got, expected) is None


def test_units_in_the_last_place_are_the_types_own() -> None:
    expected = np.linspace(1, 2, 64, endpoint=False).astype(BF16) / BF16.type(1024)
    step = np.full(64, 2.0**-17).astype(BF16)
    assert ulp(1).fault(expected + step, expected) is None
    fault = ulp(1).fault(expected + BF16.type(3) * step, expected)
    assert fault == "64 of 64 elements differ by more than 1 ulp"


def test_what_cancels_is_given_an_absolute_part() -> None:
    expected = np.array([1.0, 1e-9, 0.0], np.float32)
    got = np.array([1.0, 3e-9, -2e-9], np.float32)
    assert ulp(1).fault(got, expected) is not None
    assert ulp(1, absolute=4e-9).fault(got, expected) is None


@pytest.mark.parametrize("check", [exact(), ulp(1), absolute(1e9), relative(10)])
def test_infinities_and_nans_agree_with_their_like_only(check: Criterion) -> None:
    expected = np.array([np.inf, -np.inf, np.nan, 1.0], np.float32)
    assert check.fault(expected.copy(), expected) is None
    assert str(check.fault(expected[[1, 0, 3, 2]], expected)).startswith("4 of 4 elements differ")


def test_correlation_is_blind_to_scale_and_not_to_order() -> None:
    expected = np.random.default_rng(0).standard_normal(512).astype(np.float32)
    assert correlation(0.999).fault(expected * 3 + 1, expected) is None
    fault = str(correlation(0.9).fault(np.roll(expected, 1), expected))
    assert fault.startswith("correlation ")
    assert fault.endswith("where a correlation of 0.9 is wanted")


def test_a_constant_reference_correlates_with_nothing_and_is_judged_by_type() -> None:
    zeros = np.zeros(16, np.int8)
    assert correlation(0.9).fault(zeros.copy(), zeros) is None
    assert correlation(0.9).fault(zeros + np.int8(1), zeros) is not None


def test_signal_to_noise_is_in_decibels() -> None:
    expected = np.ones(100, np.float32)
    noisy = expected * np.float32(1.01)
    assert snr(39).fault(noisy, expected) is None
    assert snr(41).fault(noisy, expected) == "SNR 40.0 dB, where 41 dB are wanted"


@pytest.mark.parametrize("check", [correlation(0.5), snr(10)])
def test_a_nan_fails_an_output_as_a_whole(check: Criterion) -> None:
    expected = np.linspace(0, 1, 16, dtype=np.float32)
    got = expected.copy()
    got[3] = np.nan
    assert check.fault(got, expected) is not None


def test_the_unit_in_the_last_place_doubles_at_powers_of_two() -> None:
    values = np.array([1.0, 1.9921875, 2.0, -4.0, 0.0], BF16)
    tiny = float(ml_dtypes.finfo(BF16).tiny)
    assert ulp_of(values).tolist() == [2.0**-7, 2.0**-7, 2.0**-6, 2.0**-5, tiny * 2.0**-7]


@pytest.mark.parametrize("check", [exact(), ulp(2, 1e-3), absolute(1), correlation(0.9), snr(40)])
def test_a_criterion_comes_back_from_json(check: Criterion) -> None:
    assert from_json(json.loads(json.dumps(as_json(check)))) == check


def test_a_number_whose_square_is_infinite_does_not_let_all_others_pass() -> None:
    expected = np.array([1e300, 1.0])
    assert by_dtype(expected.dtype).wrong(-expected, expected).tolist() == [True, False]
