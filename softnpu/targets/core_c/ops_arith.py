"""arith, index and ub: integers, floats, comparisons, conversions.

Sources for the meaning of each op: MLIR's ArithOps.td and the LLVM instruction that it becomes
(ArithToLLVM); core_support.h settles what those leave open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from xdsl.ir import Operation

from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.constants import constant, float_literal, integer_literal
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.function import Function, statement_op, value_op
from softnpu.targets.core_c.types import BOOL, INDEX_BITS, CType, element_of, integer

RING: dict[str, tuple[str, Prec, Callable[[int, int], int]]] = {
    "add": ("+", Prec.ADD, int.__add__),
    "sub": ("-", Prec.ADD, int.__sub__),
    "mul": ("*", Prec.MULTIPLY, int.__mul__),
    "and": ("&", Prec.AND, int.__and__),
    "or": ("|", Prec.OR, int.__or__),
    "xor": ("^", Prec.XOR, int.__xor__),
}
"""Operations whose low bits depend on the operands' low bits alone."""

OPPOSITE = {"+": "-", "-": "+"}
INT_MIN = -(2**31)

HELPERS = {
    "divsi": "core_divs",
    "divui": "core_divu",
    "remsi": "core_rems",
    "remui": "core_remu",
    "floordivsi": "core_floordivs",
    "ceildivsi": "core_ceildivs",
    "ceildivui": "core_ceildivu",
    "minsi": "core_mins",
    "maxsi": "core_maxs",
    "minui": "core_minu",
    "maxui": "core_maxu",
}
"""Ops that are calls of core_support.h, but for the simplest cases."""
UNSIGNED = frozenset({"divui", "remui", "ceildivui", "minui", "maxui"})

SHIFTS = {
    "shli": ("<<", "core_shl"),
    "shrsi": (">>", "core_shrs"),
    "shrui": (">>", "core_shru"),
}


def plain(op: Operation) -> str:
    """The op's name without its dialect."""
    return op.name.partition(".")[2]


def unsigned(value: Expr, type: CType) -> Expr:
    """A value read as unsigned, in the unsigned C type."""
    if type.exact:
        return c.cast(type.unsigned, value)
    return c.call("core_unsigned", Expr(type.unsigned), c.literal(type.bits), value)


def unsigned_vector(f: Function, value: Expr, type: CType) -> Expr:
    """A vector's elements read as unsigned."""
    element = element_of(type)
    name = f"v{type.count}u{element.bits}"
    f.unit.uses_vector(replace(type, name=name, element=replace(element, name=element.unsigned)))
    return c.cast(name, value)


@value_op("arith.constant", "index.constant", "index.bool.constant")
def constant_op(f: Function, op: Operation) -> Expr:
    return constant(op, op.properties["value"], f.type(op.results[0]))


@value_op("index.sizeof")
def size_of_index(f: Function, op: Operation) -> Expr:  # noqa: ARG001
    return c.literal(INDEX_BITS)


@value_op("ub.poison")
def poison(f: Function, op: Operation) -> Expr:
    """Any value will do; zero is the same each time."""
    type = f.type(op.results[0])
    if type.kind == "vector":
        return c.cast(type.name, Expr("(0)"))
    return float_literal(0.0, type) if type.is_float else integer_literal(0, type)


@value_op(
    *(f"arith.{name}i" for name in RING),
    *(f"index.{name}" for name in RING),
)
def ring(f: Function, op: Operation) -> Expr:
    operator, prec, compute = RING[plain(op).removesuffix("i")]
    left, right = f.loose(op.operands[0]), f.loose(op.operands[1])
    type = f.type(op.results[0])
    if left.literal is not None and right.literal is not None:
        return integer_literal(compute(left.literal, right.literal), type)
    if type.kind == "bool":
        return _boolean(f, op, operator, prec)
    if type.kind == "vector" and not element_of(type).exact and operator not in "&|^":
        raise f.unsupported(op, f"on vectors of i{element_of(type).bits}")
    if operator in OPPOSITE and right.literal is not None and INT_MIN < right.literal < 0:
        operator, right = OPPOSITE[operator], c.literal(-right.literal)
    if type.bits == INDEX_BITS:
        return c.binary64(operator, left, right, prec)
    made = c.binary(operator, left, right, prec)
    return made.as_loose() if type.kind == "int" and not _fills_int(type) else made


def _boolean(f: Function, op: Operation, operator: str, prec: Prec) -> Expr:
    """i1 arithmetic, on 0 and 1: a sum or difference is an exclusive or, a product an and."""
    left, right = f.expr(op.operands[0]), f.expr(op.operands[1])
    if operator in "+-^":
        if right.literal == 1:
            return c.negated(left)
        return c.binary("!=", left, right, Prec.EQUAL)
    operator = "&" if operator == "*" else operator
    return c.binary(operator, left, right, Prec.AND if operator == "&" else prec)


def _fills_int(type: CType) -> bool:
    """Whether C computes in just the type's width."""
    return type.bits in (32, 64)


@value_op(*(f"arith.{name}" for name in HELPERS))
def helper(f: Function, op: Operation) -> Expr:
    return _helper(f, op, plain(op))


INDEX_HELPERS = {
    "divs": "divsi",
    "divu": "divui",
    "rems": "remsi",
    "remu": "remui",
    "floordivs": "floordivsi",
    "ceildivs": "ceildivsi",
    "ceildivu": "ceildivui",
    "mins": "minsi",
    "maxs": "maxsi",
    "minu": "minui",
    "maxu": "maxui",
}


@value_op(*(f"index.{name}" for name in INDEX_HELPERS))
def index_helper(f: Function, op: Operation) -> Expr:
    return _helper(f, op, INDEX_HELPERS[plain(op)])


def _helper(f: Function, op: Operation, name: str) -> Expr:
    type = f.type(op.results[0])
    left, right = f.expr(op.operands[0]), f.expr(op.operands[1])
    if type.kind == "vector":
        return _vector_helper(f, op, name, left, right)
    operator = {"divsi": "/", "remsi": "%"}.get(name)
    if operator and right.literal is not None and right.literal > 0:
        made = c.binary64 if type.bits == INDEX_BITS else c.binary
        return made(operator, left, right, Prec.MULTIPLY)
    if type.kind == "bool":
        return _boolean_helper(f, op, name, left, right)
    if name in UNSIGNED and not type.exact:
        left, right = unsigned(left, type), unsigned(right, type)
    called = c.call(f"{HELPERS[name]}{type.container}", left, right)
    return called if type.exact else called.as_loose()


def _boolean_helper(f: Function, op: Operation, name: str, left: Expr, right: Expr) -> Expr:
    """The signed values of i1 are 0 and -1, so its signed maximum is the smaller bit."""
    if name in ("minsi", "maxui"):
        return c.binary("|", left, right, Prec.OR)
    if name in ("maxsi", "minui"):
        return c.binary("&", left, right, Prec.AND)
    raise f.unsupported(op, "on i1")


def _vector_helper(f: Function, op: Operation, name: str, left: Expr, right: Expr) -> Expr:
    type = f.type(op.results[0])
    element = element_of(type)
    if not element.exact:
        raise f.unsupported(op, f"on vectors of i{element.bits}")
    helper = f"{HELPERS[name]}{element.container}"
    return c.call("core_map2", Expr(type.name), Expr(helper), left, right)


@value_op(*(f"arith.{name}" for name in SHIFTS), "index.shl", "index.shrs", "index.shru")
def shift(f: Function, op: Operation) -> Expr:
    name = plain(op) if plain(op) in SHIFTS else f"{plain(op)}i"
    operator, helper = SHIFTS[name]
    type = f.type(op.results[0])
    left, right = f.expr(op.operands[0]), f.expr(op.operands[1])
    element = element_of(type)
    if element.kind == "bool":
        raise f.unsupported(op, "on i1")
    if type.kind == "vector":
        return c.call(
            "core_map2", Expr(type.name), Expr(f"{helper}{element.container}"), left, right
        )
    if right.literal is None or not 0 <= right.literal < type.bits:
        return _variable_shift(helper, left, right, type, logical=name == "shrui")
    if name == "shrui":
        shifted = c.binary(operator, unsigned(left, type), right, Prec.SHIFT)
        return c.cast(type.name, shifted) if type.exact else shifted.as_loose()
    if type.bits == INDEX_BITS:
        return c.binary64(operator, left, right, Prec.SHIFT)
    made = c.binary(operator, left, right, Prec.SHIFT)
    return made.as_loose() if name == "shli" and not _fills_int(type) else made


def _variable_shift(helper: str, left: Expr, right: Expr, type: CType, *, logical: bool) -> Expr:
    if logical and not type.exact:
        left = unsigned(left, type)
    made = c.call(f"{helper}{type.container}", left, right)
    return made if type.exact else made.as_loose()


# results in two parts


@statement_op("arith.addui_extended", "arith.subui_extended")
def add_extended(f: Function, op: Operation) -> None:
    type = f.type(op.results[0])
    if not type.exact:
        raise f.unsupported(op, f"on {op.results[0].type}")
    left, right = f.settled(op.operands[0]), f.settled(op.operands[1])
    adds = op.name == "arith.addui_extended"
    if left.span is not None:
        left = c.cast(type.name, left)
    total = f.store(c.binary("+" if adds else "-", left, right, Prec.ADD), type)
    first = total if adds else left
    flag = c.binary(
        "<",
        c.cast(type.unsigned, first),
        c.cast(type.unsigned, left if adds else right),
        Prec.RELATION,
    )
    f.values[op.results[0]] = total
    f.values[op.results[1]] = f.store(flag, BOOL)


@statement_op("arith.mulsi_extended", "arith.mului_extended")
def multiply_extended(f: Function, op: Operation) -> None:
    type = f.type(op.results[0])
    if not type.exact or type.bits > 32:
        raise f.unsupported(op, f"on {op.results[0].type}")
    wide = integer(2 * type.bits)
    left, right = f.expr(op.operands[0]), f.expr(op.operands[1])
    if op.name == "arith.mului_extended":
        left, right = unsigned(left, type), unsigned(right, type)
    product = f.store(
        c.binary("*", c.cast(wide.name, left), c.cast(wide.name, right), Prec.MULTIPLY), wide
    )
    high = c.binary(">>", product, c.literal(type.bits), Prec.SHIFT)
    f.values[op.results[0]] = f.store(c.cast(type.name, product), type)
    f.values[op.results[1]] = f.store(c.cast(type.name, high), type)
