"""Control packets as the host sends them: what `aie-ctrlpkt-to-bin` writes, and DynamicDispatch.

Packet after packet: a stream header, a control header and the data words. Where the shim's DMA
adds the stream header, it is not in the file. Nothing marks such a file; the headers' parity and
their addresses tell it.

Sources: mlir-aie, AIETargetNPU.cpp (`AIETranslateControlPacketsToUI32Vec`); DynamicDispatch,
txn_utils.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from softnpu.arch.packets import (
    CONTROL_HEADER,
    STREAM_HEADER,
    ControlOperation,
    has_odd_parity,
    is_stream_header,
)
from softnpu.errors import FormatError
from softnpu.formats.records import Bytes, words


@dataclass(frozen=True)
class ControlPacket:
    """One control packet.

    Attributes:
        id, type, column: of the stream packet; None where the shim's DMA adds its header. The
            column is where DynamicDispatch's packets go, mlir-aie leaves it 0.
        address: within the tile that the packet reaches; the file does not say which.
        response: stream id of what answers a read.
        data: the words that it carries, none of a read.
        count: the words that it writes or reads.
    """

    operation: ControlOperation
    address: int
    response: int
    count: int
    data: tuple[int, ...]
    id: int | None = None
    type: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        verb = self.operation.name.lower().replace("_", " ")
        words = " ".join(f"{word:#010x}" for word in self.data)
        return f"{verb} {words or f'{self.count} words'} at {self.address:#x}"


def parse(data: Bytes) -> tuple[ControlPacket, ...]:
    """The packets in `data`, binary.

    Raises:
        FormatError: cut off, or a header that cannot be one.
    """
    if len(data) % 4:
        raise FormatError(f"control packets of {len(data)} bytes are no whole words")
    stream = words(data)
    return tuple(_packets(stream, with_header=_has_stream_headers(stream)))


_CORE_MEMORY = 0x10000
_LEAST_WITHOUT_HEADER = 3


def looks_like(stream: Sequence[int], *, cut: bool) -> bool:
    """Whether words are control packets: every header can be one, and one is for a register.

    Small numbers are addresses of memory, too; and headers of one kind alone tell less.

    Args:
        cut: more follows behind these words.
    """
    with_header = _has_stream_headers(stream)
    try:
        found = list(_packets(stream, with_header=with_header, cut=cut))
    except FormatError:
        return False
    enough = 1 if with_header else _LEAST_WITHOUT_HEADER
    return len(found) >= enough and any(packet.address >= _CORE_MEMORY for packet in found)


def _has_stream_headers(stream: Sequence[int]) -> bool:
    """Whether each packet begins with the header that the switches look at."""
    return len(stream) > 1 and _is_stream_header(stream[0]) and _is_control_header(stream[1])


def _is_stream_header(word: int) -> bool:
    """The host's: of a source tile's fields it uses the column alone, if any."""
    told = STREAM_HEADER.unpack([word])
    unused = ("source_row", "out_of_order_bd_id")
    return is_stream_header(word) and not any(told[name] for name in unused)


def _is_control_header(word: int) -> bool:
    told = CONTROL_HEADER.unpack([word])
    known = told["operation"] != ControlOperation.BLOCK_WRITE
    return has_odd_parity(word) and known and told["address"] % 4 == 0


def _packets(
    stream: Sequence[int], *, with_header: bool, cut: bool = False
) -> Iterator[ControlPacket]:
    at = 0
    while at < len(stream):
        size = _size(stream, at, with_header=with_header)
        if at + size > len(stream):
            if cut:
                return
            raise FormatError(
                f"the control packet at word {at} takes {size} words, but only "
                f"{len(stream) - at} are left"
            )
        yield _packet(stream[at : at + size], with_header=with_header)
        at += size


def _size(stream: Sequence[int], at: int, *, with_header: bool) -> int:
    """Words of the packet at a word, as far as its headers are there."""
    if with_header and not _is_stream_header(stream[at]):
        raise FormatError(f"word {at} ({stream[at]:#010x}) is no stream packet's header")
    head = at + with_header
    if head >= len(stream):
        return 1 + with_header
    if not _is_control_header(stream[head]):
        raise FormatError(f"word {head} ({stream[head]:#010x}) is no control header")
    told = CONTROL_HEADER.unpack([stream[head]])
    carried = 0 if told["operation"] == ControlOperation.READ else told["beats"] + 1
    return 1 + with_header + carried


def _packet(own: Sequence[int], *, with_header: bool) -> ControlPacket:
    told = CONTROL_HEADER.unpack([own[with_header]])
    return ControlPacket(
        ControlOperation(told["operation"]),
        told["address"],
        told["stream_id"],
        told["beats"] + 1,
        tuple(own[with_header + 1 :]),
        **(_way(own[0]) if with_header else {}),
    )


def _way(header: int) -> dict[str, int]:
    """What a stream header says of where its packet goes."""
    told = STREAM_HEADER.unpack([header])
    names = {"id": "packet_id", "type": "packet_type", "column": "source_column"}
    return {name: told[field] for name, field in names.items()}
