"""Folding: what known operands come to, at the width that the hardware has."""

from __future__ import annotations

import pytest


def result(simplify, expression: str) -> str:
    """What is passed to a call after folding an expression over %x, %y and constants."""
    lines = simplify(f"""
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %two = arith.constant 2 : i32
    %seven = arith.constant 7 : i32
    %minus = arith.constant -7 : i32
    %least = arith.constant -2147483648 : i32
    %ones = arith.constant -1 : i32
    %big = arith.constant 32 : i32
    {expression}
    func.call @use(%r) : (i32) -> ()
    """)
    names = dict(line.split(" = ", 1) for line in lines if " = " in line)
    passed = next(line for line in lines if "@use" in line).split("(")[1].split(")")[0]
    definition = names.get(passed, passed)
    return definition.removeprefix("arith.constant ").removesuffix(" : i32")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("%r = arith.addi %least, %ones : i32", "2147483647"),
        ("%r = arith.muli %least, %two : i32", "0"),
        ("%r = arith.divsi %minus, %two : i32", "-3"),
        ("%r = arith.floordivsi %minus, %two : i32", "-4"),
        ("%r = arith.ceildivsi %minus, %two : i32", "-3"),
        ("%r = arith.remsi %minus, %two : i32", "-1"),
        ("%r = arith.divui %ones, %two : i32", "2147483647"),
        ("%r = arith.remui %minus, %two : i32", "1"),
        ("%r = arith.shrsi %minus, %one : i32", "-4"),
        ("%r = arith.shrui %ones, %one : i32", "2147483647"),
        ("%r = arith.shli %least, %one : i32", "0"),
        ("%r = arith.maxui %ones, %one : i32", "-1"),
        ("%r = arith.maxsi %ones, %one : i32", "1"),
    ],
)
def test_constants_are_computed_with_their_width_and_sign(
    simplify, expression: str, expected: str
) -> None:
    assert result(simplify, expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "%r = arith.divsi %x, %zero : i32",
        "%r = arith.remui %seven, %zero : i32",
        "%r = arith.divsi %least, %ones : i32",
        "%r = arith.shli %one, %big : i32",
    ],
)
def test_what_has_no_defined_value_is_left_alone(simplify, expression: str) -> None:
    assert result(simplify, expression).startswith("arith.")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("%r = arith.addi %zero, %x : i32", "%arg0"),
        ("%r = arith.subi %x, %x : i32", "0"),
        ("%s = arith.subi %x, %y : i32\n%r = arith.addi %s, %y : i32", "%arg0"),
        ("%s = arith.addi %x, %y : i32\n%r = arith.subi %s, %x : i32", "%arg1"),
        ("%r = arith.muli %one, %x : i32", "%arg0"),
        ("%r = arith.muli %x, %zero : i32", "0"),
        ("%r = arith.andi %x, %ones : i32", "%arg0"),
        ("%r = arith.andi %x, %zero : i32", "0"),
        ("%r = arith.ori %x, %ones : i32", "-1"),
        ("%r = arith.ori %x, %x : i32", "%arg0"),
        ("%r = arith.xori %x, %x : i32", "0"),
        ("%r = arith.remsi %x, %one : i32", "0"),
        ("%r = arith.minsi %x, %x : i32", "%arg0"),
        ("%r = arith.select %p, %x, %x : i32", "%arg0"),
        ("%c = arith.cmpi slt, %minus, %one : i32\n%r = arith.select %c, %x, %y : i32", "%arg0"),
        ("%c = arith.cmpi ult, %minus, %one : i32\n%r = arith.select %c, %x, %y : i32", "%arg1"),
        ("%c = arith.cmpi sge, %x, %x : i32\n%r = arith.select %c, %x, %y : i32", "%arg0"),
        ("%w = arith.extsi %x : i32 to i64\n%r = arith.trunci %w : i64 to i32", "%arg0"),
        (
            "%i = arith.index_cast %x : i32 to index\n%r = arith.index_cast %i : index to i32",
            "%arg0",
        ),
    ],
)
def test_identities_need_no_constants_but_the_neutral_ones(
    simplify, expression: str, expected: str
) -> None:
    assert result(simplify, expression) == expected


def test_a_constant_goes_to_the_right_and_a_comparison_turns_round(simplify) -> None:
    assert result(simplify, "%r = arith.addi %seven, %x : i32") == "arith.addi %arg0, %c7_i32"
    lines = simplify("""
    %seven = arith.constant 7 : i32
    %c = arith.cmpi slt, %seven, %x : i32
    %r = arith.select %c, %x, %y : i32
    func.call @use(%r) : (i32) -> ()
    """)
    assert "%0 = arith.cmpi sgt, %arg0, %c7_i32 : i32" in lines


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("%w = arith.extui %b : i8 to i32", "200"),
        ("%w = arith.extsi %b : i8 to i32", "-56"),
    ],
)
def test_extension_knows_the_sign(simplify, expression: str, expected: str) -> None:
    lines = simplify(f"""
    %b = arith.constant 200 : i8
    {expression}
    func.call @use(%w) : (i32) -> ()
    """)
    assert lines[0].endswith(f"arith.constant {expected} : i32")
