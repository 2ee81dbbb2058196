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
KERNELS = (*INT8, BF16)


@pytest.fixture(scope="module", params=INT8)
def int8(request: pytest.FixtureRequest, kernels: dict[str, Kernel]) -> Kernel:
    """One size."""
    return kernels[request.param]


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


def test_bf16_is_rounded_once(kernels: dict[str, Kernel], accuracy: Callable[[str], None]) -> None:
    a, b = np.random.default_rng(43).standard_normal((2, 64, 64)).astype(ml_dtypes.bfloat16)
    exact = a.astype(float) @ b.astype(float)
    got = kernels[BF16].run(a=a, b=b)["c"]
    same = float((got == exact.astype(ml_dtypes.bfloat16)).mean())
    accuracy(
        f"matmul bf16, 64 rows: {100 * same:.1f} % of the elements are the exact product, rounded"
    )
    assert same > 0.995


def test_the_branch_for_aie2_cores_does_the_same(
    tmp_path: Path, kernels: dict[str, Kernel]
) -> None:
    """Peano is not at hand everywhere: the stand-in headers have its vector intrinsics."""
    project = project_of(tmp_path / "project", BF16)
    a, b = np.random.default_rng(44).standard_normal((2, 64, 64)).astype(ml_dtypes.bfloat16)
    expected = kernels[BF16].run(a=a, b=b)["c"]
    project.edit(
        "kernels_src/matmul_bf16.cc",
        '#include "bf16.h"',
        "#define __AIENGINE__\n#define __AIEARCH__ 20\n#include <aie_api/aie.hpp>\n"
        '#include "bf16.h"',
    )
    got = built(project, BF16).run(a=a, b=b)["c"]
    assert np.mean(got != expected) < 0.01  # another order of summation
