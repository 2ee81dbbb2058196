"""Chains of additions and multiplications with constants are joined."""

from __future__ import annotations

import pytest

from softnpu.passes.rewriting.arithmetic import ARITHMETIC


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("%a = arith.addi %x, %c5 : i32\n%r = arith.addi %a, %c3 : i32", "addi %arg0, %c8_i32"),
        ("%a = arith.subi %x, %c5 : i32\n%r = arith.addi %a, %c3 : i32", "addi %arg0, %c-2_i32"),
        ("%a = arith.subi %c5, %x : i32\n%r = arith.addi %a, %c3 : i32", "subi %c8_i32, %arg0"),
        ("%a = arith.addi %x, %c5 : i32\n%r = arith.subi %a, %c3 : i32", "addi %arg0, %c2_i32"),
        ("%a = arith.subi %x, %c5 : i32\n%r = arith.subi %a, %c3 : i32", "subi %arg0, %c8_i32"),
        ("%a = arith.subi %c5, %x : i32\n%r = arith.subi %a, %c3 : i32", "subi %c2_i32, %arg0"),
        ("%a = arith.addi %x, %c5 : i32\n%r = arith.subi %c3, %a : i32", "subi %c-2_i32, %arg0"),
        ("%a = arith.subi %x, %c5 : i32\n%r = arith.subi %c3, %a : i32", "subi %c8_i32, %arg0"),
        ("%a = arith.subi %c5, %x : i32\n%r = arith.subi %c3, %a : i32", "addi %arg0, %c-2_i32"),
        ("%a = arith.muli %x, %c5 : i32\n%r = arith.muli %a, %c3 : i32", "muli %arg0, %c15_i32"),
    ],
)
def test_two_constants_become_one(simplify, expression: str, expected: str) -> None:
    lines = simplify(
        f"""
    %c3 = arith.constant 3 : i32
    %c5 = arith.constant 5 : i32
    {expression}
    func.call @use(%r) : (i32) -> ()
    """,
        ARITHMETIC,
    )
    assert [line for line in lines if "arith.constant" not in line] == [
        f"%0 = arith.{expected} : i32",
        "call @use(%0) : (i32) -> ()",
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("%a = arith.subi %x, %y : i32\n%r = arith.subi %a, %x : i32", "subi %c0_i32, %arg1"),
        ("%a = arith.muli %y, %k : i32\n%r = arith.addi %x, %a : i32", "subi %arg0, %arg1"),
        ("%a = arith.muli %y, %k : i32\n%r = arith.addi %a, %x : i32", "subi %arg0, %arg1"),
    ],
)
def test_what_takes_itself_or_a_negative_away_is_one_difference(
    simplify, expression: str, expected: str
) -> None:
    lines = simplify(
        f"""
    %k = arith.constant -1 : i32
    {expression}
    func.call @use(%r) : (i32) -> ()
    """,
        ARITHMETIC,
    )
    assert [line for line in lines if "arith.constant" not in line] == [
        f"%0 = arith.{expected} : i32",
        "call @use(%0) : (i32) -> ()",
    ]
