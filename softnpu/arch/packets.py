"""The header words that travel on the streams: of packets, and of what controls a tile.

A control packet is a stream packet whose payload begins with a control header, data words behind
it. Sources: AM020, chapter 2, table 2; mlir-aie, AIEX.td (`npu.control_packet`); aiebu,
cp_pktheader (out_of_order_bd_idx).
"""

from __future__ import annotations

from enum import IntEnum

from softnpu.arch.fields import Field, Layout

STREAM_HEADER = Layout(
    1,
    (
        Field("Source_Column", 0, 21, 7),
        Field("Source_Row", 0, 16, 5),
        Field("Packet_Type", 0, 12, 3),
        Field("Out_Of_Order_BD_ID", 0, 5, 6),
        Field("Packet_ID", 0, 0, 5),
    ),
)
CONTROL_HEADER = Layout(
    1,
    (
        Field("Stream_ID", 0, 24, 7),
        Field("Operation", 0, 22, 2),
        Field("Beats", 0, 20, 2),
        Field("Address", 0, 0, 20),
    ),
)
"""Beats are the words minus one; the address is within the tile; the stream id is a response's."""

_PARITY = 1 << 31


class ControlOperation(IntEnum):
    """Operations of a control packet."""

    WRITE = 0
    READ = 1
    WRITE_INCREMENT = 2
    BLOCK_WRITE = 3


def with_odd_parity(word: int) -> int:
    """`word` with bit 31 set so that an odd number of bits is set."""
    word &= _PARITY - 1
    return word if word.bit_count() & 1 else word | _PARITY


def has_odd_parity(word: int) -> bool:
    """Whether a header can be one: it is refused otherwise."""
    return bool(word.bit_count() & 1)


def is_stream_header(word: int) -> bool:
    """Whether a word can be the header of a packet: its parity, and the bits that are always 0."""
    used = sum(field.mask for field in STREAM_HEADER.fields) | _PARITY
    return has_odd_parity(word) and not word & ~used


def packet_header(id: int, type: int, tile: tuple[int, int], descriptor: int = 0) -> int:
    """A stream packet's header word, with odd parity.

    `descriptor` is for a receiver in out-of-order mode.
    """
    col, row = tile
    fields = {"source_column": col, "source_row": row, "packet_type": type, "packet_id": id}
    (word,) = STREAM_HEADER.pack({**fields, "out_of_order_bd_id": descriptor})
    return with_odd_parity(word)
