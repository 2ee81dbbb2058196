"""Constants in C read back as the values that they were."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from softnpu.targets.core_c.constants import float_literal, integer_literal
from softnpu.targets.core_c.types import BOOL, F32, F64, I32, INDEX, integer


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_has_as_few_digits_as_tell_it_apart(value: float) -> None:
    text = float_literal(value, F32).text
    assert text.endswith("f")
    assert "." in text or "e" in text
    assert struct.pack("<f", float(text[:-1])) == struct.pack("<f", value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_keeps_all_its_digits(value: float) -> None:
    assert struct.pack("<d", float(float_literal(value, F64).text)) == struct.pack("<d", value)


def test_short_floats_stay_short() -> None:
    assert [float_literal(x, F32).text for x in (0.1, 1.0, -2.5, 1e30)] == [
        "0.1f",
        "1.0f",
        "-2.5f",
        "1e+30f",
    ]


def test_integers_wrap_into_their_type() -> None:
    assert integer_literal(200, integer(8)).text == "-56"
    assert integer_literal(-1, BOOL).text == "true"
    assert integer_literal(5, I32).text == "5"


def test_the_least_integers_have_no_literal_of_their_own() -> None:
    assert integer_literal(-(2**31), I32).text == "INT32_MIN"
    assert integer_literal(-(2**63), INDEX).text == "INT64_MIN"
