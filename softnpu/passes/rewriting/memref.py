"""Simplifying views of memory (mlir, MemRefOps.cpp)."""

from __future__ import annotations

from xdsl.dialects.builtin import DYNAMIC_INDEX, DenseArrayBase, i64
from xdsl.dialects.memref import CastOp, ReinterpretCastOp, SubviewOp
from xdsl.ir import Operation, SSAValue

from softnpu.passes.rewriting.constants import integer_of
from softnpu.passes.rewriting.greedy import Patterns, Rewriter


def _write_out_offsets(op: Operation, rewriter: Rewriter) -> bool:
    """Offsets that are constants become part of a subview, as long as one is left that is none.

    Then the type stays what it is. MLIR goes on where all are constants, and casts the result
    back; that is left alone, for the type is what a call sees.
    """
    assert isinstance(op, SubviewOp)
    known = [integer_of(offset) for offset in op.offsets]
    if None not in known or all(value is None for value in known):
        return False
    operands = iter(zip(op.offsets, known, strict=True))
    static: list[int] = []
    left: list[SSAValue] = []
    for number in op.static_offsets.get_values():
        operand, value = next(operands) if number == DYNAMIC_INDEX else (None, number)
        static.append(DYNAMIC_INDEX if value is None else value)
        if operand is not None and value is None:
            left.append(operand)
    made = SubviewOp.build(
        operands=[op.source, left, op.sizes, op.strides],
        properties={**op.properties, "static_offsets": DenseArrayBase.from_list(i64, static)},
        result_types=[op.result.type],
    )
    rewriter.insert_before(op, made)
    rewriter.replace(op, made.results)
    return True


def look_through(op: ReinterpretCastOp) -> Operation | None:
    """A reinterpretation looks through a cast or a subview that starts where its source does.

    What it looked through is given; None if there is nothing.
    """
    view = op.source.owner
    if isinstance(view, SubviewOp):
        if any(view.static_offsets.get_values()):
            return None
    elif not isinstance(view, (CastOp, ReinterpretCastOp)):
        return None
    op.operands[0] = view.operands[0]
    return view


def _reinterpret_the_source(op: Operation, rewriter: Rewriter) -> bool:
    assert isinstance(op, ReinterpretCastOp)
    view = look_through(op)
    if view is not None:
        rewriter.revisit(view)
    return view is not None


VIEWS: Patterns = {
    SubviewOp.name: (_write_out_offsets,),
    ReinterpretCastOp.name: (_reinterpret_the_source,),
}
