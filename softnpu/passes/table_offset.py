"""A run-time parameter added to a descriptor's address by the controller."""

from __future__ import annotations

from xdsl.ir import Operation

from softnpu.dialects.aie import DMABDOp
from softnpu.dialects.aiex import NpuDmaMemcpyNdOp, NpuUpdateFromScratchpadOp
from softnpu.dialects.enums import StateTableFunc


def table_offset(
    op: DMABDOp | NpuDmaMemcpyNdOp, register: int, element_bytes: int
) -> list[Operation]:
    """The op that adds the entry, which counts elements, to the address in `register`; none if
    the transfer has no parameter (mlir-aie, AIEUtils.cpp)."""
    if op.offset_state_table_idx is None:
        return []
    return [
        NpuUpdateFromScratchpadOp(
            state_table_idx=op.offset_state_table_idx,
            func=StateTableFunc.Mul,
            func_arg=element_bytes,
            address=register,
            location=op.location,
        )
    ]
