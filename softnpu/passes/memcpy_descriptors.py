"""One `aiex.npu.dma_memcpy_nd` as descriptor, address patch and queue push."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from softnpu.arch.device import Device
from softnpu.dialects.aiex import (
    NpuAddressPatchOp,
    NpuDmaMemcpyNdOp,
    NpuPushQueueOp,
    NpuWriteBdOp,
)
from softnpu.dialects.enums import DMAChannelDir
from softnpu.dialects.rules.sequence import constant_value
from softnpu.dialects.source import design_error
from softnpu.passes.access_pattern import AccessPattern, bits_of
from softnpu.passes.bd_fields import Locks, Packet, Padding, Shape
from softnpu.passes.bd_words import check_bd_id
from softnpu.passes.host_memory import REMEDY, HostMemory, trace
from softnpu.passes.sequence_ops import Symbols


def memcpy_ops(
    op: NpuDmaMemcpyNdOp, symbols: Symbols, model: Device
) -> tuple[NpuWriteBdOp, NpuAddressPatchOp, NpuPushQueueOp]:
    """What a transfer is made of: its descriptor, the descriptor's address, its start.

    Raises:
        DesignError: what the shim's DMA cannot do, or sizes that are not constants.
    """
    allocation = symbols.shim_allocation(op, op.metadata)
    col, row = allocation.tile_op.position
    engine = model.dma(col, row)
    pattern = pattern_of(op)
    pattern.check(op, engine)
    check_bd_id(op, engine, op.id)
    memory = host_memory(op)
    register = model.dma_bd_address(col, row, op.id) + model.dma_bd_address_offset(col, row)
    patch = NpuAddressPatchOp(
        addr=register,
        arg_idx=memory.argument.index,
        arg_plus=memory.offset + offset_in_bytes(op),
        location=op.location,
    )
    push = NpuPushQueueOp(
        column=col,
        row=row,
        direction=allocation.channel_dir,
        channel=allocation.channel_index,
        issue_token=op.issue_token or allocation.channel_dir is DMAChannelDir.S2MM,
        repeat_count=pattern.registers().sizes[3],
        bd_id=op.id,
        location=op.location,
    )
    return _write_bd(op, col, row, pattern), patch, push


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
    elements = sum(offset * stride for offset, stride in zip(offsets, strides, strict=True))
    return elements * bits_of(op, op.memref.type) // 8


def host_memory(op: NpuDmaMemcpyNdOp) -> HostMemory:
    """The argument of the sequence that a transfer goes to or comes from."""
    memory = trace(op.memref)
    if memory is None:
        raise design_error(op, "a transfer needs an argument of the runtime sequence", REMEDY)
    return memory


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
    return NpuWriteBdOp(
        column=col,
        row=row,
        bd_id=op.id,
        buffer_length=pattern.words(pattern.sizes[0]) * pattern.sizes[1] * pattern.sizes[2],
        buffer_offset=0,
        next_bd=0,
        use_next_bd=0,
        valid_bd=1,
        burst_length=op.burst_length,
        **Packet.of(op.packet).named(),
        **Shape.of(pattern).named(),
        **Locks().named(),
        **padding.named(),
        location=op.location,
    )
