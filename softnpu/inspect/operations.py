"""Register operations as lines of a report, with the tile, the register and its fields named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from softnpu.arch import registers
from softnpu.arch.address import split_address
from softnpu.arch.device import MEMORY_TILE_ROWS
from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.register import AIE2, AIE2P, Match
from softnpu.arch.register_text import MASKED_WHOLE, describe, lock_request, masked_fields
from softnpu.arch.tiles import TileKind
from softnpu.formats import records
from softnpu.formats.operations import (
    APERTURE,
    STATE_FUNCTIONS,
    AddressPatch,
    BlockSet,
    BlockWrite,
    CreateScratchpad,
    Custom,
    Delay,
    LoadPdi,
    LoadProgram,
    MaskPoll,
    MaskWrite,
    MergeSync,
    Nop,
    Operation,
    Preempt,
    Sync,
    UpdateRegister,
    UpdateScratchpad,
    UpdateState,
    Write,
)
from softnpu.formats.txn_encodings import OPCODE_NAMES, READ_REGISTERS, RECORD_TIMER
from softnpu.inspect import descriptors
from softnpu.inspect.report import Row, plural, size

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
            told = (place.request, f"at most {timeout} ms" if timeout else "")
            meaning = ", ".join(filter(None, told))
            return place.row("poll", text, meaning, value=value, mask=mask, timeout=timeout)
        case BlockWrite(address, data):
            return _block(Place(address, generation), data)
        case BlockSet(address, value, count):
            place = Place(address, generation)
            return place.row(
                "fill", f"{count} words of {value:#010x}", "", value=value, count=count
            )
        case AddressPatch(address):
            return _patch(Place(address, generation), operation)
        case UpdateRegister(address, index, function, argument):
            place = Place(address, generation)
            named = {"index": index, "function": _function(function), "argument": argument}
            return place.row("update", f"+= {_state(index, function, argument)}", "", **named)
        case Custom(code, payload):
            return _custom(code, payload, generation)
    return _control(operation)


def _control(operation: Operation) -> Row:
    """The operations that are not about registers."""
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
        case LoadProgram(identity, count):
            text = f"load PM    {identity}, by the next {plural(count, 'operation')}"
            return Row(text, {"op": "load program", "id": identity, "operations": count})
        case CreateScratchpad(length, usage, location):
            text = f"scratchpad fetches {size(length)} from the host"
            data = {"op": "create scratchpad", "size": length, "usage": usage}
            return Row(text, {**data, "address": location})
        case UpdateScratchpad():
            return Row("scratchpad goes back to the host", {"op": "update scratchpad"})
        case UpdateState(index, function, argument):
            text = f"state      entry {index} = {_state(index, function, argument)}"
            data = {"op": "update state", "index": index, "function": _function(function)}
            return Row(text, {**data, "argument": argument})
    raise AssertionError(operation)


_SIGNS = dict(zip(STATE_FUNCTIONS, "*+-", strict=True))


def _function(number: int) -> str:
    return STATE_FUNCTIONS[number] if number < len(STATE_FUNCTIONS) else f"function {number}"


def _state(index: int, function: int, argument: int) -> str:
    """A value that is made of an entry of the scratchpad's state table."""
    name = _function(function)
    if name in _SIGNS:
        return f"state {index} {_SIGNS[name]} {argument}"
    return f"{name} of state {index} and {argument}"


_ADDRESSES_AT = 8
"""A count, padding, and 64 bits for each register (aie-rt, `read_register_op_t`)."""


def _custom(code: int, payload: bytes, generation: str) -> Row:
    """An operation of the firmware; its payload as words where nothing better is known."""
    name = OPCODE_NAMES.get(code, f"operation {code:#04x}").lower()
    data = {"op": "custom", "code": code, "name": name, "payload": payload.hex()}
    whole = records.words(payload[: len(payload) // 4 * 4])
    if code == RECORD_TIMER and len(payload) == 4:
        return Row(f"firmware   {name} {whole[0]}", {**data, "id": whole[0]})
    if code == READ_REGISTERS and len(payload) >= _ADDRESSES_AT:
        read = [Place(address, generation) for address in whole[2::2]]
        shown = [f"{place.tile:<14} {place.register}" for place in read[:_SHOWN_WORDS]]
        if len(read) > _SHOWN_WORDS:
            shown.append(f"… {len(read) - _SHOWN_WORDS} more")
        data["addresses"] = [place.address for place in read]
        return Row(f"firmware   {name}, {plural(len(read), 'register')}", data, tuple(shown))
    words = f": {_start(whole)}" if whole else ""
    return Row(f"firmware   {name}, {size(len(payload))}{words}", data)


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

    @property
    def request(self) -> str:
        """What reading there asks of a lock, "" where it asks nothing."""
        match = self.match
        return lock_request(match.byte) if match and match.name == "Lock_Request" else ""

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


def _patch(place: Place, patch: AddressPatch) -> Row:
    descriptor = DMA_ENGINES[place.kind].bd_at(place.offset)
    name = f"DMA_BD{descriptor[0]}" if descriptor else place.register
    told = host_address(patch)
    named = {"argument": patch.argument, "offset": patch.start, "translates": patch.translates}
    row = place.row("patch", f"<- {told}", "", **named, action=patch.action)
    where = f"{place.tile:<14} {name:<{_REGISTER_COLUMN}}"
    return Row(f"{'patch':<10} {where} base address = {told}", row.data)


def host_address(patch: AddressPatch) -> str:
    """Which byte of which buffer a patch leads to, in words."""
    buffer = f"address of buffer {patch.argument} (bo{patch.argument})"
    plus = f" + {patch.start} bytes" if patch.start else ""
    return f"{buffer}{plus}{f', translated by {APERTURE:#x}' if patch.translates else ''}"


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
