"""All there is to say of a wrong output: for a terminal, for a file, for programs."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from runner.verdicts.mismatch import KEPT, SHOWN, Mismatch, absolute_error, mismatch, table

EXPECTED = np.arange(400, dtype=np.int32).reshape(20, 20)


def _mismatch(got: np.ndarray) -> Mismatch:
    return mismatch("out", "wrong", got, EXPECTED, got != EXPECTED)


def test_a_terminal_gets_ten_differences_and_a_file_fifty_and_the_picture() -> None:
    found = _mismatch(EXPECTED + 1)
    assert len(found.brief()) - len(found.facts) == SHOWN + 1
    full = found.full()
    assert full[0] == "out: wrong"
    assert "+--------------------+" in full
    assert len(asdict(found)["differences"]) == KEPT


def test_differences_stand_in_columns() -> None:
    got = EXPECTED.copy()
    got[0, 7], got[19, 19] = -1, 12345
    lines = table(_mismatch(got).differences)
    assert lines == [
        " index  expected    got",
        "  0, 7         7     -1",
        "19, 19       399  12345",
    ]


def test_a_nan_on_one_side_is_an_infinite_error_and_on_both_none() -> None:
    got, expected = np.array([np.nan, np.nan, 1.0]), np.array([np.nan, 0.0, 3.0])
    assert absolute_error(got, expected).tolist() == [0.0, np.inf, 2.0]


def test_numbers_that_are_not_finite_are_counted_apart() -> None:
    expected = np.linspace(0, 1, 4)
    got = np.array([np.nan, np.inf, 0.0, 1.0])
    facts = mismatch("y", "wrong", got, expected, got != expected).facts
    assert "2 of them are no finite numbers" in facts


def test_a_constant_side_is_named() -> None:
    facts = _mismatch(np.full_like(EXPECTED, 7)).facts
    assert "got: 7 throughout" in facts
