"""Right values in wrong places."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from runner.verdicts.displaced import displaced

NOISE = np.random.default_rng(3).integers(-(2**31), 2**31, 2048, dtype=np.int32)


def test_an_index_one_too_large_is_told_with_the_places_where_it_shows() -> None:
    got = np.roll(NOISE, -1)
    got[255::256] = 0
    (told,) = displaced(got, NOISE)
    assert told.startswith("got is what was expected 1 element further on, at 2040 of 2047 places")
    assert told.endswith("off by 1")


def test_an_offset_in_the_other_direction_is_told_too() -> None:
    (told,) = displaced(np.roll(NOISE, 3), NOISE)
    assert "3 elements further back" in told


def test_a_row_too_far_is_looked_for_where_rows_are_known() -> None:
    got = np.roll(NOISE, -64)
    assert not list(displaced(got, NOISE))
    (told,) = displaced(got, NOISE, [64])
    assert "off by 64" in told


def test_bfloat16_is_compared_with_a_float64_reference_rounded() -> None:
    expected = np.random.default_rng(4).normal(0, 1, (4, 256))
    got = np.roll(expected.astype(ml_dtypes.bfloat16), -1, axis=1)
    (told,) = displaced(got, expected)
    assert "off by 1" in told


def test_noise_and_constants_are_not_displaced() -> None:
    assert not list(displaced(NOISE[::-1], NOISE))
    assert not list(displaced(np.zeros(64, np.int8), np.ones(64, np.int8)))
    few = np.tile(np.array([0, 1], np.int8), 64)
    assert not list(displaced(few[::-1], few))
