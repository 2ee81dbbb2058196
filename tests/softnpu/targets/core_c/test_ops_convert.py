"""Conversions of a core's body are LLVM's: extension by the op's name, rounding to even."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.softnpu.targets.core_machine import DTYPES, Program, elementwise, program

COUNT = 32
several = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def conversion(folder: Path, op: str, source: str, target: str) -> Program:
    body, buffers = elementwise(
        f"%r = {op} %x_a : {source} to {target}", {"a": source}, target, COUNT
    )
    return program(folder, body, buffers)


def agree(found: NDArray[np.generic], expected: NDArray[np.generic]) -> bool:
    """Bit for bit, but for which NaN it is."""
    both_nan = np.isnan(found.astype(np.float64)) & np.isnan(expected.astype(np.float64))
    word = f"u{found.dtype.itemsize}"
    return bool(((found.view(word) == expected.astype(found.dtype).view(word)) | both_nan).all())


@pytest.mark.parametrize(
    ("op", "source", "target"),
    [
        ("arith.extsi", "i8", "i16"),
        ("arith.extsi", "i8", "i64"),
        ("arith.extsi", "i32", "i64"),
        ("arith.extui", "i8", "i32"),
        ("arith.extui", "i16", "i64"),
        ("arith.extui", "i32", "i64"),
        ("arith.trunci", "i64", "i32"),
        ("arith.trunci", "i64", "i8"),
        ("arith.trunci", "i32", "i16"),
    ],
)
def test_integers_change_width(tmp_path: Path, op: str, source: str, target: str) -> None:
    run = conversion(tmp_path, op, source, target)
    wide, narrow = np.dtype(DTYPES[source]), np.dtype(DTYPES[target])
    limits = np.iinfo(wide)

    @several
    @given(st.lists(st.integers(limits.min, limits.max), min_size=COUNT, max_size=COUNT))
    def property(numbers: list[int]) -> None:
        a = np.array([limits.min, limits.max, -1, *numbers[3:]], wide)
        read = a.view(f"u{wide.itemsize}") if op == "arith.extui" else a
        assert run(a=a)["out"].tolist() == read.astype(narrow).tolist()

    property()


def test_index_casts_extend_and_cut(tmp_path: Path) -> None:
    ops = """
      %i1 = arith.index_cast %x_a : i32 to index
      %two = arith.constant 2 : index
      %d = arith.muli %i1, %two : index
      %j = arith.index_castui %x_b : i32 to index
      %s = arith.addi %d, %j : index
      %r = arith.index_cast %s : index to i64
    """
    body, buffers = elementwise(ops, {"a": "i32", "b": "i32"}, "i64", 3)
    a, b = np.array([2**31 - 1, -1, -5], np.int32), np.array([1, -1, -2], np.int32)
    expected = a.astype(np.int64) * 2 + b.view(np.uint32)
    assert program(tmp_path, body, buffers)(a=a, b=b)["out"].tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("source", "target"),
    [("f32", "bf16"), ("f32", "f16"), ("f64", "f32"), ("f64", "bf16"), ("f64", "f16")],
)
def test_narrowing_a_float_rounds_to_even(tmp_path: Path, source: str, target: str) -> None:
    run = conversion(tmp_path, "arith.truncf", source, target)
    width = int(source[1:])
    specials = [0.0, -0.0, np.inf, -np.inf, np.nan, 65519.0, 65520.0, 1e-8, 3.4e38, 1e300]

    @several
    @given(st.lists(st.integers(0, 2**width - 1), min_size=COUNT, max_size=COUNT))
    def property(bits: list[int]) -> None:
        a = np.array(bits, f"u{width // 8}").view(DTYPES[source])
        with np.errstate(over="ignore", invalid="ignore"):
            a[: len(specials)] = specials
            expected = _narrowed(a, target)
        assert agree(run(a=a)["out"], expected)

    property()


def _narrowed(values: NDArray[np.generic], target: str) -> NDArray[np.generic]:
    """numpy's own narrowing, but ml_dtypes goes from double by way of float: that rounds twice."""
    if values.dtype == np.float64 and target == "bf16":
        return np.array([_bf16_of_double(float(x)) for x in values], ml_dtypes.bfloat16)
    return values.astype(DTYPES[target])


def _bf16_of_double(value: float) -> ml_dtypes.bfloat16:
    """Rounded once: the nearest of the neighbours of the doubly rounded number."""
    guess = np.float32(value)
    if not np.isfinite(guess) or guess == value:
        return ml_dtypes.bfloat16(guess)
    even = guess.view(np.uint32) & 1 == 0
    toward = -np.inf if float(guess) > value else np.inf
    return ml_dtypes.bfloat16(np.nextafter(guess, np.float32(toward)) if even else guess)


@pytest.mark.parametrize(
    ("source", "target"), [("bf16", "f32"), ("f16", "f32"), ("f32", "f64"), ("f16", "f64")]
)
def test_widening_a_float_is_exact(tmp_path: Path, source: str, target: str) -> None:
    run = conversion(tmp_path, "arith.extf", source, target)
    size = np.dtype(DTYPES[source]).itemsize

    @several
    @given(st.lists(st.integers(0, 2 ** (8 * size) - 1), min_size=COUNT, max_size=COUNT))
    def property(bits: list[int]) -> None:
        a = np.array(bits, f"u{size}").view(DTYPES[source])
        with np.errstate(invalid="ignore"):
            assert agree(run(a=a)["out"], a.astype(DTYPES[target]))

    property()


@pytest.mark.parametrize("op", ["arith.sitofp", "arith.uitofp"])
@pytest.mark.parametrize("target", ["f32", "f64", "bf16"])
@pytest.mark.parametrize("source", ["i8", "i32", "i64"])
def test_integers_become_floats_rounded_once(
    tmp_path: Path, source: str, target: str, op: str
) -> None:
    run = conversion(tmp_path, op, source, target)
    dtype = np.dtype(DTYPES[source])
    limits = np.iinfo(dtype)

    @several
    @given(st.lists(st.integers(limits.min, limits.max), min_size=COUNT, max_size=COUNT))
    def property(numbers: list[int]) -> None:
        a = np.array([limits.min, limits.max, -1, 0, *numbers[4:]], dtype)
        read = a.view(f"u{dtype.itemsize}") if op == "arith.uitofp" else a
        expected = read.astype(np.float64).astype(DTYPES[target])
        if source == "i64" and target == "f32":
            expected = read.astype(np.float32)
        elif source == "i64" and target == "bf16":
            expected = read.astype(np.float32).astype(ml_dtypes.bfloat16)
        assert agree(run(a=a)["out"], expected)

    property()


@pytest.mark.parametrize(
    ("op", "source", "target"),
    [
        ("arith.fptosi", "f32", "i32"),
        ("arith.fptosi", "f32", "i8"),
        ("arith.fptosi", "f64", "i64"),
        ("arith.fptosi", "bf16", "i16"),
        ("arith.fptoui", "f32", "i32"),
        ("arith.fptoui", "f64", "i64"),
    ],
)
def test_floats_become_integers_towards_zero(
    tmp_path: Path, op: str, source: str, target: str
) -> None:
    run = conversion(tmp_path, op, source, target)
    dtype = np.dtype(DTYPES[target])
    unsigned = op == "arith.fptoui"
    limits = np.iinfo(f"u{dtype.itemsize}" if unsigned else dtype)

    @several
    @given(st.lists(st.floats(0, 1), min_size=COUNT, max_size=COUNT))
    def property(shares: list[float]) -> None:
        span = float(limits.max) - float(limits.min)
        a = (np.array(shares) * span * 0.99 + limits.min * 0.99).astype(DTYPES[source])
        a[:4] = [0.0, 0.999, 1.5, 2.999 if unsigned else -1.999]
        expected = [int(x) for x in a.astype(np.float64)]
        found = run(a=a)["out"].view(f"u{dtype.itemsize}" if unsigned else dtype)
        assert found.tolist() == expected

    property()


def test_bitcast_keeps_the_bits(tmp_path: Path) -> None:
    run = conversion(tmp_path, "arith.bitcast", "f32", "i32")
    a = np.linspace(-3, 3, COUNT).astype(np.float32)
    assert run(a=a)["out"].tolist() == a.view(np.int32).tolist()
