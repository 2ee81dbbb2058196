"""Rules of arith, math and index: what each op computes with, and that types agree."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Attribute, Operation, TypedAttribute

from softnpu.dialects.rules.types import (
    FIXED_INTEGERS,
    FLOATS,
    INTEGERS,
    NUMBERS,
    TRUTHS,
    Kind,
    element,
    listed,
    shape,
)
from softnpu.dialects.sizes import element_bits
from softnpu.dialects.source import design_error

Rule = Callable[[Operation], None]

INTEGER_OPS = (
    *("addi", "subi", "muli", "divui", "divsi", "floordivsi", "ceildivsi", "ceildivui", "remui"),
    *("remsi", "minsi", "maxsi", "minui", "maxui", "andi", "ori", "xori", "shli", "shrui", "shrsi"),
    *("mului_extended", "mulsi_extended"),
)
FLOAT_OPS = (
    *("addf", "subf", "mulf", "divf", "remf", "negf"),
    *("minimumf", "minnumf", "maximumf", "maxnumf"),
)
INTEGER_MATH = ("absi", "ctlz", "cttz", "ctpop", "ipowi")
FLOAT_MATH = (
    *("absf", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil"),
    *("copysign", "cos", "cosh", "erf", "exp", "exp2", "expm1", "floor", "fma", "log", "log10"),
    *("log1p", "log2", "powf", "round", "roundeven", "rsqrt", "sin", "sinh", "sqrt", "tan"),
    *("tanh", "trunc"),
)
COUNTERPARTS = {
    "addi": "addf",
    "subi": "subf",
    "muli": "mulf",
    "divsi": "divf",
    "remsi": "remf",
    "cmpi": "cmpf",
    "maxsi": "maximumf",
    "minsi": "minimumf",
    "absi": "absf",
    "ipowi": "powf",
}
"""The same with integers and with floats."""


def check_kind(op: Operation, types: list[Attribute], kind: Kind) -> None:
    """Each type is of a kind."""
    for type in types:
        if not kind(type):
            raise design_error(
                op, f"'{op.name}' takes {kind.words}, found {type}", *_other(op, type)
            )


def _other(op: Operation, type: Attribute) -> tuple[str, ...]:
    """The op that does the same with a type."""
    dialect, _, word = op.name.partition(".")
    turned = {value: key for key, value in COUNTERPARTS.items()}
    found = COUNTERPARTS.get(word) if FLOATS(type) else turned.get(word)
    return () if found is None else (f"with {type} it is {dialect}.{found}",)


def check_alike(op: Operation, kind: Kind) -> None:
    """All operands and results are of one type, of a kind."""
    types = [*op.operand_types, *op.result_types]
    check_kind(op, types, kind)
    if len(set(types)) > 1:
        raise design_error(
            op,
            f"operands and result of '{op.name}' are of one type, found "
            f"{listed(op.operand_types)} for {listed(op.result_types)}",
        )


def check_comparison(op: Operation, kind: Kind) -> None:
    """Two values of one type give as many truth values."""
    types = list(op.operand_types)
    check_kind(op, types, kind)
    if types[0] != types[1]:
        raise design_error(
            op, f"'{op.name}' compares two values of one type, found {listed(types)}"
        )
    _check_truth(op, op.result_types[0], types[0])


def _check_truth(op: Operation, truth: Attribute, type: Attribute) -> None:
    if not TRUTHS(truth) or shape(truth) not in (None, shape(type)):
        raise design_error(op, f"'{op.name}' of {type} has an i1 for each element, found {truth}")


def check_select(op: Operation) -> None:
    """A condition, for all or for each element, and two values of the result's type."""
    condition, *types = op.operand_types
    if {*types, *op.result_types} != {types[0]}:
        raise design_error(
            op, f"'arith.select' chooses from two values of one type, found {listed(types)}"
        )
    _check_truth(op, condition, types[0])


def check_add_extended(op: Operation) -> None:
    """A sum, and whether it ran over."""
    types = [*op.operand_types, op.result_types[0]]
    check_kind(op, types, INTEGERS)
    if len(set(types)) > 1:
        raise design_error(op, f"operands and sum are of one type, found {listed(types)}")
    _check_truth(op, op.result_types[1], types[0])


def check_conversion(op: Operation, source: Kind, target: Kind, width: str) -> None:
    """From one kind to another, `width` telling how the target's compares."""
    (given,), (made,) = op.operand_types, op.result_types
    for word, type, kind in (("from", given, source), ("to", made, target)):
        if not kind(type):
            raise design_error(op, f"'{op.name}' converts {word} {kind.words}, found {type}")
    if shape(given) != shape(made):
        raise design_error(op, f"'{op.name}' keeps the shape, found {given} to {made}")
    if width and not WIDTHS[width](element_bits(element(made)), element_bits(element(given))):
        raise design_error(op, f"'{op.name}' converts to {width} type, found {given} to {made}")


WIDTHS: dict[str, Callable[[int, int], bool]] = {
    "a wider": lambda made, given: made > given,
    "a narrower": lambda made, given: made < given,
    "an equally wide": lambda made, given: made == given,
}

CONVERSIONS: dict[str, tuple[Kind, Kind, str]] = {
    "extsi": (FIXED_INTEGERS, FIXED_INTEGERS, "a wider"),
    "extui": (FIXED_INTEGERS, FIXED_INTEGERS, "a wider"),
    "trunci": (FIXED_INTEGERS, FIXED_INTEGERS, "a narrower"),
    "extf": (FLOATS, FLOATS, "a wider"),
    "truncf": (FLOATS, FLOATS, "a narrower"),
    "sitofp": (FIXED_INTEGERS, FLOATS, ""),
    "uitofp": (FIXED_INTEGERS, FLOATS, ""),
    "fptosi": (FLOATS, FIXED_INTEGERS, ""),
    "fptoui": (FLOATS, FIXED_INTEGERS, ""),
    "bitcast": (NUMBERS, NUMBERS, "an equally wide"),
}


def check_index_cast(op: Operation) -> None:
    """Between index and an integer of fixed width."""
    (given,), (made,) = op.operand_types, op.result_types
    check_kind(op, [given, made], INTEGERS)
    if sum(isinstance(element(type), IndexType) for type in (given, made)) != 1:
        raise design_error(
            op, f"'{op.name}' converts between index and an integer, found {given} to {made}"
        )
    if shape(given) != shape(made):
        raise design_error(op, f"'{op.name}' keeps the shape, found {given} to {made}")


def check_constant(op: Operation) -> None:
    """A number, or dense numbers, of the result's type."""
    value, made = op.properties["value"], op.result_types[0]
    if not isinstance(value, TypedAttribute):
        raise design_error(op, f"a constant is a number or dense<...>, found {value}")
    if value.get_type() != made:
        raise design_error(
            op, f"a constant of {value.get_type()} cannot be the {made} of its result"
        )


def check_power(op: Operation) -> None:
    """A float to the power of an integer."""
    base, exponent = op.operand_types
    check_kind(op, [base, *op.result_types], FLOATS)
    if not INTEGERS(exponent):
        raise design_error(op, f"the exponent of '{op.name}' is an integer, found {exponent}")


RULES: dict[str, Callable[[Any], None]] = {
    **{f"arith.{name}": partial(check_alike, kind=INTEGERS) for name in INTEGER_OPS},
    **{f"arith.{name}": partial(check_alike, kind=FLOATS) for name in FLOAT_OPS},
    **{f"math.{name}": partial(check_alike, kind=INTEGERS) for name in INTEGER_MATH},
    **{f"math.{name}": partial(check_alike, kind=FLOATS) for name in FLOAT_MATH},
    **{
        f"arith.{name}": partial(check_conversion, source=source, target=target, width=width)
        for name, (source, target, width) in CONVERSIONS.items()
    },
    "arith.addui_extended": check_add_extended,
    "arith.subui_extended": check_add_extended,
    "arith.cmpf": partial(check_comparison, kind=FLOATS),
    "arith.cmpi": partial(check_comparison, kind=INTEGERS),
    "arith.constant": check_constant,
    "arith.index_cast": check_index_cast,
    "arith.index_castui": check_index_cast,
    "arith.select": check_select,
    "index.casts": check_index_cast,
    "index.castu": check_index_cast,
    "math.fpowi": check_power,
}
