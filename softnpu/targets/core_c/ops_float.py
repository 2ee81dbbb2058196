"""Floating-point arithmetic of arith: each op rounds once, to its own type."""

from __future__ import annotations

from xdsl.ir import Operation

from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.function import Function, value_op
from softnpu.targets.core_c.ops_arith import plain
from softnpu.targets.core_c.types import CType, element_of

FLOAT_OPERATORS = {
    "addf": ("+", Prec.ADD),
    "subf": ("-", Prec.ADD),
    "mulf": ("*", Prec.MULTIPLY),
    "divf": ("/", Prec.MULTIPLY),
}
FLOAT_HELPERS = {
    "maximumf": "core_maximum",
    "minimumf": "core_minimum",
    "maxnumf": "core_maxnum",
    "minnumf": "core_minnum",
}


@value_op(*(f"arith.{name}" for name in FLOAT_OPERATORS))
def float_operator(f: Function, op: Operation) -> Expr:
    operator, prec = FLOAT_OPERATORS[plain(op)]
    left, right = f.expr(op.operands[0]), f.expr(op.operands[1])
    made = c.binary(operator, left, right, prec)
    if left.prec is prec:  # keeps the order of evaluation visible
        made = c.joined(
            f"{left.at(prec)} {operator} {right.at(Prec(prec + 1))}", prec, (left, right)
        )
    return made


@value_op("arith.negf")
def negate(f: Function, op: Operation) -> Expr:
    value = f.expr(op.operands[0])
    text = value.at(Prec.UNARY)
    return c.joined(f"-({text})" if text.startswith("-") else f"-{text}", Prec.UNARY, (value,))


@value_op(*(f"arith.{name}" for name in FLOAT_HELPERS))
def float_helper(f: Function, op: Operation) -> Expr:
    type = f.type(op.results[0])
    left, right = f.expr(op.operands[0]), f.expr(op.operands[1])
    element = element_of(type)
    name = f"{FLOAT_HELPERS[plain(op)]}_{'f64' if element.bits == 64 else 'f32'}"
    if type.kind == "vector":
        return c.call("core_map2", Expr(type.name), Expr(name), left, right)
    return narrowed(c.call(name, left, right), element)


def narrowed(value: Expr, type: CType) -> Expr:
    """The result of a computation in float or double, rounded to the type."""
    return value if type.name in ("float", "double") else c.cast(type.name, value)


@value_op("arith.remf")
def float_remainder(f: Function, op: Operation) -> Expr:
    type = f.type(op.results[0])
    if type.kind == "vector":
        raise f.unsupported(op, "on vectors")
    made = c.call("core_fmod", f.expr(op.operands[0]), f.expr(op.operands[1]))
    return made if type.bits == 64 else c.cast(type.name, made)
