from dataclasses import dataclass

import pytest

from softnpu.errors import FormatError
from softnpu.formats.records import Record, padded, raw, text, u8, u16, u32, word_bytes, words


@dataclass(frozen=True)
class Sample(Record):
    """The sample header: 11 bytes."""

    kind: int = u8(7)
    length: int = u16()
    name: bytes = raw(4, b"ab")
    offset: int = u32()


def test_one_description_reads_and_writes() -> None:
    stored = bytes.fromhex("07 0201 61620000 04030201")
    assert Sample.byte_size() == len(stored)
    assert Sample.read(stored) == Sample(7, 0x0102, b"ab\0\0", 0x01020304)
    assert Sample(length=0x0102, offset=0x01020304).write() == stored


def test_data_that_end_too_early_are_an_error_with_the_place() -> None:
    with pytest.raises(FormatError, match=r"The sample header at byte 0x3 takes 11 bytes.* only 9"):
        Sample.read(bytes(12), 3)


def test_a_value_too_large_for_its_field_is_an_error() -> None:
    with pytest.raises(FormatError, match="The sample header"):
        Sample(length=0x10000).write()


def test_text_ends_at_the_first_zero_and_survives_what_is_no_text() -> None:
    assert text(b"HOST\0\0x") == "HOST"
    assert text(b"\xff\xfe") == "\ufffd\ufffd"


def test_words_are_little_endian_and_padding_is_zeros() -> None:
    assert words(b"\1\0\0\0\0\0\0\x80") == (1, 0x80000000)
    assert word_bytes([1, 0x80000000]) == b"\1\0\0\0\0\0\0\x80"
    assert padded(b"abc", 4) == b"abc\0"
    assert padded(b"abcd", 4) == b"abcd"
