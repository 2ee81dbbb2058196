"""Several kernels in one design: rows and tiles that cores hand on in shared memory."""

from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest

from runner import artifact
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.report import RunReport
from softnpu.formats import xclbin
from tests.kernels.library import Array, Kernel, correlation, module_at

attention = module_at("mlir_templates/_attention.py")
integers = module_at("mlir_templates/_integers.py")

CHAIN, BLOCK = "encoder_chain_bf16/n1024", "encoder_block_int8/head64"
KERNELS = (CHAIN, BLOCK)


@pytest.fixture(scope="module")
def chain(kernels: dict[str, Kernel]) -> Kernel:
    """Layer normalisation, softmax, GELU in bfloat16."""
    return kernels[CHAIN]


@pytest.fixture(scope="module")
def block(kernels: dict[str, Kernel]) -> Kernel:
    """Attention, layer normalisation, matrix, GELU in int8."""
    return kernels[BLOCK]


def report(kernel: Kernel) -> RunReport:
    """What a run on zeros says of itself."""
    loaded = artifact.load(kernel.folder)
    context = Context(xclbin.parse(loaded.xclbin.read_bytes()))
    buffers = [context.allocate(argument.bytes) for argument in loaded.arguments]
    return context.run(loaded.insts.read_bytes(), buffers)


def tiles_with_channels(run: RunReport) -> set[str]:
    """The tiles whose DMAs moved something: `(0,2)`."""
    return {place.split()[1] for place in run.statistics.channels}


def test_no_dma_moves_rows_between_the_chains_cores(chain: Kernel) -> None:
    run = report(chain)
    assert len(run.statistics.cores) == 3
    channels = run.statistics.channels
    assert set(channels) == {
        *("tile (0,0) MM2S 0", "tile (0,2) S2MM 0"),
        *("tile (0,4) MM2S 0", "tile (0,0) S2MM 0"),
    }
    assert {c.bytes for c in channels.values()} == {4 * 1024 * 2}


def test_the_chains_cores_work_at_the_same_time(chain: Kernel) -> None:
    run = report(chain)
    work = [core.instructions for core in run.statistics.cores.values()]
    assert run.cycles < 0.75 * sum(work)


def test_the_chain_follows_float64(chain: Kernel, accuracy: Callable[[str], None]) -> None:
    special, stats = (pytest.importorskip(f"scipy.{name}") for name in ("special", "stats"))
    x = np.random.default_rng(51).normal(3, 2, (4, 1024)).astype(ml_dtypes.bfloat16)
    weights = special.softmax(stats.zscore(x.astype(np.float64), axis=1), axis=1)
    expected = weights * special.ndtr(weights)
    got = chain.run(x=x)["y"].astype(np.float64)
    relative = float(np.abs(got / expected - 1).max())
    accuracy(
        f"encoder chain bf16: correlation {correlation(got, expected):.6f},"
        f" {100 * relative:.1f} % off at worst"
    )
    assert relative < 0.04


def test_each_row_passes_the_chain_on_its_own(chain: Kernel) -> None:
    rng = np.random.default_rng(52)
    rows = rng.normal(0, 1, (4, 1024)).astype(ml_dtypes.bfloat16)
    order = [2, 0, 3, 1]
    straight, shuffled = chain.run(x=rows)["y"], chain.run(x=rows[order])["y"]
    assert np.array_equal(straight[order], shuffled)
    assert len({row.tobytes() for row in straight}) == 4


def test_the_blocks_tiles_go_up_one_column(block: Kernel) -> None:
    run = report(block)
    assert set(run.statistics.cores) == {f"core (0,{row})" for row in range(2, 6)}
    received = {p: c.bytes for p, c in run.statistics.channels.items() if "S2MM" in p}
    assert received["tile (0,2) S2MM 0"] == 2 * 3 * 64 * 64
    assert received["tile (0,3) S2MM 0"] == 2 * 64
    assert received["tile (0,4) S2MM 0"] == 64 * 64
    assert "tile (0,5) S2MM 0" not in received


def float_block(qkv: Array, gamma: Array, beta: Array, matrix: Array) -> Array:
    """The block in floating point, in the units of its int8 output: 127 is 1."""
    special, stats = (pytest.importorskip(f"scipy.{name}") for name in ("special", "stats"))
    q, k, v = qkv[0] / 16, qkv[1] / 16, qkv[2].astype(float)
    attended = special.softmax(q @ k.T / 8, axis=1) @ v
    normal = stats.zscore(attended, axis=1) * gamma + beta
    product = normal @ matrix / 128 / 127
    return 127 * product * special.ndtr(product)


def test_the_block_follows_floating_point(block: Kernel, accuracy: Callable[[str], None]) -> None:
    rng = np.random.default_rng(53)
    tiles = np.stack([attention.like_a_model(rng, 64, 64) for _ in range(2)])
    gamma, beta = rng.normal(32, 4, 64), rng.normal(0, 4, 64)
    matrix = rng.normal(0, 16, 64 * 64)
    weights = integers.clip8(np.rint(np.concatenate([gamma, beta, matrix])))
    got = block.run(qkv=tiles, weights=weights)["out"]
    gamma, beta = weights[:64].astype(float), weights[64:128].astype(float)
    expected = [float_block(t, gamma, beta, weights[128:].reshape(64, 64)) for t in tiles]
    found, error = correlation(got, np.stack(expected)), np.abs(got - np.stack(expected))
    accuracy(
        f"encoder block int8, like a model's: correlation {found:.4f}, deviation"
        f" {error.mean():.2f} in the mean, {error.max():.1f} at worst, of a spread of"
        f" {np.std(expected):.1f}"
    )
    assert found > 0.9
