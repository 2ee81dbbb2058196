"""How two lists of register operations differ: by instruction, or by what they leave in the array.

An instruction stream is a program, whose order counts: its operations are laid side by side. A CDO
sets registers up before anything runs: what each address is given is compared, whatever the order,
and the order only where nothing else differs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from softnpu.arch.dma import DMA_ENGINES
from softnpu.arch.register import AIE2
from softnpu.arch.register_text import MASKED_WHOLE
from softnpu.formats.operations import (
    AddressPatch,
    BlockSet,
    BlockWrite,
    MaskPoll,
    MaskWrite,
    Nop,
    Operation,
    Write,
)
from softnpu.formats.records import words
from softnpu.inspect.descriptors import describe
from softnpu.inspect.diff.difference import Difference, first_byte, side_by_side
from softnpu.inspect.operations import Place, host_address, rows

Addressed = Write | MaskWrite | BlockWrite | BlockSet | MaskPoll | AddressPatch

_SHOWN_WORDS = 16


def stream_differences(
    old: Sequence[Operation], new: Sequence[Operation], generation: str = AIE2
) -> Iterator[Difference]:
    """Of two programs, instruction by instruction, numbered from 0 in the first."""
    for at, to in side_by_side(old, new, _key):
        if at is not None and to is not None:
            place = f"instruction {at}" if at == to else f"instruction {at} ({to} of the second)"
            yield _changed(old[at], new[to], generation).within(place)
        elif at is not None:
            yield Difference(f"instruction {at}", _words(old[at], generation), None)
        elif to is not None:
            yield Difference(f"instruction {to}", None, _words(new[to], generation))


def setup_differences(
    old: Sequence[Operation], new: Sequence[Operation], generation: str = AIE2
) -> Iterator[Difference]:
    """Of two configurations: what each address is given, then order, then padding."""
    mine, other = _by_address(old), _by_address(new)
    found = False
    for address in sorted({**mine, **other}):
        for a, b in zip_longest(mine.get(address, ()), other.get(address, ())):
            if a != b:
                found = True
                yield _one(a, b, generation)
    plain_old = [operation for operation in old if not isinstance(operation, Nop)]
    plain_new = [operation for operation in new if not isinstance(operation, Nop)]
    if found or plain_old == plain_new:
        return
    pairs = zip(plain_old, plain_new, strict=True)
    number, a, b = next((n, a, b) for n, (a, b) in enumerate(pairs) if a != b)
    yield Difference(
        f"the order of operations, from operation {number} on",
        _words(a, generation),
        _words(b, generation),
        ("every register is given the same values",),
    )


def _by_address(operations: Sequence[Operation]) -> dict[int, list[Operation]]:
    found: dict[int, list[Operation]] = defaultdict(list)
    for operation in operations:
        if isinstance(operation, Addressed):
            found[operation.address].append(operation)
        elif not isinstance(operation, Nop):
            found[-1].append(operation)
    return found


def _one(old: Operation | None, new: Operation | None, generation: str) -> Difference:
    if old is not None and new is not None:
        return _changed(old, new, generation)
    known = old if old is not None else new
    assert known is not None
    text = _value(known, generation)
    return Difference(
        _target(known, generation),
        None if old is None else text,
        None if new is None else text,
    )


def _key(operation: Operation) -> tuple[type, int]:
    """What an operation is about: those with the same key may have become one another."""
    return type(operation), operation.address if isinstance(operation, Addressed) else -1


def _changed(old: Operation, new: Operation, generation: str) -> Difference:
    return Difference(
        _target(old, generation),
        _value(old, generation),
        _value(new, generation),
        tuple(_details(old, new, generation)),
    )


def _target(operation: Operation, generation: str) -> str:
    """What an operation is about: a register of a tile, or its own kind."""
    if not isinstance(operation, Addressed):
        return _words(operation, generation).split()[0]
    place = Place(operation.address, generation)
    return f"{place.tile} {_register(place, operation)}"


def _register(place: Place, operation: Operation) -> str:
    found = DMA_ENGINES[place.kind].bd_at(place.offset)
    whole = isinstance(operation, BlockWrite) and _is_descriptor(place, operation.data)
    if found is not None and (whole or isinstance(operation, AddressPatch)):
        return f"DMA_BD{found[0]}"
    return place.register


def _is_descriptor(place: Place, data: bytes) -> bool:
    engine = DMA_ENGINES[place.kind]
    found = engine.bd_at(place.offset)
    return found is not None and found[1] == 0 and len(data) == 4 * engine.bd.words


def _value(operation: Operation, generation: str) -> str:
    """What an operation does at its target."""
    match operation:
        case Write(address, value):
            meaning = Place(address, generation).decode(value)
            return f"{value:#010x}{f' ({meaning})' if meaning else ''}"
        case MaskWrite(address, mask, value):
            meaning = Place(address, generation).masked(value, mask)
            return f"{value:#010x} mask {mask:#010x}{f' ({meaning})' if meaning else ''}"
        case BlockWrite(address, data):
            place = Place(address, generation)
            if _is_descriptor(place, data):
                return describe(place.kind, words(data))[0]
            return f"{len(data)} bytes"
        case AddressPatch():
            return f"the {host_address(operation)}"
        case BlockSet(_, value, count):
            return f"{count} words of {value:#010x}"
        case MaskPoll(_, mask, value, timeout):
            limit = f", at most {timeout} ms" if timeout else ""
            return f"until & {mask:#010x} = {value:#010x}{limit}"
    return _words(operation, generation).split(maxsplit=1)[-1]


def _words(operation: Operation, generation: str) -> str:
    """The inspector's line, without its number."""
    return " ".join(rows([operation], generation)[0].text.split()[1:])


def _details(old: Operation, new: Operation, generation: str) -> Iterator[str]:
    match old, new:
        case (Write(address, before), Write(_, after)):
            yield from _fields(Place(address, generation), before, after)
        case (BlockWrite(address, before_data), BlockWrite(_, after_data)):
            yield from _block(Place(address, generation), before_data, after_data)


def _fields(place: Place, before: int, after: int) -> Iterator[str]:
    """The fields of a register that differ, where it has several."""
    match = place.match
    if match is None or len(match.register.fields) < 2 or match.name in MASKED_WHOLE:
        return
    for field in match.register.fields:
        if field.extract(before) != field.extract(after):
            yield f"{field.name}: {field.extract(before)} -> {field.extract(after)}"


def _block(place: Place, before: bytes, after: bytes) -> Iterator[str]:
    if _is_descriptor(place, before) and _is_descriptor(place, after):
        layout = DMA_ENGINES[place.kind].bd
        old, new = layout.unpack(words(before)), layout.unpack(words(after))
        for field in layout.fields:
            if old[field.key] != new[field.key]:
                yield f"{field.name}: {old[field.key]} -> {new[field.key]}"
        return
    if place.match is None or place.match.register.size > 4:
        yield str(first_byte(before, after))
        return
    pairs = list(zip_longest(words(before), words(after)))
    changed = [(n, a, b) for n, (a, b) in enumerate(pairs) if a != b]
    for n, a, b in changed[:_SHOWN_WORDS]:
        each = Place(place.address + 4 * n, place.generation)
        yield f"{each.register}: {_word(each, a)} -> {_word(each, b)}"
    if len(changed) > _SHOWN_WORDS:
        yield f"… {len(changed) - _SHOWN_WORDS} more words"


def _word(place: Place, value: int | None) -> str:
    if value is None:
        return "not written"
    meaning = place.decode(value)
    return f"{value:#010x}{f' ({meaning})' if meaning else ''}"
