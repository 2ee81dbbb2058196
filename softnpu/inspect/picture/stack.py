"""Several arrays in one picture: one below the other, each under a caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import svg

from softnpu.emulator.naming.names import Names
from softnpu.inspect.array import ConfiguredArray
from softnpu.inspect.picture import layout as at
from softnpu.inspect.picture.drawing import STYLE, element
from softnpu.inspect.picture.shapes import Elements, text

_CAPTION, _BASELINE = 40, 30
"""The height that a caption takes, and where in it the letters stand; in pixels."""


@dataclass(frozen=True)
class Captioned:
    """An array, what stands above it, and the author's names for what it holds."""

    caption: str
    array: ConfiguredArray
    names: Names


def draw_all(arrays: Sequence[Captioned], *, styled: bool = True) -> str:
    """One picture of all arrays as SVG text; `styled` as for `draw`."""
    parts: Elements = [svg.Style(text=STYLE)] if styled else []
    page = svg.Rect(class_=["page"], rx=8)
    parts.append(page)
    width, y = 0.0, 0.0
    for one in arrays:
        picture = element(one.array, one.names, styled=False)
        parts.append(text(at.MARGIN, y + _BASELINE, one.caption, "caption"))
        picture.y = y = y + _CAPTION
        parts.append(picture)
        width, y = max(width, _pixels(picture.width)), y + _pixels(picture.height)
    page.width, page.height = width, y
    whole = svg.SVG(
        viewBox=svg.ViewBoxSpec(0, 0, width, y),
        width=width,
        height=y,
        class_=["npu"],
        elements=parts,
    )
    return whole.as_str()


def _pixels(length: object) -> float:
    assert isinstance(length, (int, float))
    return length
