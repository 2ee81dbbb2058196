"""Buffer descriptors as the DMA engines read them.

The fields are those of arch.dma; here they become what they mean: a pattern of words, locks, the
descriptor that follows, a packet header.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from softnpu.arch.dma import DmaEngine
from softnpu.arch.tiles import TileKind
from softnpu.emulator.addressing import AccessPattern, Dimension, Words
from softnpu.emulator.locks import Lock
from softnpu.errors import EmulatorError

_ID_SHIFT, _DESCRIPTOR_SHIFT, _TYPE_SHIFT = 0, 5, 12
_ROW_SHIFT, _COLUMN_SHIFT, _PARITY_SHIFT = 16, 21, 31
_DESCRIPTOR_MASK = 0x3F


def packet_header(id: int, type: int, tile: tuple[int, int], descriptor: int = 0) -> int:
    """A stream packet's header word, with odd parity.

    `descriptor` is for a receiver in out-of-order mode. Sources: AM020, chapter 2, table 2, and
    aiebu, cp_pktheader (out_of_order_bd_idx, the six bits above the id).
    """
    col, row = tile
    word = id << _ID_SHIFT | descriptor << _DESCRIPTOR_SHIFT | type << _TYPE_SHIFT
    return with_odd_parity(word | row << _ROW_SHIFT | col << _COLUMN_SHIFT)


def out_of_order_descriptor(header: int) -> int:
    """The descriptor that a packet's header names for a receiver in out-of-order mode."""
    return header >> _DESCRIPTOR_SHIFT & _DESCRIPTOR_MASK


def with_odd_parity(word: int) -> int:
    """`word` with bit 31 set so that an odd number of bits is set."""
    word &= (1 << _PARITY_SHIFT) - 1
    return word | (word.bit_count() + 1 & 1) << _PARITY_SHIFT


@dataclass
class Descriptor:
    """One buffer descriptor, read; `current` changes as it runs.

    Attributes:
        number: its index in the tile.
        valid: the channel refuses it otherwise.
        base: its address in units of the tile's DMA (words; a shim: bytes).
        pattern: the words that it moves, relative to the base; without padding for S2MM.
        padded_pattern: the same with zero padding, for MM2S.
        acquire, acquire_value: the lock to acquire first, or None.
        release, release_value: the lock to release afterwards, or None.
        next: the descriptor that follows in the chain, or None.
        header: the packet header that MM2S puts in front, or None.
        suppress_last: MM2S sends no TLAST at the end.
        step, wrap, current: the iteration: words that each run adds to the base, the last run's
            number, this run's number.
        place: the memory and the word in it where every run begins; None until it has been
            looked up, and for runs that begin elsewhere each time.
    """

    number: int
    valid: bool
    base: int
    pattern: AccessPattern
    padded_pattern: AccessPattern
    acquire: Lock | None
    acquire_value: int
    release: Lock | None
    release_value: int
    next: int | None
    header: Words | None
    suppress_last: bool
    step: int
    wrap: int
    current: int
    place: tuple[Words, int] | None = None


def decode(
    engine: DmaEngine,
    tile: tuple[int, int],
    number: int,
    words: Sequence[int],
    lock: Callable[[int], Lock],
) -> Descriptor:
    """Reads descriptor `number` from its register words.

    Args:
        lock: gives the lock that a descriptor of this tile calls by a number.

    Raises:
        EmulatorError: a feature that is not modelled, or a combination that aie-rt refuses.
    """
    fields = engine.bd.unpack(words)
    place = f"descriptor {number} of tile ({tile[0]},{tile[1]})"
    if fields.get("enable_compression"):
        raise EmulatorError(f"{place}: Enable_Compression is not modelled")
    length = fields["buffer_length"]
    dimensions = _dimensions(engine, fields, place)
    bare = tuple(Dimension(d.step, d.wrap) for d in dimensions)
    pattern = AccessPattern(length, bare)
    padded = any(d.padded for d in dimensions)
    header = None
    if fields["enable_packet"]:
        word = packet_header(
            fields["packet_id"], fields["packet_type"], tile, fields["out_of_order_bd_id"]
        )
        header = np.array([word], np.uint32)
    return Descriptor(
        number=number,
        valid=bool(fields["valid_bd"]),
        base=_base(engine, fields),
        pattern=pattern,
        padded_pattern=AccessPattern(length, dimensions) if padded else pattern,
        acquire=lock(fields["lock_acq_id"]) if fields["lock_acq_enable"] else None,
        acquire_value=fields["lock_acq_value"],
        release=lock(fields["lock_rel_id"]) if fields["lock_rel_value"] else None,
        release_value=fields["lock_rel_value"],
        next=fields["next_bd"] if fields["use_next_bd"] else None,
        header=header,
        suppress_last=bool(fields["tlast_suppress"]),
        step=fields["iteration_stepsize"] + 1,
        wrap=fields["iteration_wrap"],
        current=fields["iteration_current"],
    )


def _base(engine: DmaEngine, fields: dict[str, int]) -> int:
    if engine.kind is TileKind.SHIM:
        return fields["base_address_high"] << 32 | fields["base_address_low"] << 2
    return fields["base_address"]


def _dimensions(engine: DmaEngine, fields: dict[str, int], place: str) -> tuple[Dimension, ...]:
    dimensions = tuple(
        Dimension(
            step=fields[f"d{i}_stepsize"] + 1,
            wrap=fields.get(f"d{i}_wrap", 0),
            before=fields.get(f"d{i}_zero_before", 0),
            after=fields.get(f"d{i}_zero_after", 0),
        )
        for i in range(engine.dimensions)
    )
    _check_padding(dimensions, place)
    return dimensions


def _check_padding(dimensions: tuple[Dimension, ...], place: str) -> None:
    """A dimension without a wrap has no end to pad after, and none above it (xaie_dma_aieml.c)."""
    for i, dimension in enumerate(dimensions):
        if dimension.wrap:
            continue
        above = dimensions[i + 1 :]
        if dimension.after or any(d.padded for d in above):
            raise EmulatorError(
                f"{place}: zero padding after dimension {i} or around a higher one, "
                f"but D{i}_Wrap is 0 (no wrap)"
            )
