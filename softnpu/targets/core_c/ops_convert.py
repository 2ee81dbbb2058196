"""Conversions between the types of arith: widths, integers and floats, bits as they are."""

from __future__ import annotations

from xdsl.ir import Operation

from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.constants import integer_literal, wrapped
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.function import Function, value_op
from softnpu.targets.core_c.ops_arith import unsigned, unsigned_vector
from softnpu.targets.core_c.types import CType, element_of


@value_op("arith.extsi", "arith.index_cast", "index.casts")
def extend_signed(f: Function, op: Operation) -> Expr:
    source, target = f.type(op.operands[0]), f.type(op.results[0])
    if target.kind == "vector":
        return _convert_vector(f, op, signed=True)
    if target.bits < source.bits:
        return _truncated(f, op)
    value = f.expr(op.operands[0])
    if value.literal is not None:
        return integer_literal(wrapped(value.literal, source.bits), target)
    if source.kind == "bool":
        value = c.joined(f"-{value.at(Prec.UNARY)}", Prec.UNARY, (value,))
    return _widened(value, source, target)


@value_op("arith.extui", "arith.index_castui", "index.castu")
def extend_unsigned(f: Function, op: Operation) -> Expr:
    source, target = f.type(op.operands[0]), f.type(op.results[0])
    if target.kind == "vector":
        return _convert_vector(f, op, signed=False)
    if target.bits < source.bits:
        return _truncated(f, op)
    value = f.expr(op.operands[0])
    if value.literal is not None:
        return integer_literal(value.literal & ((1 << source.bits) - 1), target)
    if source.kind != "bool" and source.bits != target.bits:
        value = unsigned(value, source)
    return _widened(value, source, target)


def _widened(value: Expr, source: CType, target: CType) -> Expr:
    """A value in C's arithmetic of the target: only 64 bits need saying."""
    return c.cast(target.name, value) if target.bits > 32 >= source.bits else value


@value_op("arith.trunci")
def truncate_integer(f: Function, op: Operation) -> Expr:
    if f.type(op.results[0]).kind == "vector":
        return _convert_vector(f, op, signed=True)
    return _truncated(f, op)


def _truncated(f: Function, op: Operation) -> Expr:
    source, target = f.type(op.operands[0]), f.type(op.results[0])
    value = f.loose(op.operands[0])
    if value.literal is not None:
        return integer_literal(value.literal, target)
    if target.kind == "bool":
        return c.binary("&", value, c.literal(1), Prec.AND)
    if source.bits > 32 >= target.bits and target.exact:
        return c.cast(target.name, value)
    return value.as_loose()


def _convert_vector(f: Function, op: Operation, *, signed: bool) -> Expr:
    source, target = f.type(op.operands[0]), f.type(op.results[0])
    value = f.expr(op.operands[0])
    inner, outer = element_of(source), element_of(target)
    if not signed:
        if inner.kind == "bool":
            value = c.binary("&", value, c.literal(1), Prec.AND)
        elif inner.exact:
            value = unsigned_vector(f, value, source)
        else:
            raise f.unsupported(op, f"on vectors of i{inner.bits}")
    made = c.call("__builtin_convertvector", value, Expr(target.name))
    if outer.kind == "bool":
        bits = c.binary("&", made, c.literal(1), Prec.AND)
        return c.joined(f"-({bits})", Prec.UNARY, (bits,))
    if not outer.exact and not outer.is_float:
        raise f.unsupported(op, f"to vectors of i{outer.bits}")
    return made


@value_op("arith.extf", "arith.truncf")
def convert_float(f: Function, op: Operation) -> Expr:
    target = f.type(op.results[0])
    value = f.expr(op.operands[0])
    if target.kind == "vector":
        return c.call("__builtin_convertvector", value, Expr(target.name))
    return c.cast(target.name, value)


@value_op("arith.sitofp", "arith.uitofp")
def integer_to_float(f: Function, op: Operation) -> Expr:
    source, target = f.type(op.operands[0]), f.type(op.results[0])
    signed = op.name == "arith.sitofp"
    if target.kind == "vector":
        return _convert_vector(f, op, signed=signed)
    value = f.expr(op.operands[0])
    if source.kind == "bool":
        value = c.joined(f"-{value.at(Prec.UNARY)}", Prec.UNARY, (value,)) if signed else value
    elif not signed:
        value = unsigned(value, source)
    return c.cast(target.name, value)


@value_op("arith.fptosi", "arith.fptoui")
def float_to_integer(f: Function, op: Operation) -> Expr:
    target = f.type(op.results[0])
    value = f.expr(op.operands[0])
    signed = op.name == "arith.fptosi"
    if target.kind == "vector":
        if not signed:
            raise f.unsupported(op, "on vectors")
        return c.call("__builtin_convertvector", value, Expr(target.name))
    if target.kind == "bool":
        return c.binary("!=", c.cast("int32_t", value), c.literal(0), Prec.EQUAL)
    made = c.cast(target.name if signed else target.unsigned, value)
    if not signed:
        made = c.cast(target.name, made)
    return made if target.exact else made.as_loose()


@value_op("arith.bitcast")
def bitcast(f: Function, op: Operation) -> Expr:
    source, target = f.type(op.operands[0]), f.type(op.results[0])
    value = f.expr(op.operands[0])
    if source == target:
        return value
    return c.call("__builtin_bit_cast", Expr(target.name), c.cast(source.name, value))
