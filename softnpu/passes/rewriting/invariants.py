"""Moving what does not change out of loops, as MLIR's loop-invariant code motion does."""

from __future__ import annotations

from xdsl.ir import Operation, Region
from xdsl.traits import IsTerminator, is_side_effect_free, is_speculatable

from softnpu.dialects.walking import all_ops, ops_with_regions
from softnpu.passes.rewriting.ir import move_before

_LOOPS = ("scf.for", "affine.for")

_NEVER_TRAPS = frozenset(
    {
        "memref.cast",
        "memref.collapse_shape",
        "memref.expand_shape",
        "memref.get_global",
        "memref.reinterpret_cast",
        "memref.subview",
    }
)
"""Ops that MLIR knows to be pure and xDSL only to have no effects."""


def hoist_invariants(root: Operation) -> bool:
    """Moves ops without effects, whose operands come from outside a loop, before it.

    Inner loops first, so that an op can leave several loops. Tells whether one did.
    """
    moved = False
    for op in ops_with_regions(root):
        if op.name in _LOOPS:
            for region in op.regions:
                moved |= _hoist_from(region, op)
    return moved


def _hoist_from(region: Region, loop: Operation) -> bool:
    moved = False
    for block in region.blocks:
        for op in list(block.ops):
            if _is_invariant(op, region):
                move_before(loop, op)
                moved = True
    return moved


def _is_invariant(op: Operation, region: Region) -> bool:
    if op.has_trait(IsTerminator) or not is_side_effect_free(op):
        return False
    if not is_speculatable(op) and op.name not in _NEVER_TRAPS:
        return False
    return not any(
        region.is_ancestor(value.owner) and not op.is_ancestor(value.owner)
        for inner in all_ops(op)
        for value in inner.operands
    )
