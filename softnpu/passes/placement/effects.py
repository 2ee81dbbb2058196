"""What an objectfifo takes of the array, wherever its ends lie, for the annealing placer.

Neighbouring cores share its objects without DMA, as do ends in the same tile.

Source: mlir-aie, AIESAPlacer.cpp (addFifoContribution).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from softnpu.arch.device import TileKind
from softnpu.passes.placement.fifo_loads import FifoLoad
from softnpu.passes.placement.grid import Grid

MOST_EFFECTS = 1 << 17
"""Effects of one fifo that are kept, before they are found anew."""


class Charge(NamedTuple):
    """Bytes in a slot's memory; with a rival, in that of the two that has less in it."""

    slot: int
    size: int
    rival: int | None = None


class Effect(NamedTuple):
    """What a fifo takes of the array while its ends lie in certain slots.

    Attributes:
        charges: memory.
        channels: DMA channels, by `Grid.limits`.
        tracked: the choice among rivals is kept for the fifo.
    """

    charges: tuple[Charge, ...]
    channels: tuple[int, ...]
    tracked: bool


@dataclass(frozen=True)
class Load:
    """A fifo's load, its ends as numbers of tiles."""

    fifo: FifoLoad
    ends: tuple[int, ...]
    effects: dict[tuple[int, ...], Effect] = field(default_factory=dict)

    @property
    def within(self) -> bool:
        """Whether the fifo leads from a tile to itself alone."""
        return len(self.ends) == 2 and self.ends[0] == self.ends[1]

    def certain(self, kinds: Sequence[TileKind]) -> Iterator[tuple[int, int]]:
        """The bytes that cores hold of the fifo wherever they are, with the cores' numbers."""
        fifo, (producer, *consumers) = self.fifo, self.ends
        from_core = kinds[producer] is TileKind.CORE
        to_core = [kinds[end] is TileKind.CORE for end in consumers]
        if self.within and from_core:
            yield producer, fifo.shared(fifo.consumers[0])
        elif from_core and consumers and not any(to_core):
            yield producer, fifo.size * fifo.dma_depth
        elif not from_core:
            for end, consumer, is_core in zip(consumers, fifo.consumers, to_core, strict=True):
                if is_core:
                    yield end, fifo.consumer_size * consumer.dma_depth

    def effect(self, grid: Grid, places: Sequence[int]) -> Effect:
        """The effect under a placement."""
        slots = tuple([places[end] for end in self.ends])
        found = self.effects.get(slots)
        if found is None:
            if len(self.effects) >= MOST_EFFECTS:
                self.effects.clear()
            found = self.effects[slots] = self._effect(grid, *slots)
        return found

    def _effect(self, grid: Grid, home: int, *slots: int) -> Effect:
        fifo = self.fifo
        from_core = grid.kinds[home] is TileKind.CORE
        charges: list[Charge] = []
        channels: list[int] = []
        charged = grid.kinds[home] is TileKind.SHIM or (fifo.borrows and not from_core)
        for consumer, slot in zip(fifo.consumers, slots, strict=True):
            to_core = grid.kinds[slot] is TileKind.CORE
            if slot == home:
                charges.append(Charge(home, fifo.shared(consumer)))
                continue
            if from_core and to_core and not fifo.needs_dma:
                forth, back = grid.reaches(home, slot), grid.reaches(slot, home)
                if forth or back:
                    first, rival = (home, slot if forth else None) if back else (slot, None)
                    charges.append(Charge(first, fifo.shared(consumer), rival))
                    continue
            if not charged:
                depth = fifo.dma_depth if from_core else fifo.depth
                charges.append(Charge(home, fifo.size * depth))
                charged = True
            if grid.kinds[slot] is not TileKind.SHIM:
                depth = consumer.dma_depth if to_core else consumer.depth
                charges.append(Charge(slot, fifo.consumer_size * depth))
            channels.append(slot)
        if channels:
            channels.append(len(grid.kinds) + home)
        return Effect(tuple(charges), tuple(channels), tracked=len(slots) == 1)
