"""What fills each tile's memories: stack, buffers, data, and what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from softnpu.arch.device import OWN_WINDOW, WINDOW_SIZE
from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.formats import elf, xclbin
from softnpu.inspect import pdis
from softnpu.inspect.array import ConfiguredArray
from softnpu.inspect.labels import Labels
from softnpu.inspect.picture.memory import occupants
from softnpu.inspect.tile import Tile

STACK, BUFFER, DATA, FREE, PROGRAM = "stack", "buffer", "data", "free", "program"

_STACK = re.compile(r"_sp_start_value_DM_stack = \.;\s*\. \+= 0x([0-9A-Fa-f]+);")
"""Where a linker script sets the stack's size aside (see softnpu.targets.ldscript)."""


@dataclass(frozen=True)
class Part:
    """Bytes of a memory and what they hold."""

    name: str
    kind: str
    address: int
    size: int

    @property
    def end(self) -> int:
        """The byte behind the last."""
        return self.address + self.size


@dataclass(frozen=True)
class MemoryMap:
    """One memory from its first byte to its last; the parts leave no gap.

    Attributes:
        title: "data" or "program".
    """

    title: str
    total: int
    parts: tuple[Part, ...]

    @property
    def used(self) -> int:
        """Bytes that are not free."""
        return sum(part.size for part in self.parts if part.kind != FREE)


@dataclass(frozen=True)
class TileMemory:
    """All memories of one tile."""

    title: str
    maps: tuple[MemoryMap, ...]


def tile_memories(
    folder: Path, array: ConfiguredArray, labels: Labels, device: str
) -> list[TileMemory]:
    """The data and program memories of all tiles in use, shims aside.

    `device` is the name that the files of the cores' programs begin with.
    """
    return [
        TileMemory(
            f"{tile.kind.value} ({tile.position[0]},{tile.position[1]})",
            tuple(_tile_maps(folder, tile, labels, device)),
        )
        for tile in array.used
        if tile.kind is not TileKind.SHIM
    ]


def core_footprint(folder: Path) -> tuple[int, int]:
    """The most that a core's tile takes of its data and of its program memory, in bytes."""
    path = folder / "final.xclbin"
    found = pdis.of_xclbin(xclbin.parse(path.read_bytes()), beside=path)
    most = {"data": 0, "program": 0}
    for one in found.shown:
        for tile in one.array.used:
            if tile.kind is TileKind.CORE:
                for part in _tile_maps(folder, tile, Labels(one.array, one.names), one.device):
                    most[part.title] = max(most[part.title], part.used)
    return most["data"], most["program"]


def _tile_maps(folder: Path, tile: Tile, labels: Labels, device: str) -> Iterator[MemoryMap]:
    facts = TILE_FACTS[tile.kind]
    parts = [Part(o.name, BUFFER, o.address, o.size) for o in occupants(tile, labels)]
    parts += _program_data(folder, tile, device)
    yield MemoryMap("data", facts.data_memory, _filled(parts, facts.data_memory))
    if tile.program:
        part = Part("program", PROGRAM, 0, tile.program)
        filled = _filled([part], facts.program_memory)
        yield MemoryMap("program", facts.program_memory, filled)


def _program_data(folder: Path, tile: Tile, device: str) -> Iterator[Part]:
    """The stack that the linker script sets aside, and the data that the program brings."""
    stem = f"{device}_core_{tile.position[0]}_{tile.position[1]}"
    script, program = folder / f"{stem}.ld.script", folder / f"{stem}.elf"
    if script.is_file() and (found := _STACK.search(script.read_text())):
        yield Part("stack", STACK, 0, int(found[1], 16))
    if program.is_file():
        for segment in elf.parse(program.read_bytes()).segments:
            offset = segment.address - OWN_WINDOW
            if 0 <= offset < WINDOW_SIZE and segment.size:
                yield Part("data of the program", DATA, offset, segment.size)


def _filled(parts: list[Part], total: int) -> tuple[Part, ...]:
    """The parts by address, with what is free between and behind them."""
    filled: list[Part] = []
    at = 0
    for part in sorted(parts, key=lambda p: p.address):
        if part.address > at:
            filled.append(Part("free", FREE, at, part.address - at))
        filled.append(part)
        at = max(at, part.end)
    if at < total:
        filled.append(Part("free", FREE, at, total - at))
    return tuple(filled)
