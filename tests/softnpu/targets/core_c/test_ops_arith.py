"""Integers of a core's body are MLIR's: signless, of their width, wrapping."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softnpu.emulator.cores.processor import MachineError
from softnpu.errors import DesignError
from tests.softnpu.targets.core_machine import Program, c_of, elementwise, program

COUNT = 24
WIDTHS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "index": 64}

Meaning = Callable[[int, int, int], int]
"""(a, b, bits) -> the result before it wraps; a and b are signed."""


def unsigned(value: int, bits: int) -> int:
    return value & ((1 << bits) - 1)


def truncated(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


ALWAYS: dict[str, Meaning] = {
    "arith.addi": lambda a, b, _: a + b,
    "arith.subi": lambda a, b, _: a - b,
    "arith.muli": lambda a, b, _: a * b,
    "arith.andi": lambda a, b, _: a & b,
    "arith.ori": lambda a, b, _: a | b,
    "arith.xori": lambda a, b, _: a ^ b,
    "arith.minsi": lambda a, b, _: min(a, b),
    "arith.maxsi": lambda a, b, _: max(a, b),
    "arith.minui": lambda a, b, n: min(unsigned(a, n), unsigned(b, n)),
    "arith.maxui": lambda a, b, n: max(unsigned(a, n), unsigned(b, n)),
}
DIVISIONS: dict[str, Meaning] = {
    "arith.divsi": lambda a, b, _: truncated(a, b),
    "arith.remsi": lambda a, b, _: a - b * truncated(a, b),
    "arith.divui": lambda a, b, n: unsigned(a, n) // unsigned(b, n),
    "arith.remui": lambda a, b, n: unsigned(a, n) % unsigned(b, n),
    "arith.floordivsi": lambda a, b, _: a // b,
    "arith.ceildivsi": lambda a, b, _: -(-a // b),
    "arith.ceildivui": lambda a, b, n: -(-unsigned(a, n) // unsigned(b, n)),
}
SHIFTS: dict[str, Meaning] = {
    "arith.shli": lambda a, b, _: a << b,
    "arith.shrsi": lambda a, b, _: a >> b,
    "arith.shrui": lambda a, b, n: unsigned(a, n) >> b,
}


def wrapped(value: int, bits: int) -> int:
    sign = 1 << (bits - 1)
    return (value & (sign - 1)) - (value & sign)


def binary(folder: Path, op: str, type: str) -> Program:
    body, buffers = elementwise(
        f"%r = {op} %x_a, %x_b : {type}", {"a": type, "b": type}, type, COUNT
    )
    return program(folder, body, buffers)


def edges(bits: int) -> list[int]:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return [low, low + 1, -2, -1, 0, 1, 2, 3, high - 1, high]


def values(bits: int) -> st.SearchStrategy[int]:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return st.sampled_from(edges(bits)) | st.integers(low, high)


def check(run: Program, op: str, type: str, a: list[int], b: list[int], means: Meaning) -> None:
    bits = WIDTHS[type]
    dtype = np.dtype(f"int{bits}")
    result = run(a=np.array(a, dtype), b=np.array(b, dtype))["out"].tolist()
    assert result == [wrapped(means(x, y, bits), bits) for x, y in zip(a, b, strict=True)], op


several = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("type", ["i8", "i16", "i32", "i64"])
@pytest.mark.parametrize("op", ALWAYS)
def test_integer_operations_wrap_at_their_width(tmp_path: Path, op: str, type: str) -> None:
    run = binary(tmp_path, op, type)

    @several
    @given(
        st.lists(
            st.tuples(values(WIDTHS[type]), values(WIDTHS[type])), min_size=COUNT, max_size=COUNT
        )
    )
    def property(pairs: list[tuple[int, int]]) -> None:
        a, b = map(list, zip(*pairs, strict=True))
        check(run, op, type, a, b, ALWAYS[op])

    property()


@pytest.mark.parametrize("type", ["i8", "i32", "i64"])
@pytest.mark.parametrize("op", DIVISIONS)
def test_divisions_round_as_their_name_says(tmp_path: Path, op: str, type: str) -> None:
    run = binary(tmp_path, op, type)
    nonzero = values(WIDTHS[type]).filter(bool)

    @several
    @given(st.lists(st.tuples(values(WIDTHS[type]), nonzero), min_size=COUNT, max_size=COUNT))
    def property(pairs: list[tuple[int, int]]) -> None:
        a, b = map(list, zip(*pairs, strict=True))
        check(run, op, type, a, b, DIVISIONS[op])

    property()


@pytest.mark.parametrize("type", ["i8", "i16", "i32", "i64"])
@pytest.mark.parametrize("op", SHIFTS)
def test_shifts_know_the_width_and_the_sign(tmp_path: Path, op: str, type: str) -> None:
    run = binary(tmp_path, op, type)
    bits = WIDTHS[type]

    @several
    @given(
        st.lists(st.tuples(values(bits), st.integers(0, bits - 1)), min_size=COUNT, max_size=COUNT)
    )
    def property(pairs: list[tuple[int, int]]) -> None:
        a, b = map(list, zip(*pairs, strict=True))
        check(run, op, type, a, b, SHIFTS[op])

    property()


@pytest.mark.parametrize(
    ("ops", "means"),
    [
        (
            "%k = arith.constant 5 : i16\n%r = arith.shrui %x_a, %k : i16",
            lambda a: (a & 0xFFFF) >> 5,
        ),
        ("%k = arith.constant 5 : i16\n%r = arith.shrsi %x_a, %k : i16", lambda a: a >> 5),
        ("%k = arith.constant 7 : i16\n%r = arith.divsi %x_a, %k : i16", lambda a: truncated(a, 7)),
        ("%k = arith.constant -32768 : i16\n%r = arith.addi %x_a, %k : i16", lambda a: a - 32768),
        ("%k = arith.constant -3 : i16\n%r = arith.subi %x_a, %k : i16", lambda a: a + 3),
        (
            "%k = arith.constant 300 : i16\n%m = arith.muli %x_a, %k : i16\n"
            "%s = arith.addi %m, %x_a : i16\n%r = arith.shrsi %s, %x_b : i16",
            lambda a: wrapped(a * 301, 16) >> 3,
        ),
    ],
)
def test_what_c_would_compute_in_int_is_cut_to_the_type(
    tmp_path: Path, ops: str, means: Callable[[int], int]
) -> None:
    body, buffers = elementwise(ops, {"a": "i16", "b": "i16"}, "i16", COUNT)
    a = np.linspace(-32768, 32767, COUNT).astype(np.int16)
    out = program(tmp_path, body, buffers)(a=a, b=np.full(COUNT, 3, np.int16))["out"]
    assert out.tolist() == [wrapped(means(int(x)), 16) for x in a]


def test_odd_widths_wrap_at_their_own_width(tmp_path: Path) -> None:
    ops = """
      %s = arith.trunci %x_a : i32 to i12
      %t = arith.trunci %x_b : i32 to i12
      %p = arith.muli %s, %t : i12
      %q = arith.addi %p, %s : i12
      %less = arith.cmpi slt, %q, %t : i12
      %u = arith.shrui %q, %t : i12
      %m = arith.select %less, %q, %u : i12
      %r = arith.extsi %m : i12 to i32
    """
    body, buffers = elementwise(ops, {"a": "i32", "b": "i32"}, "i32", COUNT)
    rng = np.random.default_rng(3)
    a = rng.integers(-(2**31), 2**31, COUNT).astype(np.int32)
    b = rng.integers(0, 11, COUNT).astype(np.int32)

    def means(x: int, y: int) -> int:
        x, y = wrapped(x, 12), wrapped(y, 12)
        q = wrapped(wrapped(x * y, 12) + x, 12)
        return q if q < y else wrapped((q & 0xFFF) >> y, 12)

    out = program(tmp_path, body, buffers)(a=a, b=b)["out"]
    assert out.tolist() == [means(int(x), int(y)) for x, y in zip(a, b, strict=True)]


def test_i1_is_arithmetic_modulo_two(tmp_path: Path) -> None:
    ops = """
      %zero = arith.constant 0 : i32
      %p = arith.cmpi sgt, %x_a, %zero : i32
      %q = arith.cmpi slt, %x_b, %zero : i32
      %t = arith.constant true
      %sum = arith.addi %p, %q : i1
      %not = arith.xori %sum, %t : i1
      %both = arith.muli %p, %q : i1
      %any = arith.ori %not, %both : i1
      %less = arith.cmpi slt, %p, %q : i1
      %s = arith.extsi %any : i1 to i32
      %u = arith.extui %less : i1 to i32
      %two = arith.constant 2 : i32
      %v = arith.muli %u, %two : i32
      %r = arith.addi %s, %v : i32
    """
    body, buffers = elementwise(ops, {"a": "i32", "b": "i32"}, "i32", 4)
    a, b = np.array([5, 5, -5, -5], np.int32), np.array([-1, 1, -1, 1], np.int32)
    p, q = a > 0, b < 0
    expected = -(~(p ^ q) | (p & q)).astype(int) + 2 * (p & ~q).astype(int)
    assert program(tmp_path, body, buffers)(a=a, b=b)["out"].tolist() == expected.tolist()


def test_extended_operations_give_both_halves(tmp_path: Path) -> None:
    ops = """
      %low, %high = arith.mulsi_extended %x_a, %x_b : i32
      %ulow, %uhigh = arith.mului_extended %x_a, %x_b : i32
      %sum, %carry = arith.addui_extended %x_a, %x_b : i32, i1
      %c = arith.extui %carry : i1 to i32
      %s = arith.xori %high, %uhigh : i32
      %t = arith.xori %s, %low : i32
      %u = arith.addi %t, %sum : i32
      %r = arith.xori %u, %c : i32
    """
    body, buffers = elementwise(ops, {"a": "i32", "b": "i32"}, "i32", COUNT)
    rng = np.random.default_rng(4)
    a, b = (rng.integers(-(2**31), 2**31, COUNT).astype(np.int32) for _ in "ab")

    def means(x: int, y: int) -> int:
        ux, uy = unsigned(x, 32), unsigned(y, 32)
        total = ((x * y) >> 32) ^ ((ux * uy) >> 32) ^ (x * y)
        return wrapped(wrapped(total, 32) + x + y, 32) ^ (ux + uy >> 32)

    out = program(tmp_path, body, buffers)(a=a, b=b)["out"].tolist()
    assert out == [means(int(x), int(y)) for x, y in zip(a, b, strict=True)]


def test_indices_have_64_bits_although_counters_are_ints(tmp_path: Path) -> None:
    ops = """
      %big = arith.constant 2147483647 : index
      %three = arith.constant 3 : index
      %seven = arith.constant 7 : index
      %p = arith.muli %i, %big : index
      %q = arith.muli %p, %p : index
      %m = arith.subi %three, %i : index
      %sh = arith.shli %m, %three : index
      %o = arith.divsi %sh, %three : index
      %s = arith.addi %q, %o : index
      %less = arith.cmpi slt, %p, %seven : index
      %t = arith.select %less, %m, %s : index
      %u = arith.remsi %t, %big : index
      %w = arith.xori %u, %s : index
      %x = arith.addi %w, %big : index
      %y = arith.addi %x, %big : index
      %r = arith.index_cast %y : index to i64
    """
    body, buffers = elementwise(ops, {"a": "i64"}, "i64", 12)
    made = program(tmp_path, body, buffers)
    assert "for (int32_t i = 0; i < 12; i++)" in made.text

    def means(i: int) -> int:
        big = 2**31 - 1
        p = i * big
        s = wrapped(p * p + truncated((3 - i) << 3, 3), 64)
        t = 3 - i if p < 7 else s
        return wrapped((t - big * truncated(t, big) ^ s) + 2 * big, 64)

    out = made(a=np.zeros(12, np.int64))["out"]
    assert out.tolist() == [means(i) for i in range(12)]


def test_a_division_by_zero_stops_the_core_instead_of_going_on(tmp_path: Path) -> None:
    run = binary(tmp_path, "arith.divsi", "i32")
    with pytest.raises(MachineError):
        run(a=np.ones(COUNT, np.int32), b=np.zeros(COUNT, np.int32))


def test_a_shift_beyond_the_width_gives_zero_each_time(tmp_path: Path) -> None:
    run = binary(tmp_path, "arith.shli", "i32")
    out = run(a=np.full(COUNT, 7, np.int32), b=np.arange(20, 20 + COUNT).astype(np.int32))["out"]
    assert out.tolist() == [wrapped(7 << n, 32) if n < 32 else 0 for n in range(20, 20 + COUNT)]


def test_an_integer_wider_than_c_has_is_refused_with_its_type() -> None:
    ops = "%w = arith.extsi %x_a : i32 to i128\n%r = arith.trunci %w : i128 to i32"
    body, buffers = elementwise(ops, {"a": "i32"}, "i32", 4)
    with pytest.raises(DesignError, match="i128 is not supported in a core's body") as caught:
        c_of(body, buffers)
    assert caught.value.location is not None
