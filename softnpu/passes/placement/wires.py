"""The length of the wires that a placement needs, for the annealing placer.

A net is an objectfifo between tiles that have yet to be placed; its cost is half the perimeter of
the box around its ends, and the area of the box.

Source: mlir-aie, AIESAPlacer.cpp (buildNetModel, evaluateMove, computeNetHPWL).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from softnpu.arch.device import TileKind
from softnpu.passes.placement.grid import Grid

MULTICAST = 4
"""Consumers beyond which the perimeter of a net counts twice."""


@dataclass(frozen=True)
class Net:
    """The ends of an objectfifo, as numbers of tiles."""

    ends: tuple[int, ...]
    weight: int = 1

    def cost(self, width: int, height: int) -> int:
        """Of a box between so many columns and rows."""
        return (width + height) * self.weight + width * height


@dataclass
class Wires:
    """The nets of a design.

    Attributes:
        places: the slot of each tile.
        costs: of each net.
    """

    grid: Grid
    nets: Sequence[Net]
    of_tile: Sequence[Sequence[int]]
    places: list[int]
    costs: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.costs = [self._cost(net) for net in self.nets]

    def _cost(self, net: Net) -> int:
        places, rows = self.places, self.grid.model.rows
        slots = [places[end] for end in net.ends]
        if len(slots) == 2:
            return self._pairs[net.weight][slots[0]][slots[1]]
        up = [slot % rows for slot in slots]
        return net.cost(max(slots) // rows - min(slots) // rows, max(up) - min(up))

    @cached_property
    def _pairs(self) -> dict[int, list[list[int]]]:
        """The cost of a net between two slots, by its weight."""
        tiles = list(self.grid.model.tiles())
        return {
            weight: [
                [Net((), weight).cost(abs(col - to), abs(row - up)) for to, up in tiles]
                for col, row in tiles
            ]
            for weight in {net.weight for net in self.nets}
        }

    def move(self, tile: int, slot: int, replaced: list[tuple[int, int]]) -> int:
        """Put a tile into another slot; the change of cost is given, what it replaces is noted.

        A net that has the tile at several ends is looked at as often.
        """
        self.places[tile] = slot
        change = 0
        for number in self.of_tile[tile]:
            before = self.costs[number]
            replaced.append((number, before))
            self.costs[number] = after = self._cost(self.nets[number])
            change += after - before
        return change

    def undo(self, tile: int, slot: int, replaced: Iterable[tuple[int, int]]) -> None:
        """Put a tile back.

        Costs come back in the order in which they were replaced, as in mlir-aie: a net that was
        looked at twice keeps its new one.
        """
        self.places[tile] = slot
        for number, before in replaced:
            self.costs[number] = before

    @property
    def exact(self) -> bool:
        """Whether `costs` stay what the nets really cost, whatever is taken back."""
        return all(len(set(net.ends)) in (1, len(net.ends)) for net in self.nets)

    def least(self, options: Sequence[Sequence[int]]) -> int:
        """A bound that no placement goes below.

        Args:
            options: for each tile the slots that it can be in; cores share none.
        """
        return sum(self._least([options[end] for end in {*net.ends}], net) for net in self.nets)

    def _least(self, options: Sequence[Sequence[int]], net: Net) -> int:
        """The cost of the smallest box that has a slot for each end."""
        rows, kinds = self.grid.model.rows, self.grid.kinds
        width = _apart([slot // rows for slot in slots] for slots in options)
        height = _apart([slot % rows for slot in slots] for slots in options)
        cores = [slots for slots in options if kinds[slots[0]] is TileKind.CORE]
        below = [max(slot % rows for slot in slots) for slots in options if slots not in cores]
        other_rows = kinds.index(TileKind.CORE) - min(below) if below else 0

        def tall(width: int) -> int:
            return max(height, other_rows + -(-len(cores) // (width + 1)) - 1)

        return min(net.cost(at, tall(at)) for at in range(width, self.grid.model.columns))


def _apart(options: Iterable[Sequence[int]]) -> int:
    """How far the ends lie apart at least, by the numbers that each may choose from."""
    ends = [(min(numbers), max(numbers)) for numbers in options]
    return max(0, max(low for low, _ in ends) - min(high for _, high in ends))
