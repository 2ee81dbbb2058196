"""The math dialect agrees with numpy to the last place of float."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.softnpu.targets.core_machine import elementwise, program

COUNT = 400
FUNCTIONS: dict[str, tuple[Callable[[float], float], float, float]] = {
    "acos": (math.acos, -1, 1),
    "acosh": (math.acosh, 1, 1e6),
    "asin": (math.asin, -1, 1),
    "asinh": (math.asinh, -1e6, 1e6),
    "atan": (math.atan, -50, 50),
    "atanh": (math.atanh, -0.9999, 0.9999),
    "cbrt": (lambda x: math.copysign(abs(x) ** (1 / 3), x), -1e9, 1e9),
    "ceil": (math.ceil, -100, 100),
    "cos": (math.cos, -1e5, 1e5),
    "cosh": (math.cosh, -80, 80),
    "erf": (math.erf, -7, 7),
    "exp": (math.exp, -87, 88),
    "exp2": (lambda x: 2.0**x, -126, 127),
    "expm1": (math.expm1, -5, 5),
    "floor": (math.floor, -100, 100),
    "log": (math.log, 1e-30, 1e30),
    "log10": (math.log10, 1e-30, 1e30),
    "log1p": (math.log1p, -0.999, 10),
    "log2": (math.log2, 1e-30, 1e30),
    "round": (lambda x: math.copysign(math.floor(abs(x) + 0.5), x), -100, 100),
    "roundeven": (lambda x: float(round(x)), -100, 100),
    "rsqrt": (lambda x: 1 / math.sqrt(x), 1e-30, 1e30),
    "sin": (math.sin, -1e5, 1e5),
    "sinh": (math.sinh, -80, 80),
    "sqrt": (math.sqrt, 0, 1e30),
    "tan": (math.tan, -1e3, 1e3),
    "tanh": (math.tanh, -10, 10),
    "trunc": (math.trunc, -100, 100),
    "absf": (abs, -100, 100),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_one_argument(tmp_path: Path, name: str) -> None:
    function, low, high = FUNCTIONS[name]
    body, buffers = elementwise(f"%r = math.{name} %x_a : f32", {"a": "f32"}, "f32", COUNT)
    rng = np.random.default_rng(7)
    a = rng.uniform(low, high, COUNT).astype(np.float32)
    a = np.clip(a, np.float32(low), np.float32(high))
    a[: COUNT // 8] = (a[: COUNT // 8] * 1e-3).clip(low, high)
    a[COUNT // 8 : COUNT // 4] = np.round(a[COUNT // 8 : COUNT // 4] * 2) / 2
    a = a.clip(low, high)
    out = program(tmp_path, body, buffers)(a=a)["out"]
    expected = np.array([function(float(x)) for x in a]).astype(np.float32)
    ulp = np.spacing(np.maximum(np.abs(expected), np.finfo(np.float32).tiny))
    assert (np.abs(out.astype(np.float64) - expected) <= 1.001 * ulp).all()


def test_functions_of_two_arguments(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    a, b = rng.uniform(0.01, 30, COUNT), rng.uniform(-8, 8, COUNT)
    a, b = a.astype(np.float32), b.astype(np.float32)
    for name, expected in (
        ("powf", np.power(a.astype(float), b.astype(float))),
        ("atan2", np.arctan2(a.astype(float), b.astype(float))),
        ("copysign", np.copysign(a, b)),
    ):
        ops = f"%r = math.{name} %x_a, %x_b : f32"
        body, buffers = elementwise(ops, {"a": "f32", "b": "f32"}, "f32", COUNT)
        out = program(tmp_path / name, body, buffers)(a=a, b=b)["out"]
        assert np.allclose(out, expected, rtol=1.3e-7, atol=0), name


def test_a_negative_base_has_integer_powers_only(tmp_path: Path) -> None:
    body, buffers = elementwise(
        "%r = math.powf %x_a, %x_b : f32", {"a": "f32", "b": "f32"}, "f32", 5
    )
    a = np.array([-2, -2, -2, 0, -0.0], np.float32)
    b = np.array([3, 2, 0.5, -1, -3], np.float32)
    out = program(tmp_path, body, buffers)(a=a, b=b)["out"]
    assert out[:2].tolist() == [-8.0, 4.0]
    assert np.isnan(out[2])
    assert out[3:].tolist() == [np.inf, -np.inf]


def test_fma_rounds_once(tmp_path: Path) -> None:
    ops = "%r = math.fma %x_a, %x_b, %x_c : f32"
    body, buffers = elementwise(ops, {"a": "f32", "b": "f32", "c": "f32"}, "f32", COUNT)
    rng = np.random.default_rng(9)
    a, b = (rng.normal(size=COUNT).astype(np.float32) for _ in "ab")
    product = a.astype(np.float64) * b.astype(np.float64)
    out = program(tmp_path, body, buffers)(a=a, b=b, c=-(a * b))["out"]
    assert out.tolist() == (product - (a * b)).astype(np.float32).tolist()


def test_bits_of_integers_are_counted(tmp_path: Path) -> None:
    a = np.array([0, 1, -1, 2**31 - 1, -(2**31), 12, 1000], np.int32)
    words = [int(x) & 0xFFFFFFFF for x in a]
    for name, expected in (
        ("ctpop", [bin(w).count("1") for w in words]),
        ("ctlz", [32 - w.bit_length() for w in words]),
        ("cttz", [(w & -w).bit_length() - 1 if w else 32 for w in words]),
        ("absi", [abs(int(x)) if x != -(2**31) else -(2**31) for x in a]),
    ):
        body, buffers = elementwise(f"%r = math.{name} %x_a : i32", {"a": "i32"}, "i32", 7)
        assert program(tmp_path / name, body, buffers)(a=a)["out"].tolist() == expected, name
