"""Streams of before TXN, by what the firmware makes of each operation."""

from __future__ import annotations

import pytest

from softnpu.arch.address import tile_address
from softnpu.errors import FormatError
from softnpu.formats import dpu
from softnpu.formats.operations import (
    AddressPatch,
    BlockWrite,
    Custom,
    MaskPoll,
    MergeSync,
    Nop,
    Operation,
    Sync,
    Write,
)
from softnpu.formats.records import word_bytes

BD = (16, 0x100, 0x40020000, 3, 0x80000000, 5, 6, 0x02000000)


def parsed(*stream: int) -> tuple[Operation, ...]:
    return dpu.parse(word_bytes(list(stream))).operations


def block(column: int, row: int, offset: int, values: tuple[int, ...]) -> BlockWrite:
    return BlockWrite(tile_address(column, row, offset), word_bytes(list(values)))


def patched(column: int, bd: int, argument: int, offset: int) -> list[Operation]:
    """A shim descriptor with its address moved, and the patch that points it at a buffer."""
    at = 0x1D000 + 0x20 * bd
    words = (BD[0], offset, *BD[2:])
    return [
        block(column, 0, at, words),
        AddressPatch(tile_address(column, 0, at + 4), argument, offset),
    ]


def test_a_stream_of_mlir_aie_begins_with_a_prolog_as_long_as_its_first_word_says() -> None:
    prolog = (5, 0x01000405, 0xFFFFFFFF, 0x6E696C67, 0)
    found = dpu.parse(word_bytes([*prolog, 0x02030200, 0x2C04, 7, 0x03000000, 0x01020100]))
    assert found.prolog == prolog
    assert found.operations == (
        Write(tile_address(3, 2, 0x2C04), 7),
        Sync(column=0, row=0, direction=0, channel=1, columns=2, rows=1),
    )


@pytest.mark.parametrize("code", [0x06000100, 0x0B000000, 0x01000000])
def test_a_shim_descriptor_counts_from_a_host_buffer(code: int) -> None:
    """WRITEBD_EXTEND_SHIMTILE, WRITESHIMBD and WRITEBD name the buffer above the descriptor."""
    step = (0,) if code >> 24 == 6 else ()
    assert parsed(code | 2 << 4 | 9, *step, *BD) == tuple(patched(0, 9, 2, 0x100))


def test_a_shim_descriptor_of_several_columns_steps_through_the_buffer() -> None:
    found = parsed(6 << 24 | 1 << 16 | 3 << 8 | 4, 0x1000, *BD)
    steps = [patched(1 + c, 4, 0, 0x100 + 0x1000 * c) for c in range(3)]
    assert found == tuple(operation for one in steps for operation in one)


def test_a_core_tiles_descriptor_is_two_words_shorter() -> None:
    assert parsed(0x01010203, *BD[:6], 0x02000000, 0x32000, 1) == (
        block(1, 2, 0x1D060, BD[:6]),
        Write(0x32000, 1),
    )
    assert parsed(0x0102012F, *BD) == (block(2, 1, 0xA05E0, BD),)
    assert parsed(0x0C020105, *BD) == (block(2, 1, 0xA00A0, BD),)


def test_one_operation_writes_to_many_tiles() -> None:
    places = [(1, 2), (2, 2), (1, 3), (2, 3)]
    assert parsed(0x04010207, 2 << 24 | 2 << 16, *BD[:6]) == tuple(
        block(column, row, 0x1D0E0, BD[:6]) for column, row in places
    )
    assert parsed(0x05010222, 0x32000, 1) == tuple(
        Write(tile_address(column, row, 0x32000), 1) for column, row in places
    )
    assert parsed(0x09000200 | 30, *BD) == tuple(
        block(column, 1, 0xA0000 + 30 * 0x20, BD) for column in range(2)
    )


def test_columns_have_descriptors_and_next_ones_of_their_own() -> None:
    second = 0x000F1234
    values = (BD[0], second, *BD[2:])
    assert parsed(7 << 24 | 1 << 8 | 2, 0x0000_1802, 0x0000_0103, *values) == (
        block(0, 1, 0xA0040, (BD[0], second | 3 << 20, *BD[2:])),
        block(1, 1, 0xA0300, (BD[0], second | 1 << 20, *BD[2:])),
    )
    assert parsed(0x08000121, 0x0000_1802, 0xA0634, 0x80010000) == (
        Write(tile_address(0, 1, 0xA0634), 0x80010002),
        Write(tile_address(1, 1, 0xA0634), 0x80010018),
    )


def test_a_run_time_parameter_comes_from_the_stream_itself() -> None:
    assert parsed(3, 41, 42, 0x0D000200, 0x400, 2) == (Write(tile_address(0, 2, 0x400), 42),)
    with pytest.raises(FormatError, match="WRITE32_RTP at word 0: the stream has 3 words, it take"):
        parsed(0x0D000200, 0x400, 3)


def test_what_waits_and_observes_is_told_as_of_a_txn() -> None:
    found = parsed(0, 0x0E000000, 0x1D220, 0x0F000000, 0x1D228, 5, 99, 0x10000007, 0x11000408)
    assert found == (
        Nop(),
        Custom(0x82, word_bytes([1, 0, 0x1D220, 0])),
        MaskPoll(0x1D228, 0xFFFFFFFF, 5),
        Custom(0x83, word_bytes([7])),
        MergeSync(tokens=8, columns=4),
    )


def test_a_simulators_dump_is_passed_over() -> None:
    assert parsed(0x0A000000, *[0x6E6E6E6E] * 43, 0x02000000, 0x1D004, 1) == (
        Nop(43),
        Write(0x1D004, 1),
    )


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        ((0x02000000, 0x1D004), "WRITE32 at word 0 takes 3 words, but only 2 are left"),
        ((0x02000000, 0x1D004, 1, 0x12000000), r"word 3 \(0x12000000\) begins no operation"),
        ((0x02000000, 0x1D005, 1), "a tile has no register at 0x1d005"),
        ((0x02000000, 0x100000, 1), "a tile has no register at 0x100000"),
        ((0x02000600, 0x1D004, 1), r"there is no tile \(0,6\)"),
        ((0x03000002, 0x00010100), "no DMA has a direction 2"),
        ((0x0C000130, *BD), "has 48 descriptors, not a 48th"),
        ((0x0C000001, *BD), r"tile \(0,0\) is no memory tile"),
        ((0x0B000100, *BD), r"tile \(0,1\) is no shim tile"),
        ((0x04000100, 1 << 24 | 1 << 16, *BD[:6]), r"tile \(0,1\) is no core tile"),
        ((0x05000200, 0x32000, 1), "WRITE32_EXTEND_GENERAL at word 0 is for no tile at all"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(stream: tuple[int, ...], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parsed(*stream)
    assert not dpu.looks_like(stream, cut=False)


PUSH = (0x02000000, 0x1D204, 1)
WRITE = (0x02000000, 0x1D004, 1)


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ((), False),
        ((0,) * 8, False),
        ((0x11111111,) * 8, False),
        ((0x02080128, 0, 0, 0, *PUSH, 0, 0, 0), False),
        (WRITE, False),
        (WRITE * 16, True),
        ((*WRITE, *PUSH), True),
        ((0x03000000, 0x00010100), True),
        ((5, 0, 0, 0, 0, *PUSH), True),
    ],
)
def test_a_stream_mostly_does_something_and_moves_something(
    stream: tuple[int, ...], expected: bool
) -> None:
    assert dpu.looks_like(stream, cut=False) is expected


def test_a_stream_that_goes_on_is_known_by_its_beginning() -> None:
    assert dpu.looks_like([*PUSH, 0x02000000], cut=True)
    assert not dpu.looks_like([*PUSH, 0x02000000], cut=False)


def test_bytes_that_are_no_words_are_refused() -> None:
    with pytest.raises(FormatError, match="5 bytes is no whole words"):
        dpu.parse(bytes(5))
