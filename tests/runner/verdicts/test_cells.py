"""What a picture of a wrong output is drawn from."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from runner.verdicts.cells import LIMIT, Cells, cells
from runner.verdicts.mismatch import absolute_error


def _cells(got: np.ndarray, expected: np.ndarray, unwritten: np.ndarray | None = None) -> Cells:
    return cells(got, expected, absolute_error(got, expected), got != expected, unwritten)


def test_one_wrong_element_of_many_stands_for_its_cell_with_its_own_values() -> None:
    expected = np.arange(512 * 512, dtype=np.int32).reshape(512, 512)
    got = expected.copy()
    got[301, 77] -= 5
    found = _cells(got, expected)
    assert (found.size, found.error.shape, found.first) == ((8, 8), (64, 64), (301, 77))
    assert np.argwhere(found.error).tolist() == [[301 // 8, 77 // 8]]
    place = 301 // 8, 77 // 8
    assert found.error[place] == 5
    assert (found.expected[place], found.got[place]) == (expected[301, 77], got[301, 77])


def test_of_several_wrong_elements_in_a_cell_the_most_wrong_is_shown() -> None:
    expected = np.zeros((2 * LIMIT, 1), np.float32)
    got = expected.copy()
    got[4], got[5] = 1, -3
    found = _cells(got, expected)
    assert (found.got[2, 0], found.error[2, 0]) == (-3, 3)


def test_cells_at_the_edges_have_what_is_left() -> None:
    expected = np.zeros((2 * LIMIT - 1, LIMIT + 1), np.int8)
    got = expected.copy()
    got[-1, -1] = 7
    found = _cells(got, expected)
    assert found.error.shape == (LIMIT, LIMIT // 2 + 1)
    assert (found.error[-1, -1], np.count_nonzero(found.error)) == (7, 1)


def test_dimensions_before_the_last_are_laid_out_downwards() -> None:
    expected = np.zeros((2, 3, 4), np.int16)
    got = expected.copy()
    got[1, 2, 3] = 1
    found = _cells(got, expected)
    assert (found.error.shape, found.first) == ((6, 4), (5, 3))


def test_bfloat16_keeps_its_values_and_a_nan_is_an_infinite_error() -> None:
    expected = np.array([[1.5, 2.0]], ml_dtypes.bfloat16)
    got = np.array([[1.5078125, np.nan]], ml_dtypes.bfloat16)
    found = _cells(got, expected)
    assert found.dtype == "bfloat16"
    assert found.error.tolist() == [[0.0078125, np.inf]]
    assert found.got[0, 0] == 1.5078125
    assert np.isnan(found.got[0, 1])


def test_large_integers_that_float64_cannot_tell_apart_still_differ() -> None:
    expected = np.array([[2**60, 0]])
    assert _cells(expected + np.array([[1, 0]]), expected).error.tolist() == [[1.0, 0.0]]


def test_what_was_never_written_goes_before_any_error_of_its_cell() -> None:
    expected = np.ones((2 * LIMIT, 8), np.float32)
    got = expected.copy()
    got[2] = 100
    got[3].view(np.uint32)[:] = 0xA5A5A5A5
    unwritten = np.zeros(got.shape, np.bool_)
    unwritten[3] = True
    found = _cells(got, expected, unwritten.reshape(-1))
    assert np.flatnonzero(found.unwritten.all(axis=1)).tolist() == [1]
    assert not _cells(got, expected).unwritten.any(), "nobody knows"
