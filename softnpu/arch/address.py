"""Addresses of the array: a column, a row and an offset in the tile make one number.

Source: mlir-aie, AIETargetModel.h (`getColumnShift`, `getRowShift`), the same on both generations.
"""

from __future__ import annotations

COLUMN_SHIFT = 25
ROW_SHIFT = 20
OFFSET_MASK = (1 << ROW_SHIFT) - 1
ROW_MASK = (1 << (COLUMN_SHIFT - ROW_SHIFT)) - 1

MOST_COLUMNS = 1 << (32 - COLUMN_SHIFT)
"""Columns that a 32-bit address can name; no array has nearly as many."""

OFFSET_LIMIT = OFFSET_MASK + 1
"""A tile's registers and memories take one MiB of the array's address space."""


def tile_address(col: int, row: int, offset: int = 0) -> int:
    """The array address of byte `offset` in tile (`col`, `row`)."""
    return col << COLUMN_SHIFT | row << ROW_SHIFT | offset


def split_address(address: int) -> tuple[int, int, int]:
    """The (col, row, offset) that `address` means; the column is unbounded."""
    return address >> COLUMN_SHIFT, address >> ROW_SHIFT & ROW_MASK, address & OFFSET_MASK
