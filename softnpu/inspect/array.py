"""The configured array: what the operations of a CDO (and of a runtime sequence) leave in it.

Pure data, from the artifact alone: its tiles and the routes that their connections add up to.
Text, JSON and pictures are made from it elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from softnpu.formats.operations import Operation
from softnpu.inspect.routes import routes
from softnpu.inspect.tile import Route, Tile, Tiles
from softnpu.inspect.written import Written


@dataclass(frozen=True)
class ConfiguredArray:
    """All tiles of an array, by position.

    Attributes:
        columns, rows: the array's size; tiles that nothing was written to are there too.
    """

    columns: int
    rows: int
    tiles: Tiles

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """The routes that the connections add up to, by source."""
        return routes(self.tiles)

    @property
    def used(self) -> tuple[Tile, ...]:
        """The tiles with something of their own, column by column."""
        return tuple(tile for tile in self.tiles.values() if tile.is_used)


def of_operations(operations: Iterable[Operation], columns: int | None = None) -> ConfiguredArray:
    """The array that operations configure.

    Args:
        operations: of CDO files, in order; those of a runtime sequence may follow, then shim
            descriptors and tasks are there too.
        columns: the array's; those that are written to unless given.
    """
    written = Written()
    for operation in operations:
        written.apply(operation)
    tiles = written.tiles(columns)
    width, height = (max(position[axis] for position in tiles) + 1 for axis in (0, 1))
    return ConfiguredArray(width, height, tiles)
