"""The array address that `aiex.npu.write32` and its like mean."""

from __future__ import annotations

from typing import TypeAlias

from softnpu.arch.address import tile_address
from softnpu.dialects.aie import BufferOp
from softnpu.dialects.aiex import (
    NpuBlockWriteOp,
    NpuMaskWrite32Op,
    NpuUpdateFromScratchpadOp,
    NpuWrite32Op,
)
from softnpu.dialects.source import design_error
from softnpu.passes.sequence_ops import Symbols

WORD_BYTES = 4
OFFSET_MASK = 0xFFFFF
"""The bits of an address that a tile keeps to itself."""
COORDINATE_MASK = 0xFF
ADDRESS_MASK = 0xFFFFFFFF
"""An address has 32 bits, so that a column from 128 on loses its upper one."""


Addressed: TypeAlias = NpuWrite32Op | NpuMaskWrite32Op | NpuBlockWriteOp | NpuUpdateFromScratchpadOp


def absolute_address(op: Addressed, symbols: Symbols) -> int:
    """Where `op` writes.

    With a buffer its address counts words from the buffer's start; with column and row it is an
    offset in that tile; else it is the address (mlir-aie, AIEXDialect.cpp, `getAbsoluteAddress`).

    Raises:
        DesignError: a buffer that does not exist or that has no address.
    """
    if op.buffer is not None:
        return _in_buffer(op, op.buffer, symbols)
    address = _address(op)
    if op.column is None or op.row is None:
        return address
    column, row = op.column & COORDINATE_MASK, op.row & COORDINATE_MASK
    return tile_address(column, row, address & OFFSET_MASK) & ADDRESS_MASK


def _address(op: Addressed) -> int:
    if isinstance(op, NpuBlockWriteOp | NpuUpdateFromScratchpadOp):
        return op.address
    return op.word("address")


def _in_buffer(op: Addressed, name: str, symbols: Symbols) -> int:
    buffer = symbols.get(name)
    if not isinstance(buffer, BufferOp):
        raise symbols.unknown(op, name, BufferOp, "buffer")
    if buffer.address is None:
        raise design_error(op, f"buffer '@{name}' has no address: assign addresses first")
    offset = buffer.address + _address(op) * WORD_BYTES
    return tile_address(*buffer.position, offset & OFFSET_MASK)
