"""What the AIE API moves and multiplies, against numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from softnpu.targets.standin import compile_kernel
from tests.softnpu.targets.standin.test_aie_api import results

KERNEL = Path(__file__).parent / "api_moves.cc"
X = np.random.default_rng(3).integers(-128, 128, 64).astype(np.int16)
A, B = X[:32], X[32:]
WIDE_A, WIDE_B = A.astype(np.int64), B.astype(np.int64)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("moves") / "k.o"
    compile_kernel(KERNEL, output)
    return output


def parts(values: NDArray[np.complex128]) -> NDArray[np.int32]:
    """Real and imaginary parts in turns."""
    return np.stack([values.real, values.imag], axis=-1).ravel().astype(np.int32)


def slid(lanes: int, starts: tuple[int, int], steps: tuple[int, int]) -> NDArray[np.int32]:
    """sum over four p of B[start + p * step] * A[start + p + lane * step]."""
    (start_b, start_a), (step_b, step_a) = starts, steps
    points = range(4)
    return np.array(
        [
            sum(WIDE_B[start_b + p * step_b] * WIDE_A[start_a + p + lane * step_a] for p in points)
            for lane in range(lanes)
        ],
        np.int32,
    )


def channels(
    values: NDArray[np.int32], outputs: int, count: int, starts: tuple[int, int]
) -> NDArray[np.int32]:
    """Two points of a sliding product in several channels, of `values` with themselves."""
    rows, (start_a, start_b) = values.reshape(-1, count), starts
    points = range(2)
    return np.concatenate(
        [sum(rows[start_a + p] * rows[start_b + o + p] for p in points) for o in range(outputs)]
    )


def butterflies(x: NDArray[np.complex128]) -> NDArray[np.int16]:
    """A stage of radix 4 back: blocks of four samples, which are their own twiddles as well."""
    first, *turned = x.reshape(8, 4).T
    b, c, d = (part * x[at : at + 8].conj() for part, at in zip(turned, (8, 0, 16), strict=True))
    a = 8 * first
    sums = np.concatenate(
        [a + b + c + d, a + 1j * b - c - 1j * d, a - b + c - d, a - 1j * b - c + 1j * d]
    )
    return (parts(sums) >> 2).astype(np.int16)


def moved() -> list[NDArray[np.int16]]:
    zipped = np.stack([A.reshape(-1, 4), B.reshape(-1, 4)], 1).ravel()
    pairs = X.reshape(-1, 2, 2)
    zeros = np.zeros(3, np.int16)
    return [
        *(zipped[:32], zipped[32:]),
        *(pairs[:, 0].ravel(), pairs[:, 1].ravel()),
        A.reshape(-1, 2, 4)[:, 0].ravel(),
        A[1::2],
        A.reshape(4, 8).T.ravel(),
        np.concatenate([zeros, A[:-3]]),
        np.concatenate([A[3:], zeros]),
        np.concatenate([B[-5:], A[:-5]]),
        np.concatenate([A[5:], B[:5]]),
        np.roll(A, 5),
        np.concatenate([np.full(4, A[0]), A[:-4]]),
        np.concatenate([A[4:], np.full(4, A[-1])]),
        np.concatenate([np.array([98, 99], np.int16), A[:-2]]),
        A[16:],
        B[16:],
        np.concatenate([B[16:], B[:16]]),
        A[16:],
        A[[0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15]],
        *(X.reshape(8, 8)[[4 * block, 4 * block + 3]].ravel() for block in (0, 0, 1, 1)),
    ]


def multiplied() -> list[NDArray[np.generic]]:
    first, second = WIDE_A[::2] + 1j * WIDE_A[1::2], WIDE_B[::2] + 1j * WIDE_B[1::2]
    bytes_ = A.view(np.int8)
    nibbles = np.clip(bytes_, -8, 7)
    narrow = np.concatenate([nibbles, nibbles[::-1]]).astype(np.int64).reshape(16, 8)
    words = A.view(np.int32)
    wide = words.astype(np.int64)
    high = (A << 8).astype(np.int32) + (B << 8).astype(np.int32)
    return [
        slid(16, (2, 3), (1, 1)),
        2 * slid(8, (1, 2), (2, 2)),
        ((WIDE_A * (B[2] + int(B[4])) + WIDE_B * B[3]) >> 4).astype(np.int16),
        parts(first * second),
        parts(first * second.conj()),
        parts((first[:8].reshape(2, 4) @ np.concatenate([first, second]).reshape(4, 8)).ravel()),
        nibbles,
        (bytes_.astype(np.int64).reshape(4, 16) @ narrow).astype(np.int32).ravel(),
        ((5 * wide - wide * wide) >> 4).astype(np.int32),
        np.where(A >= 0, 7, A).astype(np.int16),
        np.clip(high, -(2**15), 2**15 - 1).astype(np.int16),
        A.view(np.uint16) >> 3,
        np.array([A.sum(dtype=np.int16), B.sum(dtype=np.int16)] * 2),
        np.array([wide.sum().astype(np.int32), words.max(), words.min(), (A < B).sum()], np.int32),
        channels(bytes_.astype(np.int32), 4, 8, (1, 2)),
        bytes_[:32] * bytes_[32:].astype(np.int32),
        (first.real**2 + first.imag**2).astype(np.int32),
        A.astype(np.uint8),
        ((A + 4) >> 3).astype(np.int16),
        np.maximum(A - B, 0),
        np.packbits(A < B, bitorder="little"),
        butterflies(X[::2] + 1j * X[1::2]),
    ]


@pytest.mark.parametrize(("function", "expected"), [("moves", moved()), ("products", multiplied())])
def test_the_api_does_what_numpy_does(
    tmp_path: Path, kernel: Path, function: str, expected: list[NDArray[np.generic]]
) -> None:
    found = list(results(tmp_path, kernel, function, x=X))
    for number, values in enumerate(expected):
        got = np.frombuffer(found[number][: values.nbytes], values.dtype)
        np.testing.assert_array_equal(got, values, err_msg=f"result {number}")
