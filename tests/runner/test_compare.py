"""Verdicts on outputs: exact integers, tolerant floats, and outputs that hold nothing."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from runner.compare import POISON, compare, statistics
from runner.verdicts.criteria import absolute
from runner.verdicts.where import Unit

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


def unwritten(where: slice) -> np.ndarray:
    """Nothing was written there."""
    places = np.zeros(64, np.bool_)
    places[where] = True
    return places


def filled(expected: np.ndarray, where: slice) -> np.ndarray:
    """What is expected, and the fill in some places."""
    got = expected.copy()
    got.view(np.uint8).reshape(got.size, -1)[where] = POISON
    return got


def test_an_output_that_was_never_written_fails_under_that_name() -> None:
    got = filled(RAMP, slice(None))
    assert compare("out", got, RAMP, unwritten=unwritten(slice(None))).fault == "never written"


def test_a_tail_that_was_never_written_is_counted() -> None:
    tail = slice(60, None)
    details = compare("out", filled(RAMP, tail), RAMP, unwritten=unwritten(tail)).details
    assert "4 elements were never written, the first at 60 (16 bytes, from byte 240)" in details


def test_the_fill_as_a_result_is_a_value_like_others() -> None:
    result = compare("out", filled(RAMP, slice(60, None)), RAMP, unwritten=unwritten(slice(0)))
    assert result.fault == "4 of 64 elements differ"
    assert not any("written" in line for line in result.details)


def test_where_nobody_knows_both_ways_to_the_fill_are_told() -> None:
    result = compare("out", filled(RAMP, slice(60, None)), RAMP)
    assert result.fault == "4 of 64 elements differ"
    assert any(
        line.startswith("4 elements hold what was there before, the first at 60")
        and line.endswith("not written, or with just that (0xa5)")
        for line in result.details
    )


def test_an_element_that_was_never_written_is_wrong_even_if_it_holds_what_is_expected() -> None:
    result = compare("out", RAMP, RAMP, unwritten=unwritten(slice(7, 8)))
    assert result.fault == "1 of 64 elements were never written"
    assert "first at 7: expected 7, got 7" in result.details


def test_a_nan_in_the_reference_is_told_of_an_output_that_differs() -> None:
    expected = np.linspace(0, 1, 64, dtype=np.float32)
    expected[[3, 9]] = np.nan
    details = compare("out", np.nan_to_num(expected, nan=2.0), expected).details
    assert "the reference itself gives NaN in 2 of 64 elements" in details


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


def test_statistics_count_what_was_never_written() -> None:
    assert statistics(RAMP, unwritten(slice(1))).endswith("1 never written")
    assert "written" not in statistics(filled(RAMP, slice(None)))


def test_an_output_that_was_written_in_part_fails_even_where_poison_is_close_enough() -> None:
    expected = np.linspace(0, 1e-3, 64).astype(ml_dtypes.bfloat16)
    head = slice(16)
    found = compare("out", filled(expected, head), expected, absolute(0.1), tuple, unwritten(head))
    assert found.fault == "16 of 64 elements were never written"


def test_the_first_fifty_differences_are_kept_and_ten_of_them_shown() -> None:
    got = RAMP.copy()
    got[2:] += 1
    result = compare("out", got, RAMP)
    assert result.mismatch is not None
    assert len(result.mismatch.differences) == 50
    assert result.mismatch.differences[0].index == (2,)
    rows = result.details[result.details.index("index  expected  got") + 1 :]
    assert len(rows) == 10
    assert rows[0].split() == ["2", "2", "3"]


def test_the_slice_around_the_first_difference_shows_a_shifted_output() -> None:
    got = np.roll(RAMP, 1)
    got[0] = 0
    details = compare("out", got, RAMP).details
    assert "[0:6] expected 0 1 2 3 4 5" in details
    assert "[0:6] got      0 0 1 2 3 4" in details


def test_zeros_on_one_side_are_counted() -> None:
    got = RAMP.copy()
    got[32:] = 0
    assert "zeros: 1 expected, 33 got, of 64" in compare("out", got, RAMP).details


def test_largest_and_mean_error_are_told() -> None:
    got = RAMP.copy()
    got[10] += 3
    got[20] -= 1
    assert "error of those: largest 3, mean 2" in compare("out", got, RAMP).details


def test_objects_of_the_fifo_name_a_ping_pong_fault() -> None:
    got = RAMP.copy()
    got.reshape(-1, 8)[1::2] = -1
    details = compare("out", got, RAMP, objects=lambda: [Unit("object of out", 8)]).details
    assert any("every second object, from 1 on" in line for line in details)


def test_an_output_of_two_dimensions_has_a_picture_of_its_error() -> None:
    expected = np.arange(64, dtype=np.int32).reshape(8, 8)
    got = expected.copy()
    got[2, 5] += 1
    result = compare("out", got, expected)
    assert result.mismatch is not None
    assert result.mismatch.picture[3] == "|     @  |"
    assert "first at 21, [2, 5]: expected 21, got 22" in result.details
