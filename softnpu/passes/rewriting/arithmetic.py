"""Joining chains of integer arithmetic with constants (mlir, ArithCanonicalization.td)."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.ir import Operation

from softnpu.passes.rewriting.constants import constant, integer_of
from softnpu.passes.rewriting.greedy import Pattern, Patterns, Rewriter


def _add_to_sum(op: Operation, rewriter: Rewriter) -> bool:
    """(x + a) + b -> x + (a + b); (x - a) + b -> x + (b - a); (a - x) + b -> (a + b) - x."""
    inner, right = op.operands[0].owner, integer_of(op.operands[1])
    if right is None:
        return False
    return _rebuild_sum(op, inner, right, rewriter)


def _subtract_from_sum(op: Operation, rewriter: Rewriter) -> bool:
    """(x + a) - b -> x + (a - b), and so on, as for sums."""
    inner, right = op.operands[0].owner, integer_of(op.operands[1])
    if right is None:
        return False
    return _rebuild_sum(op, inner, -right, rewriter)


def _rebuild_sum(op: Operation, inner: object, added: int, rewriter: Rewriter) -> bool:
    if not isinstance(inner, arith.AddiOp | arith.SubiOp):
        return False
    type = op.results[0].type
    left, right = integer_of(inner.lhs), integer_of(inner.rhs)
    if right is not None:
        sign = 1 if isinstance(inner, arith.AddiOp) else -1
        total = constant(sign * right + added, type)
        new: Operation = arith.AddiOp(inner.lhs, total)
    elif left is not None and isinstance(inner, arith.SubiOp):
        total = constant(left + added, type)
        new = arith.SubiOp(total, inner.rhs)
    else:
        return False
    rewriter.insert_before(op, total, new)
    rewriter.replace(op, new.results)
    return True


def _multiply_product(op: Operation, rewriter: Rewriter) -> bool:
    """(x * a) * b -> x * (a * b)."""
    inner, right = op.operands[0].owner, integer_of(op.operands[1])
    if right is None or not isinstance(inner, arith.MuliOp):
        return False
    left = integer_of(inner.rhs)
    if left is None:
        return False
    factor = constant(left * right, op.results[0].type)
    product = arith.MuliOp(inner.lhs, factor)
    rewriter.insert_before(op, factor, product)
    rewriter.replace(op, product.results)
    return True


def _of_extended(outer: type[Operation]) -> Pattern:
    """ext(ext(x)) -> ext(x), both of the same kind."""

    def pattern(op: Operation, rewriter: Rewriter) -> bool:
        inner = op.operands[0].owner
        if not isinstance(inner, outer):
            return False
        op.operands = [inner.operands[0]]
        rewriter.revisit(inner)
        return True

    return pattern


ARITHMETIC: Patterns = {
    arith.AddiOp.name: (_add_to_sum,),
    arith.SubiOp.name: (_subtract_from_sum,),
    arith.MuliOp.name: (_multiply_product,),
    arith.ExtSIOp.name: (_of_extended(arith.ExtSIOp),),
    arith.ExtUIOp.name: (_of_extended(arith.ExtUIOp),),
}
