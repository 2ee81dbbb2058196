"""Puts an array's parts onto the picture."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import svg

from softnpu.arch.ports import Bundle
from softnpu.emulator.naming.names import Names
from softnpu.inspect.array import ConfiguredArray
from softnpu.inspect.labels import Labels
from softnpu.inspect.picture import layout as at
from softnpu.inspect.picture.layout import Layout
from softnpu.inspect.picture.legend import Legend
from softnpu.inspect.picture.shapes import Elements, points, rounded, title
from softnpu.inspect.picture.symbols import symbols
from softnpu.inspect.picture.tiles import draw_tile
from softnpu.inspect.picture.wires import RouteDrawing, drawings
from softnpu.inspect.report import plural
from softnpu.inspect.tile import Tile

STYLE = """
.npu { font: 10px system-ui, sans-serif; fill: var(--npu-text); --npu-text: #1c2430;
  --npu-dim: #5b6675; --npu-line: #c3ccd8; --npu-tile: #fff; --npu-page: #f4f6f9;
  --npu-switch: #e8edf3; --npu-used: #5d85b5; --npu-free: #e3e8ef; }
@media (prefers-color-scheme: dark) { .npu { --npu-text: #e4e9f0; --npu-dim: #9aa7b8;
  --npu-line: #3c4756; --npu-tile: #1d242e; --npu-page: #12171e; --npu-switch: #2a3340;
  --npu-used: #6d9bd3; --npu-free: #303947; } }
.npu .page { fill: var(--npu-page); }
.npu .ground { fill: var(--npu-tile); stroke: var(--npu-line); }
.npu .idle .ground { fill: none; stroke-dasharray: 3 3; }
.npu .switch { fill: var(--npu-switch); stroke: var(--npu-line); }
.npu .caption { font-weight: 600; font-size: 14px; }
.npu .name { font-weight: 600; font-size: 12px; }
.npu .dim { fill: var(--npu-dim); }
.npu .small { font-size: 7.5px; }
.npu .strong { font-weight: 600; }
.npu .inert { pointer-events: none; }
.npu .free { fill: var(--npu-free); }
.npu .used { fill: var(--npu-used); stroke: var(--npu-tile); stroke-width: .5; }
.npu .lock { fill: var(--npu-tile); stroke: var(--npu-used); }
.npu .bd, .npu .pad { fill: var(--npu-free); stroke: var(--npu-line); }
.npu .middle { text-anchor: middle; }
.npu .wire { fill: none; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.npu .grip { fill: none; stroke: transparent; stroke-width: 9; }
.npu .control { opacity: .55; }
.npu .control .wire, .npu .dashed { stroke-dasharray: 2 4; }
.npu .routes:hover .route, .npu.picked .route { opacity: .12; }
.npu .routes .route:hover, .npu.picked .route.picked { opacity: 1; }
.npu [tabindex]:focus { outline: none; }
.npu :focus-visible > .ground, .npu .entry:focus-visible > rect {
  stroke: var(--npu-used); stroke-width: 2; }
"""
"""The stylesheet of every picture; a page with several needs it once."""


def draw(array: ConfiguredArray, names: Names | None = None, *, styled: bool = True) -> str:
    """The picture as SVG text.

    Args:
        names: the author's names, from beside the artifact.
        styled: with STYLE inside, so that it stands alone.
    """
    return element(array, names or Names(), styled=styled).as_str()


def element(array: ConfiguredArray, names: Names, *, styled: bool) -> svg.SVG:
    """The picture as an element that another can hold; as for `draw`."""
    labels = Labels(array, names)
    layout = Layout(array)
    routes = drawings(layout, labels)
    width, grid = layout.size
    cascades = _cascades(layout)
    signs = symbols(layout, labels, routes, cascades=bool(cascades))
    legend = Legend(routes, signs, width)
    height = grid + legend.height + at.MARGIN
    return svg.SVG(
        viewBox=svg.ViewBoxSpec(0, 0, width, height),
        width=width,
        height=height,
        class_=["npu"],
        extra={"role": "img", "aria-label": escape(_summary(array, routes))},
        elements=[
            *([svg.Style(text=STYLE)] if styled else []),
            svg.Rect(class_=["page"], width=width, height=height, rx=8),
            *(draw_tile(layout, labels, tile) for tile in array.tiles.values()),
            svg.G(class_=["routes"], elements=[_route(route) for route in routes]),
            *cascades,
            svg.G(class_=["legend"], elements=legend.draw(grid)),
        ],
    )


def width(array: ConfiguredArray) -> float:
    """The picture's width in pixels at its natural size."""
    return Layout(array).size[0]


def _summary(array: ConfiguredArray, routes: Sequence[RouteDrawing]) -> str:
    """The picture in a sentence, for those who don't see it."""
    cores = sum(tile.program > 0 for tile in array.tiles.values())
    data = [f"{route.name}: {route.ends}" for route in routes if not route.is_control]
    head = f"{plural(array.columns, 'column')}, {plural(cores, 'core')} with a program"
    return "; ".join([f"The configured array: {head}", *data])


def _route(route: RouteDrawing) -> svg.G:
    return svg.G(
        class_=["route", "control"] if route.is_control else ["route"],
        data={"route": str(route.number)},
        elements=[
            title(f"{route.name}\n{route.ends}"),
            svg.Path(d=route.path, class_=["grip"]),
            svg.Path(d=route.path, class_=["wire"], stroke=route.colour),
            *(
                svg.Circle(cx=rounded(x), cy=rounded(y), r=3, fill=route.colour)
                for x, y in route.dots
            ),
            *(svg.Polygon(points=_tip(x, y), fill=route.colour) for x, y in route.tips),
        ],
    )


def _tip(x: float, y: float) -> list[svg.Point]:
    """An arrow's head that points up into a pad."""
    return points([(x - 4, y + 7), (x, y), (x + 4, y + 7)])


def _cascades(layout: Layout) -> Elements:
    """A broad arrow between cores of which one gives its cascade to the other."""
    arrows: Elements = []
    steps = {Bundle.South: (0, -1, Bundle.North), Bundle.East: (1, 0, Bundle.West)}
    for tile in layout.array.tiles.values():
        if tile.cascade is None or tile.cascade.destination not in steps:
            continue
        column, row, seen_as = steps[tile.cascade.destination]
        other = layout.array.tiles.get((tile.position[0] + column, tile.position[1] + row))
        if other is None or other.cascade is None or other.cascade.source is not seen_as:
            continue
        arrows.append(_cascade(layout, tile, other, down=column == 0))
    return arrows


def _cascade(layout: Layout, tile: Tile, other: Tile, *, down: bool) -> svg.G:
    x, y = layout.corner(tile.position)
    middle = (x + 40, y + at.TILE_HEIGHT) if down else (x + at.TILE_WIDTH, y + 40)
    arrow = [
        (middle[0] + (across if down else along), middle[1] + (along if down else across))
        for along, across in _ARROW
    ]
    tip = f"cascade from core {tile.position} to core {other.position}"
    return svg.G(elements=[title(tip), svg.Polygon(points=points(arrow), class_=["used"])])


_ARROW = ((3, -6), (3, 6), (14, 6), (14, 12), (23, 0), (14, -12), (14, -6))
"""(along, across) the way that it points."""
