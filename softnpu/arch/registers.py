"""The registers of the array by name: where they lie in a tile and what their bits mean.

Names are those of AMD's register database (mlir-aie, aie_registers_aie2.json), which its trace
passes look up too. `find` turns an offset into a register, `decode` a value into text, `lookup` a
name into a register. The tables are in register_tables.py and register_blocks.py.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache

from softnpu.arch.fields import Field
from softnpu.arch.tiles import TileKind


class Module(Enum):
    """Parts of a tile that have register names of their own, valued as mlir-aie names them."""

    CORE = "core"
    MEMORY = "memory"
    MEMORY_TILE = "memory_tile"
    SHIM = "shim"


MODULES: dict[TileKind, tuple[Module, ...]] = {
    TileKind.CORE: (Module.CORE, Module.MEMORY),
    TileKind.MEMORY: (Module.MEMORY_TILE,),
    TileKind.SHIM: (Module.SHIM,),
}

AIE2, AIE2P = "aie2", "aie2p"
"""The generations, named as `Device.generation`."""


@dataclass(frozen=True)
class Register:
    """A register, or `count` alike ones `stride` bytes apart.

    Attributes:
        template: the name, with {} where the index goes.
        offset: of the first one in its tile, in bytes.
        bits: the fields as the database prints them, e.g. "Reset[1] Enable[0]"; a signed field
            ends in "s".
        size: bytes of one; memories and request windows are larger than a word.
    """

    template: str
    offset: int
    bits: str = ""
    count: int = 1
    stride: int = 4
    size: int = 4

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields, from the highest bit down."""
        return tuple(map(_parse_field, self.bits.split()))

    def name(self, index: int = 0) -> str:
        """The name of the register with an index."""
        return self.template.format(index)

    def field(self, name: str) -> Field:
        """The field called `name`, in any case; KeyError if there is none."""
        for field in self.fields:
            if field.key == name.lower():
                return field
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Match:
    """What lies at an offset: a register, and which of several alike.

    Attributes:
        byte: bytes from the register's start; 0 except in memories and request windows.
    """

    register: Register
    index: int
    byte: int = 0

    @property
    def name(self) -> str:
        """The register's name."""
        return self.register.name(self.index)


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
    from softnpu.arch.register_text import describe

    match = find(kind, offset, generation)
    return f"{value:#x}" if match is None else describe(kind, match, value)


def table(module: Module, generation: str = AIE2) -> tuple[Register, ...]:
    """Every register of a module."""
    from softnpu.arch import register_tables

    return register_tables.table(module, generation)


_FIELD = re.compile(r"(\w+)\[(\d+)(?::(\d+))?\](s?)")


def _parse_field(text: str) -> Field:
    parsed = _FIELD.fullmatch(text)
    if parsed is None:
        raise ValueError(f"register field '{text}' is not name[high:low]")
    name, high, low, signed = parsed.groups()
    lsb = int(low or high)
    return Field(name, 0, lsb, int(high) - lsb + 1, signed=bool(signed))


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
