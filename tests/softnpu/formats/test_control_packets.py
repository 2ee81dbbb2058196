from __future__ import annotations

import pytest

from softnpu.arch.packets import ControlOperation, with_odd_parity
from softnpu.errors import FormatError
from softnpu.formats import control_packets
from softnpu.formats.control_packets import ControlPacket
from softnpu.formats.records import word_bytes

WRITE, READ = ControlOperation.WRITE, ControlOperation.READ


def control(address: int, count: int = 1, operation: int = WRITE, response: int = 0) -> int:
    return with_odd_parity(address | count - 1 << 20 | operation << 22 | response << 24)


def stream(id: int, column: int = 0) -> int:
    return with_odd_parity(id | column << 21)


def test_packets_follow_each_other_with_both_headers() -> None:
    words = [
        *(stream(27), control(0x1F000, 2), 5, 6),
        *(stream(2, column=1), control(0x400, 4, READ, response=9)),
    ]
    assert control_packets.parse(word_bytes(words)) == (
        ControlPacket(WRITE, 0x1F000, 0, 2, (5, 6), id=27, type=0, column=0),
        ControlPacket(READ, 0x400, 9, 4, (), id=2, type=0, column=1),
    )
    assert control_packets.looks_like(words, cut=False)


def test_the_shim_may_add_the_stream_header() -> None:
    words = [control(0x32000), 0, control(0x1DE10), 2, control(0x4400, 3), 1, 2, 3]
    found = control_packets.parse(word_bytes(words))
    assert [(packet.address, packet.data, packet.id) for packet in found] == [
        (0x32000, (0,), None),
        (0x1DE10, (2,), None),
        (0x4400, (1, 2, 3), None),
    ]
    assert control_packets.looks_like(words, cut=False)
    assert not control_packets.looks_like(words[:4], cut=False), "two could be chance"


def test_a_file_that_goes_on_is_known_by_its_beginning() -> None:
    words = [stream(27), control(0x1F000, 2), 5, 6, stream(27)]
    assert control_packets.looks_like(words, cut=True)
    assert not control_packets.looks_like(words, cut=False)


@pytest.mark.parametrize(
    "words",
    [
        [],
        [0] * 16,
        [1] * 16,
        [4] * 16,
        list(range(64)),
        [stream(27), control(0x400), 5],
    ],
)
def test_numbers_are_not_taken_for_packets(words: list[int]) -> None:
    assert not control_packets.looks_like(words, cut=False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([stream(27), control(0x1F000, 2), 5], "at word 0 takes 4 words, but only 3 are left"),
        ([stream(27), control(0x1F000), 5, 3], r"word 3 \(0x00000003\) is no stream packet's hea"),
        ([stream(27), control(0x1F000), 5, 1, 0], r"word 4 \(0x00000000\) is no control header"),
        ([stream(27), control(0x1F000), 5, 1], "at word 3 takes 2 words, but only 1"),
    ],
)
def test_a_header_that_cannot_be_is_refused_with_its_place(words: list[int], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        control_packets.parse(word_bytes(words))
