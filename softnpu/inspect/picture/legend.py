"""The legend: a line for each route, one for all task-complete tokens, then the signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import svg

from softnpu.inspect.picture import layout as at
from softnpu.inspect.picture.shapes import Elements, rounded, text, title
from softnpu.inspect.picture.symbols import Symbol
from softnpu.inspect.picture.wires import RouteDrawing

_LINE = 18
_WIDTH = at.TILE_WIDTH + at.GAP
_SIGN = 22
"""From an entry's left edge to its words."""
_PIXELS_PER_LETTER = 5.6
"""On average, in a wide font for interfaces."""
_SHORTEST_ENDS = 8


@dataclass(frozen=True)
class Legend:
    """What there is to explain, and how wide the picture is."""

    routes: Sequence[RouteDrawing]
    symbols: Sequence[Symbol]
    width: float

    @property
    def height(self) -> float:
        """How much of the picture's height it takes."""
        return self._above_symbols + _LINE * _lines(len(self.symbols), self.width)

    @property
    def _above_symbols(self) -> float:
        return float(_LINE * _lines(len(_entries(self.routes)), self.width) + _BETWEEN)

    def draw(self, top: float) -> Elements:
        """The lines, in as many columns as fit; a route's is tied to it by data-route."""
        entries = _entries(self.routes)
        below = top + self._above_symbols
        return [
            *(_entry(one, *self._place(n, len(entries), top)) for n, one in enumerate(entries)),
            *(
                _sign(one, *self._place(n, len(self.symbols), below))
                for n, one in enumerate(self.symbols)
            ),
        ]

    def _place(self, index: int, count: int, top: float) -> tuple[float, float]:
        lines = _lines(count, self.width)
        return at.MARGIN + index // lines * _WIDTH, top + index % lines * _LINE


_BETWEEN = 8
"""Routes and symbols."""


def _sign(symbol: Symbol, x: float, y: float) -> svg.G:
    return svg.G(
        class_=["symbol"],
        transform=[svg.Translate(rounded(x), rounded(y + 5))],
        elements=[*symbol.sign, text(_SIGN, 3.5, symbol.words, "dim")],
    )


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
            svg.Path(
                d=[svg.M(x, y + 5), svg.H(x + 16)],
                class_=["wire", "dashed"] if route.is_control else ["wire"],
                stroke=route.colour,
            ),
            _words(x + _SIGN, y + 8.5, route),
        ],
    )


def _words(x: float, y: float, route: RouteDrawing) -> svg.Text:
    """The route's name, then its ends as far as they fit; one without a name is its ends."""
    letters = int((at.TILE_WIDTH - _SIGN) / _PIXELS_PER_LETTER)
    named = not route.ends.startswith(route.name)
    rest = _cut(route.ends, letters - (len(route.name) + 2 if named else 0))
    parts: Elements = [svg.TSpan(text=escape(route.name), class_=["strong"])] if named else []
    if letters > len(route.name) + _SHORTEST_ENDS and not route.is_control:
        parts.append(svg.TSpan(text=escape(rest), dx=6 if named else None, class_=["dim"]))
    return svg.Text(x=rounded(x), y=rounded(y), elements=parts)


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
