"""The instruction stream of before TXN, as firmware of 2023 ran it; AMD's tools call it DPU.

A word's highest byte is its code; most operations name a tile by column and row. Riallto's `.seq`
and mlir-aie's `.ipu.txt` begin with a prolog: its first word is its length, and the rest (places
that a host could fill in) is what lay in memory when the tool wrote it. AMD's own have none.

Sources: mlir-aie of 2023, AIETargetIPU.cpp; DynamicDispatch, txn_utils.cpp (what the firmware makes
of each); aiebu, isa-spec.yaml of aie2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from softnpu.arch.address import split_address, tile_address
from softnpu.arch.device import MEMORY_TILE_ROWS, ROWS
from softnpu.arch.dma import DMA_ENGINES, DmaEngine
from softnpu.arch.tiles import TileKind
from softnpu.errors import FormatError
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
from softnpu.formats.records import Bytes, word_bytes, words
from softnpu.formats.txn_encodings import READ_REGISTERS, RECORD_TIMER

_LONGEST_PROLOG = 64
_MOST_COLUMNS = 16
_EVERY_BIT = 0xFFFFFFFF


@dataclass(frozen=True)
class Dpu:
    """One instruction stream of before TXN.

    Attributes:
        prolog: the words before the first operation, none in AMD's own streams.
        operations: what the firmware makes of it; one that is for several tiles is several.
    """

    prolog: tuple[int, ...]
    operations: tuple[Operation, ...]


Words = Sequence[int]


def parse(data: Bytes) -> Dpu:
    """The instruction stream in `data`, binary.

    Raises:
        FormatError: cut off, or an operation that is unknown or cannot be.
    """
    if len(data) % 4:
        raise FormatError(f"an instruction stream of {len(data)} bytes is no whole words")
    stream = words(data)
    start = _prolog(stream)
    return Dpu(stream[:start], tuple(_operations(stream, start)))


_MANY = 16


def looks_like(stream: Words, *, cut: bool) -> bool:
    """Whether words are such a stream: every operation must be possible, and mostly do something.

    A short one must start or await a transfer, too: parameters of layers can be possible by chance.

    Args:
        cut: the stream goes on behind these words.
    """
    try:
        found = list(_operations(stream, _prolog(stream), cut=cut))
    except FormatError:
        return False
    work = [operation for operation in found if not isinstance(operation, (Nop, Custom, MergeSync))]
    if 2 * len(work) <= len(found):
        return False
    return len(work) >= _MANY or any(_is_about_a_transfer(operation) for operation in work)


def _is_about_a_transfer(operation: Operation) -> bool:
    match operation:
        case Sync() | MaskPoll():
            return True
        case Write(address):
            _, row, offset = split_address(address)
            channel = _engine(row).channel_at(offset)
            return channel is not None and channel[2]
    return False


def _prolog(stream: Words) -> int:
    """Words of the prolog: a first word without a code, but with a length."""
    return stream[0] if stream and 0 < stream[0] <= _LONGEST_PROLOG else 0


def _operations(stream: Words, start: int, *, cut: bool = False) -> Iterator[Operation]:
    at = start
    while at < len(stream):
        code = stream[at] >> 24
        kind = _KINDS.get(code)
        if kind is None:
            raise FormatError(f"word {at} ({stream[at]:#010x}) begins no operation that is known")
        own = stream[at : at + kind.size(stream[at])]
        if len(own) < kind.size(stream[at]):
            if cut:
                return
            raise FormatError(
                f"operation {kind.name} at word {at} takes {kind.size(stream[at])} words, but only "
                f"{len(own)} are left"
            )
        try:
            done = list(kind.decode(own, stream))
        except FormatError as error:
            raise FormatError(f"operation {kind.name} at word {at}: {error}") from error
        if not done:
            raise FormatError(f"operation {kind.name} at word {at} is for no tile at all")
        yield from done
        at += len(own)


# what each operation says


def _tile(word: int) -> tuple[int, int]:
    return word >> 16 & 0xFF, word >> 8 & 0xFF


def _address(column: int, row: int, offset: int) -> int:
    """The array address; FormatError where no array has a register."""
    if column >= _MOST_COLUMNS or row >= ROWS:
        raise FormatError(f"there is no tile ({column},{row})")
    if offset % 4 or offset >= tile_address(0, 1):
        raise FormatError(f"a tile has no register at {offset:#x}")
    return tile_address(column, row, offset)


def _block(engine: DmaEngine, column: int, row: int, bd: int, values: Words) -> BlockWrite:
    if engine is not _engine(row):
        raise FormatError(f"tile ({column},{row}) is no {engine.kind.value} tile")
    if bd >= engine.bds:
        raise FormatError(f"a {engine.kind.value} tile has {engine.bds} descriptors, not a {bd}th")
    return BlockWrite(_address(column, row, engine.bd_address(bd)), word_bytes(list(values)))


_SHIM, _MEMORY, _CORE = (DMA_ENGINES[k] for k in (TileKind.SHIM, TileKind.MEMORY, TileKind.CORE))


def _engine(row: int) -> DmaEngine:
    if row == 0:
        return _SHIM
    return _MEMORY if row <= MEMORY_TILE_ROWS else _CORE


def _shim_block(word: int, column: int, values: Words, step: int = 0) -> Iterator[Operation]:
    """A shim descriptor, whose address counts from the start of a host buffer."""
    bd, argument = word & 0xF, word >> 4 & 0xF
    low, high = values[1], values[2]
    offset = ((high & 0xFFFF) << 32 | low) + step
    moved = (values[0], offset & _EVERY_BIT, high & 0xFFFF0000 | offset >> 32 & 0xFFFF, *values[3:])
    block = _block(_SHIM, column, 0, bd, moved)
    yield block
    yield AddressPatch(block.address + 4, argument, offset)


def _no_operation(own: Words, _stream: Words) -> Iterator[Operation]:
    """Nothing; with a name behind it, where a simulator would dump the host's memory."""
    yield Nop(len(own) - 1)


def _write_bd(own: Words, _stream: Words) -> Iterator[Operation]:
    column, row = _tile(own[0])
    if row == 0:
        yield from _shim_block(own[0], column, own[1:])
    else:
        yield _block(_engine(row), column, row, own[0] & 0xFF, own[1:])


def _write_shim_bd(own: Words, _stream: Words) -> Iterator[Operation]:
    column, row = _tile(own[0])
    if row:
        raise FormatError(f"tile ({column},{row}) is no shim tile")
    yield from _shim_block(own[0], column, own[1:])


def _write_memory_bd(own: Words, _stream: Words) -> Iterator[Operation]:
    column, row = _tile(own[0])
    yield _block(_MEMORY, column, row, own[0] & 0xFF, own[1:])


def _write(own: Words, _stream: Words) -> Iterator[Operation]:
    yield Write(_address(*_tile(own[0]), own[1]), own[2])


def _write_from_stream(own: Words, stream: Words) -> Iterator[Operation]:
    """A run-time parameter: what stands in another word of the stream when it runs."""
    if own[2] >= len(stream):
        raise FormatError(f"the stream has {len(stream)} words, it takes word {own[2]}")
    yield Write(_address(*_tile(own[0]), own[1]), stream[own[2]])


def _rectangle(word: int) -> Iterator[tuple[int, int, int]]:
    """Index of the column, column and row of each of the tiles that a word names."""
    column, row = _tile(word)
    for r in range(word & 0xF):
        for c in range(word >> 4 & 0xF):
            yield c, column + c, row + r


def _write_several(own: Words, _stream: Words) -> Iterator[Operation]:
    for _, column, row in _rectangle(own[0]):
        yield Write(_address(column, row, own[1]), own[2])


_BD_BITS = 0x3F


def _write_several_bds(own: Words, _stream: Words) -> Iterator[Operation]:
    """The same register of several tiles, which names another descriptor in each column."""
    for c, column, row in _rectangle(own[0]):
        bd = own[1] >> 8 * c & 0xFF
        yield Write(_address(column, row, own[2]), own[3] & ~_BD_BITS | bd)


def _extend_core(own: Words, _stream: Words) -> Iterator[Operation]:
    column, row = _tile(own[0])
    columns, rows = own[1] >> 24, own[1] >> 16 & 0xFF
    for r in range(rows):
        for c in range(columns):
            yield _block(_CORE, column + c, row + r, own[0] & 0xFF, own[2:])


def _extend_shim(own: Words, _stream: Words) -> Iterator[Operation]:
    column, columns = _tile(own[0])
    for c in range(columns):
        yield from _shim_block(own[0], column + c, own[2:], c * own[1])


_LISTED_COLUMNS = 4


def _extend_memory(own: Words, _stream: Words) -> Iterator[Operation]:
    """Each column has its own descriptor, and its own next one."""
    column, row = _tile(own[0])
    next_bd = _MEMORY.bd.field("next_bd")
    for c in range(min(own[0] & 0xFF, _LISTED_COLUMNS)):
        bd, following = (own[n] >> 8 * c & 0xFF for n in (1, 2))
        second = own[4] & ~next_bd.mask | following << next_bd.lsb & next_bd.mask
        yield _block(_MEMORY, column + c, row, bd, (own[3], second, *own[5:]))


def _extend_memory_same(own: Words, _stream: Words) -> Iterator[Operation]:
    column, columns = _tile(own[0])
    for c in range(columns):
        yield _block(_MEMORY, column + c, 1, own[0] & 0xFF, own[1:])


def _sync(own: Words, _stream: Words) -> Iterator[Operation]:
    column, row = _tile(own[0])
    _address(column, row, 0)
    sync = Sync(
        column=column,
        row=row,
        direction=own[0] & 0xFF,
        channel=own[1] >> 24,
        columns=own[1] >> 16 & 0xFF,
        rows=own[1] >> 8 & 0xFF,
    )
    if sync.direction > 1 or sync.channel >= _MEMORY.channels:
        raise FormatError(f"no DMA has a direction {sync.direction} and channel {sync.channel}")
    yield sync


def _merge_sync(own: Words, _stream: Words) -> Iterator[Operation]:
    yield MergeSync(tokens=own[0] & 0xFF, columns=own[0] >> 8 & 0xFF)


def _read(own: Words, _stream: Words) -> Iterator[Operation]:
    address = _address(*_tile(own[0]), own[1])
    yield Custom(READ_REGISTERS, word_bytes([1, 0, address, 0]))


def _poll(own: Words, _stream: Words) -> Iterator[Operation]:
    """The last word is how often it looks, which says nothing of the time."""
    yield MaskPoll(_address(*_tile(own[0]), own[1]), _EVERY_BIT, own[2])


def _record_time(own: Words, _stream: Words) -> Iterator[Operation]:
    yield Custom(RECORD_TIMER, word_bytes([own[0] & 0xFFFFFF]))


@dataclass(frozen=True)
class _Kind:
    """An operation: its name in aiebu, its words (of a core's tile, where it has fewer there)."""

    name: str
    words: int
    decode: Callable[[Words, Words], Iterator[Operation]]
    core_words: int | None = None

    def size(self, word: int) -> int:
        """Words of the operation that begins with `word`."""
        if self.core_words is not None and _tile(word)[1] > 1:
            return self.core_words
        return self.words


_KINDS = {
    0: _Kind("NOOP", 1, _no_operation),
    1: _Kind("WRITEBD", 9, _write_bd, core_words=7),
    2: _Kind("WRITE32", 3, _write),
    3: _Kind("SYNC", 2, _sync),
    4: _Kind("WRITEBD_EXTEND_AIETILE", 8, _extend_core),
    5: _Kind("WRITE32_EXTEND_GENERAL", 3, _write_several),
    6: _Kind("WRITEBD_EXTEND_SHIMTILE", 10, _extend_shim),
    7: _Kind("WRITEBD_EXTEND_MEMTILE", 11, _extend_memory),
    8: _Kind("WRITE32_EXTEND_DIFFBD", 4, _write_several_bds),
    9: _Kind("WRITEBD_EXTEND_SAMEBD_MEMTILE", 9, _extend_memory_same),
    10: _Kind("DUMPDDR", 44, _no_operation),
    11: _Kind("WRITESHIMBD", 9, _write_shim_bd),
    12: _Kind("WRITEMEMBD", 9, _write_memory_bd),
    13: _Kind("WRITE32_RTP", 3, _write_from_stream),
    14: _Kind("READ32", 2, _read),
    15: _Kind("READ32_POLL", 4, _poll),
    16: _Kind("RECORD_TIMESTAMP", 1, _record_time),
    17: _Kind("MERGESYNC", 1, _merge_sync),
}
"""By code. 18 (DUMP_REGISTER) is left out: sources differ on its size, and no file has it."""
