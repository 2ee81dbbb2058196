"""Numbers and arrays as MLIR writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import bf16, f32, f64

from softnpu.dialects.attribute_printer import natural_form

Code = Callable[[str, str], str]


@pytest.mark.parametrize(
    "constant",
    [
        "1.000000e+00 : f32",
        "3.14159274 : f32",
        "-6.1999998 : f32",  # six digits would do, but APFloat cuts before it rounds
        "-4.700000e+00 : f32",
        "1.23456786E-10 : f32",
        "0xFF800000 : f32",
        "0x7FC00000 : f32",
        "0.1 : f64",
        "1.000980e-01 : bf16",
        "dense<[1, 2]> : vector<2xi32>",
        "dense<0.000000e+00> : vector<4xf32>",
    ],
)
def test_constants(constant: str, code: Code) -> None:
    wanted = constant.replace("0.1 : f64", "1.000000e-01 : f64")
    assert code("", f"%0 = arith.constant {constant}") == f"%cst = arith.constant {wanted}"


@pytest.mark.parametrize(
    ("value", "type", "text"),
    [
        (0.30000001192092896, f32, "0.300000012"),
        (12345678.0, f32, None),
        (2.0**100, f64, "1.2676506002282294E+30"),
        (-0.001234567, f64, "-0.001234567"),
        (3.140625, bf16, "3.141"),
    ],
)
def test_numbers_that_six_digits_do_not_hold(value: float, type: object, text: str | None) -> None:
    assert natural_form(value, type) == text  # type: ignore[arg-type]


def test_long_data_is_hexadecimal(lines: Callable[[str], list[str]]) -> None:
    numbers = ", ".join(map(str, range(101)))
    (line,) = lines(f"%b = aie.buffer(%core) : memref<101xi8> = dense<[{numbers}]>")
    assert line.endswith(f'= dense<"0x{bytes(range(101)).hex().upper()}">')
    (line,) = lines("%b = aie.buffer(%core) : memref<101xi8> = dense<3>")
    assert line.endswith("= dense<3>")


def test_i64_goes_without_saying_inside_arrays_and_memory_spaces(
    lines: Callable[[str], list[str]],
) -> None:
    (line,) = lines("%t = aie.tile(0, 4) {a = [1, 2 : i32, 1.0], b = 3 : i64, c = i8}")
    assert line.endswith("{a = [1, 2 : i32, 1.000000e+00], b = 3 : i64, c = i8}")
    (line,) = lines("%b = aie.buffer(%core) : memref<4xi32, 2>")
    assert line.endswith(": memref<4xi32, 2> ")
