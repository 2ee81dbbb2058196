"""Affine loops, branches and subscripts as scf, arith and memref ops.

Division and remainder of affine expressions round towards minus infinity; the ops made for
them are those of MLIR (mlir, Affine/Utils/Utils.cpp, `AffineApplyExpander`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from xdsl.dialects import affine, arith, memref, scf, vector
from xdsl.dialects.builtin import (
    AffineMapAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
)
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineConstraintKind,
    AffineDimExpr,
    AffineExpr,
    AffineSymExpr,
)

from softnpu.dialects.source import design_error
from softnpu.dialects.upstream.affine import MaxOp
from softnpu.passes.rewriting.ir import erase, insert_before, same_location

INDEX = IndexType()


def lower(op: Operation) -> None:
    """Puts other ops in the place of an affine one. Raises DesignError for an unknown one."""
    lowering = _LOWERINGS.get(op.name)
    if lowering is None:
        raise design_error(op, f"{op.name} is not supported", "write it with scf and arith ops")

    def emit(new: Operation) -> SSAValue:
        insert_before(op, new)
        return new.results[0]

    values = lowering(op, emit)
    for old, value in zip(op.results, values, strict=True):
        old.replace_all_uses_with(value)
    erase(op)


Emit = Callable[[Operation], SSAValue]
"""Inserts an op before the one that is lowered, and gives its first result."""


def _constant(emit: Emit, value: int) -> SSAValue:
    return emit(arith.ConstantOp(IntegerAttr(value, INDEX)))


class _Expander:
    """Makes the ops for affine expressions over given dimensions and symbols."""

    def __init__(self, emit: Emit, dims: int, operands: Sequence[SSAValue]) -> None:
        self._emit = emit
        self._dims = operands[:dims]
        self._symbols = operands[dims:]

    def value(self, expr: AffineExpr) -> SSAValue:
        """The value of one expression."""
        if isinstance(expr, AffineConstantExpr):
            return _constant(self._emit, expr.value)
        if isinstance(expr, AffineDimExpr):
            return self._dims[expr.position]
        if isinstance(expr, AffineSymExpr):
            return self._symbols[expr.position]
        assert isinstance(expr, AffineBinaryOpExpr)
        left, right = self.value(expr.lhs), self.value(expr.rhs)
        return self._binary(expr.kind, left, right)

    def _binary(self, kind: AffineBinaryOpKind, left: SSAValue, right: SSAValue) -> SSAValue:
        if kind is AffineBinaryOpKind.Add:
            return self._emit(arith.AddiOp(left, right))
        if kind is AffineBinaryOpKind.Mul:
            return self._emit(arith.MuliOp(left, right))
        if kind is AffineBinaryOpKind.Mod:
            return self._modulo(left, right)
        if kind is AffineBinaryOpKind.FloorDiv:
            return self._floor_divide(left, right)
        return self._ceil_divide(left, right)

    def _modulo(self, left: SSAValue, right: SSAValue) -> SSAValue:
        emit = self._emit
        remainder = emit(arith.RemSIOp(left, right))
        zero = _constant(emit, 0)
        negative = emit(arith.CmpiOp(remainder, zero, "slt"))
        corrected = emit(arith.AddiOp(remainder, right))
        return emit(arith.SelectOp(negative, corrected, remainder))

    def _floor_divide(self, left: SSAValue, right: SSAValue) -> SSAValue:
        """For a negative dividend a: -((-a - 1) / b) - 1."""
        emit = self._emit
        zero, minus_one = _constant(emit, 0), _constant(emit, -1)
        negative = emit(arith.CmpiOp(left, zero, "slt"))
        flipped = emit(arith.SubiOp(minus_one, left))
        dividend = emit(arith.SelectOp(negative, flipped, left))
        quotient = emit(arith.DivSIOp(dividend, right))
        corrected = emit(arith.SubiOp(minus_one, quotient))
        return emit(arith.SelectOp(negative, corrected, quotient))

    def _ceil_divide(self, left: SSAValue, right: SSAValue) -> SSAValue:
        """For a dividend a of at most 0: -(-a / b); else (a - 1) / b + 1."""
        emit = self._emit
        zero, one = _constant(emit, 0), _constant(emit, 1)
        not_positive = emit(arith.CmpiOp(left, zero, "sle"))
        negated = emit(arith.SubiOp(zero, left))
        decremented = emit(arith.SubiOp(left, one))
        dividend = emit(arith.SelectOp(not_positive, negated, decremented))
        quotient = emit(arith.DivSIOp(dividend, right))
        negated_quotient = emit(arith.SubiOp(zero, quotient))
        incremented = emit(arith.AddiOp(quotient, one))
        return emit(arith.SelectOp(not_positive, negated_quotient, incremented))


def _values(emit: Emit, map: AffineMapAttr | None, operands: Sequence[SSAValue]) -> list[SSAValue]:
    """What the results of a map come to; without a map, the operands themselves."""
    if map is None:
        return list(operands)
    expander = _Expander(emit, map.data.num_dims, operands)
    return [expander.value(expr) for expr in map.data.results]


def _extreme(
    emit: Emit, kind: type[arith.MinSIOp] | type[arith.MaxSIOp], values: Sequence[SSAValue]
) -> SSAValue:
    return reduce(lambda best, value: emit(kind(best, value)), values)


def _lower_apply(op: Operation, emit: Emit) -> Sequence[SSAValue]:
    assert isinstance(op, affine.ApplyOp)
    return _values(emit, op.map, op.mapOperands)


def _lower_min(op: Operation, emit: Emit) -> Sequence[SSAValue]:
    assert isinstance(op, affine.MinOp)
    return [_extreme(emit, arith.MinSIOp, _values(emit, op.map, op.operands))]


def _lower_max(op: Operation, emit: Emit) -> Sequence[SSAValue]:
    assert isinstance(op, MaxOp)
    return [_extreme(emit, arith.MaxSIOp, _values(emit, op.map, op.map_operands))]


def _lower_load(op: Operation, emit: Emit) -> Sequence[SSAValue]:
    assert isinstance(op, affine.LoadOp)
    return [emit(memref.LoadOp.get(op.memref, _values(emit, op.map, op.indices)))]


def _lower_store(op: Operation, emit: Emit) -> Sequence[SSAValue]:
    assert isinstance(op, affine.StoreOp)
    insert_before(op, memref.StoreOp.get(op.value, op.memref, _values(emit, op.map, op.indices)))
    return ()


def _lower_vector_load(op: Operation, emit: Emit) -> Sequence[SSAValue]:
    assert isinstance(op, affine.VectorLoadOp)
    indices = _values(emit, op.map, op.indices)
    return [emit(vector.LoadOp(op.memref, indices, op.result.type))]


def _lower_vector_store(op: Operation, emit: Emit) -> Sequence[SSAValue]:
    assert isinstance(op, affine.VectorStoreOp)
    indices = _values(emit, op.map, op.indices)
    insert_before(op, vector.StoreOp(op.value, op.memref, indices))
    return ()


def _lower_yield(op: Operation, emit: Emit) -> Sequence[SSAValue]:  # noqa: ARG001
    assert isinstance(op, affine.YieldOp)
    insert_before(op, scf.YieldOp(*op.arguments))
    return ()


def _lower_for(op: Operation, emit: Emit) -> Sequence[SSAValue]:
    assert isinstance(op, affine.ForOp)
    lower_values = _values(emit, op.lowerBoundMap, op.lowerBoundOperands)
    lower = _extreme(emit, arith.MaxSIOp, lower_values)
    upper_values = _values(emit, op.upperBoundMap, op.upperBoundOperands)
    upper = _extreme(emit, arith.MinSIOp, upper_values)
    step = _constant(emit, op.step.value.data)
    body = op.detach_region(op.body)
    _end_with_yield(body, op)
    op.add_region(Region(Block()))
    loop = scf.ForOp(lower, upper, step, op.inits, body)
    insert_before(op, loop)
    return loop.results


def _end_with_yield(body: Region, op: Operation) -> None:
    last = body.block.last_op
    if not isinstance(last, affine.YieldOp | scf.YieldOp):
        body.block.add_op(same_location(scf.YieldOp(), op))


def _lower_if(op: Operation, emit: Emit) -> Sequence[SSAValue]:
    assert isinstance(op, affine.IfOp)
    condition = _condition(op, emit)
    regions = [op.detach_region(region) for region in list(op.regions)]
    for region in regions:
        if region.blocks:
            _end_with_yield(region, op)
    branch = scf.IfOp(condition, op.result_types, regions[0], regions[1])
    insert_before(op, branch)
    return branch.results


def _condition(op: affine.IfOp, emit: Emit) -> SSAValue:
    """Whether all constraints of the set hold."""
    constraints = op.condition.data
    zero = _constant(emit, 0)
    expander = _Expander(emit, constraints.num_dims, op.operands)
    holds = [
        emit(arith.CmpiOp(expander.value(each.lhs), zero, _PREDICATES[each.kind]))
        for each in constraints.constraints
    ]
    if not holds:
        return emit(arith.ConstantOp(IntegerAttr(-1, IntegerType(1))))
    return reduce(lambda all, one: emit(arith.AndIOp(all, one)), holds)


_PREDICATES = {
    AffineConstraintKind.ge: "sge",
    AffineConstraintKind.le: "sle",
    AffineConstraintKind.eq: "eq",
}

_LOWERINGS: dict[str, Callable[[Operation, Emit], Sequence[SSAValue]]] = {
    affine.ApplyOp.name: _lower_apply,
    affine.MinOp.name: _lower_min,
    MaxOp.name: _lower_max,
    affine.LoadOp.name: _lower_load,
    affine.StoreOp.name: _lower_store,
    affine.VectorLoadOp.name: _lower_vector_load,
    affine.VectorStoreOp.name: _lower_vector_store,
    affine.YieldOp.name: _lower_yield,
    affine.ForOp.name: _lower_for,
    affine.IfOp.name: _lower_if,
}
