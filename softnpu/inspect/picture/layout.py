"""Where everything in the picture lies; in pixels, y downwards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle, Port
from softnpu.arch.tiles import TileKind
from softnpu.inspect.array import ConfiguredArray
from softnpu.inspect.tile import Connection, Endpoint, Position, Tile

MARGIN = 12
GAP = 26
TILE_WIDTH, TILE_HEIGHT = 256, 158
FLAT_HEIGHT = 24
"""Of a row of tiles that nothing was written to."""
SWITCH_WIDTH, SWITCH_HEIGHT = 98, 112
SWITCH_INSET = 8
CONTENT_WIDTH = TILE_WIDTH - SWITCH_WIDTH - 3 * SWITCH_INSET
PAD_TOP, PAD_HEIGHT = 70, 13
LOCAL_LANES_TOP, WEST_LANES_TOP, LANES_BOTTOM = 50, 84, 108
"""Within a switch: wires to the tile's own pads, then those to the west; a memory tile has none
of the latter."""
MAXIMUM_PAD_PITCH, MAXIMUM_LANE_PITCH = 35.0, 8.0

_SIDE_LANES = {Bundle.South: 10, Bundle.North: 10, Bundle.West: 8, Bundle.East: 8}
_NORTHWARD = 6
"""Streams up a column come first in a street, then those down."""
_EASTWARD = 4

Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """A point on a switch's edge, and the direction that points out of the switch there."""

    point: Point
    outward: Point


@dataclass(frozen=True)
class Layout:
    """The geometry of one array."""

    array: ConfiguredArray

    @cached_property
    def columns(self) -> int:
        """Columns to draw."""
        return self.array.columns

    @cached_property
    def rows(self) -> tuple[float, ...]:
        """The top of each row, by row number."""
        tops: dict[int, float] = {}
        y: float = MARGIN
        for row in reversed(range(self.array.rows)):
            tops[row] = y
            y += self.height(row) + GAP
        return tuple(tops[row] for row in range(self.array.rows))

    @property
    def size(self) -> Point:
        """Width and height of the grid with its margins."""
        width = 2 * MARGIN + self.columns * TILE_WIDTH + (self.columns - 1) * GAP
        return width, self.rows[0] + self.height(0) + GAP

    def height(self, row: int) -> float:
        """A row's height."""
        tiles = (self.array.tiles[column, row] for column in range(self.array.columns))
        return TILE_HEIGHT if any(t.is_used or t.connections for t in tiles) else FLAT_HEIGHT

    def corner(self, position: Position) -> Point:
        """The top left of a tile."""
        column, row = position
        return MARGIN + column * (TILE_WIDTH + GAP), self.rows[row]

    def switch(self, position: Position) -> Point:
        """The top left of a tile's switch."""
        x, y = self.corner(position)
        return (
            x + TILE_WIDTH - SWITCH_WIDTH - SWITCH_INSET,
            y + TILE_HEIGHT - SWITCH_HEIGHT - SWITCH_INSET,
        )

    def pads(self, tile: Tile) -> tuple[Endpoint, ...]:
        """The tile's own ends of streams that are in use, from left to right."""
        ends: dict[Endpoint, None] = {}
        for connection in tile.connections:
            for end in (tile.source(connection.slave), tile.sink(connection.master)):
                if self.is_local(tile, end.port, end):
                    ends[end] = None
        return tuple(sorted(ends, key=_pad_order))

    def is_local(self, tile: Tile, port: Port, end: Endpoint) -> bool:
        """Whether a port leads into the tile itself, not to another tile or out of the array."""
        if tile.kind is TileKind.SHIM and port.bundle is Bundle.South:
            return end.direction is not None
        return port.bundle not in _SIDE_LANES

    def pad(self, tile: Tile, end: Endpoint) -> Point:
        """The middle of a pad's lower edge."""
        x, y = self.corner(tile.position)
        pitch = self.pad_pitch(tile)
        left = x + SWITCH_INSET + pitch * self.pads(tile).index(end)
        return left + pitch / 2, y + PAD_TOP + PAD_HEIGHT

    def pad_pitch(self, tile: Tile) -> float:
        """From one pad to the next."""
        return min(MAXIMUM_PAD_PITCH, CONTENT_WIDTH / max(1, len(self.pads(tile))))

    def local(self, tile: Tile, end: Endpoint) -> Place:
        """Where a pad's wire meets the switch: the rightmost pad's highest."""
        x, y = self.switch(tile.position)
        ends = self.pads(tile)
        lane = len(ends) - 1 - ends.index(end)
        bottom = LANES_BOTTOM if tile.kind is TileKind.MEMORY else WEST_LANES_TOP
        pitch = min(MAXIMUM_LANE_PITCH, (bottom - LOCAL_LANES_TOP) / len(ends))
        return Place((x, y + LOCAL_LANES_TOP + lane * pitch), (-1, 0))

    def master(self, connection: Connection) -> Place:
        """Where a connection leaves its switch."""
        tile = self.array.tiles[connection.tile]
        end = tile.sink(connection.master)
        if self.is_local(tile, connection.master, end):
            return self.local(tile, end)
        return self._lane(connection.tile, connection.master, outward=True)

    def slave(self, connection: Connection) -> Place:
        """Where a connection enters its switch."""
        tile = self.array.tiles[connection.tile]
        end = tile.source(connection.slave)
        if self.is_local(tile, connection.slave, end):
            return self.local(tile, end)
        return self._lane(connection.tile, connection.slave, outward=False)

    def _lane(self, position: Position, port: Port, *, outward: bool) -> Place:
        """A wire to a neighbour; both of its ends get the same lane of the street."""
        x, y = self.switch(position)
        first = (port.bundle in (Bundle.North, Bundle.East)) == outward
        if port.bundle in (Bundle.North, Bundle.South):
            lane = port.channel if first else _NORTHWARD + port.channel
            along = x + 9 + lane * (SWITCH_WIDTH - 18) / (_SIDE_LANES[port.bundle] - 1)
            north = port.bundle is Bundle.North
            return Place((along, y if north else y + SWITCH_HEIGHT), (0, -1 if north else 1))
        lane = port.channel if first else _EASTWARD + port.channel
        span = LANES_BOTTOM - WEST_LANES_TOP
        along = y + WEST_LANES_TOP + lane * span / (_SIDE_LANES[port.bundle] - 1)
        east = port.bundle is Bundle.East
        return Place((x + SWITCH_WIDTH if east else x, along), (1 if east else -1, 0))


def _pad_order(end: Endpoint) -> tuple[int, int, int]:
    if end.direction is None:
        return 2, int(end.port.bundle), end.port.channel
    return 0 if end.direction is Direction.S2MM else 1, 0, end.channel
