"""Buffer descriptors in words: what one moves, where, and which locks it takes and gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from softnpu.arch.dma import DMA_ENGINES, HOST_ACCESS, WIDER_PADDING, DmaEngine
from softnpu.arch.tiles import TILE_FACTS, TileKind

Fields = Mapping[str, int]


def describe(kind: TileKind, words: Sequence[int]) -> list[str]:
    """Lines that say what the descriptor with these words does."""
    engine = DMA_ENGINES[kind]
    fields = engine.bd.unpack(words)
    if not fields["valid_bd"]:
        return ["not valid"]
    lines = [f"{_amount(fields)} {_place(engine, fields)}"]
    wider = WIDER_PADDING.unpack(words) if kind is TileKind.MEMORY else {}
    rest = (
        _dimensions(engine, fields),
        _padding(engine, fields),
        _named("on npu2 alone", (field.name for field in WIDER_PADDING.fields), wider),
        _packet(fields),
        _locks(kind, fields),
        _rest(fields),
        _named("host access", HOST_ACCESS, fields),
    )
    return lines + [line for line in rest if line]


def _amount(fields: Fields) -> str:
    words = fields["buffer_length"]
    return f"{words} words ({4 * words} bytes)"


def _place(engine: DmaEngine, fields: Fields) -> str:
    address = engine.byte_address(fields)
    if engine.kind is TileKind.SHIM:
        return f"at host address {address:#x}" if address else "at a host address patched later"
    owner = ""
    if engine.kind is TileKind.MEMORY:
        size = TILE_FACTS[TileKind.MEMORY].data_memory
        index, address = divmod(address, size)
        owner = (" of the west neighbour", "", " of the east neighbour", "?")[min(index, 3)]
    return f"at {address:#x}{owner}"


def _dimensions(engine: DmaEngine, fields: Fields) -> str:
    """Strides in words, innermost first, with the wraps that make them dimensions."""
    parts = []
    for n in range(engine.dimensions):
        step = fields[f"d{n}_stepsize"] + 1
        wrap = fields.get(f"d{n}_wrap", 0)
        if step != 1 or wrap:
            parts.append(f"{wrap or 'rest'} x {step}")
    iterations = fields["iteration_wrap"] + 1
    text = (
        f"dimensions (count x step in words, innermost first): {', '.join(parts)}" if parts else ""
    )
    if iterations > 1 or fields["iteration_current"]:
        step = fields["iteration_stepsize"] + 1
        text += f"{'; ' if text else ''}iterates {iterations} times by {step} words"
        if fields["iteration_current"]:
            text += f", from {fields['iteration_current']}"
    return text


def _padding(engine: DmaEngine, fields: Fields) -> str:
    if not engine.bd.has("d0_zero_before"):
        return ""
    parts = [
        f"d{n} {fields[f'd{n}_zero_before']} before, {fields[f'd{n}_zero_after']} after"
        for n in range(3)
        if fields[f"d{n}_zero_before"] or fields[f"d{n}_zero_after"]
    ]
    return f"padding: {'; '.join(parts)}" if parts else ""


def _packet(fields: Fields) -> str:
    if not fields["enable_packet"]:
        return ""
    return f"packet {fields['packet_id']}, type {fields['packet_type']}"


def _locks(kind: TileKind, fields: Fields) -> str:
    parts = []
    if fields["lock_acq_enable"]:
        parts.append(
            f"acquires {_lock(kind, fields['lock_acq_id'])} {_wanted(fields['lock_acq_value'])}"
        )
    if fields["lock_rel_value"]:
        parts.append(f"releases {_lock(kind, fields['lock_rel_id'])} {fields['lock_rel_value']:+d}")
    return ", ".join(parts)


def _wanted(value: int) -> str:
    """A negative acquire waits for at least that much and takes it."""
    return f">= {-value}" if value < 0 else f"= {value}"


def _lock(kind: TileKind, number: int) -> str:
    """A lock as the tile's DMA numbers it: memory tiles count west, own, east."""
    if kind is not TileKind.MEMORY:
        return f"lock {number}"
    side, lock = divmod(number, TILE_FACTS[TileKind.MEMORY].locks)
    where = (" of the west neighbour", "", " of the east neighbour")
    return f"lock {lock}{where[side] if side < len(where) else '?'}"


def _named(what: str, names: Iterable[str], fields: Fields) -> str:
    """Those of the fields that are not 0, by their names."""
    given = ((name, fields.get(name.lower(), 0)) for name in names)
    parts = [f"{name} {value}" for name, value in given if value]
    return f"{what}: {', '.join(parts)}" if parts else ""


def _rest(fields: Fields) -> str:
    parts = []
    if fields["use_next_bd"]:
        parts.append(f"then BD {fields['next_bd']}")
    if fields["tlast_suppress"]:
        parts.append("without TLAST")
    if fields.get("enable_compression"):
        parts.append("compressed")
    if fields["out_of_order_bd_id"]:
        parts.append(f"out-of-order BD {fields['out_of_order_bd_id']}")
    return ", ".join(parts)
