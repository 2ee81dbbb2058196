"""One register of a tile: its name, its place and its fields, and the modules that hold them.

Names are those of AMD's register database (mlir-aie, aie_registers_aie2.json), which its trace
passes look up too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

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


_FIELD = re.compile(r"(\w+)\[(\d+)(?::(\d+))?\](s?)")


def _parse_field(text: str) -> Field:
    parsed = _FIELD.fullmatch(text)
    if parsed is None:
        raise ValueError(f"register field '{text}' is not name[high:low]")
    name, high, low, signed = parsed.groups()
    lsb = int(low or high)
    return Field(name, 0, lsb, int(high) - lsb + 1, signed=bool(signed))
