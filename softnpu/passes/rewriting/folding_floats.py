"""Folding of floating-point ops, rounded to the type they have.

Sums, products and quotients of two float32 (or narrower) values, computed in double precision
and rounded once more, are correctly rounded: 53 bits are more than 2 * 24 + 2.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntegerType,
)
from xdsl.ir import Attribute, Operation, SSAValue

from softnpu.passes.rewriting.constants import (
    bit_width,
    constant_of,
    integer_attribute,
    integer_of,
    unsigned,
)

Folded: TypeAlias = "SSAValue | Attribute | None"
Fold: TypeAlias = Callable[[Operation], Folded]


def _packed(code: str) -> Callable[[float], float]:
    def rounded(value: float) -> float:
        try:
            return float(struct.unpack(code, struct.pack(code, value))[0])
        except OverflowError:
            return math.copysign(math.inf, value)

    return rounded


_to_float32 = _packed("<f")


def _to_bfloat16(value: float) -> float:
    if not math.isfinite(value):
        return value
    bits = struct.unpack("<I", struct.pack("<f", _to_float32(value)))[0]
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])


_ROUND: dict[type[Attribute], Callable[[float], float]] = {
    Float64Type: float,
    Float32Type: _to_float32,
    Float16Type: _packed("<e"),
    BFloat16Type: _to_bfloat16,
}


def _float_of(value: SSAValue) -> float | None:
    attribute = constant_of(value)
    return attribute.value.data if isinstance(attribute, FloatAttr) else None


def _float_attribute(value: float, type: Attribute) -> Folded:
    if not isinstance(type, Float64Type | Float32Type | Float16Type | BFloat16Type):
        return None
    return FloatAttr(_ROUND[type.__class__](value), type)


def _divide(left: float, right: float) -> float:
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _is_negative_zero(value: float) -> bool:
    return value == 0 and math.copysign(1.0, value) < 0


def _is_positive_zero(value: float) -> bool:
    return value == 0 and math.copysign(1.0, value) > 0


def _binary(compute: Callable[[float, float], float], is_unit: Callable[[float], bool]) -> Fold:
    def rule(op: Operation) -> Folded:
        left, right = (_float_of(value) for value in op.operands)
        if right is not None and is_unit(right):
            return op.operands[0]
        if left is None or right is None:
            return None
        return _float_attribute(compute(left, right), op.results[0].type)

    return rule


def _negate(op: Operation) -> Folded:
    value = _float_of(op.operands[0])
    return None if value is None else _float_attribute(-value, op.results[0].type)


def _convert(op: Operation) -> Folded:
    """Float to float: exact when widening, rounded when narrowing."""
    value = _float_of(op.operands[0])
    return None if value is None else _float_attribute(value, op.results[0].type)


_EXACT = 1 << 53
"""Integers up to here are exact in double precision, so that only one rounding is left."""


def _from_integer(is_signed: bool) -> Fold:
    def rule(op: Operation) -> Folded:
        value = integer_of(op.operands[0])
        if value is None:
            return None
        if not is_signed:
            value = unsigned(value, bit_width(op.operands[0].type))
        if abs(value) > _EXACT:
            return None
        return _float_attribute(float(value), op.results[0].type)

    return rule


def _to_integer(is_signed: bool) -> Fold:
    def rule(op: Operation) -> Folded:
        value, type = _float_of(op.operands[0]), op.results[0].type
        if value is None or not math.isfinite(value) or not isinstance(type, IntegerType):
            return None
        bits = bit_width(type)
        low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if is_signed else (0, 1 << bits)
        return integer_attribute(int(value), type) if low <= int(value) < high else None

    return rule


FLOAT_FOLDS: dict[type[Operation], Fold] = {
    arith.AddfOp: _binary(lambda a, b: a + b, _is_negative_zero),
    arith.SubfOp: _binary(lambda a, b: a - b, _is_positive_zero),
    arith.MulfOp: _binary(lambda a, b: a * b, lambda b: b == 1.0),
    arith.DivfOp: _binary(_divide, lambda b: b == 1.0),
    arith.NegfOp: _negate,
    arith.ExtFOp: _convert,
    arith.TruncFOp: _convert,
    arith.SIToFPOp: _from_integer(is_signed=True),
    arith.UIToFPOp: _from_integer(is_signed=False),
    arith.FPToSIOp: _to_integer(is_signed=True),
    arith.FPToUIOp: _to_integer(is_signed=False),
}
