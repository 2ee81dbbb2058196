"""The shapes that the picture is made of, with text escaped and numbers short."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import svg

Elements = list[svg.Element]


def title(words: str) -> svg.Title:
    """What a browser shows for the element around it; svg.py escapes nothing."""
    return svg.Title(text=escape(words))


def text(x: float, y: float, words: str, *classes: str) -> svg.Text:
    """A line of text."""
    return svg.Text(x=rounded(x), y=rounded(y), text=escape(words), class_=list(classes) or None)


def rect(x: float, y: float, width: float, height: float, *classes: str, tip: str = "") -> svg.Rect:
    return svg.Rect(
        x=rounded(x),
        y=rounded(y),
        width=rounded(width),
        height=rounded(height),
        rx=2,
        class_=list(classes),
        elements=[title(tip)] if tip else None,
    )


def rounded(value: float) -> float:
    """To a tenth of a pixel, without a trailing zero."""
    short = round(value, 1)
    return int(short) if short == int(short) else short


def points(corners: Sequence[tuple[float, float]]) -> list[svg.Point]:
    """A polygon's corners."""
    return [svg.Point(rounded(x), rounded(y)) for x, y in corners]
