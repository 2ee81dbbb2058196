"""A picture of the error in characters."""

from __future__ import annotations

import numpy as np

from runner.verdicts.heatmap import COLUMNS, ROWS, heatmap


def test_the_largest_error_is_darkest_and_none_is_blank() -> None:
    error = np.zeros((2, 3))
    error[0, 1], error[1, 2] = 1e-6, 100.0
    assert heatmap(error) == ["+---+", "| . |", "|  @|", "+---+"]


def test_a_single_error_in_a_large_matrix_is_not_averaged_away() -> None:
    error = np.zeros((1000, 1000))
    error[999, 0] = 1
    drawn = heatmap(error)
    assert len(drawn) <= ROWS + 2
    assert max(map(len, drawn)) <= COLUMNS + 2
    assert drawn[-2].startswith("|@")


def test_an_infinite_error_is_drawn() -> None:
    assert "@" in heatmap(np.array([[0.0, np.inf]]))[1]


def test_no_error_no_picture() -> None:
    assert heatmap(np.zeros((4, 4))) == []
