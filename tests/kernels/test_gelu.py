"""GELU against scipy's: the exact form by the error function, and what the formats cost."""

from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest

from tests.kernels.library import Array, Kernel, correlation, module_at
from tests.project import ROOT

table = module_at("kernels_src/gelu_table.py")

INT8, BF16 = ("gelu_int8/n512", "gelu_int8/n2048"), "gelu_bf16/n1024"
KERNELS = (*INT8, BF16)

EVERY = np.arange(-128, 128).astype(np.int8)


def exact_gelu(x: Array) -> Array:
    """x times the normal distribution's probability of less than x; the tanh form is close."""
    special = pytest.importorskip("scipy.special")
    y: Array = x * special.ndtr(x)
    return y


def bf16_unit(x: Array) -> Array:
    """The unit in the last place of bfloat16 numbers of such sizes, none of them 0."""
    unit: Array = 2.0 ** (np.floor(np.log2(np.abs(x))) - 7)
    return unit


@pytest.fixture(scope="module", params=INT8)
def int8(request: pytest.FixtureRequest, kernels: dict[str, Kernel]) -> Kernel:
    """The kernel with the table."""
    return kernels[request.param]


@pytest.fixture(scope="module")
def bf16(kernels: dict[str, Kernel]) -> Kernel:
    """The kernel that computes tanh."""
    return kernels[BF16]


def size_of(kernel: Kernel) -> int:
    """Elements of a row."""
    return int(kernel.folder.name[1:])


def test_the_header_is_what_its_generator_writes() -> None:
    assert (ROOT / "kernels_src/gelu_table.h").read_text() == table.header()


def test_int8_follows_the_exact_form(int8: Kernel, accuracy: Callable[[str], None]) -> None:
    x = np.resize(EVERY, size_of(int8))
    got, expected = int8.run(x=x)["y"], 127 * exact_gelu(x / 127)
    error = np.abs(got - expected)
    accuracy(
        f"GELU int8, all 256 inputs: correlation {correlation(got, expected):.5f}, worst deviation"
        f" {error.max():.2f} of 127ths, where rounding alone costs 0.50"
    )
    assert error.max() < 0.55


def test_known_results(int8: Kernel) -> None:
    x = np.zeros(size_of(int8), np.int8)
    x[:3] = -128, 127, 0
    assert int8.run(x=x)["y"][:3].tolist() == [-20, 107, 0]


def test_few_outputs_are_zero_for_small_inputs(int8: Kernel) -> None:
    """Only -1 and 0 give 0; an input that never arrives gives nothing else."""
    size = size_of(int8)
    x = np.random.RandomState(42).randint(-64, 64, size, dtype=np.int8)
    assert np.count_nonzero(int8.run(x=x)["y"]) == {512: 508, 2048: 2020}[size]


def test_bf16_follows_the_exact_form(bf16: Kernel, accuracy: Callable[[str], None]) -> None:
    x = np.linspace(-6, 6, 1024).astype(ml_dtypes.bfloat16)
    got = bf16.run(x=x)["y"].astype(np.float64)
    expected = exact_gelu(x.astype(np.float64))
    error = np.abs(got - expected)
    positive = x > 0
    units = (error / bf16_unit(expected))[positive].max()
    accuracy(
        f"GELU bf16, -6 to 6: correlation {correlation(got, expected):.6f}, {units:.2f} units of"
        f" the last place at worst above 0, {error[~positive].max():.1e} below"
    )
    # The tanh form itself is off by up to 5e-4.
    assert np.all(error <= 0.5 * bf16_unit(expected) + 8e-4)


def test_bf16_stays_at_its_limits_far_out(bf16: Kernel) -> None:
    x = np.zeros(1024, ml_dtypes.bfloat16)
    x[:6] = 5, -5, 30, -30, 1e4, -1e4
    got = bf16.run(x=x)["y"].astype(float)
    assert got[:6].tolist() == [5, 0, 30, 0, x[4], 0]
