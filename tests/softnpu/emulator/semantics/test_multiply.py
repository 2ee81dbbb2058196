"""Multiplications in all their modes, against numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from tests.softnpu.emulator.semantics.library import Status, call

RANDOM = np.random.default_rng(7)
NO_MASK = bytes(16)


@dataclass(frozen=True)
class Mode:
    """A mode of the configuration word: widths in bits, and the shape of what is multiplied."""

    amode: int
    bmode: int
    variant: int
    a_bits: int
    b_bits: int
    rows: int
    inner: int
    columns: int
    channels: int = 1

    def word(self, signed: int, more: int = 0) -> int:
        place = self.amode << 1 | self.bmode << 3 | self.variant << 5
        return place | signed << 8 | signed << 9 | more

    @property
    def lanes(self) -> str:
        return "<u8" if self.amode else "<u4"


DENSE = [
    Mode(0, 0, 0, 8, 4, 4, 16, 8),
    Mode(0, 1, 0, 8, 8, 4, 8, 8),
    Mode(0, 2, 0, 16, 8, 4, 4, 8),
    Mode(0, 3, 0, 16, 16, 4, 2, 8),
    Mode(1, 2, 0, 16, 8, 2, 8, 8),
    Mode(1, 2, 1, 16, 8, 4, 8, 4),
    Mode(1, 3, 0, 16, 16, 2, 4, 8),
    Mode(1, 3, 1, 16, 16, 4, 4, 4),
    Mode(0, 2, 1, 16, 8, 4, 4, 4, 2),
    Mode(0, 1, 1, 8, 8, 1, 2, 1, 32),
    Mode(0, 3, 1, 16, 16, 1, 1, 1, 32),
    Mode(1, 3, 2, 16, 16, 1, 2, 1, 16),
    Mode(1, 0, 0, 32, 16, 4, 2, 4),
]
SPARSE = [
    Mode(0, 0, 1, 8, 4, 4, 16, 8),
    Mode(0, 1, 5, 8, 8, 4, 8, 8),
    Mode(1, 2, 2, 16, 8, 2, 8, 8),
    Mode(1, 3, 5, 16, 16, 2, 4, 8),
]

Numbers = npt.NDArray[np.int64]


def numbers(bits: int, signed: int, *shape: int) -> Numbers:
    low = -(1 << bits - 1) if signed else 0
    return RANDOM.integers(low, low + (1 << bits), shape)


def packed(values: Numbers, bits: int, size: int) -> bytes:
    """Elements in memory order, filled up with zeros."""
    flat = values.reshape(-1)
    if bits == 4:
        data = (flat[::2] & 15 | (flat[1::2] & 15) << 4).astype("u1").tobytes()
    else:
        data = (flat & (1 << bits) - 1).astype(f"<u{bits // 8}").tobytes()
    return data.ljust(size, b"\0")


def product(a: Numbers, b: Numbers, lanes: str) -> list[int]:
    """a[row, k, channel] times b[k, column, channel], modulo the lane."""
    exact = np.einsum("rkc,kjc->rjc", a.astype(object), b.astype(object)).reshape(-1)
    return [int(value) % (1 << 8 * np.dtype(lanes).itemsize) for value in exact]


@pytest.mark.parametrize("mode", DENSE, ids=str)
@pytest.mark.parametrize("signed", [0, 1])
def test_dense_modes_multiply_matrices(mode: Mode, signed: int) -> None:
    a = numbers(mode.a_bits, signed, mode.rows, mode.inner, mode.channels)
    b = numbers(mode.b_bits, signed, mode.inner, mode.columns, mode.channels)
    operands = packed(a, mode.a_bits, 128), packed(b, mode.b_bits, 64), NO_MASK
    out = call("vmul", 128, *operands, mode.word(signed), Status())
    assert np.frombuffer(out, mode.lanes).tolist() == product(a, b, mode.lanes)


@pytest.mark.parametrize("mode", DENSE, ids=str)
def test_subtracting_every_product_singly_negates_the_sum(mode: Mode) -> None:
    a, b = RANDOM.bytes(64) + bytes(64), RANDOM.bytes(64)
    singly = call("vmul", 128, a, b, NO_MASK, mode.word(1, 0xFF << 16), Status())
    assert singly == call("vnegmul", 128, a, b, NO_MASK, mode.word(1), Status())


@pytest.mark.parametrize("mode", SPARSE, ids=str)
def test_sparse_modes_multiply_what_the_mask_places(mode: Mode) -> None:
    shared = 2 if mode.b_bits == 4 else 1
    a = numbers(mode.a_bits, 1, mode.rows, 2 * mode.inner, 1)
    b = numbers(mode.b_bits, 1, mode.inner, mode.columns, 1)
    dense = np.zeros((2 * mode.inner, mode.columns, 1), np.int64)
    mask = np.zeros(128, bool)
    groups, bits = mode.inner // 2, mode.b_bits // 8 or 1
    for column in range(0, mode.columns, shared):
        for group in range(groups):
            kept = sorted(RANDOM.choice(4, 2, replace=False))
            for index, place in enumerate(kept):
                at = (column // shared * groups + group) * 4 + place
                mask[at * bits : (at + 1) * bits] = True
                for each in range(column, column + shared):
                    dense[group * 4 + place, each] = b[group * 2 + index, each]
    operands = packed(a, mode.a_bits, 128), packed(b, mode.b_bits, 64)
    masked = np.packbits(mask, bitorder="little").tobytes()
    out = call("vmul", 128, *operands, masked, mode.word(1), Status())
    assert np.frombuffer(out, mode.lanes).tolist() == product(a, dense, mode.lanes)


def test_a_mask_that_keeps_three_of_four_multiplies_none() -> None:
    operands = RANDOM.bytes(128), RANDOM.bytes(64), b"\x77" * 16
    assert call("vmul", 128, *operands, SPARSE[1].word(1), Status()) == bytes(128)


@pytest.mark.parametrize("variant", [2, 3, 4])
def test_convolutions_slide_the_first_operand(variant: int) -> None:
    outputs, taps, channels = {2: (4, 4, 8), 3: (8, 8, 4), 4: (32, 8, 1)}[variant]
    a = numbers(8, 1, 64 // channels, channels)
    b = numbers(8, 1, taps, channels)
    word = Mode(0, 1, variant, 8, 8, 0, 0, 0).word(1)
    out = call("vmul", 128, packed(a, 8, 128), packed(b, 8, 64), NO_MASK, word, Status())
    expected = [(a[row : row + taps] * b).sum(0) for row in range(outputs)]
    assert np.frombuffer(out, "<i4").tolist() == np.concatenate(expected).tolist()


@pytest.mark.parametrize(("bmode", "variant", "bits", "pairs"), [(3, 4, 16, 2), (0, 1, 32, 1)])
def test_complex_numbers_are_multiplied_with_single_products_subtracted(
    bmode: int, variant: int, bits: int, pairs: int
) -> None:
    a, b = numbers(bits, 1, pairs, 8, 2) >> 2, numbers(16, 1, pairs, 8, 2) >> 2
    word = Mode(1, bmode, variant, bits, 16, 0, 0, 0).word(1, 0b1010 << 16)
    out = call("vmul", 128, packed(a, bits, 128), packed(b, 16, 64), NO_MASK, word, Status())
    real = (a[..., 0] * b[..., 0] - a[..., 1] * b[..., 1]).sum(0)
    imaginary = (a[..., 0] * b[..., 1] + a[..., 1] * b[..., 0]).sum(0)
    assert np.frombuffer(out, "<i8").tolist() == np.stack([real, imaginary], 1).reshape(-1).tolist()


@pytest.mark.parametrize(
    ("name", "products", "first", "second"),
    [
        ("vmac", 1, 1, 0),
        ("vmsc", -1, 1, 0),
        ("vnegmac", -1, -1, 0),
        ("vnegmsc", 1, -1, 0),
        ("vaddmac", 1, 1, 1),
        ("vaddmsc", -1, 1, 1),
        ("vsubmac", 1, 1, -1),
        ("vsubmsc", -1, 1, -1),
    ],
)
def test_an_instruction_s_name_says_what_is_subtracted(
    name: str, products: int, first: int, second: int
) -> None:
    a, b = RANDOM.bytes(64) + bytes(64), RANDOM.bytes(64)
    one, two = (RANDOM.integers(0, 1 << 32, 32, dtype=np.uint32) for _ in range(2))
    word = DENSE[1].word(1)
    product = np.frombuffer(call("vmul", 128, a, b, NO_MASK, word, Status()), "<u4")
    accumulators = [one.tobytes(), two.tobytes()][: 2 if second else 1]
    out = call(name, 128, *accumulators, a, b, NO_MASK, word, Status())
    expected = (
        products * product.astype("i8") + first * one.astype("i8") + second * two.astype("i8")
    )
    assert np.frombuffer(out, "<u4").tolist() == (expected % (1 << 32)).tolist()


def test_the_first_accumulator_is_left_out_or_shifted_up() -> None:
    accumulator = np.arange(32, dtype="<u4").tobytes()
    operands = bytes(128), bytes(64), NO_MASK
    word = DENSE[1].word(1)
    assert call("vmac", 128, accumulator, *operands, word | 1, Status()) == bytes(128)
    shifted = call("vmac", 128, accumulator, *operands, word | 1 << 10, Status())
    assert np.frombuffer(shifted, "<u4").tolist() == [lane << 16 for lane in range(32)]


FLOATS = Mode(2, 0, 0, 16, 16, 4, 8, 4)


def bf16(values: npt.NDArray[np.float32]) -> bytes:
    """Numbers that bfloat16 has, as bfloat16."""
    return (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()


def test_bfloat16_matrices_of_small_integers_are_exact() -> None:
    a = RANDOM.integers(-16, 17, (4, 8)).astype(np.float32)
    b = RANDOM.integers(-16, 17, (8, 4)).astype(np.float32)
    start = RANDOM.integers(-99, 99, (4, 4)).astype("<f4")
    operands = bf16(a).ljust(128, b"\0"), bf16(b), NO_MASK
    out = call("vmac_f", 64, start.tobytes(), *operands, FLOATS.word(0), Status())
    assert np.frombuffer(out, "<f4").tolist() == (start + a @ b).reshape(-1).tolist()


def test_small_terms_beside_a_large_one_are_rounded_one_by_one() -> None:
    a = np.zeros((4, 8), np.float32)
    a[0] = [2.0**24, *[1.25] * 7]
    operands = bf16(a).ljust(128, b"\0"), bf16(np.ones((8, 4), np.float32)), NO_MASK
    out = np.frombuffer(call("vmul_f", 64, *operands, FLOATS.word(0), Status()), "<f4")
    # each 1.25 is 0.625 of the unit of 2**24 and counts as one: IEEE 754 would give 2**24 + 8
    assert out[0] == 2.0**24 + 14


@pytest.mark.parametrize(
    ("a", "b", "expected", "flags"),
    [
        (0x7F800000, 0xFF800000, 0x7F800001, 4),
        (0x7F800000, 0x3F800000, 0x7F800000, 2),
        (0x7FC00000, 0x00000000, 0x7F800001, 4),
        (0x7F7FFFFF, 0x7F7FFFFF, 0x7F800000, 16 | 2),
        (0x00800001, 0x80800000, 0x00000000, 8 | 1),
        (0x00400000, 0x00400000, 0x00800000, 0),
        (0x3F800000, 0xBF800000, 0x00000000, 1),
    ],
)
def test_sums_at_the_ends_of_fp32(a: int, b: int, expected: int, flags: int) -> None:
    one, two = (np.full(16, bits, "<u4").tobytes() for bits in (a, b))
    status = Status()
    out = call("vadd_f", 64, one, two, FLOATS.word(0), status)
    assert np.frombuffer(out, "<u4").tolist() == [expected] * 16
    assert status.fp == flags
