"""What a trace unit writes into its packets: frames, as bytes, and back.

A unit looks at up to eight events, its slots, in every cycle. In event-time mode a cycle in which
some of them are on is a frame: which, and how many cycles passed since the frame before. Frames
that equal the one before are counted instead. In event-PC mode a frame tells the program counter
in place of the time. No frame crosses the end of a word: what is left of the word is filled.

Sources: mlir-aie, python/utils/trace/utils.py, for the frames. That they end with the word, how
repeats are told and what closes a trace is seen in traces of a Phoenix NPU, which `encode` gives
again byte by byte (mlir-aie, test/parse-trace; xdna-emu, tools/trace_decoder/fixtures).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

SLOTS = 8
PAYLOAD = 28
"""Bytes of a packet's seven words, the first in a word's highest bits."""
FILLER = 0xFE
_SYNC = 0xFF
LONGEST = 0x3FFFF
"""Cycles between frames that can be told; also what a sync stands for (mlir-aie, parse.py)."""
_REPEATS = 1023
_WORD = 4


class Mode(IntEnum):
    """What a unit records (AM025, Trace_Control0)."""

    EVENT_TIME = 0
    EVENT_PC = 1
    EXECUTION = 2


@dataclass(frozen=True)
class Start:
    """A trace begins, or goes on after a loss.

    Attributes:
        timer: the tile's timer, 56 bits.
        again: it goes on.
    """

    timer: int
    mode: Mode = Mode.EVENT_TIME
    again: bool = False


@dataclass(frozen=True)
class Event:
    """A cycle in which the slots in `mask` are on, `cycles` without any behind the last one."""

    mask: int
    cycles: int


@dataclass(frozen=True)
class EventPc:
    """A cycle in which the slots in `mask` are on, and where the core's program is."""

    mask: int
    pc: int


@dataclass(frozen=True)
class Repeat:
    """The frame before happens so many times more."""

    count: int


@dataclass(frozen=True)
class Sync:
    """Nothing happened for as long as a frame can tell."""


@dataclass(frozen=True)
class Stop:
    """The trace ends, so many cycles behind the last frame."""

    cycles: int


Frame = Start | Event | EventPc | Repeat | Sync | Stop


def encode(frame: Frame) -> bytes:
    """A frame's bytes.

    Raises:
        ValueError: a number that does not fit.
    """
    match frame:
        case Start(timer, mode, again):
            return bytes([0xF0 | again << 2 | mode]) + timer.to_bytes(7, "big")
        case Event(mask, cycles):
            return _event(mask, cycles)
        case EventPc(mask, pc):
            return (0b110001 << 26 | mask << 18 | pc & 0x3FFF).to_bytes(4, "big")
        case Repeat(count) if count < 16:
            return bytes([0xE0 | count])
        case Repeat(count) if count <= _REPEATS:
            return (0xD800 | count).to_bytes(2, "big")
        case Sync():
            return bytes([_SYNC])
        case Stop(cycles):
            return (0b110111 << 26 | min(cycles, LONGEST)).to_bytes(4, "big")
    raise ValueError(f"{frame} does not fit into a trace")


def _event(mask: int, cycles: int) -> bytes:
    """One slot alone takes its number, several take a bit each; the time as little as it can."""
    single = not mask & (mask - 1)
    slot = mask.bit_length() - 1
    if cycles < 16:
        word, size = (slot << 4, 1) if single else (0b1100 << 12 | mask << 4, 2)
    elif cycles < 1024:
        word, size = (0b100 << 13 | slot << 10, 2) if single else (0b110100 << 18 | mask << 10, 3)
    elif cycles <= LONGEST:
        word, size = (0b101 << 21 | slot << 18, 3) if single else (0b110101 << 26 | mask << 18, 4)
    else:
        raise ValueError(f"{cycles} cycles are more than a frame tells")
    return (word | cycles).to_bytes(size, "big")


class Encoder:
    """Turns what happens in each cycle into the bytes of a trace.

    Attributes:
        data: the bytes so far that nobody has taken.
    """

    def __init__(self, mode: Mode = Mode.EVENT_TIME) -> None:
        self.mode = mode
        self.data = bytearray()
        self._frame: Event | EventPc | None = None
        self._repeats = 0
        self._quiet = 0

    def start(self, timer: int, *, again: bool = False) -> None:
        """A trace begins, with a packet; what happens next is in the cycle behind this one."""
        self._settle()
        self._fill()
        self._frame, self._quiet = None, 0
        self._put(Start(timer & (1 << 56) - 1, self.mode, again))

    def idle(self, cycles: int) -> None:
        """So many cycles without an event."""
        self._quiet += cycles

    def active(self, mask: int, cycles: int, pc: int = 0) -> None:
        """So many cycles in which the slots in `mask` are on."""
        if self.mode is Mode.EVENT_PC:
            self._add(EventPc(mask, pc), cycles)
            return
        while self._quiet > LONGEST:
            self._settle()
            self._put(Sync())
            self._quiet -= LONGEST
        self._add(Event(mask, self._quiet), 1)
        self._quiet = 0
        if cycles > 1:
            self._add(Event(mask, 0), cycles - 1)

    def stop(self) -> None:
        """The trace ends; the packet is filled up."""
        self._settle()
        self._put(Stop(self._quiet))
        self._frame, self._quiet = None, 0
        self._fill()

    def packets(self) -> Iterator[bytes]:
        """Takes the payloads that are full."""
        while len(self.data) >= PAYLOAD:
            payload = bytes(self.data[:PAYLOAD])
            del self.data[:PAYLOAD]
            yield payload

    def _add(self, frame: Event | EventPc, times: int) -> None:
        if frame != self._frame:
            self._settle()
            self._put(frame)
            self._frame = frame
            times -= 1
        self._repeats += times

    def _fill(self) -> None:
        self.data += bytes([FILLER]) * (-len(self.data) % PAYLOAD)

    def _settle(self) -> None:
        """Tells the repeats."""
        while self._repeats:
            count = min(self._repeats, _REPEATS)
            self._put(Repeat(count))
            self._repeats -= count

    def _put(self, frame: Frame) -> None:
        code = encode(frame)
        room = -len(self.data) % _WORD
        if room < len(code) and room:
            self.data += bytes([FILLER]) * room
        self.data += code


def decode(data: bytes, mode: Mode = Mode.EVENT_TIME) -> Iterator[Frame]:
    """The frames in the payloads of one unit's packets, in their order.

    What is cut off at the end is left out.
    """
    at = 0
    while at < len(data):
        first = data[at]
        size = _size(first, mode)
        code = data[at : at + size]
        at += size
        if first != FILLER and len(code) == size:
            yield _decoded(first, code)


_SIZES = (
    (0b10000000, 0b00000000, 1),
    (0b11100000, 0b10000000, 2),
    (0b11100000, 0b10100000, 3),
    (0b11110000, 0b11000000, 2),
    (0b11111100, 0b11010000, 3),
    (0b11111100, 0b11010100, 4),
    (0b11111100, 0b11011000, 2),
    (0b11111100, 0b11011100, 4),
    (0b11110000, 0b11100000, 1),
    (0b11111000, 0b11110000, 8),
)
"""The bits of a first byte that tell what it begins, what they are, and the bytes that it has."""


def _size(first: int, mode: Mode) -> int:
    if mode is Mode.EVENT_PC and first & 0b11111100 == 0b11000100:
        return 4
    return next((size for bits, value, size in _SIZES if first & bits == value), 1)


def _decoded(first: int, code: bytes) -> Frame:
    word = int.from_bytes(code, "big")
    match len(code):
        case 8:
            return Start(word & (1 << 56) - 1, Mode(first & 3), bool(first & 4))
        case 4 if first & 0b11111100 == 0b11011100:
            return Stop(word & LONGEST)
        case 4 if first & 0b11111100 == 0b11000100:
            return EventPc(word >> 18 & 0xFF, word & 0x3FFF)
        case 4:
            return Event(word >> 18 & 0xFF, word & LONGEST)
        case 3 if first & 0b11100000 == 0b10100000:
            return Event(1 << (word >> 18 & 7), word & LONGEST)
        case 3:
            return Event(word >> 10 & 0xFF, word & 0x3FF)
        case 2 if first & 0b11111100 == 0b11011000:
            return Repeat(word & 0x3FF)
        case 2 if first & 0b11100000 == 0b10000000:
            return Event(1 << (word >> 10 & 7), word & 0x3FF)
        case 2:
            return Event(word >> 4 & 0xFF, word & 0xF)
    if first == _SYNC:
        return Sync()
    return Repeat(first & 0xF) if first & 0x80 else Event(1 << (first >> 4), first & 0xF)
