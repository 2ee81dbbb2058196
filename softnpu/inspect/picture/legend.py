"""The legend: a line for each route, one for all that carry task-complete tokens."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import svg

from softnpu.inspect.picture import layout as at
from softnpu.inspect.picture.shapes import Elements, rounded, title
from softnpu.inspect.picture.wires import RouteDrawing

_LINE = 18
_WIDTH = at.TILE_WIDTH + at.GAP
_PIXELS_PER_LETTER = 5.3
_SHORTEST_ENDS = 8


def height(routes: Sequence[RouteDrawing], width: float) -> float:
    """How much of the picture's height the legend takes."""
    return float(_LINE * _lines(len(_entries(routes)), width))


def draw_legend(routes: Sequence[RouteDrawing], top: float, width: float) -> Elements:
    """The lines, in as many columns as fit; each is tied to its routes by data-route."""
    entries = _entries(routes)
    lines = _lines(len(entries), width)
    return [
        _entry(route, at.MARGIN + index // lines * _WIDTH, top + index % lines * _LINE)
        for index, route in enumerate(entries)
    ]


def _entries(routes: Sequence[RouteDrawing]) -> list[RouteDrawing]:
    """One route for each line: those that share a line share their number too."""
    return list({route.number: route for route in reversed(routes)}.values())[::-1]


def _columns(width: float) -> int:
    return max(1, int((width - 2 * at.MARGIN + at.GAP) // _WIDTH))


def _lines(entries: int, width: float) -> int:
    return max(1, -(-entries // _columns(width)))


def _entry(route: RouteDrawing, x: float, y: float) -> svg.G:
    return svg.G(
        class_=["entry"],
        tabindex=0,
        data={"route": str(route.number)},
        elements=[
            title(f"{route.name}\n{route.ends}"),
            svg.Rect(x=x - 3, y=y - 3, width=_WIDTH - 8, height=16, rx=3, fill="none"),
            svg.Path(d=[svg.M(x, y + 5), svg.H(x + 16)], class_=["wire"], stroke=route.colour),
            _words(x + 22, y + 8.5, route),
        ],
    )


def _words(x: float, y: float, route: RouteDrawing) -> svg.Text:
    """The route's name, then its ends as far as they fit; one without a name is its ends."""
    letters = int((_WIDTH - 30) / _PIXELS_PER_LETTER)
    named = not route.ends.startswith(route.name)
    rest = _cut(route.ends, letters - (len(route.name) + 2 if named else 0))
    parts: Elements = [svg.TSpan(text=escape(route.name), class_=["strong"])] if named else []
    if letters > len(route.name) + _SHORTEST_ENDS and not route.is_control:
        parts.append(svg.TSpan(text=escape(rest), dx=6 if named else None, class_=["dim"]))
    return svg.Text(x=rounded(x), y=rounded(y), elements=parts)


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
