"""Comparisons keep sign and NaN apart as their predicate says."""

from __future__ import annotations

import operator
from pathlib import Path

import numpy as np
import pytest

from tests.softnpu.targets.core_machine import elementwise, program

INTEGERS = {
    "eq": (operator.eq, False),
    "ne": (operator.ne, False),
    "slt": (operator.lt, False),
    "sle": (operator.le, False),
    "sgt": (operator.gt, False),
    "sge": (operator.ge, False),
    "ult": (operator.lt, True),
    "ule": (operator.le, True),
    "ugt": (operator.gt, True),
    "uge": (operator.ge, True),
}
ORDERED = {
    "oeq": operator.eq,
    "ogt": operator.gt,
    "oge": operator.ge,
    "olt": operator.lt,
    "ole": operator.le,
    "one": operator.ne,
    "ueq": operator.eq,
    "ugt": operator.gt,
    "uge": operator.ge,
    "ult": operator.lt,
    "ule": operator.le,
    "une": operator.ne,
}


@pytest.mark.parametrize("type", ["i8", "i32", "i64"])
@pytest.mark.parametrize("predicate", INTEGERS)
def test_integers_compare_signed_or_unsigned(tmp_path: Path, predicate: str, type: str) -> None:
    compare, unsigned = INTEGERS[predicate]
    dtype = np.dtype(f"int{type[1:]}")
    limits = np.iinfo(dtype)
    numbers = np.array([limits.min, -1, 0, 1, limits.max], dtype)
    a, b = np.repeat(numbers, 5), np.tile(numbers, 5)
    ops = f"%p = arith.cmpi {predicate}, %x_a, %x_b : {type}\n%r = arith.extui %p : i1 to i32"
    body, buffers = elementwise(ops, {"a": type, "b": type}, "i32", 25)
    as_compared = dtype.str.replace("i", "u") if unsigned else dtype
    expected = compare(a.view(as_compared), b.view(as_compared))
    assert program(tmp_path, body, buffers)(a=a, b=b)["out"].tolist() == expected.tolist()


@pytest.mark.parametrize("bound", [-3, 3])
def test_an_unsigned_comparison_with_a_constant_stays_unsigned(tmp_path: Path, bound: int) -> None:
    ops = f"""
      %k = arith.constant {bound} : i32
      %p = arith.cmpi ult, %x_a, %k : i32
      %r = arith.extui %p : i1 to i32
    """
    body, buffers = elementwise(ops, {"a": "i32"}, "i32", 6)
    a = np.array([-(2**31), -4, -1, 0, 2, 5], np.int32)
    expected = a.view(np.uint32) < np.uint32(bound & 0xFFFFFFFF)
    assert program(tmp_path, body, buffers)(a=a)["out"].tolist() == expected.tolist()


@pytest.mark.parametrize("type", ["f32", "bf16"])
@pytest.mark.parametrize("predicate", [*ORDERED, "ord", "uno", "false", "true"])
def test_floats_compare_ordered_or_unordered(tmp_path: Path, predicate: str, type: str) -> None:
    numbers = np.array([-np.inf, -1.5, -0.0, 0.0, 2.0, np.inf, np.nan], np.float32)
    a, b = np.repeat(numbers, 7), np.tile(numbers, 7)
    unordered = np.isnan(a) | np.isnan(b)
    if predicate in ORDERED:
        result = ORDERED[predicate](a, b)
        expected = result | unordered if predicate.startswith("u") else result & ~unordered
    else:
        expected = {
            "ord": ~unordered,
            "uno": unordered,
            "false": np.zeros(49, bool),
            "true": np.ones(49, bool),
        }[predicate]
    ops = f"%p = arith.cmpf {predicate}, %x_a, %x_b : {type}\n%r = arith.extui %p : i1 to i32"
    body, buffers = elementwise(ops, {"a": type, "b": type}, "i32", 49)
    if type == "bf16":
        import ml_dtypes

        a, b = a.astype(ml_dtypes.bfloat16), b.astype(ml_dtypes.bfloat16)
    assert program(tmp_path, body, buffers)(a=a, b=b)["out"].tolist() == expected.tolist()


def test_select_takes_one_of_two(tmp_path: Path) -> None:
    ops = """
      %p = arith.cmpi sgt, %x_a, %x_b : i16
      %r = arith.select %p, %x_a, %x_b : i16
    """
    body, buffers = elementwise(ops, {"a": "i16", "b": "i16"}, "i16", 4)
    a, b = np.array([1, -5, 7, 0], np.int16), np.array([2, -9, 7, -1], np.int16)
    assert program(tmp_path, body, buffers)(a=a, b=b)["out"].tolist() == [2, -5, 7, 0]
