"""Layer normalisation against scipy's z-scores, and what int8 costs."""

from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest

from tests.kernels.library import Array, Kernel, correlation, module_at

integers = module_at("mlir_templates/_integers.py")

INT8, BF16 = "layernorm_int8/n256", ("layernorm_bf16/n512", "layernorm_bf16/n1024")
KERNELS = (INT8, *BF16)

ROW = 256


def normal(x: Array) -> Array:
    """(x - mean) / deviation in float64."""
    stats = pytest.importorskip("scipy.stats")
    y: Array = stats.zscore(x.astype(np.float64))
    return y


@pytest.fixture(scope="module")
def int8(kernels: dict[str, Kernel]) -> Kernel:
    """The kernel in fixed point."""
    return kernels[INT8]


@pytest.fixture(scope="module", params=BF16)
def bf16(request: pytest.FixtureRequest, kernels: dict[str, Kernel]) -> Kernel:
    """The kernel in floating point."""
    return kernels[request.param]


def activations(deviation: float, mean: float = 5) -> Array:
    """A row of int8 as a model has it."""
    row = np.random.default_rng(21).normal(mean, deviation, ROW)
    return integers.clip8(np.rint(row))


@pytest.mark.parametrize(("deviation", "least"), [(40, 0.999), (10, 0.995), (3, 0.97)])
def test_int8_follows_the_float_form(
    int8: Kernel, deviation: float, least: float, accuracy: Callable[[str], None]
) -> None:
    x = activations(deviation)
    gamma, beta = np.full(ROW, 32, np.int8), np.full(ROW, -3, np.int8)
    got = int8.run(x_gamma_beta=np.stack([x, gamma, beta]))["y"]
    expected = np.clip(32 * normal(x) - 3, -128, 127)
    found, error = correlation(got, expected), np.abs(got - expected)
    accuracy(
        f"layernorm int8, deviation {deviation} of 127: correlation {found:.4f}, deviation"
        f" {error.mean():.2f} in the mean, {error.max():.1f} at worst, of a spread of 32"
    )
    assert found > least


def test_a_gamma_of_one_clips_beyond_one_deviation(
    int8: Kernel, accuracy: Callable[[str], None]
) -> None:
    """What the format says: gamma is the result of one deviation, and int8 ends at 127."""
    x = activations(30)
    gamma, beta = np.full(ROW, 127, np.int8), np.zeros(ROW, np.int8)
    got = int8.run(x_gamma_beta=np.stack([x, gamma, beta]))["y"]
    clipped = float(((got == 127) | (got == -128)).mean())
    accuracy(f"layernorm int8 with gamma 127: {100 * clipped:.0f} % of the outputs are clipped")
    assert 0.2 < clipped < 0.45
    assert np.array_equal(got > 0, normal(x) > 0.5 / 127)


def test_a_row_without_spread_gives_beta(int8: Kernel) -> None:
    beta = np.arange(ROW).astype(np.int8)
    rows = np.stack([np.full(ROW, -100, np.int8), np.full(ROW, 127, np.int8), beta])
    assert np.array_equal(int8.run(x_gamma_beta=rows)["y"], beta)


def test_bf16_follows_z_scores(bf16: Kernel, accuracy: Callable[[str], None]) -> None:
    size = int(bf16.folder.name[1:])
    x = np.random.default_rng(22).normal(40, 3, size).astype(ml_dtypes.bfloat16)
    got = bf16.run(x=x)["y"].astype(np.float64)
    expected = normal(x)
    error = float(np.abs(got - expected).max())
    accuracy(f"layernorm bf16, {size} around 40: worst deviation {error:.4f} of a deviation")
    assert error < 2.0**-7  # half a unit in the last place of numbers from 2 to 4
