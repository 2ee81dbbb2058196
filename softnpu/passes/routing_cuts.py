"""Proof that no routing exists: more streams cross the border of some tiles than ports do.

The path finder only knows that it has found none yet. Every rectangle of tiles is looked at:
each flow with an end inside and one outside needs a port of its own on the border.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from softnpu.arch.device import Device
from softnpu.arch.ports import STEPS, Bundle, EndPoint, Tile


class Stream(NamedTuple):
    """A flow as far as borders matter.

    Attributes:
        group: of the flows that may share a port; a number of its own for one that shares none.
        id: flows of a group with one id may not share either; None if they may.
    """

    source: EndPoint
    destinations: tuple[EndPoint, ...]
    group: int
    id: int | None = None


@dataclass(frozen=True)
class Cut:
    """A rectangle of tiles that more streams leave (or enter) than its border has ports for.

    Attributes:
        low, high: its corners, both inside.
        outward: whether the streams leave it.
        streams: the streams that do, one of each that share.
        ports: the master ports that lead over the border in that direction.
    """

    low: Tile
    high: Tile
    outward: bool
    streams: tuple[Stream, ...]
    ports: int

    def __str__(self) -> str:
        tiles = f"tile {self.low}" if self.low == self.high else f"tiles {self.low} to {self.high}"
        verb, way = ("leave", "out of") if self.outward else ("enter", "into")
        return (
            f"{len(self.streams)} streams have to {verb} {tiles}, and {self.ports} ports of "
            f"stream switches lead {way} there"
        )


def worst_cut(device: Device, streams: Iterable[Stream]) -> Cut | None:
    """The cut that has the most streams too many, None if there is none."""
    every = list(streams)
    worst: Cut | None = None
    for low, high in _rectangles(device):
        for outward in (True, False):
            cut = Cut(low, high, outward, tuple(_crossing(every, low, high, outward)), 0)
            if not cut.streams:
                continue
            ports = _ports(device, low, high, outward)
            excess = len(cut.streams) - ports
            if excess > (0 if worst is None else len(worst.streams) - worst.ports):
                worst = Cut(low, high, outward, cut.streams, ports)
    return worst


def _rectangles(device: Device) -> Iterator[tuple[Tile, Tile]]:
    """Corners of all rectangles, the small ones first."""
    corners = [
        ((col, row), (col + width, row + height))
        for width in range(device.columns)
        for height in range(device.rows)
        for col in range(device.columns - width)
        for row in range(device.rows - height)
    ]
    corners.sort(key=lambda c: (c[1][0] - c[0][0] + 1) * (c[1][1] - c[0][1] + 1))
    return iter(corners)


def _inside(tile: Tile, low: Tile, high: Tile) -> bool:
    return low[0] <= tile[0] <= high[0] and low[1] <= tile[1] <= high[1]


def _crossing(streams: list[Stream], low: Tile, high: Tile, outward: bool) -> Iterator[Stream]:
    """The streams over the border in one direction, as many of a group as have one id."""
    crossed: Counter[tuple[int, int | None]] = Counter()
    ports: Counter[int] = Counter()
    for stream in streams:
        if _inside(stream.source.tile, low, high) != outward:
            continue
        if any(_inside(end.tile, low, high) != outward for end in stream.destinations):
            crossed[stream.group, stream.id] += 1
            alike = 1 if stream.id is None else crossed[stream.group, stream.id]
            if alike > ports[stream.group]:
                ports[stream.group] = alike
                yield stream


def _ports(device: Device, low: Tile, high: Tile, outward: bool) -> int:
    """Master ports that lead over the border of a rectangle."""
    count = 0
    for side, step in STEPS.items():
        for tile in _border(low, high, side):
            beyond = (tile[0] + step[0], tile[1] + step[1])
            if not device.is_valid_tile(*beyond):
                continue
            if outward:
                count += device.num_dest_switchbox_connections(*tile, side)
            else:
                count += device.num_dest_switchbox_connections(*beyond, side.opposite)
    return count


def _border(low: Tile, high: Tile, side: Bundle) -> Iterator[Tile]:
    """The tiles along one side of a rectangle."""
    if side in (Bundle.South, Bundle.North):
        row = low[1] if side is Bundle.South else high[1]
        return ((col, row) for col in range(low[0], high[0] + 1))
    col = low[0] if side is Bundle.West else high[0]
    return ((col, row) for row in range(low[1], high[1] + 1))
