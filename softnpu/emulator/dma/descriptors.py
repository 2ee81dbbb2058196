"""Buffer descriptors as the DMA engines read them.

The fields are those of arch.dma; here they become what they mean: a pattern of words, locks, the
descriptor that follows, a packet header.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from softnpu.arch.dma import WIDER_PADDING, DmaEngine
from softnpu.arch.packets import STREAM_HEADER, packet_header
from softnpu.arch.register import AIE2
from softnpu.arch.tiles import TileKind
from softnpu.emulator.memory.addressing import AccessPattern, Dimension, Words
from softnpu.emulator.memory.locks import Lock
from softnpu.errors import EmulatorError


def out_of_order_descriptor(header: int) -> int:
    """The descriptor that a packet's header names for a receiver in out-of-order mode."""
    return STREAM_HEADER.field("out_of_order_bd_id").extract(header)


@dataclass
class Descriptor:
    """One buffer descriptor, read; `current` changes as it runs.

    Attributes:
        number: its index in the tile.
        valid: the channel refuses it otherwise.
        base: its address in units of the tile's DMA (words; a shim: bytes).
        pattern: the words that it moves, relative to the base; without padding for S2MM.
        padded_pattern: the same with padding, for MM2S.
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
    generation: str = AIE2,
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
    wider = _wider(engine, words, generation, place)
    dimensions = _dimensions(engine, fields, wider, place)
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


def _wider(engine: DmaEngine, words: Sequence[int], generation: str, place: str) -> dict[str, int]:
    """What a memory tile's descriptor of the second generation says besides."""
    if engine.kind is not TileKind.MEMORY:
        return {}
    fields = WIDER_PADDING.unpack(words)
    if generation == AIE2 and any(fields.values()):
        names = ", ".join(f.name for f in WIDER_PADDING.fields if fields[f.key])
        raise EmulatorError(f"{place}: only the second generation (npu2) has {names}")
    return fields


def _dimensions(
    engine: DmaEngine, fields: dict[str, int], wider: dict[str, int], place: str
) -> tuple[Dimension, ...]:
    def width(i: int, side: str) -> int:
        name = f"d{i}_zero_{side}"
        if not engine.bd.has(name):
            return 0
        return wider.get(f"d{i}_pad_{side}_high", 0) << engine.bd.field(name).width | fields[name]

    dimensions = tuple(
        Dimension(
            step=0 if wider.get(f"d{i}_stepsize_zero") else fields[f"d{i}_stepsize"] + 1,
            wrap=fields.get(f"d{i}_wrap", 0),
            before=width(i, "before"),
            after=width(i, "after"),
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
                f"{place}: padding after dimension {i} or around a higher one, "
                f"but D{i}_Wrap is 0 (no wrap)"
            )
