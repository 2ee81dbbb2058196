"""Lines for memory that neighbouring cores share: across the gap between two tiles."""

from __future__ import annotations

from collections import Counter

from softnpu.inspect.labels import Shared
from softnpu.inspect.picture.layout import TILE_HEIGHT, TILE_WIDTH, Layout, Point
from softnpu.inspect.tile import Position

_ALONG_COLUMN, _ALONG_ROW = 140.0, 153.0
"""Where in a tile the first line lies: between contents and switch, or below both."""
_PITCH_ACROSS, _PITCH_DOWN = 10.0, 3.0
_ROOM_ACROSS = 50.0
"""Beside a tile's name, which no line crosses."""
_INSIDE = 12.0
"""How far a line reaches into a tile."""

Line = tuple[Point, Point]


def lines(layout: Layout, shared: tuple[Shared, ...]) -> list[Line]:
    """From the tile that has the memory to the one that uses it; none lies on another."""
    every = Counter(frozenset((one.owner, one.user)) for one in shared)
    count: Counter[frozenset[Position]] = Counter()
    found = []
    for one in shared:
        pair = frozenset((one.owner, one.user))
        found.append(_line(layout, one, count[pair], every[pair]))
        count[pair] += 1
    return found


def _line(layout: Layout, shared: Shared, index: int, count: int) -> Line:
    owner, user = shared.owner, shared.user
    (x, y), (other_x, other_y) = layout.corner(owner), layout.corner(user)
    if owner[0] == user[0]:
        lane = x + _ALONG_COLUMN - min(_PITCH_ACROSS, _ROOM_ACROSS / count) * index
        ends = (_INSIDE, TILE_HEIGHT - _INSIDE)
        near, far = ends if owner[1] < user[1] else ends[::-1]
        return (lane, y + near), (lane, other_y + far)
    lane = y + _ALONG_ROW - _PITCH_DOWN * index
    ends = (TILE_WIDTH - _INSIDE, _INSIDE)
    near, far = ends if owner[0] < user[0] else ends[::-1]
    return (x + near, lane), (other_x + far, lane)
