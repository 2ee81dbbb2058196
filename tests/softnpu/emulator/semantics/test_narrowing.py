"""Rounding, saturation and widths, against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest

from tests.softnpu.emulator.semantics.library import Control, Status, call

NEAREST = {
    8: min,
    9: max,
    10: lambda low, high: min(low, high, key=abs),
    11: lambda low, high: max(low, high, key=abs),
    12: lambda low, high: low if low % 2 == 0 else high,
    13: lambda low, high: low if low % 2 else high,
}
"""Which neighbour a half goes to, by crRnd."""


def rounded(value: Fraction, mode: int) -> int:
    low, high = floor(value), ceil(value)
    if mode < 8:
        towards_zero, away = sorted((low, high), key=abs)
        return (low, high, towards_zero, away)[mode]
    if value - low == high - value:
        return int(NEAREST[mode](low, high))
    return low if value - low < high - value else high


MODES = (0, 1, 2, 3, *NEAREST)


@pytest.mark.parametrize("mode", MODES)
def test_srs_rounds_as_its_mode_says(mode: int) -> None:
    values = np.arange(-40, 40, dtype="<i4")
    for shift in (1, 2, 3, 4):
        for lanes in np.split(values, 5):
            out = call("vsrs_16_s32_b", 32, lanes.tobytes(), shift, 1, Control(rnd=mode), Status())
            expected = [rounded(Fraction(int(lane), 1 << shift), mode) for lane in lanes]
            assert np.frombuffer(out, "<i2").tolist() == expected


@pytest.mark.parametrize("shift", [31, 32, 59])
def test_srs_by_more_bits_than_there_are_leaves_the_sign(shift: int) -> None:
    lanes = np.array([-(2**63), -1, 0, 1, 2**63 - 1, 2**62, -(2**62), 5], "<i8")
    for mode in MODES:
        out = call("vsrs_32_s64_b", 32, lanes.tobytes(), shift, 1, Control(rnd=mode), Status())
        expected = [rounded(Fraction(int(lane), 1 << shift), mode) for lane in lanes]
        wrapped = [(value + 2**31) % 2**32 - 2**31 for value in expected]
        assert np.frombuffer(out, "<i4").tolist() == wrapped


@pytest.mark.parametrize("shift", [-4, -2, -1])
@pytest.mark.parametrize("sat", [0, 1])
def test_srs_shifts_up_by_a_negative_number(shift: int, sat: int) -> None:
    lanes = np.array([-(2**63), -3, 0, 7, 2**63 - 1, 2**30, -(2**27), 5], "<i8")
    for given in (shift, shift & 63):
        out = call("vsrs_32_s64_b", 32, lanes.tobytes(), given, 1, Control(sat=sat), Status())
        shifted = [int(lane) << -shift for lane in lanes]
        saturated = [min(max(value, -(2**31)), 2**31 - 1) for value in shifted]
        wrapped = [(value + 2**31) % 2**32 - 2**31 for value in shifted]
        assert np.frombuffer(out, "<i4").tolist() == (saturated if sat else wrapped)


@pytest.mark.parametrize(
    ("sat", "signed", "expected"),
    [
        (0, 1, [-128, 127, -56, 100]),
        (1, 1, [-128, 127, 127, 100]),
        (3, 1, [-127, 127, 127, 100]),
        (0, 0, [128, 127, 200, 100]),
        (1, 0, [0, 255, 200, 100]),
    ],
)
def test_a_lane_that_does_not_fit_wraps_or_saturates(
    sat: int, signed: int, expected: list[int]
) -> None:
    lanes = np.array([-128, 127, 200, 100] * 8, "<i4")
    if not signed and sat:
        lanes[1::4] = 300
    status = Status()
    out = call("vsrs_8_s32_c", 32, lanes.tobytes(), 0, signed, Control(sat=sat), status)
    assert np.frombuffer(out, "i1" if signed else "u1")[:4].tolist() == expected
    assert status.srs_of == 1


def test_what_fits_sets_no_flag() -> None:
    status = Status()
    call("vsrs_8_s32_c", 32, bytes(128), 0, 1, Control(sat=1), status)
    call("vups_s32_16_b", 64, bytes(32), 60, 1, Control(sat=1), status)
    assert (status.srs_of, status.ups_of) == (0, 0)


def test_ups_shifts_up_and_saturates() -> None:
    lanes = np.array([1, -1, 0x7FFF, -0x8000] * 4, "<i2").tobytes()
    status = Status()
    out = np.frombuffer(call("vups_s32_16_b", 64, lanes, 8, 1, Control(), status), "<i4")
    assert (out[:4].tolist(), status.ups_of) == ([256, -256, 0x7FFF00, -0x800000], 0)
    out = np.frombuffer(call("vups_s32_16_b", 64, lanes, 20, 1, Control(sat=1), status), "<i4")
    assert (out[:4].tolist(), status.ups_of) == ([1 << 20, -1 << 20, 2**31 - 1, -(2**31)], 1)


@pytest.mark.parametrize("shift", [31, 32, 40, 63, 64, 1000])
def test_ups_by_more_bits_than_there_are_saturates_all_but_zero(shift: int) -> None:
    lanes = np.array([2, -2, 0, 0x7FFF] * 4, "<i2").tobytes()
    status = Status()
    out = call("vups_s32_16_b", 64, lanes, shift, 1, Control(sat=1), status)
    expected = [2**31 - 1, -(2**31), 0, 2**31 - 1]
    assert (np.frombuffer(out, "<i4")[:4].tolist(), status.ups_of) == (expected, 1)
    lanes = np.full(16, -1, "<i2").tobytes()
    out = call("vups_s32_16_b", 64, lanes, shift, 1, Control(sat=1), status)
    assert np.frombuffer(out, "<i4").tolist() == [-(2**31)] * 16


def test_ups_of_unsigned_lanes_keeps_them_positive() -> None:
    lanes = np.array([0xFFFF, 0x8000] * 8, "<u2").tobytes()
    out = call("vups_s32_16_b", 64, lanes, 0, 0, Control(), Status())
    assert np.frombuffer(out, "<i4")[:2].tolist() == [0xFFFF, 0x8000]


@pytest.mark.parametrize(("wide", "narrow", "bits"), [("16", "8", 8), ("8", "4", 4)])
def test_unpacking_what_was_packed_gives_it_back(wide: str, narrow: str, bits: int) -> None:
    limit = 1 << (bits - 1)
    values = (
        np.random.default_rng(1).integers(-limit, limit, 512 // (2 * bits)).astype(f"<i{bits // 4}")
    )
    packed = call(f"vpack_{narrow}_{wide}", 32, values.tobytes(), 1, Control(), Status())
    assert call(f"vunpack_{wide}_{narrow}", 64, packed, 1) == values.tobytes()


def test_pack_saturates_and_latches_no_flag() -> None:
    status = Status()
    lanes = np.array([200, -200, 100, 0] * 8, "<i2").tobytes()
    out = call("vpack_8_16", 32, lanes, 1, Control(sat=1), status)
    assert np.frombuffer(out, "i1")[:4].tolist() == [127, -128, 100, 0]
    halves = np.array([20, -20, 3, -8] * 16, "i1").tobytes()
    assert call("vpack_4_8", 32, halves, 1, Control(sat=3), status)[:2] == b"\x97\x93"
    assert status.srs_of == 0


def bf16(value: Fraction, mode: int) -> int:
    """A normal number's bfloat16 bits."""
    exponent = 0
    while abs(value) >= 2:
        value, exponent = value / 2, exponent + 1
    fraction = rounded(value * 128, mode)
    bits = abs(fraction) - 128 + ((exponent + 127) << 7)
    return bits | (0x8000 if value < 0 else 0)


@pytest.mark.parametrize("mode", MODES)
def test_fp32_becomes_bfloat16_as_the_mode_says(mode: int) -> None:
    whole = [65536 + step for step in (0, 1, 255, 256, 257, 511, 512, 513, 768, 767, 769, 65535)]
    values = [sign * value for value in whole for sign in (1, -1)][:16]
    lanes = np.array(values, "<f4")
    out = call("vconv_bf16_fp32", 32, lanes.tobytes(), Control(rnd=mode), Status())
    assert np.frombuffer(out, "<u2").tolist() == [bf16(Fraction(v), mode) for v in values]


def test_no_number_stays_none_as_bfloat16() -> None:
    lanes = np.array([0x7F800001, 0xFF80FFFF, 0x7FC00000, 0x7F800000] * 4, "<u4").tobytes()
    status = Status()
    out = call("vconv_bf16_fp32", 32, lanes, Control(rnd=12), status)
    assert np.frombuffer(out, "<u2")[:4].tolist() == [0x7F81, 0xFF81, 0x7FC0, 0x7F80]
    assert status.f2f == 4 | 2


@pytest.mark.parametrize("shift", [0, 5, -3 & 0xFFFF_FFFF])
def test_a_bfloat16_is_floored_to_an_integer(shift: int) -> None:
    halves = [
        0x3FC0,
        0xBFC0,
        0x0001,
        0x8001,
        0x4F80,
        0xCF80,
        0x7F80,
        0xFF80,
        0x7FC0,
        0,
        0x4049,
        0xC2C8,
    ]
    lanes = np.array(halves + [0] * 4, "<u2")
    exact = (lanes.astype("<u4") << 16).view("<f4").astype("f8")
    scaled = exact * 2.0 ** (shift if shift < 32 else shift - (1 << 32))
    expected = [
        2**31 - 1 if np.isnan(x) else int(max(min(np.floor(x), 2**31 - 1), -(2**31)))
        for x in scaled.tolist()
    ]
    out = call("vfloor_s32_bf16", 64, lanes.tobytes(), shift, Status())
    assert np.frombuffer(out, "<i4").tolist() == expected
