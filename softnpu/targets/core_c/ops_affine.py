"""affine, where it has not been lowered: maps as index arithmetic, loops as `for`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, cast

from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
    AffineSymExpr,
)

from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.function import Function, statement_op, value_op
from softnpu.targets.core_c.memory import add, multiply
from softnpu.targets.core_c.ops_scf import body
from softnpu.targets.core_c.types import INDEX

if TYPE_CHECKING:
    from xdsl.dialects import affine

DIVISIONS = {
    AffineBinaryOpKind.FloorDiv: "core_floordivs64",
    AffineBinaryOpKind.CeilDiv: "core_ceildivs64",
}


def map_results(f: Function, map: AffineMap, operands: Sequence[SSAValue]) -> list[Expr]:
    """The results of a map applied to operands: dimensions first, then symbols."""
    values = [f.expr(operand) for operand in operands]
    return [_evaluated(result, values, map.num_dims) for result in map.results]


def _evaluated(node: AffineExpr, values: Sequence[Expr], dims: int) -> Expr:
    if isinstance(node, AffineConstantExpr):
        return c.literal(node.value)
    if isinstance(node, AffineDimExpr):
        return values[node.position]
    if isinstance(node, AffineSymExpr):
        return values[dims + node.position]
    assert isinstance(node, AffineBinaryOpExpr)
    left, right = _evaluated(node.lhs, values, dims), _evaluated(node.rhs, values, dims)
    if node.kind is AffineBinaryOpKind.Add:
        if right.literal is not None and right.literal < 0 and left.literal is None:
            return c.binary64("-", left, c.literal(-right.literal), Prec.ADD)
        return add(left, right)
    if node.kind is AffineBinaryOpKind.Mul:
        return multiply(left, right)
    if node.kind is AffineBinaryOpKind.Mod:
        quotient = c.call(DIVISIONS[AffineBinaryOpKind.FloorDiv], left, right)
        return c.binary64("-", left, multiply(quotient, right), Prec.ADD)
    return c.call(DIVISIONS[node.kind], left, right)


def indices_of(f: Function, op: Operation, operands: Sequence[SSAValue]) -> list[Expr]:
    """The indices of an affine.load or affine.store."""
    return map_results(f, cast(AffineMapAttr, op.properties["map"]).data, operands)


@value_op("affine.apply")
def apply(f: Function, op: Operation) -> Expr:
    return indices_of(f, op, op.operands)[0]


@value_op("affine.min", "affine.max")
def extreme(f: Function, op: Operation) -> Expr:
    return _extreme(indices_of(f, op, op.operands), op.name.removeprefix("affine."))


def _extreme(values: Sequence[Expr], which: str) -> Expr:
    return reduce(lambda a, b: c.call(f"core_{which}s64", a, b), values)


@statement_op("affine.for")
def for_loop(f: Function, op: Operation) -> None:
    loop = cast("affine.ForOp", op)
    carried = loop.body.block.args[1:]
    for argument, first in zip(carried, loop.inits, strict=True):
        f.start_variable(argument, first)
    low = map_results(f, loop.lowerBoundMap.data, loop.lowerBoundOperands)
    high = map_results(f, loop.upperBoundMap.data, loop.upperBoundOperands)
    start, end = _extreme(low, "max"), _extreme(high, "min")
    step = c.literal(loop.step.value.data)
    with f.counter_name(c.counter_span(start, end, step)) as name:
        f.values[loop.body.block.args[0]] = name
        with f.writer.block(f.for_head(name, INDEX, start, f"{name} < {end}", step)):
            f.hand_over(carried, body(f, loop.body).operands)
    for result, argument in zip(op.results, carried, strict=True):
        f.values[result] = f.values[argument]
