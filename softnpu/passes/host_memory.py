"""Which argument of a runtime sequence a memref is a part of, and where in it.

Facts: mlir-aie, AIEX/Utils/AIEUtils.cpp, `traceSubviewToBlockArgument`.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, StridedLayoutAttr
from xdsl.dialects.memref import CastOp, ReinterpretCastOp, SubviewOp
from xdsl.ir import BlockArgument, SSAValue

from softnpu.dialects.sizes import element_bits
from softnpu.dialects.source import design_error

REMEDY = "a DMA's memref is an argument of the sequence or a static, contiguous part of one"


@dataclass(frozen=True)
class HostMemory:
    """Memory inside an argument of a runtime sequence, `offset` bytes from its start."""

    argument: BlockArgument
    offset: int


def trace(value: SSAValue) -> HostMemory | None:
    """The argument that `value` is or is a part of; None if it comes from somewhere else.

    Raises:
        DesignError: a part whose place is not known, or that is not contiguous.
    """
    offset = 0
    while not isinstance(value, BlockArgument):
        op = value.owner
        if isinstance(op, SubviewOp):
            offset += _subview_offset(op)
        elif isinstance(op, ReinterpretCastOp):
            _check_reinterpret_cast(op)
        elif not isinstance(op, CastOp):
            return None
        value = op.source
    return HostMemory(value, offset)


def _subview_offset(op: SubviewOp) -> int:
    """Bytes from the source's start."""
    parts = [part.get_values() for part in (op.static_offsets, op.static_sizes, op.static_strides)]
    result = op.result.type
    if any(len(part) != 1 for part in parts) or result.get_num_dims() != 1:
        raise design_error(op, "a transfer's subview must have rank 1", REMEDY)
    (offset,), (size,), (stride,) = parts
    if DYNAMIC_INDEX in (offset, size, stride):
        raise design_error(op, "a transfer's subview must be static", REMEDY)
    if stride != 1:
        raise design_error(
            op, f"a transfer's subview must be contiguous, stride is {stride}", REMEDY
        )
    bits = element_bits(result)
    if bits % 8:
        raise design_error(op, f"elements of {bits} bits are not whole bytes")
    return int(offset) * bits // 8


def _check_reinterpret_cast(op: ReinterpretCastOp) -> None:
    """mlir-aie passes over the cast and its offset: only an offset of 0 means the same."""
    source = op.source.type
    layout = source.layout if isinstance(source, MemRefType) else None
    strides = layout.get_strides() if isinstance(layout, StridedLayoutAttr) else ()
    if not isinstance(source, MemRefType) or any(stride != 1 for stride in strides):
        raise design_error(op, f"cannot reinterpret {source}: it is not contiguous", REMEDY)
    offsets = op.static_offsets.get_values()
    if any(offset != 0 for offset in offsets):
        raise design_error(
            op,
            "a transfer's reinterpret_cast must keep offset 0",
            "the address that the DMA gets would not include it: use memref.subview",
        )
