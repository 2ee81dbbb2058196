"""Rows of an instruction set's table (softnpu/isa/table.py), for the tools that make one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Pieces = tuple[tuple[int, int, int], ...]
"""(bit of the slot, bits, bit of the operand) of each part of an operand."""


def fixed(bits: int, mask: int, value: int) -> list[str]:
    """The pattern from the highest bit: 0, 1, and - for what no fixed bit is."""
    return [str(value >> bit & 1) if mask >> bit & 1 else "-" for bit in reversed(range(bits))]


def put(pattern: list[str], pieces: Pieces, letter: str) -> None:
    """Writes an operand's letter where its bits are."""
    for first, bits, _ in pieces:
        for bit in range(first, first + bits):
            assert pattern[-1 - bit] == "-", (pattern, pieces)
            pattern[-1 - bit] = letter


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as lines, their cells below each other."""
    widths = [max(len(cell) for cell in column) for column in list(zip(*rows, strict=True))[:-1]]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        yield " | ".join((*padded, row[-1])).rstrip()
