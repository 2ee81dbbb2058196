"""math: by the functions of mathematics.c, computed in double and rounded once."""

from __future__ import annotations

from xdsl.ir import Operation

from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.function import Function, value_op
from softnpu.targets.core_c.ops_arith import plain
from softnpu.targets.core_c.types import CType, element_of

FUNCTIONS = tuple(
    """
    acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh erf exp exp2 expm1 floor log
    log10 log1p log2 round roundeven rsqrt sin sinh sqrt tan tanh trunc
    """.split()  # noqa: SIM905
)
"""Ops whose C function is `core_` and the op's name."""
INTEGER_HELPERS = {"absi": "abs", "ctlz": "ctlz", "cttz": "cttz", "ctpop": "ctpop", "ipowi": "powi"}


@value_op(*(f"math.{name}" for name in FUNCTIONS), "math.powf", "math.fpowi")
def function_op(f: Function, op: Operation) -> Expr:
    name = {"powf": "pow", "fpowi": "powi"}.get(plain(op), plain(op))
    type = f.type(op.results[0])
    arguments = [f.expr(operand) for operand in op.operands]
    if type.kind == "vector":
        if op.name == "math.fpowi":
            raise f.unsupported(op, "on vectors")
        macro = "core_map" if len(arguments) == 1 else "core_map2"
        return c.call(macro, Expr(type.name), Expr(f"core_{name}"), *arguments)
    return _rounded(c.call(f"core_{name}", *arguments), type)


@value_op("math.absf")
def absolute_float(f: Function, op: Operation) -> Expr:
    type = f.type(op.results[0])
    value = f.expr(op.operands[0])
    if type.kind == "vector":
        return c.call("__builtin_elementwise_abs", value)
    return _rounded(c.call("__builtin_fabs", value), type)


@value_op("math.copysign")
def copy_sign(f: Function, op: Operation) -> Expr:
    type = f.type(op.results[0])
    left, right = f.expr(op.operands[0]), f.expr(op.operands[1])
    if type.kind == "vector":
        return c.call("core_map2", Expr(type.name), Expr("__builtin_copysign"), left, right)
    return _rounded(c.call("__builtin_copysign", left, right), type)


@value_op("math.fma")
def fused(f: Function, op: Operation) -> Expr:
    return fused_multiply_add(f, op)


def fused_multiply_add(f: Function, op: Operation) -> Expr:
    """a * b + c with one rounding; 16-bit floats as LLVM has them, by way of float's."""
    type = f.type(op.results[0])
    a, b, addend = (f.expr(operand) for operand in op.operands[:3])
    if element_of(type).kind in ("int", "bool"):
        return c.binary("+", c.binary("*", a, b, Prec.MULTIPLY), addend, Prec.ADD)
    name = "core_fma" if element_of(type).bits == 64 else "core_fmaf"
    if type.kind == "vector":
        return c.call("core_map3", Expr(type.name), Expr(name), a, b, addend)
    return _rounded(c.call(name, a, b, addend), type, of="double" if type.bits == 64 else "float")


@value_op(*(f"math.{name}" for name in INTEGER_HELPERS))
def integer_helper(f: Function, op: Operation) -> Expr:
    type = f.type(op.results[0])
    element = element_of(type)
    arguments = [f.expr(operand) for operand in op.operands]
    if not element.exact:
        raise f.unsupported(op, f"on i{element.bits}")
    helper = f"core_{INTEGER_HELPERS[plain(op)]}{element.container}"
    if type.kind != "vector":
        return c.call(helper, *arguments)
    macro = "core_map" if len(arguments) == 1 else "core_map2"
    return c.call(macro, Expr(type.name), Expr(helper), *arguments)


def _rounded(value: Expr, type: CType, of: str = "double") -> Expr:
    """A result of C type `of` as the op's type."""
    return value if type.name == of else c.cast(type.name, value)


CLASSES = {
    "isnan": "{0} != {0}",
    "isinf": "__builtin_isinf({0})",
    "isfinite": "__builtin_isfinite({0})",
    "isnormal": "__builtin_isnormal({0})",
}


@value_op(*(f"math.{name}" for name in CLASSES))
def classify(f: Function, op: Operation) -> Expr:
    source = f.type(op.operands[0])
    if source.kind == "vector":
        raise f.unsupported(op, "on vectors")
    value = f.settled(op.operands[0])
    template = CLASSES[plain(op)]
    if source.bits == 16 and op.name == "math.isnormal":
        raise f.unsupported(op, f"on {op.operands[0].type}")
    prec = Prec.EQUAL if template.startswith("{") else Prec.PRIMARY
    return c.joined(template.format(value), prec, (value,))
