"""Constants: MLIR's attributes as C literals and initialisers."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    MemRefType,
    UnitAttr,
)
from xdsl.ir import Attribute, Operation

from softnpu.dialects.source import design_error
from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.types import CType

PER_LINE = 12
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
INT64_MIN = -(2**63)


def wrapped(value: int, bits: int) -> int:
    """`value` modulo 2^bits, as a signed number."""
    sign = 1 << (bits - 1)
    return (value & (sign - 1)) - (value & sign)


def integer_literal(value: int, type: CType) -> Expr:
    """An integer constant of a type, held as the type is held."""
    if type.kind == "bool":
        return c.literal(value & 1, "true" if value & 1 else "false")
    value = wrapped(value, type.bits)
    if value == INT64_MIN:
        return c.literal(value, "INT64_MIN")
    if value == INT32_MIN and type.bits == -INT32_MIN.bit_length() + 64:
        return c.literal(value, "INT32_MIN")
    return c.literal(value)


def float_literal(value: float, type: CType) -> Expr:
    """A floating-point constant."""
    suffix = "" if type.name == "double" else "f"
    if math.isnan(value):
        text = f'__builtin_nan{suffix}("")'
    elif math.isinf(value):
        text = f"{'-' if value < 0 else ''}__builtin_inf{suffix}()"
    else:
        text = f"{_shortest(value, type)}{suffix}"
    number = Expr(text, Prec.UNARY if text.startswith("-") else Prec.PRIMARY)
    return number if type.name in ("float", "double") else c.cast(type.name, number)


def _shortest(value: float, type: CType) -> str:
    """The decimal with the fewest digits that reads back as the same value."""
    if type.name == "double":
        return repr(value)
    for digits in range(1, 17):
        text = f"{value:.{digits}g}"
        if _as_single(float(text)) == _as_single(value):
            return text if any(mark in text for mark in ".e") else f"{text}.0"
    return repr(value)


def _as_single(value: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def constant(op: Operation, value: Attribute, type: CType) -> Expr:
    """A constant op's value; a vector is a compound literal, a splat if it can be."""
    if isinstance(value, IntegerAttr):
        return integer_literal(value.value.data, type)
    if isinstance(value, FloatAttr):
        return float_literal(value.value.data, type)
    if isinstance(value, DenseIntOrFPElementsAttr) and type.element is not None:
        elements = [_element(number, type.element) for number in _numbers(value)]
        if len({str(element) for element in elements}) == 1:
            return c.cast(type.name, Expr(f"({elements[0]})"))
        return Expr(f"({type.name}){{{', '.join(map(str, elements))}}}", Prec.UNARY)
    raise design_error(op, f"the constant {value} is not supported in a core's body")


def initializer(
    op: Operation, value: Attribute | None, type: MemRefType, element: CType
) -> str | None:
    """The initialiser of a global array, None if it has no stated contents."""
    if value is None or isinstance(value, UnitAttr):
        return None
    if not isinstance(value, DenseIntOrFPElementsAttr):
        raise design_error(op, f"the initial value {value} is not supported in a core")
    numbers = _numbers(value)
    count = math.prod(type.get_shape())
    texts = [str(_memory_element(number, element)) for number in numbers]
    if len(texts) == 1:
        texts *= count
    lines = [", ".join(texts[i : i + PER_LINE]) for i in range(0, len(texts), PER_LINE)]
    if len(lines) == 1:
        return f"{{{lines[0]}}}"
    body = ",\n    ".join(lines)
    return f"{{\n    {body}}}"


def _numbers(value: DenseIntOrFPElementsAttr) -> Sequence[int] | Sequence[float]:
    """The stated elements; one for a splat."""
    return cast("Sequence[int] | Sequence[float]", value.get_values())


def _element(number: float, type: CType) -> Expr:
    if type.is_float:
        return float_literal(float(number), type)
    if type.kind == "bool":
        return c.literal(-1 if number else 0)
    return integer_literal(int(number), type)


def _memory_element(number: float, type: CType) -> Expr:
    return c.literal(int(bool(number))) if type.kind == "bool" else _element(number, type)
