"""Simplifying DMA programs and the runtime sequence (mlir-aie, AIEDialect.cpp, AIEXDialect.cpp)."""

from __future__ import annotations

from xdsl.ir import Block, Operation

from softnpu.dialects.aie import DMAStartOp, EndOp, NextBDOp
from softnpu.dialects.aiex import NpuLoadPdiOp
from softnpu.passes.rewriting.greedy import Patterns, Rewriter
from softnpu.passes.rewriting.regions import reachable_blocks


def _fold_repeated_descriptors(op: Operation, rewriter: Rewriter) -> bool:  # noqa: ARG001
    """Shortens a descriptor chain that goes round and repeats itself to one repetition.

    As in mlir-aie (`FoldDMAStartOp`), the last repetition need not be complete.
    """
    assert isinstance(op, DMAStartOp)
    chain = reachable_blocks(op.dest)
    if isinstance(chain[-1].last_op, EndOp):
        return False
    period = next(
        (n for n in range(1, len(chain)) if any(_equal(chain[n], b) for b in chain[:n])),
        len(chain),
    )
    if period == len(chain):
        return False
    if any(not _equal(block, chain[n % period]) for n, block in enumerate(chain)):
        return False
    last, unique = chain[-1].last_op, chain[period - 1].last_op
    if not isinstance(last, NextBDOp) or not isinstance(unique, NextBDOp):
        return False
    if unique.dest is last.dest:
        return False
    unique.dest = last.dest
    return True


def _equal(left: Block, right: Block) -> bool:
    """Whether two blocks do the same, wherever they go on to."""
    a, b = list(left.ops)[:-1], list(right.ops)[:-1]
    return len(a) == len(b) and all(
        x.name == y.name
        and x.properties == y.properties
        and x.attributes == y.attributes
        and tuple(x.operands) == tuple(y.operands)
        for x, y in zip(a, b, strict=True)
    )


def _drop_repeated_load(op: Operation, rewriter: Rewriter) -> bool:
    """Of two equal `load_pdi` in a row, only the second is needed."""
    following = op.next_op
    if not isinstance(following, NpuLoadPdiOp) or following.properties != op.properties:
        return False
    rewriter.erase(op)
    return True


DMA_PROGRAMS: Patterns = {
    DMAStartOp.name: (_fold_repeated_descriptors,),
    NpuLoadPdiOp.name: (_drop_repeated_load,),
}
