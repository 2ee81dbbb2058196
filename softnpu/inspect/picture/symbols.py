"""What the signs in the picture mean: a line for each kind that there is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import svg

from softnpu.arch.dma import Direction
from softnpu.inspect.labels import Labels
from softnpu.inspect.picture.layout import Layout
from softnpu.inspect.picture.shapes import Elements, points, rect, text
from softnpu.inspect.picture.wires import CONTROL_COLOUR, RouteDrawing


@dataclass(frozen=True)
class Symbol:
    """A sign and what it means.

    Attributes:
        sign: drawn with its left edge at x = 0 and its middle at y = 0.
    """

    sign: Elements
    words: str


def symbols(
    layout: Layout, labels: Labels, routes: Sequence[RouteDrawing], *, cascades: bool
) -> list[Symbol]:
    """Those that a picture needs: what is within a tile, then what lies between tiles.

    Args:
        cascades: whether any is drawn.
    """
    tiles = layout.array.tiles.values()
    ends = {end.direction for tile in tiles for end in layout.pads(tile)}
    there = (
        (_MEMORY, any(tile.is_used or tile.connections for tile in tiles)),
        (_LOCK, any(labels.is_used(tile, lock) for tile in tiles for lock in tile.locks)),
        (_DESCRIPTOR, any(tile.descriptors for tile in tiles)),
        (_INWARD, Direction.S2MM in ends),
        (_OUTWARD, Direction.MM2S in ends),
        (_SWITCH, any(tile.connections for tile in tiles)),
        (_STREAM, any(route.tips and not route.is_control for route in routes)),
        (_SHARED, any(route.is_shared for route in routes)),
        (_CASCADE, cascades),
    )
    return [symbol for symbol, is_there in there if is_there]


def _dot(x: float) -> svg.Circle:
    return svg.Circle(cx=x, cy=0, r=3, fill=CONTROL_COLOUR)


def _line(end: float) -> svg.Path:
    return svg.Path(d=[svg.M(3, 0), svg.H(end)], class_=["wire"], stroke=CONTROL_COLOUR)


def _pad(letter: str) -> Elements:
    return [rect(2, -6, 14, 12, "pad"), text(9, 3, letter, "small", "middle")]


_TIP = svg.Polygon(points=points([(11, -4), (18, 0), (11, 4)]), fill=CONTROL_COLOUR)
_ARROW = points([(1, -3), (1, 3), (9, 3), (9, 6), (17, 0), (9, -6), (9, -3)])

_MEMORY = Symbol(
    [rect(0, -4, 18, 8, "free"), rect(4, -4, 7, 8, "used")], "data memory, and what of it is used"
)
_LOCK = Symbol(
    [svg.Circle(cx=9, cy=0, r=4.5, class_=["lock"]), text(9, 2.8, "2", "small", "middle")],
    "lock, and the value that it starts at",
)
_DESCRIPTOR = Symbol([rect(5, -3.5, 7, 7, "bd")], "buffer descriptor of a DMA")
_INWARD = Symbol(_pad("i"), "S2MM, in: DMA channel into memory")
_OUTWARD = Symbol(_pad("o"), "MM2S, out: DMA channel out of memory")
_SWITCH = Symbol([rect(2, -6, 14, 12, "switch")], "stream switch")
_STREAM = Symbol([_line(13), _dot(3), _TIP], "stream, from source to sink")
_SHARED = Symbol([_line(15), _dot(3), _dot(15)], "memory that two cores share")
_CASCADE = Symbol([svg.Polygon(points=_ARROW, class_=["used"])], "cascade between cores")
