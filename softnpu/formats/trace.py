"""Traces as a run leaves them in a host buffer: packets of eight words, from one tile each.

Zeros fill the buffer up. What the packets' payloads say is decoded by mlir-aie's parse_trace; here
is what comes from where. Sources: AM020, chapter 2, table 2; mlir-aie, python/utils/trace/parse.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from softnpu.arch.device import ROWS
from softnpu.arch.packets import STREAM_HEADER, is_stream_header
from softnpu.errors import FormatError
from softnpu.formats.records import Bytes, words

PACKET_WORDS = 8
PACKET_BYTES = 4 * PACKET_WORDS
MODULES = ("core", "memory", "shim", "memory tile")
"""By packet type: what traces."""

_START, _START_MASK = 0xF0000000, 0xFC000000
"""A trace's first payload word: the mark, the mode in the two bits behind it, then the timer."""
_LEAST_PACKETS = 2


@dataclass(frozen=True)
class Source:
    """What a packet comes from: a module of a tile, under a packet id."""

    column: int
    row: int
    module: str
    id: int

    def __str__(self) -> str:
        return f"({self.column},{self.row}) {self.module}, packet id {self.id}"


@dataclass(frozen=True)
class Packet:
    """One trace packet.

    Attributes:
        payload: seven words.
    """

    source: Source
    payload: tuple[int, ...]

    @property
    def mode(self) -> int | None:
        """What is traced, if a trace begins here: events at times (0) or at program counters (1),
        or the way through a program (2)."""
        first = self.payload[0] if self.payload else 0
        return first >> 24 & 3 if first & _START_MASK == _START else None


def parse(data: Bytes) -> tuple[Packet, ...]:
    """The packets in `data`, binary, without the zeros behind them.

    Raises:
        FormatError: no trace, or a header that cannot be one.
    """
    stream = words(bytes(data[: len(data) // 4 * 4]))
    found = tuple(_packets(stream))
    if not found:
        raise FormatError("the trace is empty: nothing but zeros")
    return found


def sources(packets: Sequence[Packet]) -> Counter[Source]:
    """How many packets come from each source, in the order that they first appear."""
    return Counter(packet.source for packet in packets)


def looks_like(stream: Sequence[int], *, cut: bool) -> bool:
    """Whether words are a trace: a header every eight words, until zeros follow.

    Args:
        cut: more follows behind these words.
    """
    whole = stream[: len(stream) // PACKET_WORDS * PACKET_WORDS] if cut else stream
    try:
        found = list(_packets(whole))
    except FormatError:
        return False
    return len(found) >= _LEAST_PACKETS or any(packet.mode is not None for packet in found)


def _packets(stream: Sequence[int]) -> Iterator[Packet]:
    for at in range(0, len(stream), PACKET_WORDS):
        header, *payload = stream[at : at + PACKET_WORDS]
        if not any((header, *payload)):
            if any(stream[at:]):
                raise FormatError(f"zeros at word {at} of the trace, and more behind them")
            return
        yield Packet(_source(header, at), tuple(payload))


_ROWS_OF = {"core": range(2, ROWS), "memory": range(2, ROWS), "shim": (0,), "memory tile": (1,)}


def _source(header: int, at: int) -> Source:
    told = STREAM_HEADER.unpack([header])
    row, type = told["source_row"], told["packet_type"]
    possible = is_stream_header(header) and not told["out_of_order_bd_id"] and type < len(MODULES)
    if not possible or row not in _ROWS_OF[MODULES[type]]:
        raise FormatError(f"word {at} ({header:#010x}) is no trace packet's header")
    return Source(told["source_column"], row, MODULES[type], told["packet_id"])
