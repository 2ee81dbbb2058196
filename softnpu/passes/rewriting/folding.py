"""What an op with known operands comes to: a constant, or a value that is there already.

One entry a op in `FOLDS`. The identities are those of MLIR (mlir, ArithOps.cpp, `fold`), for
integers of the type's own width, so that a folded result wraps as it would at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import IndexType, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation, SSAValue

from softnpu.passes.rewriting.constants import (
    bit_width,
    constant_of,
    integer_attribute,
    integer_of,
    signed,
    unsigned,
)
from softnpu.passes.rewriting.folding_floats import FLOAT_FOLDS

Folded: TypeAlias = "SSAValue | Attribute | None"
Fold: TypeAlias = Callable[[Operation], Folded]


def fold(op: Operation) -> Folded:
    """What `op`'s only result is known to be, or None.

    A commutative op may come back changed instead, its constant moved to the right; that is
    not reported, for it needs no other op to change.
    """
    rule = FOLDS.get(op.name)
    if rule is None:
        return None
    if op.name in _COMMUTATIVE and constant_of(op.operands[0]) is not None:
        left, right = op.operands
        if constant_of(right) is None:
            op.operands = [right, left]
    return rule(op)


def _is_scalar(type: Attribute) -> bool:
    return isinstance(type, IntegerType | IndexType)


Compute: TypeAlias = Callable[[int, int, int], "int | None"]
"""(left, right, bits) as signed integers -> the result, unwrapped, or None."""

Identity: TypeAlias = Callable[[Operation, "int | None"], Folded]
"""(op, its constant right operand, signed) -> what it comes to, or None."""


def _integer_fold(compute: Compute, identity: Identity) -> Fold:
    def rule(op: Operation) -> Folded:
        type = op.results[0].type
        if not _is_scalar(type):
            return None
        left, right = (integer_of(value) for value in op.operands)
        # Identities come first, as in MLIR: a constant that they hand on stays where it is.
        if (same := identity(op, right)) is not None:
            return same
        if left is None or right is None:
            return None
        value = compute(left, right, bit_width(type))
        return None if value is None else integer_attribute(value, type)

    return rule


def _zero(op: Operation) -> Attribute:
    return integer_attribute(0, op.results[0].type)


def _same_operands(op: Operation) -> bool:
    return op.operands[0] is op.operands[1]


def _addi(op: Operation, right: int | None) -> Folded:
    if right == 0:
        return op.operands[0]
    # (a - b) + b = a, and b + (a - b) = a
    for difference, other in (op.operands, reversed(tuple(op.operands))):
        if isinstance(difference.owner, arith.SubiOp) and difference.owner.rhs is other:
            return difference.owner.lhs
    return None


def _subi(op: Operation, right: int | None) -> Folded:
    if _same_operands(op):
        return _zero(op)
    if right == 0:
        return op.operands[0]
    total, taken = op.operands
    if isinstance(total.owner, arith.AddiOp):
        if total.owner.rhs is taken:
            return total.owner.lhs
        if total.owner.lhs is taken:
            return total.owner.rhs
    return None


def _muli(op: Operation, right: int | None) -> Folded:
    return op.operands[right == 0] if right in (0, 1) else None


def _by_one(op: Operation, right: int | None) -> Folded:
    return op.operands[0] if right == 1 else None


def _remainder_by_one(op: Operation, right: int | None) -> Folded:
    return _zero(op) if right == 1 else None


def _by_zero(op: Operation, right: int | None) -> Folded:
    return op.operands[0] if right == 0 else None


def _and(op: Operation, right: int | None) -> Folded:
    if right == 0:
        return op.operands[1]
    return op.operands[0] if right == -1 or _same_operands(op) else None


def _or(op: Operation, right: int | None) -> Folded:
    if right == -1:
        return op.operands[1]
    return op.operands[0] if right == 0 or _same_operands(op) else None


def _xor(op: Operation, right: int | None) -> Folded:
    if _same_operands(op):
        return _zero(op)
    return op.operands[0] if right == 0 else None


def _idempotent(op: Operation, _: int | None) -> Folded:
    return op.operands[0] if _same_operands(op) else None


def _truncating(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _divsi(left: int, right: int, bits: int) -> int | None:
    overflows = left == -(1 << (bits - 1)) and right == -1
    return None if right == 0 or overflows else _truncating(left, right)


def _unsigned(compute: Callable[[int, int], int | None]) -> Compute:
    return lambda left, right, bits: compute(unsigned(left, bits), unsigned(right, bits))


def _guarded(compute: Callable[[int, int], int]) -> Callable[[int, int], int | None]:
    """`compute`, where the right operand is not zero."""
    return lambda left, right: None if right == 0 else compute(left, right)


def _shift(compute: Callable[[int, int], int], is_unsigned: bool = False) -> Compute:
    def shifted(left: int, right: int, bits: int) -> int | None:
        amount = unsigned(right, bits)
        value = unsigned(left, bits) if is_unsigned else left
        return compute(value, amount) if amount < bits else None

    return shifted


_INTEGER_OPS: dict[type[Operation], tuple[Compute, Identity]] = {
    arith.AddiOp: (lambda a, b, _: a + b, _addi),
    arith.SubiOp: (lambda a, b, _: a - b, _subi),
    arith.MuliOp: (lambda a, b, _: a * b, _muli),
    arith.DivSIOp: (_divsi, _by_one),
    arith.DivUIOp: (_unsigned(_guarded(lambda a, b: a // b)), _by_one),
    arith.FloorDivSIOp: (
        lambda a, b, bits: None if _divsi(a, b, bits) is None else a // b,
        _by_one,
    ),
    arith.CeilDivSIOp: (
        lambda a, b, bits: None if _divsi(a, b, bits) is None else -(-a // b),
        _by_one,
    ),
    arith.CeilDivUIOp: (_unsigned(_guarded(lambda a, b: -(-a // b))), _by_one),
    arith.RemSIOp: (
        lambda a, b, _: None if b == 0 else a - b * _truncating(a, b),
        _remainder_by_one,
    ),
    arith.RemUIOp: (_unsigned(_guarded(lambda a, b: a % b)), _remainder_by_one),
    arith.AndIOp: (lambda a, b, _: a & b, _and),
    arith.OrIOp: (lambda a, b, _: a | b, _or),
    arith.XOrIOp: (lambda a, b, _: a ^ b, _xor),
    arith.ShLIOp: (_shift(lambda a, n: a << n), _by_zero),
    arith.ShRSIOp: (_shift(lambda a, n: a >> n), _by_zero),
    arith.ShRUIOp: (_shift(lambda a, n: a >> n, is_unsigned=True), _by_zero),
    arith.MaxSIOp: (lambda a, b, _: max(a, b), _idempotent),
    arith.MinSIOp: (lambda a, b, _: min(a, b), _idempotent),
    arith.MaxUIOp: (_unsigned(max), _idempotent),
    arith.MinUIOp: (_unsigned(min), _idempotent),
}

_COMMUTATIVE = frozenset(
    op.name
    for op in (
        arith.AddiOp,
        arith.MuliOp,
        arith.AndIOp,
        arith.OrIOp,
        arith.XOrIOp,
        arith.MaxSIOp,
        arith.MinSIOp,
        arith.MaxUIOp,
        arith.MinUIOp,
        arith.AddfOp,
        arith.MulfOp,
    )
)

_PREDICATES: tuple[Compute, ...] = (
    lambda a, b, _: a == b,
    lambda a, b, _: a != b,
    lambda a, b, _: a < b,
    lambda a, b, _: a <= b,
    lambda a, b, _: a > b,
    lambda a, b, _: a >= b,
    _unsigned(lambda a, b: a < b),
    _unsigned(lambda a, b: a <= b),
    _unsigned(lambda a, b: a > b),
    _unsigned(lambda a, b: a >= b),
)
"""By the number of `arith.cmpi`'s predicate: eq, ne, slt, sle, sgt, sge, ult, ule, ugt, uge."""

_MIRRORED = (0, 1, 4, 5, 2, 3, 8, 9, 6, 7)
"""The predicate that says the same with the operands swapped."""


def _cmpi(op: Operation) -> Folded:
    assert isinstance(op, arith.CmpiOp)
    type = op.lhs.type
    if not _is_scalar(type):
        return None
    predicate = op.predicate.value.data
    left, right = integer_of(op.lhs), integer_of(op.rhs)
    if left is not None and right is None:
        op.operands = [op.rhs, op.lhs]
        op.properties["predicate"] = IntegerAttr(_MIRRORED[predicate], op.predicate.type)
        return None
    if _same_operands(op):
        left = right = 0
    if left is None or right is None:
        return None
    return integer_attribute(-int(bool(_PREDICATES[predicate](left, right, bit_width(type)))), _I1)


_I1 = IntegerType(1)


def _select(op: Operation) -> Folded:
    assert isinstance(op, arith.SelectOp)
    if op.lhs is op.rhs:
        return op.lhs
    condition = integer_of(op.cond)
    if condition is not None:
        return op.lhs if condition else op.rhs
    if op.result.type == _I1 and integer_of(op.lhs) == -1 and integer_of(op.rhs) == 0:
        return op.cond
    return None


def _cast(is_signed: bool) -> Fold:
    def rule(op: Operation) -> Folded:
        type = op.results[0].type
        value = integer_of(op.operands[0])
        if value is None or not _is_scalar(type):
            return None
        width = bit_width(op.operands[0].type)
        return integer_attribute(
            signed(value, width) if is_signed else unsigned(value, width), type
        )

    return rule


def _through(rule: Fold, *undone: type[Operation]) -> Fold:
    """`rule`, and: undoing one of `undone` gives back what it was made of."""

    def with_undoing(op: Operation) -> Folded:
        inner = op.operands[0].owner
        if isinstance(inner, undone) and inner.operands[0].type == op.results[0].type:
            return inner.operands[0]
        return rule(op)

    return with_undoing


def _unchanged_type(op: Operation) -> Folded:
    """A cast to the type that its operand has."""
    return op.operands[0] if op.operands[0].type == op.results[0].type else None


_RULES: dict[type[Operation], Fold] = {
    **{op: _integer_fold(*rules) for op, rules in _INTEGER_OPS.items()},
    **FLOAT_FOLDS,
    arith.CmpiOp: _cmpi,
    arith.SelectOp: _select,
    arith.ExtSIOp: _cast(is_signed=True),
    arith.ExtUIOp: _cast(is_signed=False),
    arith.TruncIOp: _through(_cast(is_signed=True), arith.ExtSIOp, arith.ExtUIOp),
    arith.IndexCastOp: _through(_cast(is_signed=True), arith.IndexCastOp),
    memref.CastOp: _unchanged_type,
}

FOLDS: dict[str, Fold] = {op.name: rule for op, rule in _RULES.items()}
"""By op name, for an op's class may be a subclass of xDSL's."""
