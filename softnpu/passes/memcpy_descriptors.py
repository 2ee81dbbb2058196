"""One `aiex.npu.dma_memcpy_nd` as descriptor, address patch and queue push."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation, SSAValue

from softnpu.arch.device import Device
from softnpu.dialects.aie import ShimDMAAllocationOp
from softnpu.dialects.aiex import (
    NpuAddressPatchOp,
    NpuDmaMemcpyNdOp,
    NpuPushQueueOp,
    NpuWriteBdOp,
)
from softnpu.dialects.enums import DMAChannelDir
from softnpu.dialects.rules.sequence import constant_value, start_of
from softnpu.dialects.source import design_error
from softnpu.passes.access_pattern import AccessPattern, bits_of
from softnpu.passes.bd_fields import Locks, Packet, Padding, Shape
from softnpu.passes.bd_words import check_bd_id
from softnpu.passes.host_memory import REMEDY, HostMemory, trace
from softnpu.passes.runtime_descriptors import runtime_transfer
from softnpu.passes.sequence_ops import Symbols


def memcpy_ops(
    op: NpuDmaMemcpyNdOp, symbols: Symbols, model: Device
) -> tuple[NpuWriteBdOp, int, NpuPushQueueOp]:
    """What a transfer is made of: its descriptor, the register of the descriptor's address, its
    start. Where it begins plays no part in them.

    Raises:
        DesignError: what the shim's DMA cannot do, or sizes that are not constants.
    """
    allocation = symbols.shim_allocation(op, op.metadata)
    col, row = allocation.tile_op.position
    engine = model.dma(col, row)
    pattern = pattern_of(op)
    pattern.check(op, engine)
    check_bd_id(op, engine, op.id)
    register = model.dma_bd_address(col, row, op.id) + model.dma_bd_address_offset(col, row)
    push = _push(op, allocation, pattern.registers().sizes[3])
    return _write_bd(op, col, row, pattern), register, push


def address_patch(op: NpuDmaMemcpyNdOp, register: int) -> NpuAddressPatchOp:
    """Where a transfer begins, for the register of its descriptor's address."""
    memory = host_memory(op)
    return NpuAddressPatchOp(
        addr=register,
        arg_idx=memory.argument.index,
        arg_plus=memory.offset + offset_in_bytes(op),
        location=op.location,
    )


def _push(
    op: NpuDmaMemcpyNdOp, allocation: ShimDMAAllocationOp, repeats: int | SSAValue
) -> NpuPushQueueOp:
    return NpuPushQueueOp(
        column=allocation.tile_op.col,
        row=allocation.tile_op.row,
        direction=allocation.channel_dir,
        channel=allocation.channel_index,
        issue_token=op.issue_token or allocation.channel_dir is DMAChannelDir.S2MM,
        repeat_count=repeats,
        bd_id=op.id,
        location=op.location,
    )


def runtime_memcpy_ops(
    op: NpuDmaMemcpyNdOp, symbols: Symbols, model: Device
) -> tuple[list[Operation], NpuPushQueueOp]:
    """The same for a transfer of which the run decides something: its descriptor, its start.

    Raises:
        DesignError: padding, or what `runtime_transfer` refuses.
    """
    allocation = symbols.shim_allocation(op, op.metadata)
    col, row = allocation.tile_op.position
    padding = Padding(**{name: getattr(op, name) for name in Padding().named()})
    if padding != Padding():
        raise design_error(op, "a transfer of which the run decides something cannot pad")
    template = _descriptor(op, col, row, 0, Shape(), padding)
    descriptor, repeats = runtime_transfer(op, template, model)
    return descriptor, _push(op, allocation, repeats)


def pattern_of(op: NpuDmaMemcpyNdOp) -> AccessPattern:
    """The sizes and strides of a transfer."""
    return AccessPattern.of(
        constants(op, op.mixed_sizes),
        constants(op, op.mixed_strides),
        bits_of(op, op.memref.type),
    )


def offset_in_bytes(op: NpuDmaMemcpyNdOp) -> int:
    """Where in its memref a transfer starts: offsets count the strides of their dimensions."""
    offsets = constants(op, op.mixed_offsets)
    strides = constants(op, op.mixed_strides)
    return start_of(op, offsets, strides, bits_of(op, op.memref.type))


def host_memory(op: NpuDmaMemcpyNdOp) -> HostMemory:
    """The argument of the sequence that a transfer goes to or comes from."""
    memory = trace(op.memref)
    if memory is None:
        raise design_error(op, "a transfer needs an argument of the runtime sequence", REMEDY)
    return memory


def is_decided_by_run(op: NpuDmaMemcpyNdOp) -> bool:
    """Whether an offset, size or stride of a transfer is no constant."""
    items = (*op.mixed_offsets, *op.mixed_sizes, *op.mixed_strides)
    return any(not isinstance(item, int) and constant_value(item) is None for item in items)


def constants(op: NpuDmaMemcpyNdOp, values: Sequence[int | SSAValue]) -> list[int]:
    """The numbers that `values` are; DesignError if one is not a constant."""
    return [value if isinstance(value, int) else _constant(op, value) for value in values]


def _constant(op: NpuDmaMemcpyNdOp, value: SSAValue) -> int:
    number = constant_value(value)
    if number is None:
        raise design_error(op, "offsets, sizes and strides of a transfer must be constants")
    return number


def _write_bd(op: NpuDmaMemcpyNdOp, col: int, row: int, pattern: AccessPattern) -> NpuWriteBdOp:
    """The descriptor; its base address is left to the patch, its third size to the length."""
    padding = Padding(**{name: getattr(op, name) for name in Padding().named()})
    words = pattern.words(pattern.sizes[0]) * pattern.sizes[1] * pattern.sizes[2]
    return _descriptor(op, col, row, words, Shape.of(pattern), padding)


def _descriptor(
    op: NpuDmaMemcpyNdOp, col: int, row: int, words: int, shape: Shape, padding: Padding
) -> NpuWriteBdOp:
    return NpuWriteBdOp(
        column=col,
        row=row,
        bd_id=op.id,
        buffer_length=words,
        buffer_offset=0,
        next_bd=0,
        use_next_bd=0,
        valid_bd=1,
        burst_length=op.burst_length,
        **Packet.of(op.packet).named(),
        **shape.named(),
        **Locks().named(),
        **padding.named(),
        location=op.location,
    )
