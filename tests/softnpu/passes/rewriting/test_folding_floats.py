"""Floating-point folding, rounded to the type."""

from __future__ import annotations

import pytest


def constants(simplify, body: str) -> list[str]:
    lines = simplify(body)
    return [line.split("arith.constant ")[1] for line in lines if "arith.constant" in line]


@pytest.mark.parametrize(
    ("type", "left", "right", "expected"),
    [
        ("f32", "16777216.0", "1.0", "0x4B800000"),
        ("f64", "16777216.0", "1.0", "16777217.0"),
        ("bf16", "256.0", "1.0", "256.0"),
        ("bf16", "256.0", "2.0", "258.0"),
        ("f16", "65504.0", "32.0", "inf"),
    ],
)
def test_a_sum_has_the_precision_of_its_type(
    mlir, type: str, left: str, right: str, expected: str
) -> None:
    from xdsl.dialects.arith import AddfOp, ConstantOp
    from xdsl.dialects.builtin import FloatAttr, bf16, f16, f32, f64

    from softnpu.passes.rewriting.folding import fold

    element = {"f32": f32, "f64": f64, "bf16": bf16, "f16": f16}[type]
    operands = [ConstantOp(FloatAttr(float(v), element)) for v in (left, right)]
    folded = fold(AddfOp(*operands))
    assert isinstance(folded, FloatAttr)
    wanted = 16777216.0 if expected.startswith("0x") else float(expected)
    assert folded.value.data == wanted


def test_adding_zero_is_only_nothing_if_it_is_negative_zero(simplify) -> None:
    body = """
    %z = arith.constant ZERO : f32
    %a = arith.bitcast %x : i32 to f32
    %s = arith.addf %a, %z : f32
    %b = arith.bitcast %s : f32 to i32
    func.call @use(%b) : (i32) -> ()
    """
    assert constants(simplify, body.replace("ZERO", "-0.0")) == []
    assert constants(simplify, body.replace("ZERO", "0.0")) != []


def test_a_float_outside_the_integer_is_left_to_the_hardware(simplify) -> None:
    lines = simplify("""
    %f = arith.constant 3.0e9 : f32
    %g = arith.constant -2.9 : f32
    %i = arith.fptosi %f : f32 to i32
    %j = arith.fptosi %g : f32 to i32
    func.call @use(%i) : (i32) -> ()
    func.call @use(%j) : (i32) -> ()
    """)
    assert any("arith.fptosi" in line for line in lines)
    assert "%c-2_i32 = arith.constant -2 : i32" in lines
