"""What lies in a tile's data memory, as far as the artifact and its names tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.inspect.labels import Labels
from softnpu.inspect.report import size
from softnpu.inspect.tile import Tile


@dataclass(frozen=True)
class Occupant:
    """A part of a memory and what is in it."""

    name: str
    address: int
    size: int

    @property
    def tip(self) -> str:
        """Name, place and size."""
        end = self.address + self.size
        return f"{self.name}\n{self.address:#x} to {end:#x}, {size(self.size)}"


def occupants(tile: Tile, labels: Labels) -> tuple[Occupant, ...]:
    """A tile's named buffers; without names what is filled at start-up or used by its DMA."""
    named = labels.names.buffers.get(tile.position, ())
    if named:
        return tuple(Occupant(b.name, b.address, b.size) for b in named)
    found = {part.address: part for part in (*_filled(tile), *_moved(tile))}
    return tuple(part for _, part in sorted(found.items()))


def _filled(tile: Tile) -> Iterator[Occupant]:
    for span in tile.memory:
        yield Occupant("filled at start-up", span.offset, span.size)


def _moved(tile: Tile) -> Iterator[Occupant]:
    """What the tile's own descriptors move, if it lies in the tile's own memory."""
    if tile.kind is TileKind.SHIM:
        return
    memory = TILE_FACTS[tile.kind].data_memory
    own = memory if tile.kind is TileKind.MEMORY else 0
    for descriptor in tile.descriptors:
        address = descriptor.address - own
        if descriptor.valid and 0 <= address < memory:
            span = min(descriptor.bytes, memory - address)
            yield Occupant(f"BD {descriptor.number}", address, span)
