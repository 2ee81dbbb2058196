import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats import txn
from softnpu.formats.operations import (
    BlockSet,
    BlockWrite,
    Custom,
    MaskWrite,
    MergeSync,
    Sync,
    Write,
)
from softnpu.formats.txn import COMPACT_VERSION, Txn
from tests.softnpu.formats.strategies import compact_operations

SHAPES = {"devgen": 3, "rows": 6, "columns": 1, "memory_rows": 1}


def stream_with(body: bytes, count: int) -> bytes:
    return struct.pack("<BBBBBBHII", 0, 1, 3, 6, 1, 1, 0, count, 16 + len(body)) + body


@given(st.lists(compact_operations, max_size=8))
def test_any_operation_survives_the_compact_stream(operations) -> None:
    stream = Txn(**SHAPES, operations=tuple(operations), version=COMPACT_VERSION)
    assert txn.parse(txn.build(stream)) == stream


def test_masked_writes_of_aie_rt_carry_four_bytes_of_padding() -> None:
    body = struct.pack("<IIQIIII", 3, 0, 0x32000, 1, 1, 32, 0)
    head = struct.pack("<BBBBBBHII", 0, 1, 3, 6, 1, 1, 0, 1, 16 + len(body))
    assert txn.parse(head + body).operations == (MaskWrite(0x32000, 1, 1),)


def test_a_merged_sync_has_its_counts_in_the_first_bytes() -> None:
    """As aiebu lays them out: tokens, columns, two bytes without meaning."""
    body = struct.pack("<IIBBH", 0x84, 12, 8, 4, 0)
    stream = txn.parse(stream_with(body, 1))
    assert stream.operations == (MergeSync(tokens=8, columns=4),)
    assert txn.build(stream) == stream_with(body, 1)
    with pytest.raises(FormatError, match=r"MERGE_SYNC .* says that it has 16 bytes; it has 12"):
        txn.parse(stream_with(struct.pack("<IIII", 0x84, 16, 0, 0), 1))


def test_an_unknown_operation_is_refused_by_name_and_place() -> None:
    body = struct.pack("<II", 0x0A, 8)
    with pytest.raises(FormatError, match=r"CREATE_SCRATCHPAD \(0x0a\) at byte 0x10"):
        txn.parse(stream_with(body, 1))
    with pytest.raises(FormatError, match=r"unknown \(0x44\)"):
        txn.parse(stream_with(struct.pack("<II", 0x44, 8), 1))


def test_a_size_that_contradicts_the_operation_is_refused() -> None:
    body = struct.pack("<IIQII", 0, 0, 0x1000, 1, 20)
    with pytest.raises(FormatError, match=r"WRITE .* says that it has 20 bytes; it has 24"):
        txn.parse(stream_with(body, 1))
    with pytest.raises(FormatError, match=r"BLOCKWRITE .* at least 16, and whole words"):
        txn.parse(stream_with(struct.pack("<IIII", 1, 0, 0, 0), 1))


@pytest.mark.parametrize(
    "operation",
    [
        BlockSet(0, 0, 1),
        Write(0, 1 << 32),
        BlockWrite(0, b"abc"),
        Sync(256, 0, 0, 0),
        Custom(0x84, b""),
    ],
)
def test_what_a_stream_cannot_hold_is_refused(operation) -> None:
    with pytest.raises(FormatError):
        txn.build(Txn(**SHAPES, operations=(operation,)))
