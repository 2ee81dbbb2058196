"""Register operations as lines of a report, with the tile, the register and its fields named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from softnpu.arch import registers
from softnpu.arch.address import split_address
from softnpu.arch.device import MEMORY_TILE_ROWS
from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.register_text import MASKED_WHOLE, describe, masked_fields
from softnpu.arch.registers import AIE2, AIE2P, Match
from softnpu.arch.tiles import TileKind
from softnpu.formats import records
from softnpu.formats.operations import (
    AddressPatch,
    BlockSet,
    BlockWrite,
    Custom,
    Delay,
    LoadPdi,
    MaskPoll,
    MaskWrite,
    MergeSync,
    Nop,
    Operation,
    Preempt,
    Sync,
    Write,
)
from softnpu.formats.txn import OPCODE_NAMES
from softnpu.inspect import descriptors
from softnpu.inspect.report import Row, size

_REGISTER_COLUMN = 44
_SHOWN_WORDS = 16
_PREVIEWED_WORDS = 4
_PREEMPT_LEVELS = ("nothing", "memory tiles", "core tiles", "registers")


def rows(operations: Iterable[Operation], generation: str = AIE2) -> list[Row]:
    """One row an operation, numbered from 0; no-ops are hidden in text."""
    return [
        _numbered(number, _row(operation, generation))
        for number, operation in enumerate(operations)
    ]


def _numbered(number: int, row: Row) -> Row:
    data = {"index": number, **row.data}
    return Row(f"{number:4}  {row.text}", data, row.details, hidden=row.data["op"] == "nop")


def _row(operation: Operation, generation: str) -> Row:
    match operation:
        case Write(address, value):
            place = Place(address, generation)
            return place.row("write", f"{value:#010x}", place.decode(value), value=value)
        case MaskWrite(address, mask, value):
            place = Place(address, generation)
            text = f"{value:#010x} mask {mask:#010x}"
            return place.row("mask write", text, place.masked(value, mask), value=value, mask=mask)
        case MaskPoll(address, mask, value, timeout, _):
            place = Place(address, generation)
            text = f"until & {mask:#010x} = {value:#010x}"
            limit = f"at most {timeout} ms" if timeout else ""
            return place.row("poll", text, limit, value=value, mask=mask, timeout=timeout)
        case BlockWrite(address, data):
            return _block(Place(address, generation), data)
        case BlockSet(address, value, count):
            place = Place(address, generation)
            return place.row(
                "fill", f"{count} words of {value:#010x}", "", value=value, count=count
            )
        case AddressPatch(address, argument, offset, action):
            return _patch(Place(address, generation), argument, offset, action)
    return _control(operation)


def _control(operation: Operation) -> Row:
    """The operations that are not about one register."""
    match operation:
        case Sync(column, row, direction, channel, columns, rows):
            return _sync(column, row, direction, channel, columns, rows)
        case MergeSync(tokens, columns):
            text = f"wait       for {operation}"
            return Row(text, {"op": "merge sync", "tokens": tokens, "columns": columns})
        case LoadPdi(identity, length, location):
            text = f"load PDI   {identity}"
            return Row(
                text, {"op": "load pdi", "id": identity, "size": length, "address": location}
            )
        case Preempt(level):
            saved = _PREEMPT_LEVELS[level] if level < len(_PREEMPT_LEVELS) else str(level)
            return Row(
                f"preempt    may be interrupted here, saving {saved}",
                {"op": "preempt", "level": level},
            )
        case Nop(count):
            return Row(f"nop        {count} words of padding", {"op": "nop", "words": count})
        case Delay(cycles):
            return Row(f"delay      {cycles} cycles", {"op": "delay", "cycles": cycles})
        case Custom(code, payload):
            name = OPCODE_NAMES.get(code, f"{code:#x}").lower()
            data = {"op": "custom", "code": code, "name": name, "payload": payload.hex()}
            return Row(f"firmware   {name}, {size(len(payload))}", data)
    raise AssertionError(operation)


class Place:
    """Where an operation goes: tile, register, and both in words."""

    def __init__(self, address: int, generation: str = AIE2) -> None:
        self.address = address
        self.col, self.row_number, self.offset = split_address(address)
        self.kind = _kind(self.row_number)
        self.generation = generation
        self.match = self._find(self.offset)

    def _find(self, offset: int) -> Match | None:
        """The register there; a few lie elsewhere on the other generation."""
        other = AIE2 if self.generation == AIE2P else AIE2P
        found = registers.find(self.kind, offset, self.generation)
        return found or registers.find(self.kind, offset, other)

    @property
    def tile(self) -> str:
        """As "(0,2) core"."""
        return f"({self.col},{self.row_number}) {self.kind.value}"

    @property
    def register(self) -> str:
        """The register's name, or that none is known."""
        if self.match is None:
            return f"unknown register {self.offset:#07x}"
        return f"{self.match.name}+{self.match.byte:#x}" if self.match.byte else self.match.name

    def decode(self, value: int) -> str:
        """What a value there says."""
        match = self.match
        return describe(self.kind, match, value) if match and match.register.bits else ""

    def masked(self, value: int, mask: int) -> str:
        """What a masked write of a value changes."""
        match = self.match
        if match is None or not match.register.bits:
            return ""
        if match.name in MASKED_WHOLE:
            return describe(self.kind, match, value & mask)
        return masked_fields(match.register, value, mask)

    def row(self, name: str, text: str, meaning: str, **data: Any) -> Row:
        """A row about this place."""
        where = f"{self.tile:<14} {self.register:<{_REGISTER_COLUMN}}"
        entry = {
            "op": name,
            "address": self.address,
            "tile": [self.col, self.row_number],
            "kind": self.kind.value,
            "register": self.register,
            **data,
        }
        if meaning:
            entry["meaning"] = meaning
        return Row(f"{name:<10} {where} {text}  {meaning}".rstrip(), entry)


def _kind(row: int) -> TileKind:
    if row == 0:
        return TileKind.SHIM
    return TileKind.MEMORY if row <= MEMORY_TILE_ROWS else TileKind.CORE


def _block(place: Place, data: bytes) -> Row:
    """A block write: a buffer descriptor, a piece of memory, or registers in a row."""
    words = records.words(data)
    engine = DMA_ENGINES[place.kind]
    descriptor = engine.bd_at(place.offset)
    base = place.row("block", size(len(data)), "", bytes=len(data), data=data.hex())
    if descriptor is not None and descriptor[1] == 0 and len(words) == engine.bd.words:
        lines = descriptors.describe(place.kind, words)
        fields = {key: value for key, value in engine.bd.unpack(words).items() if value}
        base.data.update(register=f"DMA_BD{descriptor[0]}", fields=fields, meaning="; ".join(lines))
        where = f"{place.tile:<14} {f'DMA_BD{descriptor[0]}':<{_REGISTER_COLUMN}}"
        return Row(f"{'descriptor':<10} {where} {lines[0]}", base.data, tuple(lines[1:]))
    if place.match is not None and place.match.register.size > 4:
        return Row(f"{base.text}  {_start(words)}", base.data)
    return Row(base.text, base.data, _word_lines(place, words))


def _start(words: tuple[int, ...]) -> str:
    """The first words of a memory's contents."""
    more = " …" if len(words) > _PREVIEWED_WORDS else ""
    return " ".join(f"{word:08x}" for word in words[:_PREVIEWED_WORDS]) + more


def _word_lines(place: Place, words: tuple[int, ...]) -> tuple[str, ...]:
    lines = []
    for n, word in enumerate(words[:_SHOWN_WORDS]):
        each = Place(place.address + 4 * n, place.generation)
        lines.append(
            f"{each.register:<{_REGISTER_COLUMN}} {word:#010x}  {each.decode(word)}".rstrip()
        )
    if len(words) > _SHOWN_WORDS:
        lines.append(f"… {len(words) - _SHOWN_WORDS} more words")
    return tuple(lines)


def _patch(place: Place, argument: int, offset: int, action: int) -> Row:
    target = f"address of buffer {argument} (bo{argument})"
    plus = f" + {offset} bytes" if offset else ""
    descriptor = DMA_ENGINES[place.kind].bd_at(place.offset)
    name = f"DMA_BD{descriptor[0]}" if descriptor else place.register
    row = place.row(
        "patch", f"<- {target}{plus}", "", argument=argument, offset=offset, action=action
    )
    where = f"{place.tile:<14} {name:<{_REGISTER_COLUMN}}"
    return Row(f"{'patch':<10} {where} base address = {target}{plus}", row.data)


def _sync(column: int, row: int, direction: int, channel: int, columns: int, rows: int) -> Row:
    known = direction in tuple(Direction)
    name = Direction(direction).name if known else f"direction {direction}"
    area = f"({column},{row})"
    if (columns, rows) != (1, 1):
        area += f" to ({column + columns - 1},{row + rows - 1})"
    data = {
        "op": "sync",
        "tile": [column, row],
        "columns": columns,
        "rows": rows,
        "direction": name,
        "channel": channel,
    }
    tile = f"{area} {_kind(row).value}"
    text = f"{'wait':<10} {tile:<14} for the task-complete token of {name} channel {channel}"
    return Row(text, data)
