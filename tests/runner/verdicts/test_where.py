"""Patterns of errors, in the words of a design's author."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from runner.verdicts.where import Unit, pattern, places

OBJECT = Unit("object", 8)


def _wrong(*slices: slice, size: int = 64) -> np.ndarray[Any, Any]:
    wrong = np.zeros(size, bool)
    for part in slices:
        wrong[part] = True
    return wrong


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([0, 0, 0, 1, 1], "all of object 3 onwards (of 5)"),
        ([0, 1, 0, 1, 0, 1], "every second object, from 1 on: often a fault of one of two buffers"),
        ([0, 0, 1, 0, 0, 1], "every third object, from 2 on"),
        ([0, 0, 1, 0, 0], "only object 2 of 5"),
        ([0, 1, 1, 0, 0], "object 1 to 2 of 5"),
        ([1, 0, 1, 1, 0, 0], "3 of 6: object 0, 2, 3"),
        ([1, 1], ""),
    ],
)
def test_patterns_have_words(bad: list[int], words: str) -> None:
    assert pattern(np.array(bad, bool), "object").startswith(words)
    assert bool(pattern(np.array(bad, bool), "object")) == bool(words)


def test_a_transfer_that_ended_early_shows_from_which_object_on() -> None:
    assert list(places(_wrong(slice(24, None)), [OBJECT])) == [
        "by object (8 elements each): all of object 3 onwards (of 8)"
    ]


def test_pieces_of_something_are_numbered_by_their_noun() -> None:
    assert list(places(_wrong(slice(24, None)), [Unit("object of out", 8)])) == [
        "by object of out (8 elements each): all of object 3 onwards (of 8)"
    ]


def test_a_loop_that_begins_late_shows_at_the_same_place_of_each_object() -> None:
    wrong = _wrong(slice(0, None, 8))
    assert list(places(wrong, [OBJECT])) == [
        "by object (8 elements each): in all 8, at place 0 of each"
    ]


def test_a_tail_that_is_missing_shows_from_its_place_on() -> None:
    wrong = _wrong(size=16)
    wrong.reshape(-1, 8)[:, 6:] = True
    assert list(places(wrong, [OBJECT])) == [
        "by object (8 elements each): in all 2, from place 6 of each on"
    ]


def test_scattered_errors_say_nothing_of_places() -> None:
    wrong = np.random.default_rng(0).random(4096) < 0.3
    assert list(places(wrong, [OBJECT])) == []


def test_rows_of_a_matrix_are_looked_at() -> None:
    wrong = np.zeros((6, 5), bool)
    wrong[4:] = True
    assert list(places(wrong)) == ["by row (5 elements each): all of row 4 onwards (of 6)"]


def test_a_tile_of_a_matrix_that_is_wrong_as_a_whole_is_named() -> None:
    wrong = np.zeros((32, 32), bool)
    wrong[8:16, 24:32] = True
    assert "by tile of 8x8: 1 of 16: (1, 3)" in list(places(wrong))


def test_nothing_is_said_where_everything_is_wrong() -> None:
    assert list(places(np.ones(64, bool), [OBJECT])) == []


def test_a_loop_that_ends_early_shows_at_the_last_place() -> None:
    wrong = _wrong(slice(7, None, 8))
    (line,) = places(wrong, [OBJECT])
    assert line.endswith("in all 8, at the last place 7 of each")


def test_only_of_fifos_objects_two_buffers_are_suspected() -> None:
    bad = np.array([0, 1, 0, 1, 0, 1], bool)
    assert pattern(bad, "row") == "every second row, from 1 on"


def test_places_that_only_some_pieces_err_at_are_not_said_to_be_of_each() -> None:
    wrong = np.zeros((4, 64), bool)
    wrong[:2, 62] = wrong[2:, 63] = True
    (line,) = places(wrong.reshape(-1), [Unit("object of out", 64)])
    assert line.endswith("in all 4, from place 62 of them on")
    wrong[:, 62:] = True
    (line,) = places(wrong.reshape(-1), [Unit("object of out", 64)])
    assert line.endswith("in all 4, from place 62 of each on")
