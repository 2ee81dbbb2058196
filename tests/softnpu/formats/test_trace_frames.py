"""Frames of traces: the bytes that they are, and what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.formats.trace_frames import (
    LONGEST,
    PAYLOAD,
    Encoder,
    Event,
    EventPc,
    Frame,
    Mode,
    Repeat,
    Start,
    Stop,
    Sync,
    decode,
    encode,
)


@pytest.mark.parametrize(
    ("frame", "bytes_"),
    [
        (Start(0x406FF), "f0 00 00 00 00 04 06 ff"),
        (Start(7, Mode.EVENT_PC, again=True), "f5 00 00 00 00 00 00 07"),
        (Event(1 << 7, 0), "70"),
        (Event(1 << 4, 19), "90 13"),
        (Event(1 << 0, 7876), "a0 1e c4"),
        (Event(0x88, 0), "c8 80"),
        (Event(0x14, 16), "d0 50 10"),
        (Event(0x81, 0x12345), "d6 05 23 45"),
        (Repeat(8), "e8"),
        (Repeat(1023), "db ff"),
        (Sync(), "ff"),
        (Stop(0), "dc 00 00 00"),
        (EventPc(0x80, 0x330), "c6 00 03 30"),
    ],
)
def test_each_frame_is_written_as_mlir_aies_parser_reads_it(frame: Frame, bytes_: str) -> None:
    code = bytes.fromhex(bytes_)
    assert encode(frame) == code
    mode = Mode.EVENT_PC if isinstance(frame, EventPc) else Mode.EVENT_TIME
    assert list(decode(code, mode)) == [frame]


def test_a_frame_that_does_not_fit_into_the_word_begins_the_next_one() -> None:
    encoder = Encoder()
    encoder.active(1 << 7, 1)
    encoder.idle(2)
    encoder.active(1 << 5, 1)
    encoder.idle(90)
    encoder.active(1 << 7, 1)
    encoder.idle(500)
    encoder.active(1 << 7, 1)
    assert encoder.data.hex(" ", -4) == "70529c5a 9df4"
    encoder.idle(20)
    encoder.active(0x11, 1)
    assert encoder.data.hex(" ", -4) == "70529c5a 9df4fefe d04414"


def test_an_event_that_stays_on_is_repeated_and_closed_by_the_stop() -> None:
    encoder = Encoder()
    encoder.start(0)
    encoder.active(1 << 7, 2056)
    encoder.stop()
    (payload,) = encoder.packets()
    words = [payload[at : at + 4].hex() for at in range(0, PAYLOAD, 4)]
    assert words == ["f0000000", "00000000", "70dbfffe", "dbffe9fe", "dc000000", *["fefefefe"] * 2]


def test_events_at_equal_distances_are_repeated() -> None:
    encoder = Encoder()
    for _ in range(33):
        encoder.idle(1)
        encoder.active(1 << 2, 1)
    encoder.stop()
    assert list(decode(bytes(encoder.data)))[:2] == [Event(1 << 2, 1), Repeat(32)]


def test_a_time_longer_than_a_frame_tells_is_told_by_syncs() -> None:
    encoder = Encoder()
    encoder.idle(2 * LONGEST + 5)
    encoder.active(1, 1)
    assert list(decode(bytes(encoder.data))) == [Sync(), Sync(), Event(1, 5)]


def test_what_is_cut_off_is_left_out() -> None:
    assert list(decode(bytes.fromhex("70d604"))) == [Event(1 << 7, 0)]


Cycles = list[tuple[int, int]]


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(1, 3000)), max_size=40))
def test_whatever_happens_is_read_back(stretches: Cycles) -> None:
    encoder = Encoder()
    encoder.start(100)
    for mask, cycles in stretches:
        if mask:
            encoder.active(mask, cycles)
        else:
            encoder.idle(cycles)
    encoder.stop()
    data = b"".join(encoder.packets())
    assert not len(data) % PAYLOAD
    seen: list[tuple[int, int]] = []
    time, last = 0, Event(0, 0)
    for frame in decode(data):
        match frame:
            case Event(mask, cycles):
                last, time = frame, time + cycles + 1
                seen.append((time, mask))
            case Repeat(count):
                for _ in range(count):
                    time += last.cycles + 1
                    seen.append((time, last.mask))
    wanted, at = [], 0
    for mask, cycles in stretches:
        wanted += [(at + n, mask) for n in range(1, cycles + 1) if mask]
        at += cycles
    assert seen == wanted
