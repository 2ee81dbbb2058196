"""What an author gives for a buffer: the same values in its type, or refused in a line."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from runner.artifact import Argument
from runner.errors import RunnerError
from runner.fitting import fitted, same_order


def y(dtype: str = "int8", *shape: int) -> Argument:
    return Argument("y", "out", shape or (4,), dtype)


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        ([1, 2, 3, -4], "int8"),
        (np.array([1, 2, 3, 4], np.int64), "uint8"),
        (np.array([True, False, True, True]), "int16"),
        (np.array([1, 2, 3, 4]), "bfloat16"),
        (np.array([0.5, 1, 2, np.nan]), "float16"),
        (np.array([1, 2, 3, 4], ml_dtypes.bfloat16), "float32"),
        (np.array([2**63, 1, 2, 3], np.uint64), "uint64"),
        (np.array([1, 2, 3, 4], ">i4"), "int32"),
    ],
)
def test_values_that_the_type_holds_are_taken(given: Any, dtype: str) -> None:
    found = fitted(given, y(dtype))
    assert found.dtype == y(dtype).kind
    np.testing.assert_array_equal(found.astype(np.float64), np.asarray(given, np.float64))


@pytest.mark.parametrize(
    ("given", "dtype", "words"),
    [
        (None, "int8", "None was given: is a return missing"),
        (
            np.zeros(4),
            "int8",
            r"y must be int8\[4\], and float64\[4\] was given: round and convert",
        ),
        (np.array([1, 300, 3, 4]), "int8", "values from 1 to 300, int8 holds -128 to 127"),
        (np.array([-1, 0, 0, 0]), "uint16", "values from -1 to 0, uint16 holds 0 to 65535"),
        (np.zeros(5, np.int8), "int8", r"int8\[5\] was given: 5 elements, not 4"),
        (np.zeros(4, complex), "float32", "an array of complex128 was given"),
        (np.array(["a"] * 4), "int8", "text was given"),
        ([[1, 2], [3]], "int8", "numpy makes no array of what was given, a list"),
        ({"a": 1}, "int8", "a dict was given"),
        (np.zeros(4, object), "int8", "an array of object was given"),
        (lambda: 3, "int8", "a function was given"),
        (3, "int8", r"int64\[\] was given: 1 elements, not 4"),
    ],
)
def test_others_are_refused_with_what_was_expected_and_given(
    given: Any, dtype: str, words: str
) -> None:
    with pytest.raises(RunnerError, match=words) as failure:
        fitted(given, y(dtype))
    assert "\n" not in str(failure.value)
    assert "y must be" in str(failure.value)


def test_an_object_that_fails_in_numpys_hands_is_told() -> None:
    class Odd:
        def __array__(self, *_: object, **__: object) -> None:
            raise KeyError("no")

    with pytest.raises(RunnerError, match="a Odd"):
        fitted(Odd(), y())


def test_a_shape_may_be_flat_or_have_dimensions_of_one_and_never_another_order() -> None:
    assert fitted(np.arange(6), y("int8", 2, 3)).shape == (2, 3)
    assert fitted(np.arange(6).reshape(2, 3), y("int8", 6)).shape == (6,)
    assert fitted(np.arange(6).reshape(1, 2, 3), y("int8", 2, 3)).shape == (2, 3)
    with pytest.raises(RunnerError, match="another order; transpose it"):
        fitted(np.zeros((3, 2), np.int8), y("int8", 2, 3))
    with pytest.raises(RunnerError, match=r"reshape it to \[2, 8\] if that is meant"):
        fitted(np.zeros((4, 4), np.int8), y("int8", 2, 8))


def test_fortran_order_is_memorys_and_not_the_values() -> None:
    given = np.asfortranarray(np.arange(6, dtype=np.int8).reshape(2, 3))
    assert fitted(given, y("int8", 2, 3)).tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((), (1,), True),
        ((1, 4), (4, 1, 1), True),
        ((4,), (2, 2), True),
        ((2, 2), (2, 1, 2), True),
        ((2, 3), (3, 2), False),
        ((6,), (2, 2), False),
    ],
)
def test_shapes_of_one_order(one: tuple[int, ...], other: tuple[int, ...], same: bool) -> None:
    assert same_order(one, other) is same
