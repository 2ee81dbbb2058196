"""Floating-point arithmetic rounds after every op, at the width of the op's type."""

from __future__ import annotations

import operator
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.softnpu.targets.core_c.test_ops_convert import agree
from tests.softnpu.targets.core_machine import DTYPES, elementwise, program

COUNT = 32
OPERATORS = {
    "arith.addf": operator.add,
    "arith.subf": operator.sub,
    "arith.mulf": operator.mul,
    "arith.divf": operator.truediv,
}
several = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
bits32 = st.lists(st.integers(0, 2**32 - 1), min_size=2 * COUNT, max_size=2 * COUNT)


@pytest.mark.parametrize("type", ["f32", "f64", "bf16", "f16"])
@pytest.mark.parametrize("op", OPERATORS)
def test_operators_round_as_ieee_does(tmp_path: Path, op: str, type: str) -> None:
    body, buffers = elementwise(
        f"%r = {op} %x_a, %x_b : {type}", {"a": type, "b": type}, type, COUNT
    )
    run = program(tmp_path, body, buffers)
    dtype = np.dtype(DTYPES[type])
    wide = np.float64 if type == "f64" else np.float32

    @several
    @given(bits32)
    def property(words: list[int]) -> None:
        raw = np.array(words, np.uint32).astype(
            f"u{dtype.itemsize}" if dtype.itemsize < 4 else "u4"
        )
        with np.errstate(all="ignore"):
            singles = raw.view(np.float32) if dtype.itemsize >= 4 else raw.view(dtype)
            numbers = singles.astype(dtype)
            a, b = numbers[:COUNT], numbers[COUNT:]
            expected = OPERATORS[op](a.astype(wide), b.astype(wide)).astype(dtype)
            assert agree(run(a=a, b=b)["out"], expected)

    property()


def test_bfloat16_rounds_between_two_ops(tmp_path: Path) -> None:
    ops = "%p = arith.mulf %x_a, %x_b : bf16\n%r = arith.addf %p, %x_a : bf16"
    body, buffers = elementwise(ops, {"a": "bf16", "b": "bf16"}, "bf16", COUNT)
    rng = np.random.default_rng(5)
    a, b = (rng.normal(size=COUNT).astype(ml_dtypes.bfloat16) for _ in "ab")
    product = (a.astype(np.float32) * b.astype(np.float32)).astype(ml_dtypes.bfloat16)
    expected = (product.astype(np.float32) + a.astype(np.float32)).astype(ml_dtypes.bfloat16)
    assert agree(program(tmp_path, body, buffers)(a=a, b=b)["out"], expected)


def test_a_product_and_a_sum_are_not_fused(tmp_path: Path) -> None:
    ops = "%p = arith.mulf %x_a, %x_b : f32\n%r = arith.subf %p, %x_c : f32"
    body, buffers = elementwise(ops, {"a": "f32", "b": "f32", "c": "f32"}, "f32", COUNT)
    rng = np.random.default_rng(6)
    a, b = (rng.normal(size=COUNT).astype(np.float32) for _ in "ab")
    out = program(tmp_path, body, buffers)(a=a, b=b, c=a * b)["out"]
    assert out.tolist() == [0.0] * COUNT


@pytest.mark.parametrize("type", ["f32", "bf16"])
def test_maximum_hands_on_nan_and_maxnum_does_not(tmp_path: Path, type: str) -> None:
    numbers = np.array([-np.inf, -1.0, -0.0, 0.0, 3.0, np.nan], np.float32).astype(DTYPES[type])
    a, b = np.repeat(numbers, 6), np.tile(numbers, 6)
    for op, nan_wins, pick in (
        ("maximumf", True, np.maximum),
        ("minimumf", True, np.minimum),
        ("maxnumf", False, np.fmax),
        ("minnumf", False, np.fmin),
    ):
        ops = f"%r = arith.{op} %x_a, %x_b : {type}"
        body, buffers = elementwise(ops, {"a": type, "b": type}, type, 36)
        out = program(tmp_path / op, body, buffers)(a=a, b=b)["out"].astype(np.float32)
        wide_a, wide_b = a.astype(np.float32), b.astype(np.float32)
        expected = pick(wide_a, wide_b)
        zeros = (wide_a == 0) & (wide_b == 0)
        negative = (
            np.signbit(wide_a) & np.signbit(wide_b)
            if op.startswith("max")
            else np.signbit(wide_a) | np.signbit(wide_b)
        )
        expected = np.where(zeros, np.where(negative, -0.0, 0.0), expected)
        assert agree(out, expected.astype(np.float32)), op
        assert np.isnan(out).any() and nan_wins == (np.isnan(out).sum() > 1)


def test_float_constants_keep_their_value(tmp_path: Path) -> None:
    ops = """
      %third = arith.constant 0.333333343 : f32
      %inf = arith.constant 0x7F800000 : f32
      %tiny = arith.constant 1.401298e-45 : f32
      %half = arith.constant -5.000000e-01 : bf16
      %h = arith.extf %half : bf16 to f32
      %s = arith.addf %third, %h : f32
      %q = arith.divf %tiny, %inf : f32
      %t = arith.addf %s, %q : f32
      %u = arith.addf %t, %tiny : f32
      %r = arith.negf %u : f32
    """
    body, buffers = elementwise(ops, {"a": "f32"}, "f32", 1)
    out = program(tmp_path, body, buffers)(a=np.zeros(1, np.float32))["out"]
    assert out.tolist() == [-(np.float32(0.333333343) + np.float32(-0.5))]
