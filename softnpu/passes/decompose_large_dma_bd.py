"""`aie-decompose-large-dma-bd`: transfers too large for a descriptor's fields become several.

Of a transfer that gives a token, the last part gives it; the parts of a task follow one another
in a chain (mlir-aie, AIEDecomposeLargeDmaBd.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.dialects.aie import DMABDOp, NextBDOp, RuntimeSequenceOp, TileOp
from softnpu.dialects.aiex import DMAConfigureTaskForOp, DMAConfigureTaskOp, NpuDmaMemcpyNdOp
from softnpu.dialects.scalars import numbers_of
from softnpu.dialects.sizes import element_bits
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import all_ops
from softnpu.passes.access_pattern import ITERATION, AccessPattern
from softnpu.passes.concerns import Concerns
from softnpu.passes.dma_decomposition import Slice, decompose
from softnpu.passes.rewriting.ir import block_of
from softnpu.passes.sequence_ops import Symbols, devices, model_of, replace, sequences


@dataclass(frozen=True)
class DecomposeLargeDmaBdPass(ModulePass):
    """Cut what is too large, where a way leads to it; the rest is refused further on."""

    name = "aie-decompose-large-dma-bd"
    concerns: ClassVar[Concerns] = (NpuDmaMemcpyNdOp, DMAConfigureTaskOp, DMAConfigureTaskForOp)
    makes: ClassVar[Concerns] = ()

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            symbols, model = Symbols(device), model_of(device)
            for sequence in sequences(device):
                for step in all_ops(sequence):
                    if isinstance(step, NpuDmaMemcpyNdOp):
                        _cut_transfer(step, sequence, symbols, model)
                    elif isinstance(step, DMAConfigureTaskOp):
                        if isinstance(step.tile.owner, TileOp):  # else to come when it is placed
                            _cut_task(step, step.position, model)
                    elif isinstance(step, DMAConfigureTaskForOp):
                        tile = symbols.shim_allocation(step, step.alloc).tile_op
                        _cut_task(step, tile.position, model)


def _cut_transfer(
    op: NpuDmaMemcpyNdOp, sequence: RuntimeSequenceOp, symbols: Symbols, model: Device
) -> None:
    offsets, sizes, strides = (
        numbers_of(items) for items in (op.mixed_offsets, op.mixed_sizes, op.mixed_strides)
    )
    if offsets is None or sizes is None or strides is None:
        return
    tile = symbols.shim_allocation(op, op.metadata).tile_op.position
    pattern = AccessPattern.of(sizes, strides, op.element_bits)
    parts = decompose(op, Slice(pattern, tuple(reversed(offsets))), model.dma(*tile))
    if not parts or len(parts) > model.num_bds(*tile):
        return
    ids = _free_ids(op, sequence)
    last = parts[-1]
    replace(op, [_transfer(op, part, next(ids), part is last) for part in parts])


def _free_ids(op: NpuDmaMemcpyNdOp, sequence: RuntimeSequenceOp) -> Iterator[int]:
    """Descriptors from the transfer's own on that no other transfer of its channel uses."""
    taken = {
        other.id
        for other in all_ops(sequence)
        if isinstance(other, NpuDmaMemcpyNdOp) and other is not op and other.metadata == op.metadata
    }
    number = op.id
    while True:
        if number not in taken:
            yield number
        number += 1


def _transfer(op: NpuDmaMemcpyNdOp, part: Slice, id: int, last: bool) -> NpuDmaMemcpyNdOp:
    copy = op.clone()
    copy.location = op.location
    copy.offsets, copy.sizes, copy.strides = (), (), ()
    copy.static_offsets = part.offsets[::-1]
    copy.static_sizes = part.pattern.sizes[::-1]
    copy.static_strides = part.pattern.strides[::-1]
    copy.id = id
    copy.issue_token = op.issue_token and last
    return copy


def _cut_task(
    task: DMAConfigureTaskOp | DMAConfigureTaskForOp, tile: tuple[int, int], model: Device
) -> None:
    descriptors = [op for op in all_ops(task) if isinstance(op, DMABDOp)]
    if len(descriptors) != 1:
        return
    (bd,) = descriptors
    dims = bd.dimensions
    if not dims or bd.is_dynamic or bd.pad_dimensions is not None:
        return
    width = element_bits(bd.buffer.type)
    pattern = AccessPattern.of([d.size for d in dims], [d.stride for d in dims], width)
    parts = decompose(bd, Slice(pattern), model.dma(*tile))
    if not parts or len(parts) > model.num_bds(*tile):
        return
    if len(parts) > 1 and not isinstance(task.parent_op(), RuntimeSequenceOp):
        raise design_error(
            bd,
            f"this transfer takes {len(parts)} descriptors, but stands where the run decides "
            "whether it is done",
            "keep its sizes in a descriptor's limits, or take it out of the loop or condition",
        )
    _check_iterations(bd, parts)
    start = bd.offset or 0
    blocks = [block_of(bd), *(Block() for _ in parts[1:])]
    for block in blocks[1:]:
        task.body.add_block(block)
    terminator = blocks[0].last_op
    assert terminator is not None
    for part, block in zip(parts, blocks, strict=True):
        descriptor = bd if block is blocks[0] else _copy(bd, block)
        _set(descriptor, start + part.start, part, keep_length=len(parts) == 1)
    terminator.detach()  # type: ignore[no-untyped-call]
    for block, following in pairwise(blocks):
        block.add_op(NextBDOp(dest=following, location=bd.location))
    blocks[-1].add_op(terminator)


def _check_iterations(bd: DMABDOp, parts: list[Slice]) -> None:
    """A task repeats as a whole: parts of it cannot repeat each by itself.

    mlir-aie makes such parts and refuses them in its next pass.
    """
    if any(part.pattern.sizes[ITERATION] > 1 for part in parts):
        raise design_error(
            bd,
            "this transfer exceeds a descriptor's limits and takes four dimensions when cut down, "
            "of which a task's descriptor has three",
            "write it as aiex.npu.dma_memcpy_nd, or as several tasks",
        )


def _copy(bd: DMABDOp, block: Block) -> DMABDOp:
    copy = bd.clone()
    copy.location = bd.location
    block.add_op(copy)
    return copy


def _set(bd: DMABDOp, offset: int, part: Slice, *, keep_length: bool) -> None:
    bd.offset_value, bd.sizes, bd.strides = None, (), ()
    bd.static_offset = offset
    bd.static_sizes = part.pattern.sizes[::-1]
    bd.static_strides = part.pattern.strides[::-1]
    if not keep_length:
        bd.len_value = None
        bd.static_len = part.pattern.elements
