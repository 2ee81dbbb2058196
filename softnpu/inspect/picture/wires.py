"""The lines of routes: through each switch in a curve, between switches straight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from svg import CubicBezier, LineTo, MoveTo, PathData

from softnpu.arch.ports import STEPS, Port
from softnpu.inspect.labels import Labels, Shared
from softnpu.inspect.picture.layout import GAP, Layout, Place, Point
from softnpu.inspect.picture.shared import Line, lines
from softnpu.inspect.tile import Connection, Position, Route

PALETTE = (
    "#3b7dd8",
    "#e07b1a",
    "#2f9e5f",
    "#d5484e",
    "#8e5bc9",
    "#1798a8",
    "#d457a0",
    "#9a7b1f",
    "#5f74e0",
    "#6b9b1e",
    "#b0563a",
    "#4f8f86",
)
"""Legible on white and on near-black."""
CONTROL_COLOUR = "#8a94a3"
_SHIFT = 2.2
"""Between routes that share a wire."""
_BEND = 30.0
_DOT = 3.0


@dataclass(frozen=True)
class RouteDrawing:
    """One route, ready to be drawn.

    Attributes:
        number: its own; all that carry control have one together.
        dots: where its source is; of shared memory both ends.
        tips: where its sinks are.
        is_shared: it is no stream, but memory that two cores use.
    """

    number: int
    name: str
    ends: str
    colour: str
    path: list[PathData]
    dots: list[Point]
    tips: list[Point]
    is_control: bool = False
    is_shared: bool = False


def drawings(layout: Layout, labels: Labels) -> list[RouteDrawing]:
    """Data first, then memory that cores share, then control; one name has one colour."""
    painter = _Painter(layout, labels)
    routes = layout.array.routes
    drawn = [
        painter.route(route, n) for n, route in enumerate(r for r in routes if not r.is_control)
    ]
    for shared, ends in _shared(layout, labels):
        drawn.append(painter.shared(shared, ends, len(drawn)))
    number = len(drawn)
    return [*drawn, *(painter.route(route, number) for route in routes if route.is_control)]


def _shared(layout: Layout, labels: Labels) -> Iterator[tuple[Shared, Line]]:
    found = labels.shared()
    return zip(found, lines(layout, found), strict=True)


class _Painter:
    """Keeps which colours are given out, and how many routes lie on each wire."""

    def __init__(self, layout: Layout, labels: Labels) -> None:
        self._layout = layout
        self._labels = labels
        self._colours: dict[str, str] = {}
        self._taken: Counter[tuple[Position, Port]] = Counter()

    def _colour(self, name: str) -> str:
        return self._colours.setdefault(name, PALETTE[len(self._colours) % len(PALETTE)])

    def shared(self, shared: Shared, ends: Line, number: int) -> RouteDrawing:
        """Memory that two cores use: a straight line with a dot at both ends."""
        start, end = ends
        path: list[PathData] = [MoveTo(*_point(start)), LineTo(*_point(end))]
        colour = self._colour(shared.name)
        dots = [start, end]
        return RouteDrawing(
            number, shared.name, str(shared), colour, path, dots, [], is_shared=True
        )

    def route(self, route: Route, number: int) -> RouteDrawing:
        """A stream from its source through each switch to its sinks."""
        name = self._labels.route(route)
        path: list[PathData] = []
        tips: list[Point] = []
        start = _begin(self._layout, route.hops[0], path)
        for hop in route.hops:
            shift = _SHIFT * self._taken[hop.tile, hop.master]
            self._taken[hop.tile, hop.master] += 1
            _through(self._layout, hop, shift, path)
            tip = _onward(self._layout, hop, shift, path)
            if tip is not None:
                tips.append(tip)
        colour = CONTROL_COLOUR if route.is_control else self._colour(name)
        ends = self._labels.ends(route)
        return RouteDrawing(number, name, ends, colour, path, [start], tips, route.is_control)


def _begin(layout: Layout, first: Connection, path: list[PathData]) -> Point:
    """From the source's pad to the switch; a stream from outside begins at the switch's edge."""
    tile = layout.array.tiles[first.tile]
    end = tile.source(first.slave)
    place = layout.slave(first)
    if not layout.is_local(tile, first.slave, end):
        x, y = _moved(place, GAP / 2)
        path += [MoveTo(x, y), LineTo(*_point(place.point))]
        return x, y
    x, y = layout.pad(tile, end)
    path += [MoveTo(*_point((x, y))), *_elbow((x, y), place.point)]
    return x, y + _DOT


def _elbow(pad: Point, edge: Point) -> list[PathData]:
    """Down from a pad and right to the switch's edge, round at the corner."""
    (x, y), (right, bottom) = pad, edge
    radius = min(5.0, abs(bottom - y))
    return [
        LineTo(*_point((x, bottom - radius))),
        CubicBezier(*_point((x, bottom)), *_point((x, bottom)), *_point((x + radius, bottom))),
        LineTo(*_point((right, bottom))),
    ]


def _through(layout: Layout, hop: Connection, shift: float, path: list[PathData]) -> None:
    enter, leave = layout.slave(hop), _shifted(layout.master(hop), shift)
    bend = min(_BEND, max(abs(enter.point[n] - leave.point[n]) for n in (0, 1)) / 2 + 4)
    inner = [
        (place.point[0] - place.outward[0] * bend, place.point[1] - place.outward[1] * bend)
        for place in (enter, leave)
    ]
    path.append(MoveTo(*_point(enter.point)))
    path.append(CubicBezier(*_point(inner[0]), *_point(inner[1]), *_point(leave.point)))


def _onward(layout: Layout, hop: Connection, shift: float, path: list[PathData]) -> Point | None:
    """From the switch's edge to the next switch, or to a pad, where the route ends."""
    tile = layout.array.tiles[hop.tile]
    end = tile.sink(hop.master)
    leave = _shifted(layout.master(hop), shift)
    if layout.is_local(tile, hop.master, end):
        x, y = layout.pad(tile, end)
        path.append(MoveTo(*_point((x, y))))
        path.extend(_elbow((x, y), leave.point))
        return x, y
    beyond = _facing(layout, hop)
    if beyond is None:
        x, y = _moved(leave, GAP / 2)
        path.append(LineTo(*_point((x, y))))
        return None
    place = layout.slave(beyond)
    path.append(LineTo(*_point(_shifted(place, shift).point)))
    path.append(LineTo(*_point(place.point)))
    return None


def _facing(layout: Layout, hop: Connection) -> Connection | None:
    """A connection that begins where the wire of this one ends; the slave port is what matters."""
    if hop.master.bundle not in STEPS:
        return None
    step = STEPS[hop.master.bundle]
    other = (hop.tile[0] + step[0], hop.tile[1] + step[1])
    tile = layout.array.tiles.get(other)
    port = Port(hop.master.bundle.opposite, hop.master.channel)
    if tile is None:
        return None
    return next((c for c in tile.connections if c.slave == port), None)


def _shifted(place: Place, shift: float) -> Place:
    """Moved along the switch's edge, towards larger coordinates."""
    (x, y), (across, along) = place.point, place.outward
    return Place((x + shift * abs(along), y + shift * abs(across)), place.outward)


def _moved(place: Place, distance: float) -> Point:
    return (
        place.point[0] + place.outward[0] * distance,
        place.point[1] + place.outward[1] * distance,
    )


def _point(point: Point) -> Point:
    return round(point[0], 1), round(point[1], 1)
