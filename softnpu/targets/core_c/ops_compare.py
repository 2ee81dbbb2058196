"""Comparisons and choice: arith.cmpi, arith.cmpf, arith.select."""

from __future__ import annotations

from typing import cast

from xdsl.dialects.builtin import IntegerAttr, IntegerType
from xdsl.ir import Operation

from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.function import Function, value_op
from softnpu.targets.core_c.ops_arith import unsigned, unsigned_vector
from softnpu.targets.core_c.types import CType, element_of

INTEGER_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">=")
"""By predicate number; from 6 on unsigned (ArithBase.td)."""
FIRST_UNSIGNED_COMPARISON = 6
FLOAT_COMPARISONS = {
    0: "0",
    1: "{a} == {b}",
    2: "{a} > {b}",
    3: "{a} >= {b}",
    4: "{a} < {b}",
    5: "{a} <= {b}",
    6: "{a} < {b} || {a} > {b}",
    7: "{a} == {a} && {b} == {b}",
    8: "!({a} < {b} || {a} > {b})",
    9: "!({a} <= {b})",
    10: "!({a} < {b})",
    11: "!({a} >= {b})",
    12: "!({a} > {b})",
    13: "{a} != {b}",
    14: "{a} != {a} || {b} != {b}",
    15: "1",
}
"""By predicate number (ArithBase.td): ordered ones first, then unordered."""
VECTOR_LOGIC = str.maketrans({"!": "~"})


@value_op("arith.cmpi", "index.cmp")
def compare_integers(f: Function, op: Operation) -> Expr:
    left, right = f.expr(op.operands[0]), f.expr(op.operands[1])
    type = f.type(op.operands[0])
    number = _predicate(op)
    operator = INTEGER_COMPARISONS[number]
    prec = Prec.EQUAL if operator in ("==", "!=") else Prec.RELATION
    if type.kind == "vector":
        return _compare_vectors(f, op, operator, number >= FIRST_UNSIGNED_COMPARISON)
    if type.kind == "bool":
        if prec is Prec.RELATION and number < FIRST_UNSIGNED_COMPARISON:
            left, right = right, left  # as signed numbers, true is -1
    elif number >= FIRST_UNSIGNED_COMPARISON:
        left, right = unsigned(left, type), _unsigned_operand(right, type)
    return c.binary(operator, left, right, prec)


def _unsigned_operand(value: Expr, type: CType) -> Expr:
    """The right side of a comparison: C makes a small constant unsigned by itself."""
    if value.literal is not None and value.literal >= 0 and type.bits >= 32:
        return value
    return unsigned(value, type)


def _predicate(op: Operation) -> int:
    """The predicate's number; the index dialect has the same ones, by name."""
    if op.name == "index.cmp":
        from softnpu.dialects.upstream.index import PREDICATES, CmpOp

        return PREDICATES.index(cast(CmpOp, op).pred)
    return cast("IntegerAttr[IntegerType]", op.properties["predicate"]).value.data


def _compare_vectors(f: Function, op: Operation, operator: str, as_unsigned: bool) -> Expr:
    type = f.type(op.operands[0])
    element = element_of(type)
    left, right = f.expr(op.operands[0]), f.expr(op.operands[1])
    if as_unsigned:
        if not element.exact:
            raise f.unsupported(op, f"on vectors of i{element.bits}")
        left, right = unsigned_vector(f, left, type), unsigned_vector(f, right, type)
    prec = Prec.EQUAL if operator in ("==", "!=") else Prec.RELATION
    return _mask(f, op, c.binary(operator, left, right, prec))


def _mask(f: Function, op: Operation, comparison: Expr) -> Expr:
    """A vector of i1 from C's result of a comparison, which has the operands' width."""
    return c.call("__builtin_convertvector", comparison, Expr(f.type(op.results[0]).name))


@value_op("arith.cmpf")
def compare_floats(f: Function, op: Operation) -> Expr:
    number = _predicate(op)
    template = FLOAT_COMPARISONS[number]
    left, right = op.operands
    once = template.count("{a}") <= 1
    a = f.expr(left) if once else f.settled(left)
    b = f.expr(right) if once else f.settled(right)
    if f.type(left).kind == "vector":
        return _compare_float_vectors(f, op, template, a, b)
    text = template.format(a=a.at(Prec.SHIFT), b=b.at(Prec.SHIFT))
    prec = (
        Prec.LOGICAL_OR
        if "||" in text and not text.startswith("!")
        else Prec.LOGICAL_AND
        if "&&" in text
        else Prec.UNARY
        if text.startswith("!")
        else Prec.RELATION
    )
    return c.joined(text, prec, (a, b))


def _compare_float_vectors(f: Function, op: Operation, template: str, a: Expr, b: Expr) -> Expr:
    if template in ("0", "1"):
        return c.cast(f.type(op.results[0]).name, Expr("(0)" if template == "0" else "(-1)"))
    text = template.replace("||", "|").replace("&&", "&").translate(VECTOR_LOGIC)
    text = text.replace("~=", "!=")
    text = _grouped(text).format(a=a.at(Prec.SHIFT), b=b.at(Prec.SHIFT))
    return _mask(f, op, c.joined(text, Prec.OR, (a, b)))


def _grouped(text: str) -> str:
    """Parentheses around the comparisons that `|` and `&` join."""
    for joint in (" | ", " & "):
        if joint in text and not text.startswith("~"):
            return joint.join(f"({part})" for part in text.split(joint))
        if joint in text:
            inner = joint.join(f"({part})" for part in text[2:-1].split(joint))
            return f"~({inner})"
    return text


@value_op("arith.select")
def select(f: Function, op: Operation) -> Expr:
    condition, then, otherwise = (f.expr(operand) for operand in op.operands)
    type = f.type(op.results[0])
    if type.kind == "vector" and f.type(op.operands[0]).kind == "vector":
        return c.call("core_select", Expr(type.name), condition, then, otherwise)
    return c.conditional(condition, then, otherwise)
