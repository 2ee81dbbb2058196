"""Simplifying DMA programs and the runtime sequence (mlir-aie, AIEDialect.cpp, AIEXDialect.cpp)."""

from __future__ import annotations

import logging
from math import prod

from xdsl.ir import Block, Operation, SSAValue

from softnpu.dialects.aie import (
    DMABDOp,
    DMAStartOp,
    ExternalBufferOp,
    NextBDOp,
    TileOp,
    UseLockOp,
)
from softnpu.dialects.aie.tiles import TileElement
from softnpu.dialects.aiex import NpuDmaMemcpyNdOp, NpuLoadPdiOp
from softnpu.dialects.scalars import DYNAMIC, number_of, numbers_of
from softnpu.dialects.source import design_warning
from softnpu.dialects.walking import all_ops
from softnpu.passes.access_pattern import is_contiguous
from softnpu.passes.rewriting.greedy import Patterns, Rewriter
from softnpu.passes.rewriting.regions import reachable_blocks

_log = logging.getLogger(__name__)


def _fold_repeated_descriptors(op: Operation, rewriter: Rewriter) -> bool:  # noqa: ARG001
    """Shortens a descriptor chain that goes round and repeats itself to one repetition."""
    assert isinstance(op, DMAStartOp)
    chain = reachable_blocks(op.dest)
    period = _period(chain)
    if period is None or not _comes_round(chain, period):
        return False
    last, unique = chain[-1].last_op, chain[period - 1].last_op
    assert isinstance(last, NextBDOp)
    assert isinstance(unique, NextBDOp)
    if unique.dest is last.dest:
        return False
    unique.dest = last.dest
    return True


def _period(chain: list[Block]) -> int | None:
    """After how many descriptors a chain without an end repeats itself, None if it does not."""
    if any(not isinstance(block.last_op, NextBDOp) for block in chain):
        return None
    period = next(
        (n for n in range(1, len(chain)) if any(_equal(chain[n], b) for b in chain[:n])), None
    )
    if period is None:
        return None
    repeats = all(_equal(block, chain[n % period]) for n, block in enumerate(chain))
    return period if repeats else None


def _comes_round(chain: list[Block], period: int) -> bool:
    """Whether a chain is made of whole repetitions, and goes on at the start of one.

    mlir-aie (`FoldDMAStartOp`) does not ask: it takes `a b a` for `a b`.
    """
    last = chain[-1].last_op
    assert isinstance(last, NextBDOp)
    return len(chain) % period == 0 and chain.index(last.dest) % period == 0


def warn_of_cut_chains(module: Operation) -> None:
    """Tells of the descriptor chains from which aie-opt drops a part that is not repeated."""
    for op in all_ops(module):
        if not isinstance(op, DMAStartOp):
            continue
        chain = reachable_blocks(op.dest)
        period = _period(chain)
        if period is not None and not _comes_round(chain, period):
            _log.warning(
                design_warning(
                    op,
                    f"aie-opt takes this chain of {len(chain)} descriptors for one of {period}, "
                    "since it begins to repeat itself; npuforge keeps all of them",
                    "so that both do the same, make two equal descriptors of it differ, e.g. by "
                    "their bd_id",
                )
            )


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


def _write_out_numbers(op: Operation, rewriter: Rewriter) -> bool:
    """A descriptor's offset, length, sizes and strides that are constants become attributes."""
    assert isinstance(op, DMABDOp)
    before = tuple(op.operands)
    if len(before) == 1:  # the buffer
        return False
    for value, static in (("offset_value", "static_offset"), ("len_value", "static_len")):
        scalar = getattr(op, value)
        if scalar is not None and (number := number_of(scalar)) is not None:
            setattr(op, static, number)
            setattr(op, value, None)
    for name in ("sizes", "strides"):
        items = [_known(item) for item in getattr(op, f"mixed_{name}")]
        if items:
            setattr(op, f"static_{name}", [i if isinstance(i, int) else DYNAMIC for i in items])
            setattr(op, name, [item for item in items if isinstance(item, SSAValue)])
    for operand in before:
        if operand not in op.operands and isinstance(operand.owner, Operation):
            rewriter.revisit(operand.owner)
    return len(before) != len(op.operands)


def _known(item: int | SSAValue) -> int | SSAValue:
    number = item if isinstance(item, int) else number_of(item)
    return item if number is None else number


def _run_of_shim(op: Operation, rewriter: Rewriter) -> bool:  # noqa: ARG001
    """A shim's descriptor whose dimensions are one contiguous run says so: its length may then be
    much greater. What runs again by itself (a length shorter than all dimensions) stays."""
    assert isinstance(op, DMABDOp)
    dims = op.dimensions
    if not dims or not _is_shims(op) or (len(dims) == 1 and dims[0].stride == 1):
        return False
    sizes, strides = [dim.size for dim in dims], [dim.stride for dim in dims]
    if not is_contiguous(sizes[::-1], strides[::-1]):
        return False
    moved = prod(sizes)
    if (op.len_value is not None or op.static_len is not None) and op.len != moved:
        return False
    if len(op._operands) > 1:  # the buffer
        op.len_value, op.sizes, op.strides = None, (), ()
    op.static_len, op.static_sizes, op.static_strides = moved, None, None
    return True


def _is_shims(op: DMABDOp) -> bool:
    """Whether a descriptor stands in a shim's program or task, or moves external memory."""
    if isinstance(op.buffer.owner, ExternalBufferOp):
        return True
    parent = op.parent_op()
    while parent is not None:
        if isinstance(parent, TileElement):
            tile = parent.tile.owner
            return isinstance(tile, TileOp) and tile.row == 0
        parent = parent.parent_op()
    return False


def _run_in_one(op: Operation, rewriter: Rewriter) -> bool:  # noqa: ARG001
    """A transfer whose lower three dimensions are one contiguous run says so."""
    assert isinstance(op, NpuDmaMemcpyNdOp)
    lists = [numbers_of(items) for items in (op.mixed_offsets, op.mixed_sizes, op.mixed_strides)]
    if any(items is None for items in lists):
        return False
    offsets, sizes, strides = (tuple(items) for items in lists if items is not None)
    if sizes[1:3] == (1, 1) and strides[1:] == (0, 0, 1):
        return False
    if not is_contiguous(sizes[:0:-1], strides[:0:-1]):
        return False
    start = sum(offset * stride for offset, stride in zip(offsets[1:], strides[1:], strict=True))
    op.offsets, op.sizes, op.strides = (), (), ()
    op.static_offsets = (offsets[0], 0, 0, start)
    op.static_sizes = (sizes[0], 1, 1, sizes[1] * sizes[2] * sizes[3])
    op.static_strides = (strides[0], 0, 0, 1)
    return True


def _drop_empty_acquire(op: Operation, rewriter: Rewriter) -> bool:
    """A lock is never below 0, so that acquiring "at least 0" of it does nothing."""
    assert isinstance(op, UseLockOp)
    if not op.acquire_ge or number_of(op.value) != 0:
        return False
    rewriter.erase(op)
    return True


DMA_PROGRAMS: Patterns = {
    DMABDOp.name: (_write_out_numbers, _run_of_shim),
    DMAStartOp.name: (_fold_repeated_descriptors,),
    NpuDmaMemcpyNdOp.name: (_run_in_one,),
    NpuLoadPdiOp.name: (_drop_repeated_load,),
    UseLockOp.name: (_drop_empty_acquire,),
}
