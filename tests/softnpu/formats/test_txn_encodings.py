import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats import txn
from softnpu.formats.operations import (
    AddressPatch,
    BlockSet,
    BlockWrite,
    CreateScratchpad,
    Custom,
    LoadProgram,
    MaskWrite,
    MergeSync,
    Sync,
    UpdateRegister,
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
    with pytest.raises(FormatError, match=r"MERGE_SYNC .* has 20 bytes; it has 12 or 16"):
        txn.parse(stream_with(struct.pack("<IIIII", 0x84, 20, 0, 0, 0), 1))


def test_a_merged_sync_may_be_as_large_as_a_token_wait() -> None:
    """As DynamicDispatch writes it: the older format's word, then a word that is 0."""
    body = struct.pack("<IIII", 0x84, 16, 17 << 24 | 4 << 8 | 16, 0)
    assert txn.parse(stream_with(body, 1)).operations == (MergeSync(tokens=16, columns=4),)


def test_what_a_firmware_operation_holds_ends_where_it_says() -> None:
    body = struct.pack("<III", 0x86, 12, 5) + struct.pack("<II", 0xFE, 8)
    stream = txn.parse(stream_with(body, 2))
    assert stream.operations == (Custom(0x86, b"\5\0\0\0"), Custom(0xFE, b""))
    with pytest.raises(FormatError, match=r"\(0x86\) .* 14 bytes; at least 8, and whole words"):
        txn.parse(stream_with(struct.pack("<IIII", 0x86, 14, 0, 0), 1))


def test_the_bytes_behind_a_code_may_be_anything() -> None:
    """aie-rt does not clear what its structures leave unused."""
    body = bytes.fromhex("86e2f940 0c000000 00000000".replace(" ", ""))
    assert txn.parse(stream_with(body, 1)).operations == (Custom(0x86, bytes(4)),)


def test_the_scratchpads_operations_are_laid_out_as_mlir_aie_does() -> None:
    words = (0x0A, 128, 0, 0, 0x0C | 3 << 8 | 1 << 16, 64, 0x1D004)
    stream = txn.parse(stream_with(struct.pack("<7I", *words), 2))
    assert stream.operations == (CreateScratchpad(128), UpdateRegister(0x1D004, 3, 1, 64))
    assert txn.build(stream) == stream_with(struct.pack("<7I", *words), 2)


def test_program_memory_is_loaded_by_the_operations_that_follow() -> None:
    body = struct.pack("<II", 0x09 | 0x030201 << 8, 2)
    assert txn.parse(stream_with(body, 1)).operations == (LoadProgram(2, 0x030201),)


@pytest.mark.parametrize("version", [txn.VERSION, COMPACT_VERSION])
def test_an_address_patch_tells_its_layout_by_its_size(version: tuple[int, int]) -> None:
    long = struct.pack("<IIIIIIQQQ", 0x81, 48, 0, 0, 0, 0, 0x1D004, 2, 256)
    short = struct.pack("<IIIIQ", 0x81, 24, 0x1D004, 2, 256)
    data = bytes(version) + stream_with(long + short, 2)[2:]
    assert txn.parse(data).operations == (AddressPatch(0x1D004, 2, 256),) * 2


def test_an_unknown_operation_is_refused_by_name_and_place() -> None:
    body = struct.pack("<II", 0x0E, 8)
    with pytest.raises(FormatError, match=r"CONFIG_SHIMDMA_BD \(0x0e\) at byte 0x10"):
        txn.parse(stream_with(body, 1))
    with pytest.raises(FormatError, match=r"without a name \(0x44\)"):
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
