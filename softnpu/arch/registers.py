"""The registers of the array by name: where they lie in a tile and what their bits mean.

`find` turns an offset into a register, `decode` a value into text, `lookup` a name into a
register. The tables are in register_tables.py and register_blocks.py.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from softnpu.arch.register import AIE2, MODULES, Match, Module, Register
from softnpu.arch.register_tables import table
from softnpu.arch.register_text import describe
from softnpu.arch.tiles import TileKind


def find(kind: TileKind, offset: int, generation: str = AIE2) -> Match | None:
    """The register at byte `offset` of a tile, None if none is known there."""
    words, starts, wide = _index(kind, generation)
    match = words.get(offset)
    if match is not None:
        return match
    nearest = bisect_right(starts, offset) - 1
    if nearest < 0:
        return None
    register = wide[nearest]
    index, byte = divmod(offset - register.offset, register.stride)
    if index < register.count and byte < register.size:
        return Match(register, index, byte)
    return None


def lookup(module: Module, name: str, generation: str = AIE2) -> Match | None:
    """The register of a module called `name`, in any case; None if there is none."""
    return _names(module, generation).get(name.lower())


def address(match: Match) -> int:
    """Offset in the tile of what `find` or `lookup` found."""
    return match.register.offset + match.index * match.register.stride + match.byte


def decode(kind: TileKind, offset: int, value: int, generation: str = AIE2) -> str:
    """What `value` in the register at `offset` says, e.g. "Enable_Packet=1 Packet_ID=3".

    An offset without a known register gives the bare number.
    """
    match = find(kind, offset, generation)
    return f"{value:#x}" if match is None else describe(kind, match, value)


_Index = tuple[dict[int, Match], list[int], list[Register]]


@lru_cache
def _index(kind: TileKind, generation: str) -> _Index:
    """Word registers by offset, and the starts of the wide ones with them, in order."""
    registers = [r for module in MODULES[kind] for r in table(module, generation)]
    wide = sorted((r for r in registers if r.size > 4), key=lambda r: r.offset)
    words = {
        r.offset + index * r.stride: Match(r, index)
        for r in registers
        if r.size == 4
        for index in range(r.count)
    }
    return words, [r.offset for r in wide], wide


@lru_cache
def _names(module: Module, generation: str) -> dict[str, Match]:
    return {match.name.lower(): match for match in _matches(module, generation)}


def _matches(module: Module, generation: str) -> Iterator[Match]:
    for register in table(module, generation):
        for index in range(register.count):
            yield Match(register, index)
