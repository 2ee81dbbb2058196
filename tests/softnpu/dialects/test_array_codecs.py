"""Arrays as tuples."""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, StringAttr, i32, i64

from softnpu.dialects.array_codecs import DENSE_I64, I64_ARRAY, STRINGS, SYMBOLS


def test_tuples_go_in_and_come_out() -> None:
    assert DENSE_I64.load(DENSE_I64.store((1, -2))) == (1, -2)
    assert I64_ARRAY.load(I64_ARRAY.store((1, 2))) == (1, 2)
    assert STRINGS.load(STRINGS.store(("a.o", "b.o"))) == ("a.o", "b.o")
    assert SYMBOLS.load(SYMBOLS.store(("a", "b"))) == ("a", "b")


def test_elements_of_another_kind_are_refused() -> None:
    assert I64_ARRAY.reject(ArrayAttr([IntegerAttr(1, i32)])) == (
        "an array of integers of type i64"
    )
    assert I64_ARRAY.reject(ArrayAttr([IntegerAttr(1, i64)])) is None
    assert STRINGS.reject(ArrayAttr([IntegerAttr(1, i32)])) == "an array of strings"
    assert SYMBOLS.reject(ArrayAttr([StringAttr("a")])) == "an array of symbol references"
    assert DENSE_I64.reject(StringAttr("a")) == "an array of i64"
