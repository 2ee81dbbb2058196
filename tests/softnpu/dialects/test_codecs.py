"""Attributes as Python values."""

from __future__ import annotations

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, StringAttr, SymbolRefAttr, i32, i64
from xdsl.ir import Attribute

from softnpu.dialects.codecs import BOOL, I8, I32, NATURAL, SYMBOL, UI32, Codec, EnumCodec
from softnpu.dialects.enums import AIEDevice, LockAction
from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError


@pytest.mark.parametrize(
    ("codec", "value", "loaded"),
    [
        (I8, 200, -56),
        (I32, -1, -1),
        (UI32, -1, 0xFFFFFFFF),
        (UI32, 0x80000001, 0x80000001),
        (BOOL, True, True),
        (SYMBOL, "a::@b", "a::@b"),
    ],
)
def test_what_is_stored_is_read_back(codec: Codec[object], value: object, loaded: object) -> None:
    assert codec.load(codec.store(value)) == loaded


@pytest.mark.parametrize(
    ("codec", "stored", "reason"),
    [
        (I32, IntegerAttr(1, i64), "an integer of type i32"),
        (NATURAL, IntegerAttr(-1, i32), "an integer of type i32, at least 0"),
        (BOOL, IntegerAttr(1, i32), "true or false"),
        (SYMBOL, StringAttr("x"), "a symbol reference"),
        (
            EnumCodec(LockAction),
            IntegerAttr(7, i32),
            "one of Acquire, AcquireGreaterEqual, Release",
        ),
        (I32, IntegerAttr(1, i32), None),
    ],
)
def test_what_an_attribute_should_have_been(
    codec: Codec[object], stored: Attribute, reason: str | None
) -> None:
    assert codec.reject(stored) == reason


def test_an_attribute_passes_as_it_is() -> None:
    stored = IntegerAttr(5, i32)
    assert I32.store(stored) is stored  # type: ignore[arg-type]


def test_nested_references_are_kept() -> None:
    assert SYMBOL.store("a::@b") == SymbolRefAttr("a", ["b"])


@pytest.mark.parametrize(
    ("word", "nearest"),
    [("npu1_", "npu1_1col"), ("npu1_9col", "npu1_1col"), ("npu2_col", "npu2_1col"), ("zzz", None)],
)
def test_the_nearest_device(word: str, nearest: str | None) -> None:
    assert EnumCodec(AIEDevice, "device", prefix="npu").nearest(word) == nearest


@pytest.mark.parametrize("number", ["4294967296", "-2147483649", "99999999999999999999"])
def test_a_number_too_large_is_refused_not_cut(mlir: Context, number: str) -> None:
    text = f"module {{ aie.device(npu1) {{ %t = aie.tile(0, {number}) }} }}"
    with pytest.raises(DesignError, match=f"{number} does not fit in i32"):
        parse_text(text, "design.mlir", mlir)
