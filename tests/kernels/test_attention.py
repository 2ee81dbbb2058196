"""The attention kernels against softmax attention in floating point: what int8 costs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.kernels.library import Array, Kernel, correlation, module_at
from tests.project import ROOT

reference = module_at("mlir_templates/_attention.py")
table = module_at("kernels_src/exp_table.py")

TILES, SEQUENCE = ("attention/t16", "attention/t64"), "attention_sequence/n1500"
KERNELS = (*TILES, SEQUENCE)

DIM = {"attention/t16": 16, "attention/t64": 64, SEQUENCE: 64}


@pytest.fixture(scope="module", params=TILES)
def tile(request: pytest.FixtureRequest, kernels: dict[str, Kernel]) -> Kernel:
    """One tile of attention."""
    return kernels[request.param]


def size_of(kernel: Kernel) -> int:
    """Rows and elements of a tile."""
    return DIM[f"attention/{kernel.folder.name}"]


def gaussian(rows: int, dim: int, deviation: float) -> Array:
    """Q, K, V without anything to look for; Q and K count sixteenths."""
    rng = np.random.default_rng(11)
    q, k = rng.normal(0, deviation, (2, rows, dim))
    v = rng.normal(0, 40, (rows, dim))
    return np.clip(np.rint(np.stack([q, k, v])), -128, 127).astype(np.int8)


def float_attention(qkv: Array) -> Array:
    """softmax(Q K^T / sqrt(d)) V of the numbers that the int8 values stand for."""
    q, k, v = qkv[0] / 16, qkv[1] / 16, qkv[2].astype(float)
    scores = q @ k.T / np.sqrt(q.shape[1])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    mean: Array = weights / weights.sum(axis=1, keepdims=True) @ v
    return mean


Compare = Callable[[str, Array, Array], tuple[float, float]]


@pytest.fixture
def deviation(accuracy: Callable[[str], None]) -> Compare:
    """Gives the correlation and the mean deviation in units of V, and reports them."""

    def compare(what: str, got: Array, expected: Array) -> tuple[float, float]:
        found, error = correlation(got, expected), np.abs(got - expected)
        accuracy(
            f"attention, {what}: correlation {found:.4f}, deviation {error.mean():.2f} in the mean,"
            f" {error.max():.1f} at worst, of a spread of {expected.std():.1f}"
        )
        return found, float(error.mean())

    return compare


def test_the_header_is_what_its_generator_writes() -> None:
    assert (ROOT / "kernels_src/exp_table.h").read_text() == table.header()


def test_the_table_holds_exponentials() -> None:
    exact = 2**20 * np.exp(-np.arange(128.0))
    found = np.array(table.exponentials())
    assert np.all((np.abs(found - exact) < 1) | (found == 1))


def test_a_tile_follows_float_attention(tile: Kernel, deviation: Compare) -> None:
    size = size_of(tile)
    qkv = reference.like_a_model(np.random.default_rng(3), size, size)
    got = tile.run(qkv=qkv)["out"] * (128 / 127)  # the weights of a row add up to 127 of 128
    found, mean = deviation(f"tile of {size}, like a model's", got, float_attention(qkv))
    assert found > 0.97
    assert mean < 6


@pytest.mark.parametrize("spread", [16, 32, 74])
def test_a_tile_follows_float_attention_on_noise(
    tile: Kernel, spread: int, deviation: Compare
) -> None:
    size = size_of(tile)
    qkv = gaussian(size, size, spread)
    got = tile.run(qkv=qkv)["out"] * (128 / 127)
    what = f"tile of {size}, noise of deviation {spread / 16:.1f}"
    found, mean = deviation(what, got, float_attention(qkv))
    assert found > 0.92
    assert mean < 6


def test_a_sequence_follows_float_attention(kernels: dict[str, Kernel], deviation: Compare) -> None:
    sequence = kernels[SEQUENCE]
    focused = reference.like_a_model(np.random.default_rng(4), 1500, 64)
    got = sequence.run(qkv=focused)["out"]
    found, mean = deviation("1500 rows, like a model's", got, float_attention(focused))
    assert found > 0.97
    assert mean < 6
    diffuse = gaussian(1500, 64, 16)
    got = sequence.run(qkv=diffuse)["out"]
    found, mean = deviation("1500 rows, noise", got, float_attention(diffuse))
    assert found > 0.9
    assert mean < 1


def test_weights_of_a_tile_would_vanish_in_a_sequence() -> None:
    """Why attention_sequence.c has weights of its own."""
    diffuse = gaussian(1500, 64, 16)
    diffuse[2] += np.int8(20) * (diffuse[2] < 100)  # a mean that a sum of cut weights misses
    expected = float_attention(diffuse)
    exact = reference.attention_sequence(*diffuse, 3)
    assert correlation(exact, expected) > 0.9
    assert correlation(reference.attention(*diffuse, 3), expected) < 0.5
