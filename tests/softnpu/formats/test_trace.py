from __future__ import annotations

import pytest

from softnpu.arch.packets import STREAM_HEADER, with_odd_parity
from softnpu.errors import FormatError
from softnpu.formats import trace
from softnpu.formats.records import word_bytes
from softnpu.formats.trace import Source

START = (0xF0000000, 1234, 0, 0, 0, 0, 0)


def header(column: int, row: int, type: int, id: int) -> int:
    fields = {"source_column": column, "source_row": row, "packet_type": type, "packet_id": id}
    return with_odd_parity(STREAM_HEADER.pack(fields)[0])


def packet(*, column: int = 1, row: int = 2, type: int = 0, id: int = 1) -> list[int]:
    return [header(column, row, type, id), *START]


def test_packets_tell_the_module_that_they_come_from() -> None:
    buffer = [*packet(), *packet(row=2, type=1, id=2), *packet(row=0, type=2), *packet(), *[0] * 16]
    found = trace.parse(word_bytes(buffer))
    assert trace.sources(found) == {
        Source(1, 2, "core", 1): 2,
        Source(1, 2, "memory", 2): 1,
        Source(1, 0, "shim", 1): 1,
    }
    assert found[0].payload == START
    assert trace.looks_like(buffer, cut=False)


def test_the_mode_stands_where_a_trace_begins() -> None:
    words = [header(1, 2, 0, 1), 0xF1000000, *START[1:], header(1, 2, 0, 1), *START[1:], 0]
    assert [one.mode for one in trace.parse(word_bytes(words))] == [1, None]


@pytest.mark.parametrize(
    "words",
    [
        [],
        [0] * 64,
        list(range(64)),
        [header(1, 2, 0, 1), *[7] * 7],
        packet(row=0),
        packet(row=1, type=1),
        [*packet(), *[0] * 8, *packet()],
    ],
)
def test_numbers_are_not_taken_for_a_trace(words: list[int]) -> None:
    assert not trace.looks_like(words, cut=False)


def test_a_trace_that_goes_on_is_known_by_its_beginning() -> None:
    assert trace.looks_like([*packet(), 0xDBFFDBFF, 0], cut=True)


def test_a_trace_that_is_damaged_or_empty_says_so() -> None:
    with pytest.raises(FormatError, match=r"word 8 \(0x00000005\) is no trace packet's header"):
        trace.parse(word_bytes([*packet(), 5]))
    with pytest.raises(FormatError, match="nothing but zeros"):
        trace.parse(bytes(64))
