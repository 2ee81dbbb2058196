"""Vector operations that AIE2P shares with AIE2: signs and masks are in registers of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import softnpu.core
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.aie2.calling import RETURN

Vector = np.ndarray[Any, Any]
Result = tuple[Vector, Vector]
"""A vector's bytes, and a flag a lane."""

LANDED = "\n".join(["nop"] * 8)
RANDOM = np.random.default_rng(2)
A, B = (RANDOM.integers(-128, 128, 64, np.int8) for _ in range(2))
B[::3] = A[::3]


def lanes(dtype: str) -> tuple[Vector, Vector]:
    return A.view(dtype), B.view(dtype)


def both(dtype: str, vector: Callable[..., Vector], flags: Callable[..., Vector]) -> Result:
    a, b = lanes(dtype)
    return vector(a, b).astype(dtype).view(np.uint8), flags(a, b)


def maximum(dtype: str) -> Result:
    return both(dtype, np.maximum, np.less)


def minimum(dtype: str) -> Result:
    return both(dtype, np.minimum, np.greater_equal)


def difference(dtype: str) -> Result:
    return both(dtype, lambda a, b: np.where(a < b, 0, a - b), np.less)


LINES: dict[str, Result] = {
    "vmax_lt.8 x2, r17:r16, x0, x1, vaddsign1": maximum("i1"),
    "vmax_lt.8 x2, r17:r16, x0, x1, vaddsign0": maximum("u1"),
    "vmax_lt.16 x2, r16, x0, x1, vaddsign1": maximum("i2"),
    "vmin_ge.16 x2, r16, x0, x1, vaddsign0": minimum("u2"),
    "vmin_ge.32 x2, r16, x0, x1, vaddsign1": minimum("i4"),
    "vmaxdiff_lt.16 x2, r16, x0, x1, vaddsign0": difference("u2"),
    "vsub_lt.32 x2, r16, x0, x1, vaddsign0": both("u4", np.subtract, np.less),
    "vsub_ge.8 x2, r17:r16, x0, x1, vaddsign1": both("i1", np.subtract, np.greater_equal),
    "vabs_gtz.16 x2, r16, x0, vaddsign1": both(
        "i2", lambda a, _: np.where(a < 0, -a, a), lambda a, _: a > 0
    ),
    "vneg_gtz.32 x2, r16, x0": both("i4", lambda a, _: -a, lambda a, _: a > 0),
    "vbneg_ltz.s8 x2, r17:r16, x0": both("i1", lambda a, _: ~a, lambda a, _: a < 0),
}


def run(lines: str, *arguments: Any, folder: Path) -> softnpu.core.Done:
    file = folder / "function.s"
    file.write_text(f"f:\n{lines}\n{RETURN}\n")
    return softnpu.core.run(file, *arguments, device="npu2")


def test_lanes_are_compared_as_the_sign_register_says(tmp_path: Path) -> None:
    parts = [f"vlda x0, [p0, #0]\nvlda x1, [p0, #64]\n{LANDED}"]
    masks = "st r16, [p2], #4\nst r17, [p2], #4"
    for line in LINES:
        parts.append(f"mova r17, #0\nnop\n{line}\n{LANDED}\nvst x2, [p1], #64\n{masks}")
    vectors, flags = np.zeros(64 * len(LINES), np.uint8), np.zeros(len(LINES), np.uint64)
    done = run("\n".join(parts), np.concatenate((A, B)), vectors, flags, folder=tmp_path)
    for line, vector, mask, (expected, wanted) in zip(
        LINES, done.arrays[1].reshape(-1, 64), done.arrays[2], LINES.values(), strict=True
    ):
        assert vector.tolist() == expected.tolist(), line
        assert int(mask) == sum(1 << lane for lane in np.flatnonzero(wanted).tolist()), line


def test_a_lane_is_taken_with_the_sign_that_is_set_for_it(tmp_path: Path) -> None:
    """The second of two sign registers is 1 until a program says otherwise."""
    text = f"""
    vlda x0, [p0, #0]
    {LANDED}
    vextract.8 r2, x0, #0, vaddsign0
    vextract.8 r3, x0, #0, vaddsign1
    mov vaddsign0, #1
    {LANDED}
    vextract.8 r4, x0, #0, vaddsign0
    {LANDED}
    st r2, [p1, #0]
    st r3, [p1, #4]
    st r4, [p1, #8]"""
    done = run(text, np.full(64, -3, np.int8), np.zeros(3, np.int32), folder=tmp_path)
    assert done.arrays[1].tolist() == [253, -3, -3]


SHUFFLES: dict[int, Callable[[Vector, Vector], Vector]] = {
    35: lambda a, _: a.reshape(8, 8).T,
    48: lambda a, _: a.view("u4").reshape(8, 2).T,
    49: lambda a, _: a.view("u4").reshape(2, 8).T,
    50: lambda a, _: a.view("u8").reshape(4, 2).T,
    51: lambda a, _: a.view("u8").reshape(2, 4).T,
    52: lambda a, b: np.concatenate((a, b)).view("u2").reshape(8, 8).T[:4],
    53: lambda a, b: np.concatenate((a, b)).view("u2").reshape(8, 8).T[4:],
    54: lambda a, _: a.view("u4")[::-1],
    55: lambda a, _: a.reshape(16, 4)[:, ::-1],
}


@pytest.mark.parametrize("mode", SHUFFLES)
def test_shuffles_do_what_their_names_in_llvm_aie_say(tmp_path: Path, mode: int) -> None:
    done = run(shuffle(mode), np.concatenate((A, B)), np.zeros(64, np.int8), folder=tmp_path)
    wanted = np.ascontiguousarray(SHUFFLES[mode](A, B)).view(np.int8).reshape(-1)
    assert done.arrays[1].tolist() == wanted.tolist()


def test_a_shuffle_without_a_name_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match=r"vshuffle.* is not executed here yet"):
        run(shuffle(56), np.concatenate((A, B)), np.zeros(64, np.int8), folder=tmp_path)


def shuffle(mode: int) -> str:
    return f"""
    vlda x0, [p0, #0]
    vlda x1, [p0, #64]
    mova r0, #{mode}
    {LANDED}
    vshuffle x2, x0, x1, r0
    {LANDED}
    vst x2, [p1, #0]"""


def bfloat16(values: Vector) -> Vector:
    """Numbers that bfloat16 holds."""
    return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


LANEWISE = 60
"""The word of products of bfloat16 lane by lane."""


def test_matrices_of_bfloat16_are_multiplied_as_the_aie_api_does_it(tmp_path: Path) -> None:
    """4 x 8 by 8 x 8: columns of the first and rows of the second are broadcast, shuffled and
    multiplied lane by lane (aie_api, aie2p/emulated_mmul_intrinsics.hpp)."""
    steps = "\n".join(
        f"""mova r1, #{k}
        nop
        vextbcstshfl.64 x4, x3, r1, r29
        vextbcst.128 x5, x{1 + k // 4}, #{k % 4}
        {LANDED}
        {"vmac.f dm0, dm0," if k else "vmul.f dm0,"} x4, x5, r2
        {LANDED}"""
        for k in range(8)
    )
    text = f"""
    vlda x0, [p0, #0]
    vlda x1, [p0, #64]
    vlda x2, [p0, #128]
    mova r0, #29
    mova r29, #28
    mova r2, #{LANEWISE}
    {LANDED}
    vshuffle x3, x0, x0, r0
    {LANDED}
    {steps}
    vst bmll0, [p1, #0]
    vst bmlh0, [p1, #64]"""
    a, b = A[:32].reshape(4, 8).astype(np.float32), B.reshape(8, 8) / np.float32(8)
    given = np.concatenate((bfloat16(a).reshape(-1), bfloat16(b).reshape(-1)))
    done = run(text, given, np.zeros(32, np.float32), folder=tmp_path)
    assert done.arrays[1].reshape(4, 8).tolist() == (a @ b).tolist()


def test_64_lanes_of_bfloat16_are_multiplied_and_float32_added(tmp_path: Path) -> None:
    quarters = [f"bm{half}0" for half in ("ll", "lh", "hl", "hh")]
    text = f"""
    vlda x0, [p0, #0]
    vlda x1, [p0, #64]
    vlda x2, [p0, #128]
    vlda x3, [p0, #192]
    mova r2, #{LANEWISE}
    {LANDED}
    vnegmul.f dm1, y0, y1, r2
    {LANDED}
    vmsc.f dm2, dm1, y0, y0, r2
    {LANDED}
    vaddmac.f dm2, dm2, dm1, y1, y1, r2
    {LANDED}
    vsub.f dm0, dm2, dm1, r2
    {LANDED}
    vadd.f dm0, dm0, dm0, r2
    {LANDED}
    {chr(10).join(f"vst {name}, [p1], #64" for name in quarters)}"""
    a, b = A.astype(np.float32), B.astype(np.float32)
    given = np.concatenate((bfloat16(a), bfloat16(b)))
    done = run(text, given, np.zeros(64, np.float32), folder=tmp_path)
    assert done.arrays[1].tolist() == (2 * (-a * b - a * a + b * b)).tolist()


@pytest.mark.parametrize(
    ("line", "word"), [("vmul.f dm0, x0, x1, r2", 0), ("vadd.f dm0, dm0, dm1, r2", 2)]
)
def test_floats_of_another_word_are_not_guessed(tmp_path: Path, line: str, word: int) -> None:
    with pytest.raises(EmulatorError, match=r"\.f .* is not executed here yet|\.f.* that is not"):
        run(f"mova r2, #{word}\nnop\n{line}\n{LANDED}", folder=tmp_path)


def test_a_load_of_128_bits_clears_the_other_half(tmp_path: Path) -> None:
    text = f"""
    vlda.128 wl0, [p0, #0]
    vldb.128 wh0, [p0, #16]
    {LANDED}
    vst x0, [p1, #0]"""
    done = run(text, A, np.ones(64, np.int8), folder=tmp_path)
    zeros = [0] * 16
    wanted = [*A[:16].tolist(), *zeros, *A[16:32].tolist(), *zeros]
    assert done.arrays[1].tolist() == wanted


UPS = {
    ("2x", "bmll0", "wl0", 0): ("i2", "i4"),
    ("2x", "bmll0", "wl0", 1): ("i4", "i8"),
    ("2x", "cml0", "x0", 0): ("u2", "u4"),
    ("4x", "cml0", "wl0", 0): ("i1", "i4"),
    ("4x", "cml0", "wl0", 1): ("i2", "i8"),
    ("4x", "dm0", "x0", 0): ("u1", "u4"),
    ("4x", "dm0", "x0", 1): ("i2", "i8"),
}
"""Widening, accumulator, vector, and mode; the lanes of both."""


@pytest.mark.parametrize(("how", "accumulator", "vector", "mode"), UPS)
def test_lanes_are_widened_and_narrowed_as_the_mode_says(
    tmp_path: Path, how: str, accumulator: str, vector: str, mode: int
) -> None:
    """Shifted up by 3 and by 4 down again, rounded to even; kept from memory and in it, too."""
    narrow, wide = (np.dtype(name) for name in UPS[how, accumulator, vector, mode])
    sign = int(narrow.kind == "i")
    parts = {"bmll0": ["bmll0"], "cml0": ["bmll0", "bmlh0"]}.get(
        accumulator, ["bmll0", "bmlh0", "bmhl0", "bmhh0"]
    )
    ups, srs = (f"{name}.{how}" for name in ("ups", "srs"))
    stores = "\n".join(f"vst {part}, [p1], #64" for part in parts)
    text = f"""
    vlda x0, [p0, #0]
    mova r0, #{mode}
    mova r1, #3
    mova r2, #4
    mova r3, #12
    nop
    mov crupsmode, r0
    mov crsrsmode, r0
    mov crrnd, r3
    mov s0, r1
    mov s1, r2
    {LANDED}
    v{ups} {accumulator}, {vector}, s0, upssign{sign}
    {LANDED}
    {stores}
    vsrs.{how} {vector.replace("0", "2")}, {accumulator}, s1, srssign{sign}
    {LANDED}
    vst x2, [p2], #64
    vlda.{ups} {accumulator}, s0, upssign{sign}, [p0, #0]
    {LANDED}
    {LANDED}
    vst.{srs} {accumulator}, s1, srssign{sign}, [p2, #0]
    {LANDED}"""
    size = 32 if vector == "wl0" else 64
    accumulators, vectors = np.zeros(64 * len(parts), np.uint8), np.zeros(128, np.uint8)
    done = run(text, A, accumulators, vectors, folder=tmp_path)
    given = A[:size].view(narrow).astype(wide)
    assert done.arrays[1].view(wide).tolist() == (given << 3).tolist()
    halved = np.rint(given.astype(float) / 2).astype(narrow).view(np.uint8).tolist()
    assert done.arrays[2][:size].tolist() == halved, srs
    assert done.arrays[2][64 : 64 + size].tolist() == halved, f"v{ups}, vst.{srs} in memory"


@pytest.mark.parametrize(("accumulator", "vector"), [("bmll0", "wl0"), ("cml0", "x0")])
def test_bfloat16_becomes_float32_and_is_rounded_back(
    tmp_path: Path, accumulator: str, vector: str
) -> None:
    count = {"wl0": 16, "x0": 32}[vector]
    text = f"""
    mova r0, #12
    vlda.conv.fp32.bf16 {accumulator}, [p0, #0]
    vlda x1, [p0, #0]
    mov crrnd, r0
    {LANDED}
    vst.conv.bf16.fp32 {accumulator}, [p1, #0]
    {LANDED}
    vconv.fp32.bf16 {accumulator}, {vector.replace("0", "1")}
    {LANDED}
    vconv.bf16.fp32 {vector.replace("0", "2")}, {accumulator}
    {LANDED}
    vst x2, [p1, #64]
    vst bmll0, [p2, #0]"""
    values = np.arange(32, dtype=np.float32) * 1.25 - 7
    given = (values.view(np.uint32) >> 16).astype(np.uint16)
    done = run(text, given, np.zeros(64, np.uint16), np.zeros(16, np.float32), folder=tmp_path)
    assert done.arrays[2].tolist() == values[:16].tolist()
    for there in (done.arrays[1][:count], done.arrays[1][32 : 32 + count]):
        assert there.tolist() == given[:count].tolist()


@pytest.mark.parametrize("size", [0, 1])
def test_lanes_are_unpacked_and_packed_as_the_size_says(tmp_path: Path, size: int) -> None:
    """4 bits to 8, or 8 to 16, and back; half a vector or a whole one, from memory and in it."""
    text = f"""
    vlda x0, [p0, #0]
    mova r0, #{size}
    nop
    mov crunpacksize, r0
    mov crpacksize, r0
    {LANDED}
    vunpack x1, wl0, unpacksign1
    vunpack y1, x0, unpacksign0
    {LANDED}
    vst x1, [p1], #64
    vst x2, [p1], #64
    vst x3, [p1], #64
    vpack wl4, x1, packsign1
    vpack x5, y1, packsign0
    {LANDED}
    vst wl4, [p2, #0]
    vst x5, [p2, #64]
    vldb.unpack y3, unpacksign1, [p0, #0]
    {LANDED}
    vst.pack y3, packsign1, [p2, #128]
    {LANDED}"""
    unpacked, packed = np.zeros(192, np.uint8), np.zeros(192, np.uint8)
    done = run(text, A, unpacked, packed, folder=tmp_path)
    if size:
        signed, unsigned = A.astype(np.int16), A.view(np.uint8).astype(np.uint16)
    else:
        nibbles = np.stack((A.view(np.uint8) & 15, A.view(np.uint8) >> 4), 1).reshape(-1)
        signed, unsigned = ((nibbles ^ 8).astype(np.int8) - 8), nibbles
    assert done.arrays[1][:64].tolist() == signed.view(np.uint8)[:64].tolist()
    assert done.arrays[1][64:].tolist() == unsigned.view(np.uint8).tolist()
    given = A.view(np.uint8).tolist()
    assert done.arrays[2][:32].tolist() == given[:32]
    assert done.arrays[2][64:128].tolist() == given
    assert done.arrays[2][128:].tolist() == given
