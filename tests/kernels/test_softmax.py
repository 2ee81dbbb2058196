"""Softmax against scipy's, on one tile, on rows in turn, and on four tiles."""

from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest

from tests.kernels.library import Array, Kernel, correlation

KERNELS = ("softmax_bf16/n1024", "softmax_bf16/rows4", "softmax_bf16/tiles4")


@pytest.fixture(scope="module", params=KERNELS)
def kernel(request: pytest.FixtureRequest, kernels: dict[str, Kernel]) -> Kernel:
    """One variant."""
    return kernels[request.param]


def logits(kernel: Kernel, deviation: float) -> Array:
    """Rows as the variant takes them, each of its own mean."""
    rows = 1 if kernel.folder.name == "n1024" else 4
    rng = np.random.default_rng(31)
    x = rng.normal(0, deviation, (rows, 1024)) + 50 * rng.normal(0, 1, (rows, 1))
    return x.astype(ml_dtypes.bfloat16)


@pytest.mark.parametrize("deviation", [0.5, 2, 8])
def test_softmax_follows_scipys(
    kernel: Kernel, deviation: float, accuracy: Callable[[str], None]
) -> None:
    special = pytest.importorskip("scipy.special")
    x = logits(kernel, deviation)
    got = kernel.run(x=x)["y"].astype(np.float64)
    expected = special.softmax(x.astype(np.float64), axis=1)
    relative = float(np.abs(got / expected - 1).max())
    accuracy(
        f"softmax bf16 {kernel.folder.name}, deviation {deviation}: correlation"
        f" {correlation(got, expected):.6f}, {100 * relative:.1f} % off at worst"
    )
    assert relative < 0.02


def test_every_row_adds_up_to_one(kernel: Kernel) -> None:
    sums = kernel.run(x=logits(kernel, 3))["y"].astype(np.float64).sum(axis=1)
    assert np.abs(sums - 1).max() < 2.0**-8


def test_large_logits_do_not_overflow(kernel: Kernel) -> None:
    x = logits(kernel, 0) * 0 - 3e4
    x[:, 7] = 3e4
    got = kernel.run(x=x.astype(ml_dtypes.bfloat16))["y"].astype(float)
    assert np.all(got[:, 7] == 1)
    assert np.all(np.delete(got, 7, axis=1) == 0)
