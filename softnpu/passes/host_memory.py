"""Which argument of a runtime sequence a memref is a part of, and where in it.

Facts: mlir-aie, AIEX/Utils/AIEUtils.cpp, `traceSubviewToBlockArgument`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, StridedLayoutAttr
from xdsl.dialects.memref import CastOp, ReinterpretCastOp, SubviewOp, ViewOp
from xdsl.ir import Attribute, BlockArgument, SSAValue

from softnpu.dialects.scalars import number_of
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
        elif isinstance(op, ViewOp):
            offset += _view_offset(op)
        elif isinstance(op, ReinterpretCastOp):
            _check_reinterpret_cast(op)
        elif not isinstance(op, CastOp):
            return None
        value = op.source
    return HostMemory(value, offset)


def _subview_offset(op: SubviewOp) -> int:
    """Bytes from the source's start."""
    parts = [part.get_values() for part in (op.static_offsets, op.static_sizes, op.static_strides)]
    if any(DYNAMIC_INDEX in part for part in parts):
        raise design_error(op, "a transfer's subview must be static", REMEDY)
    offsets, _, steps = parts
    if any(step != 1 for step in steps):
        raise design_error(
            op,
            f"a transfer's subview must be contiguous, strides are {', '.join(map(str, steps))}",
            REMEDY,
        )
    source, result = _strides(op, op.source.type), _strides(op, op.result.type)
    _check_contiguous(op, op.result.type.get_shape(), result)
    bits = element_bits(op.result.type)
    if bits % 8:
        raise design_error(op, f"elements of {bits} bits are not whole bytes")
    return int(sum(map(mul, offsets, source))) * bits // 8


def _strides(op: SubviewOp, type: Attribute) -> list[int]:
    strides = type.get_strides() if isinstance(type, MemRefType) else None
    known = [stride for stride in strides or () if stride is not None]
    if strides is None or len(known) < len(strides):
        raise design_error(op, f"cannot tell where the parts of {type} lie", REMEDY)
    return known


def _check_contiguous(op: SubviewOp, shape: Sequence[int], strides: Sequence[int]) -> None:
    """Row by row without gaps; a dimension of one element is never stepped through."""
    elements = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size > 1 and stride != elements:
            raise design_error(
                op,
                "a transfer's subview must be contiguous, this one leaves out elements between "
                "its rows",
                "take whole rows, or give the transfer sizes and strides",
            )
        elements *= size


def _view_offset(op: ViewOp) -> int:
    """Bytes from the source's start."""
    shift = number_of(op.byte_shift)
    if shift is None or op.sizes:
        raise design_error(
            op, "a transfer's view must have a constant byte shift and static sizes", REMEDY
        )
    return shift


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
