"""Data memory in a CDO: bytes become whole words, and what is left over masked writes.

Source: aie-rt, xaie_mem.c (`XAie_DataMemBlockWrite`).
"""

from __future__ import annotations

from collections.abc import Iterator

from softnpu.arch.address import tile_address
from softnpu.formats.operations import BlockWrite, MaskWrite, Operation

WORD = 4


def data_memory_write(col: int, row: int, offset: int, data: bytes) -> Iterator[Operation]:
    """Operations that put `data` at byte `offset` of a tile's data memory.

    Words are written as a block; bytes before the first and after the last whole word with a
    masked write each. (aie-rt loses the bytes before the first whole word; here they are kept.)
    """
    head = min(-offset % WORD, len(data))
    body = (len(data) - head) // WORD * WORD
    if head:
        yield _partial(col, row, offset - offset % WORD, offset % WORD, data[:head])
    if body:
        yield BlockWrite(tile_address(col, row, offset + head), data[head : head + body])
    if tail := data[head + body :]:
        yield _partial(col, row, offset + head + body, 0, tail)


def _partial(col: int, row: int, word_offset: int, first: int, data: bytes) -> MaskWrite:
    """A masked write of fewer than four bytes, from byte `first` of the word on."""
    shift = 8 * first
    return MaskWrite(
        tile_address(col, row, word_offset),
        mask=((1 << 8 * len(data)) - 1) << shift,
        value=int.from_bytes(data, "little") << shift,
    )
