"""The column for a memory or shim tile: the one nearest to the cores that it serves.

Source: mlir-aie, AIEPlacer.cpp (SequentialPlacer).
"""

from __future__ import annotations

from collections.abc import Mapping

from softnpu.arch.device import TileKind
from softnpu.dialects.aie import LogicalTileOp
from softnpu.dialects.rules.common import kind_of
from softnpu.passes.placement.connectivity import AnyTile, Connectivity, Position

Placed = Mapping[AnyTile, Position]
"""The tiles that have their places."""


def best_column(
    tile: LogicalTileOp, connectivity: Connectivity, placed: Placed, columns: int
) -> int:
    """The column nearest to the cores that a tile serves, of `columns` that there are.

    A way to one core costs its distance, one to several cores nothing while the column lies
    between them; of equal columns, the nearest to the mean of all.
    """
    ways = [
        found
        for way in connectivity.ways.get(tile, ())
        if (found := _columns(way, tile, connectivity, placed))
    ]
    if not ways:
        return 0
    reached = [column for way in ways for column in way]
    mean = sum(reached) / len(reached)

    def cost(column: int) -> tuple[int, float]:
        apart = (max(min(way) - column, column - max(way), 0) for way in ways)
        return sum(apart), abs(column - mean)

    return min(range(columns), key=cost)


def _columns(
    way: list[AnyTile], tile: LogicalTileOp, connectivity: Connectivity, placed: Placed
) -> list[int]:
    """The columns of the cores at a way's ends, and of those behind a memory or shim tile."""
    found: list[int] = []
    for end in way:
        column = _core_column(end, placed)
        if column is not None:
            found.append(column)
        elif end is not tile and isinstance(end, LogicalTileOp):
            behind = (peer for peers in connectivity.ways.get(end, ()) for peer in peers)
            further = (_core_column(peer, placed) for peer in behind)
            found += (column for column in further if column is not None)
    return found


def _core_column(tile: AnyTile, placed: Placed) -> int | None:
    if kind_of(tile) is not TileKind.CORE:
        return None
    position = placed.get(tile)
    if isinstance(tile, LogicalTileOp):
        return None if position is None else position[0]
    return tile.col
