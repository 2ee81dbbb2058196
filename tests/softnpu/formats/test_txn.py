import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats import txn
from softnpu.formats.operations import (
    AddressPatch,
    BlockWrite,
    MaskWrite,
    Sync,
    Write,
)
from softnpu.formats.records import words
from softnpu.formats.txn import VERSION, Txn
from tests.conftest import STREAMS
from tests.softnpu.formats.strategies import txn_operations

SHAPES = {"devgen": 3, "rows": 6, "columns": 1, "memory_rows": 1}


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_real_streams_are_rebuilt_byte_for_byte(path: Path) -> None:
    data = path.read_bytes()
    assert txn.build(txn.parse(data)) == data


def test_every_operation_of_a_real_stream_is_read(march: Path) -> None:
    stream = txn.parse((march / "register_writes" / "insts.bin").read_bytes())
    assert (stream.devgen, stream.columns, stream.rows, stream.memory_rows) == (3, 1, 6, 1)
    assert stream.operations[:3] == (
        Write(0x200400, 0x12345678),
        MaskWrite(0x200404, mask=0xFF00, value=0xAB00),
        BlockWrite(0x200400, bytes.fromhex("0b000000 16000000 21000000 2c000000")),
    )
    assert stream.operations[4] == AddressPatch(0x1D004, argument=0, offset=0)
    assert stream.operations[-1] == Sync(0, 0, direction=0, channel=0, columns=1, rows=1)


@given(st.lists(txn_operations, max_size=8))
def test_any_operation_survives_the_stream(operations) -> None:
    stream = Txn(**SHAPES, operations=tuple(operations), version=VERSION)
    assert txn.parse(txn.build(stream)) == stream


def test_a_stream_written_as_text_reads_the_same(march: Path) -> None:
    data = (march / "explicit_dma" / "insts.bin").read_bytes()
    text = "\n".join(f"{word:08X}" for word in words(data))
    assert txn.parse(text.encode()) == txn.parse(data)


def test_a_cut_stream_says_how_much_is_missing(march: Path) -> None:
    data = (march / "task_sequence" / "insts.bin").read_bytes()
    with pytest.raises(FormatError, match="says 584 bytes, the file has 100: it is cut off"):
        txn.parse(data[:100])
    with pytest.raises(FormatError, match="followed by something else"):
        txn.parse(data + b"\0\0\0\0")


def test_another_file_is_named_for_what_it_is(march: Path) -> None:
    with pytest.raises(FormatError, match=r"expected an instruction stream.*this is a PDI"):
        txn.parse((march / "explicit_dma" / "design.pdi").read_bytes())


def stream_with(body: bytes, count: int) -> bytes:
    return struct.pack("<BBBBBBHII", 0, 1, 3, 6, 1, 1, 0, count, 16 + len(body)) + body


def test_a_wrong_number_of_operations_is_refused() -> None:
    body = struct.pack("<IIQII", 0, 0, 0x1000, 1, 24)
    with pytest.raises(FormatError, match="says 2 operations, it holds 1"):
        txn.parse(stream_with(body, 2))
