"""arith: conversions and selection of vectors, and the flags that xDSL leaves out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith
from xdsl.dialects.arith import IntegerOverflowAttr
from xdsl.dialects.builtin import IntegerAttr, UnitAttr, VectorType, i1, i64
from xdsl.ir import Attribute, Dialect, Operation
from xdsl.irdl import irdl_op_definition
from xdsl.parser import Parser
from xdsl.printer import Printer

from softnpu.dialects.upstream import with_ops
from softnpu.dialects.upstream.forms import (
    parse_conversion,
    print_attributes,
    print_conversion,
    unchecked,
)


@irdl_op_definition
class RemFOp(arith.FloatingPointLikeBinaryOperation):
    """The remainder of a floating-point division."""

    name = "arith.remf"


FLAGS: dict[str, tuple[str, str]] = {"arith.extui": ("nneg", "nonNeg")}
"""The keyword that a conversion may carry, and the property behind it."""

CONVERSIONS: dict[str, type[Operation]] = {
    cls.name: unchecked(cls)
    for cls in (
        arith.ExtSIOp,
        arith.ExtUIOp,
        arith.FPToSIOp,
        arith.FPToUIOp,
        arith.SIToFPOp,
        arith.UIToFPOp,
        arith.IndexCastOp,
        arith.BitcastOp,
    )
}
CONVERSIONS["arith.index_castui"] = unchecked(arith.IndexCastOp, name="arith.index_castui")

FLAGGED: dict[str, type[Operation]] = {
    cls.name: unchecked(cls) for cls in (arith.TruncIOp, arith.TruncFOp, arith.ExtFOp)
}
"""Conversions with overflow or fast-math flags, or a rounding mode."""

EXACT: dict[str, type[Operation]] = {
    cls.name: unchecked(cls) for cls in (arith.DivSIOp, arith.DivUIOp, arith.ShRSIOp, arith.ShRUIOp)
}
"""Ops that may say that nothing is lost."""

OVERFLOWING = ("arith.addi", "arith.subi", "arith.muli", "arith.shli")

ROUNDING_MODES = ("to_nearest_even", "downward", "upward", "toward_zero", "to_nearest_away")

SelectOp = unchecked(arith.SelectOp)
SubUIExtendedOp = unchecked(arith.AddUIExtendedOp, name="arith.subui_extended")

COMPARISONS: dict[type[Operation], Sequence[str]] = {
    unchecked(arith.CmpiOp): list(arith.CMPI_COMPARISON_OPERATIONS),
    unchecked(arith.CmpfOp): list(arith.CMPF_COMPARISON_OPERATIONS),
}
"""Comparisons and their predicates, in the order of their numbers."""


def parse_flagged(cls: type[Operation]) -> Callable[[Parser], Operation]:
    """`%value [rounding] [overflow<...>] [fastmath<...>] : type to type`"""

    def parse(parser: Parser) -> Operation:
        value = parser.parse_unresolved_operand()
        properties: dict[str, Attribute] = {}
        mode = parser.parse_optional_keyword_in(ROUNDING_MODES)
        if mode is not None:
            properties["roundingmode"] = _rounding(mode)
        if parser.parse_optional_keyword("overflow") is not None:
            flags = IntegerOverflowAttr.parse_parameter(parser)
            properties["overflowFlags"] = IntegerOverflowAttr(flags)
        if parser.parse_optional_keyword("fastmath") is not None:
            fast = arith.FastMathFlagsAttr.parse_parameter(parser)
            properties["fastmath"] = arith.FastMathFlagsAttr(fast)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        source = parser.parse_type()
        parser.parse_keyword("to")
        return cls.create(
            operands=[parser.resolve_operand(value, source)],
            result_types=[parser.parse_type()],
            properties=properties,
            attributes=attributes,
        )

    return parse


def _rounding(mode: str) -> Attribute:
    from xdsl.dialects.builtin import IntegerAttr, i32

    return IntegerAttr(ROUNDING_MODES.index(mode), i32)


def print_flagged(printer: Printer, op: Operation) -> None:
    printer.print_string(" ")
    printer.print_ssa_value(op.operands[0])
    mode = op.properties.get("roundingmode")
    if mode is not None:
        printer.print_string(f" {ROUNDING_MODES[mode.value.data]}")  # type: ignore[attr-defined]
    _print_flags(printer, op)
    print_attributes(printer, op)
    printer.print_string(" : ")
    printer.print_attribute(op.operands[0].type)
    printer.print_string(" to ")
    printer.print_attribute(op.results[0].type)


def _print_flags(printer: Printer, op: Operation) -> None:
    """`overflow<nsw, nuw>`, `fastmath<fast>`, `exact`: what is set."""
    if "isExact" in op.properties:
        printer.print_string(" exact")
    overflow = op.properties.get("overflowFlags")
    if isinstance(overflow, IntegerOverflowAttr) and overflow.data:
        names = [flag.value for flag in arith.IntegerOverflowFlag if flag in overflow.data]
        printer.print_string(f" overflow<{', '.join(names)}>")
    fast = op.properties.get("fastmath")
    if isinstance(fast, arith.FastMathFlagsAttr) and fast.data:
        printer.print_string(" fastmath")
        fast.print_parameter(printer)


def parse_exact(cls: type[Operation]) -> Callable[[Parser], Operation]:
    """`%a, %b exact : type`"""

    def parse(parser: Parser) -> Operation:
        lhs = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        rhs = parser.parse_unresolved_operand()
        exact = parser.parse_optional_keyword("exact") is not None
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type = parser.parse_type()
        return cls.create(
            operands=[parser.resolve_operand(value, type) for value in (lhs, rhs)],
            result_types=[type],
            properties={"isExact": UnitAttr()} if exact else {},
            attributes=attributes,
        )

    return parse


def print_binary(printer: Printer, op: Operation) -> None:
    printer.print_string(" ")
    printer.print_list(op.operands, printer.print_ssa_value)
    _print_flags(printer, op)
    print_attributes(printer, op)
    printer.print_string(" : ")
    printer.print_attribute(op.results[0].type)


def parse_select(parser: Parser) -> Operation:
    """`%condition, %a, %b : type`; with a vector of conditions, its type stands first."""
    values = parser.parse_comma_separated_list(
        parser.Delimiter.NONE, parser.parse_unresolved_operand
    )
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    condition: Attribute = i1
    type: Attribute = parser.parse_type()
    if parser.parse_optional_punctuation(",") is not None:
        condition, type = type, parser.parse_type()
    operands = parser.resolve_operands(values, [condition, type, type], parser.pos)
    return SelectOp.create(operands=operands, result_types=[type], attributes=attributes)


def print_select(printer: Printer, op: Operation) -> None:
    printer.print_string(" ")
    printer.print_list(op.operands, printer.print_ssa_value)
    print_attributes(printer, op)
    printer.print_string(" : ")
    if isinstance(op.operands[0].type, VectorType):
        printer.print_attribute(op.operands[0].type)
        printer.print_string(", ")
    printer.print_attribute(op.results[0].type)


def parse_comparison(cls: type[Operation], names: Sequence[str]) -> Callable[[Parser], Operation]:
    """`slt, %a, %b : type`; the predicate may be in quotes. Vectors give a vector of i1."""

    def parse(parser: Parser) -> Operation:
        word = parser.parse_optional_str_literal() or parser.parse_identifier()
        if word not in names:
            parser.raise_error(f"'{word}' is no comparison: expected one of {', '.join(names)}")
        properties: dict[str, Attribute] = {"predicate": IntegerAttr(names.index(word), i64)}
        parser.parse_punctuation(",")
        lhs = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        rhs = parser.parse_unresolved_operand()
        if parser.parse_optional_keyword("fastmath") is not None:
            fast = arith.FastMathFlagsAttr.parse_parameter(parser)
            properties["fastmath"] = arith.FastMathFlagsAttr(fast)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type = parser.parse_type()
        return cls.create(
            operands=[parser.resolve_operand(value, type) for value in (lhs, rhs)],
            result_types=[_truth_of(type)],
            properties=properties,
            attributes=attributes,
        )

    return parse


def _truth_of(type: Attribute) -> Attribute:
    """The type of a comparison of values of a type."""
    if isinstance(type, VectorType):
        return VectorType(i1, type.get_shape(), type.scalable_dims)
    return i1


PARSERS: dict[str, Callable[[Parser], Operation]] = {
    **{name: parse_conversion(cls, flag=FLAGS.get(name)) for name, cls in CONVERSIONS.items()},
    **{name: parse_flagged(cls) for name, cls in FLAGGED.items()},
    **{name: parse_exact(cls) for name, cls in EXACT.items()},
    "arith.select": parse_select,
    **{cls.name: parse_comparison(cls, names) for cls, names in COMPARISONS.items()},
}

PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {
    **{name: print_conversion(flag=FLAGS.get(name)) for name in CONVERSIONS},
    **dict.fromkeys(FLAGGED, print_flagged),
    **dict.fromkeys((*EXACT, *OVERFLOWING), print_binary),
    "arith.select": print_select,
}


def dialect() -> Dialect:
    """arith with our ops in it."""
    return with_ops(
        arith.Arith,
        RemFOp,
        SelectOp,
        SubUIExtendedOp,
        *CONVERSIONS.values(),
        *FLAGGED.values(),
        *EXACT.values(),
        *COMPARISONS,
    )
