"""Matrix products: known ones, what int8 costs, and the blocks that an AIE2 core multiplies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from tests.kernels.library import Array, Kernel, built, correlation, project_of

INT8 = ("matmul_int8/n16", "matmul_int8/n32", "matmul_int8/n64", "matmul_tiled_int8/n256")
BF16 = "matmul_bf16/n64"


@pytest.fixture(scope="module", params=INT8)
def int8(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    """One size."""
    label = request.param
    return built(project_of(tmp_path_factory.mktemp("matmul") / "project", label), label)


def size_of(kernel: Kernel) -> int:
    """Rows of a matrix."""
    return int(kernel.folder.name[1:])


def matrices(size: int, spread: float) -> tuple[Array, Array]:
    """Two int8 matrices."""
    values = np.random.default_rng(41).normal(0, spread, (2, size, size))
    a, b = np.clip(np.rint(values), -128, 127).astype(np.int8)
    return a, b


def test_int8_follows_the_real_product(int8: Kernel, accuracy: Callable[[str], None]) -> None:
    size = size_of(int8)
    a, b = matrices(size, 90 / size**0.25)
    got = int8.run(a=a, b=b)["c"]
    exact = a.astype(float) @ b.astype(float) / 128
    error = np.abs(got - np.clip(exact, -128, 127))
    accuracy(
        f"matmul int8, {size} rows: correlation {correlation(got, exact):.5f}, deviation"
        f" {error.mean():.2f} in the mean, {error.max():.2f} at worst, of a spread of"
        f" {exact.std():.0f}"
    )
    assert error.max() < 1  # the shift cuts off


def test_sums_that_int8_does_not_hold_are_clipped(int8: Kernel) -> None:
    size = size_of(int8)
    ones = np.full((size, size), 127, np.int8)
    signs = np.where(np.arange(size) % 2, -1, 1).astype(np.int8)
    got = int8.run(a=ones, b=ones * signs)["c"]
    assert np.array_equal(got, np.where(signs > 0, 127, -128) * np.ones((size, 1), np.int8))


def test_every_column_and_row_lands_in_its_place(int8: Kernel) -> None:
    """127 times a matrix that permutes: each element is one of the other matrix's, 1 smaller."""
    size = size_of(int8)
    rng = np.random.default_rng(42)
    a = rng.integers(0, 128, (size, size), np.int8)
    order = rng.permutation(size)
    permutation = (127 * np.eye(size)[order]).astype(np.int8)
    assert np.array_equal(int8.run(a=a, b=permutation)["c"][:, order], a.astype(int) * 127 >> 7)
    assert np.array_equal(int8.run(a=permutation, b=a)["c"], a[order].astype(int) * 127 >> 7)


def test_bf16_is_rounded_once(tmp_path: Path, accuracy: Callable[[str], None]) -> None:
    kernel = built(project_of(tmp_path / "project", BF16), BF16)
    a, b = np.random.default_rng(43).standard_normal((2, 64, 64)).astype(ml_dtypes.bfloat16)
    exact = a.astype(float) @ b.astype(float)
    got = kernel.run(a=a, b=b)["c"]
    same = float((got == exact.astype(ml_dtypes.bfloat16)).mean())
    accuracy(
        f"matmul bf16, 64 rows: {100 * same:.1f} % of the elements are the exact product, rounded"
    )
    assert same > 0.995


AIE2_MODEL = """\
// The AIE2 vector unit's part in matmul_bf16.cc, by the intrinsics' descriptions: a block of 4 x 8
// times one of 8 x 4, both row by row, into 4 x 4 sums.
#define __AIENGINE__
#define __AIEARCH__ 20
struct v16accfloat { float at[16]; };
struct v16bfloat16 { unsigned short at[16]; };
static int rounding, rnd_conv_even = 12;
static void set_rnd(int mode) { rounding = mode; }
static v16accfloat mac_4x8_8x4(v32bfloat16 a, v32bfloat16 b, v16accfloat sums) {
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            for (int k = 0; k < 8; k++)
                sums.at[4 * i + j] += (float)a[8 * i + k] * (float)b[4 * k + j];
    return sums;
}
static v16accfloat mul_4x8_8x4(v32bfloat16 a, v32bfloat16 b) { return mac_4x8_8x4(a, b, {}); }
static v16bfloat16 to_v16bfloat16(v16accfloat sums) {
    v16bfloat16 out;
    for (int i = 0; i < 16; i++) {
        unsigned bits;
        __builtin_memcpy(&bits, &sums.at[i], 4);
        if (rounding == rnd_conv_even)
            bits += 0x7fff + (bits >> 16 & 1);
        out.at[i] = bits >> 16;
    }
    return out;
}
"""


def test_the_branch_for_aie2_cores_does_the_same(tmp_path: Path) -> None:
    """Peano is not at hand everywhere: its vector intrinsics are modelled for this test."""
    project = project_of(tmp_path / "project", BF16)
    portable = built(project, BF16)
    a, b = np.random.default_rng(44).standard_normal((2, 64, 64)).astype(ml_dtypes.bfloat16)
    expected = portable.run(a=a, b=b)["c"]
    project.write("kernels_src/aie2_model.h", AIE2_MODEL)
    project.edit(
        "kernels_src/matmul_bf16.cc",
        '#include "bf16.h"',
        '#include "aie2_model.h"\n#include "bf16.h"',
    )
    said = project.doit(f"test_emu:{BF16}")
    assert "7/7" in said.stdout, said.stdout + said.stderr
    got = built(project, BF16).run(a=a, b=b)["c"]
    assert np.mean(got != expected) < 0.01  # another order of summation
