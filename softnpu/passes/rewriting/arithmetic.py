"""Joining chains of integer arithmetic with constants (mlir, ArithCanonicalization.td)."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.ir import Operation, SSAValue

from softnpu.passes.rewriting.constants import constant, integer_of
from softnpu.passes.rewriting.greedy import Pattern, Patterns, Rewriter


def _join_sums(op: Operation, rewriter: Rewriter) -> bool:
    """A sum or difference of a constant and a sum or difference with a constant is one of x and
    one constant: (x + a) + b -> x + (a + b), b - (x - a) -> (a + b) - x, and so on."""
    outer, inner = _split(op), None
    if outer is not None and isinstance(outer[0].owner, Operation):
        inner = _split(outer[0].owner)
    if outer is None or inner is None:
        return False
    type = op.results[0].type
    value, sign, added = inner[0], outer[1] * inner[1], outer[1] * inner[2] + outer[2]
    both_subtract = all(isinstance(each, arith.SubiOp) for each in (op, outer[0].owner))
    if sign < 0:
        total = constant(added, type)
        new: Operation = arith.SubiOp(total, value)
    elif both_subtract and outer[1] > 0 and inner[1] > 0:
        total = constant(-added, type)
        new = arith.SubiOp(value, total)
    else:
        total = constant(added, type)
        new = arith.AddiOp(value, total)
    rewriter.insert_before(op, total, new)
    rewriter.replace(op, new.results)
    return True


def _split(op: Operation) -> tuple[SSAValue, int, int] | None:
    """x, s and a of an op that gives s * x + a, where s is 1 or -1."""
    if not isinstance(op, arith.AddiOp | arith.SubiOp):
        return None
    left, right = integer_of(op.lhs), integer_of(op.rhs)
    if right is not None:
        return op.lhs, 1, right if isinstance(op, arith.AddiOp) else -right
    if left is not None and isinstance(op, arith.SubiOp):
        return op.rhs, -1, left
    return None


def _subtract_what_it_starts_with(op: Operation, rewriter: Rewriter) -> bool:
    """(x - y) - x -> 0 - y."""
    inner = op.operands[0].owner
    if not isinstance(inner, arith.SubiOp) or inner.lhs is not op.operands[1]:
        return False
    zero = constant(0, op.results[0].type)
    new = arith.SubiOp(zero, inner.rhs)
    rewriter.insert_before(op, zero, new)
    rewriter.replace(op, new.results)
    return True


def _add_negative(op: Operation, rewriter: Rewriter) -> bool:
    """x + y * -1 -> x - y, in either order."""
    for product, other in (op.operands[::-1], op.operands):
        owner = product.owner
        if isinstance(owner, arith.MuliOp) and integer_of(owner.rhs) == -1:
            new = arith.SubiOp(other, owner.lhs)
            rewriter.insert_before(op, new)
            rewriter.replace(op, new.results)
            return True
    return False


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
    arith.AddiOp.name: (_join_sums, _add_negative),
    arith.SubiOp.name: (_join_sums, _subtract_what_it_starts_with),
    arith.MuliOp.name: (_multiply_product,),
    arith.ExtSIOp.name: (_of_extended(arith.ExtSIOp),),
    arith.ExtUIOp.name: (_of_extended(arith.ExtUIOp),),
}
