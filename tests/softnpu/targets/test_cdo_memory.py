"""Bytes into a tile's data memory."""

from __future__ import annotations

from softnpu.formats.operations import BlockWrite, MaskWrite
from softnpu.targets.cdo_memory import data_memory_write


def test_whole_words_are_one_block() -> None:
    assert list(data_memory_write(1, 2, 0x400, b"\x01\x02\x03\x04" * 3)) == [
        BlockWrite(1 << 25 | 2 << 20 | 0x400, b"\x01\x02\x03\x04" * 3)
    ]


def test_bytes_after_the_last_word_keep_their_neighbours() -> None:
    assert list(data_memory_write(0, 1, 0, b"\x01\x02\x03\x04\x05\x06")) == [
        BlockWrite(0x100000, b"\x01\x02\x03\x04"),
        MaskWrite(0x100004, 0x0000FFFF, 0x0605),
    ]


def test_bytes_before_the_first_word_keep_their_neighbours() -> None:
    assert list(data_memory_write(0, 1, 3, b"\x01\x02\x03\x04\x05")) == [
        MaskWrite(0x100000, 0xFF000000, 0x01000000),
        BlockWrite(0x100004, b"\x02\x03\x04\x05"),
    ]


def test_a_byte_inside_a_word_is_one_masked_write() -> None:
    assert list(data_memory_write(0, 2, 5, b"\xab")) == [MaskWrite(0x200004, 0xFF00, 0xAB00)]
