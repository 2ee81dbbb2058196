"""What MLIR's dialect conversion folds by the way (mlir, DialectConversion.cpp, legalizeWithFold).

A pass that converts some ops folds all others whose legality it says nothing of, once each, in
the order of the text. Nothing sees what the others came to before the conversion is over: a sum
of two folded sums stays. What is unused stays, too.
"""

from __future__ import annotations

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.memref import ReinterpretCastOp
from xdsl.ir import Operation, SSAValue

from softnpu.dialects.walking import all_ops
from softnpu.passes.rewriting.folding import fold
from softnpu.passes.rewriting.ir import erase, insert_before
from softnpu.passes.rewriting.memref import look_through


def fold_by_the_way(root: Operation) -> None:
    """Fold what is below `root`, as a conversion does that leaves it as it is."""
    found: dict[SSAValue, SSAValue] = {}
    for op in all_ops(root):
        if isinstance(op, ReinterpretCastOp):
            while look_through(op) is not None:
                pass
        known = fold(op)
        if known is None:
            continue
        if not isinstance(known, SSAValue):
            made = ConstantOp(known)  # type: ignore[arg-type]
            insert_before(op, made)
            known = made.result
        found[op.results[0]] = known
    for result, value in found.items():
        while value in found:
            value = found[value]
        result.replace_all_uses_with(value)
    for result in found:
        assert isinstance(result.owner, Operation)
        erase(result.owner)
