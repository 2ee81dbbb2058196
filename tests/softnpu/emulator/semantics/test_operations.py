"""Scalars, lanes and permutations: what the single points do not show."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from softnpu import zig
from softnpu.targets.standin import toolchain
from tests.softnpu.emulator.semantics.library import HEADERS, Status, call

RANDOM = np.random.default_rng(3)


def chained(low: str, high: str, a: int, b: int) -> int:
    status = Status()
    words = [
        call(name, None, a >> shift & 0xFFFF_FFFF, b >> shift & 0xFFFF_FFFF, status) & 0xFFFF_FFFF
        for name, shift in ((low, 0), (high, 32))
    ]
    return int(words[1] << 32 | words[0])


@pytest.mark.parametrize("a", [0, 1, 0xFFFF_FFFF, 0x1_0000_0000, 0xFFFF_FFFF_FFFF_FFFF])
@pytest.mark.parametrize("b", [0, 1, 0x8000_0000, 0xFFFF_FFFF])
def test_64_bits_are_added_and_subtracted_in_two_steps(a: int, b: int) -> None:
    assert chained("add", "adc", a, b) == (a + b) % (1 << 64)
    assert chained("sub", "sbc", a, b) == (a - b) % (1 << 64)


@pytest.mark.parametrize(("dividend", "divisor"), [(1000, 7), (7, 1000), (0xFFFF_FFFF, 3), (5, 1)])
def test_32_division_steps_divide(dividend: int, divisor: int) -> None:
    quotient, remainder = ctypes.c_uint32(dividend), 0
    for _ in range(32):
        remainder = call("divs", None, remainder, divisor, quotient) & 0xFFFF_FFFF
    assert (quotient.value, remainder) == divmod(dividend, divisor)


TRANSPOSITIONS = [
    (0, 20),
    (2, 18),
    (4, 16),
    (6, 14),
    (8, 12),
    (10, 10),
    (24, 26),
    (30, 32),
    (28, 29),
    (34, 34),
    (35, 35),
    (36, 37),
    (38, 38),
    (39, 39),
    (40, 41),
    (42, 43),
    (44, 45),
    (46, 47),
]


@pytest.mark.parametrize(("there", "back"), TRANSPOSITIONS)
def test_a_transposition_is_undone_by_its_opposite(there: int, back: int) -> None:
    a, b = RANDOM.bytes(64), RANDOM.bytes(64)
    if there < 28 or there in (30, 32):
        halves = [call("vshuffle", 64, a, b, there + half) for half in (0, 1)]
        assert [call("vshuffle", 64, *halves, back + half) for half in (0, 1)] == [a, b]
    else:
        assert call("vshuffle", 64, call("vshuffle", 64, a, b, there), b, back) == a


def test_shuffles_zip_and_unzip() -> None:
    a, b = bytes(range(64)), bytes(range(64, 128))
    assert call("vshuffle", 64, a, b, 20)[:6] == bytes([0, 64, 1, 65, 2, 66])
    assert call("vshuffle", 64, a, b, 1)[:4] == bytes([1, 3, 5, 7])
    assert call("vshuffle", 64, a, b, 35)[:9] == bytes([0, 8, 16, 24, 32, 40, 48, 56, 1])


@pytest.mark.parametrize("amount", [0, 1, 31, 63])
def test_vshift_takes_a_window_of_both_operands(amount: int) -> None:
    a, b = RANDOM.bytes(64), RANDOM.bytes(64)
    assert call("vshift", 64, a, b, amount) == (a + b)[amount : amount + 64]


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_vshift_align_skips_in_its_first_operand(step: int) -> None:
    a, b = RANDOM.bytes(64), RANDOM.bytes(64)
    ahead = a[2 << step :].ljust(64, b"\0")
    assert call("vshift_align", 64, a, step, b, 20) == ahead[:44] + b[:20]


@pytest.mark.parametrize(("bits", "lanes"), [(8, 64), (16, 32), (32, 16)])
@pytest.mark.parametrize("signed", [0, 1])
def test_masks_have_a_bit_a_lane(bits: int, lanes: int, signed: int) -> None:
    kind = f"<{'iu'[not signed]}{bits // 8}"
    a, b = (np.frombuffer(RANDOM.bytes(64), kind) for _ in range(2))
    mask = sum(1 << lane for lane in range(lanes) if a[lane] < b[lane])
    assert call(f"vlt_{bits}", None, a.tobytes(), b.tobytes(), signed) == mask
    seen = ctypes.c_uint64()
    out = call(f"vmax_lt_{bits}", 64, a.tobytes(), b.tobytes(), signed, seen)
    assert (np.frombuffer(out, kind).tolist(), seen.value) == (np.maximum(a, b).tolist(), mask)
    chosen = call(f"vsel_{bits}", 64, a.tobytes(), b.tobytes(), mask)
    assert chosen == out


def test_bfloat16_zeros_are_ordered_and_no_number_is() -> None:
    lanes = {"-0": 0x8000, "+0": 0, "nan": 0x7FC0, "1": 0x3F80}
    pair = {name: np.full(32, bits, "<u2").tobytes() for name, bits in lanes.items()}
    everywhere = 0xFFFF_FFFF
    assert call("vlt_bf16", None, pair["-0"], pair["+0"]) == everywhere
    assert call("vge_bf16", None, pair["-0"], pair["+0"]) == 0
    assert call("vlt_bf16", None, pair["nan"], pair["1"]) == 0
    assert call("vge_bf16", None, pair["nan"], pair["1"]) == 0


@pytest.mark.parametrize(
    "target",
    [
        ("-x", "c++", "-std=c++17", "-target", "x86_64-linux-musl"),
        ("-std=c11", *toolchain.TARGET_FLAGS),
    ],
    ids=["C++", "a stand-in core"],
)
def test_the_headers_compile_without_a_libc(target: tuple[str, ...], tmp_path: Path) -> None:
    source = tmp_path / "all.c"
    source.write_text("".join(f'#include "{path}"\n' for path in sorted(HEADERS.glob("*.h"))))
    includes = ("-nostdinc", "-isystem", zig.wheel() / "lib" / "include")
    flags = ("-ffreestanding", "-Wall", "-Wextra", "-Werror", *includes)
    outcome = zig.run("clang", *target, *flags, "-c", source, "-o", tmp_path / "all.o")
    assert outcome.ok, outcome.messages
