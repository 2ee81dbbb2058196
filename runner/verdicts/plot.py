"""A wrong output as a picture: expected, got and error side by side, for a PNG file.

Vega-Lite draws it. What holds no number has a colour of its own and a
hatching, so that the picture can be read in grey.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2
from pathlib import Path
from typing import Any

import numpy as np

from runner.verdicts.cells import Cells, span
from runner.verdicts.mismatch import Difference, Mismatch

Array = np.ndarray[Any, Any]
Spec = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
SIDE = 330
"""The longer side of each of the three, in pixels."""
SHORTEST = 110
"""The shorter side at least, in pixels."""
PIXELS = 2
"""Of the file, for each of those."""
HATCH = 9
"""From one line to the next where nothing was written, in pixels; else each cell has its own."""
TICKS = 8
"""On an axis, at powers of two; and one at the end."""

NAN, INFINITE, UNWRITTEN = "NaN", "infinite", "never written"
COLOURS = {NAN: "#ff7ddc", INFINITE: "#000000", UNWRITTEN: "#cfcfcf"}
HATCHED = {NAN: ("falling", "black"), INFINITE: ("rising", "white"), UNWRITTEN: ("rising", "black")}
"""How the lines run from left to right, and their colour."""
VALUES = ["#3b3f8f", "#2f6f8e", "#21918c", "#35b779", "#a5db36"]
"""From the smallest to the largest; all the way brighter."""
ERRORS = ["#fdb35f", "#f16913", "#b3260f", "#67000d"]
"""From the smallest to the largest; all the way darker. What is right is left white."""
DECADES = 100
"""Errors that span more than that have a logarithmic scale."""
HUGE = 8e307
"""The distance between two numbers of that size is still one."""

_CONFIG: Spec = {
    "background": "white",
    "axis": {"grid": False, "tickColor": "#444", "domainColor": "#444", "labelPadding": 7},
    "view": {"stroke": "#444", "fill": "white"},
    "legend": {"titleLimit": 400, "labelLimit": 120},
    "title": {"anchor": "start", "subtitleColor": "#333", "subtitlePadding": 4},
}


@dataclass(frozen=True)
class Pane:
    """One of the three.

    Attributes:
        values: float64, an element a cell.
        kinds: what each cell is: one of COLOURS, "" for a number, None for nothing to draw.
        domain: the numbers at both ends of the colours.
    """

    title: str
    values: Array
    kinds: Array
    domain: tuple[float, float]
    colours: Sequence[str]
    scale: str = "linear"


def draw(mismatch: Mismatch, source: str, path: Path) -> None:
    """Writes the picture of an output with `cells`.

    Args:
        source: the artifact and its vector.
        path: of the PNG file.

    Raises:
        ImportError, OSError, ValueError: it cannot be drawn or written.
    """
    from vl_convert import vegalite_to_png

    if mismatch.cells is None:
        raise ValueError(f"{mismatch.output} has fewer than two dimensions")
    whole = spec(mismatch, mismatch.cells, source)
    path.write_bytes(vegalite_to_png(whole, vl_version="5.20", scale=PIXELS))


def spec(mismatch: Mismatch, cells: Cells, source: str) -> Spec:
    """The picture as Vega-Lite says it."""
    down, across = cells.size
    output = f"{mismatch.output} {cells.dtype}{list(cells.shape)}"
    notes = [_first(mismatch.differences[0], cells)]
    if down * across > 1:
        notes.append(
            f"each cell stands for {down} x {across} elements (rows x columns) and shows the most"
            " wrong of them"
        )
    return {
        "$schema": SCHEMA,
        "config": _CONFIG,
        "title": {"text": f"{source}, {output}: {mismatch.fault}", "subtitle": notes},
        "spacing": 24,
        "hconcat": [_drawn(pane, cells) for pane in panes(cells)],
        "resolve": {"scale": {"color": "independent"}},
    }


def _first(difference: Difference, cells: Cells) -> str:
    index = ", ".join(map(str, difference.index))
    row = "" if len(cells.shape) == 2 else f" (row {cells.first[0]})"
    values = f"expected {difference.expected}, got {difference.got}"
    return f"ring: the first difference, at {index}{row}: {values}"


def panes(cells: Cells) -> list[Pane]:
    """Expected and got in the same colours, those of the reference's range, and the error."""
    expected = _kinds(cells.expected)
    got = np.where(cells.unwritten, UNWRITTEN, _kinds(cells.got))
    low, high = span([cells.expected])
    outside = False
    if low == high:
        low, high = span([cells.expected, cells.got[got == ""]])
    else:
        numbers = span([cells.got[got == ""]])
        outside = bool((got == "").any()) and (numbers[0] < low or numbers[1] > high)
    domain = max(low, -HUGE), min(high, HUGE)
    clipped = "got (beyond expected's range: drawn as its ends)" if outside else "got"
    return [
        Pane("expected", cells.expected, expected, domain, VALUES),
        Pane(clipped, cells.got, got, domain, VALUES),
        _error(cells, expected, got),
    ]


def _error(cells: Cells, expected: Array, got: Array) -> Pane:
    kinds = np.where(np.isinf(cells.error), INFINITE, "").astype(object)
    kinds[(cells.error > 0) & ((expected == NAN) | (got == NAN))] = NAN
    kinds[cells.error == 0] = None
    kinds[got == UNWRITTEN] = UNWRITTEN
    low, high = span([cells.error[kinds == ""]])
    scale = "log" if low > 0 and high / low > DECADES else "linear"
    domain = (low if scale == "log" else 0.0, high)
    return Pane("|got - expected|, white: none", cells.error, kinds, domain, ERRORS, scale)


def _kinds(values: Array) -> Array:
    kinds = np.full(values.shape, "", object)
    kinds[np.isnan(values)] = NAN
    kinds[np.isinf(values)] = INFINITE
    return kinds


def _drawn(pane: Pane, cells: Cells) -> Spec:
    rows, columns = int(np.prod(cells.shape[:-1])), cells.shape[-1]
    found = [kind for kind in COLOURS if (pane.kinds == kind).any()]
    layers = [_numbers(pane)] if (pane.kinds == "").any() else []
    layers += [_others(found)] if found else []
    layers += [_hatching(kind, pane.kinds.shape) for kind in found]
    return {
        "title": {"text": pane.title, "fontSize": 12},
        "width": _pixels(columns, cells.size[1], max(rows, columns)),
        "height": _pixels(rows, cells.size[0], max(rows, columns)),
        "data": {"values": _rectangles(pane, cells)},
        "layer": [*layers, *_ring(cells.first)],
        "encoding": {
            "x": _axis("x", columns, "column" if len(cells.shape) == 2 else _last(cells.shape)),
            "y": _axis("y", rows, _rows(cells.shape)),
        },
        "resolve": {"scale": {"color": "independent"}},
    }


def _pixels(count: int, each: int, longest: int) -> float:
    """The length of an axis of so many elements: whole pixels a cell, or seams show."""
    number = ceil(count / each)
    return max(1, round(max(SHORTEST, SIDE * count / longest) / number)) * count / each


def _rectangles(pane: Pane, cells: Cells) -> list[Spec]:
    """Of each cell that is drawn: its edges in indices of elements, its number or its kind.

    An element reaches from half before its index to half behind it.
    """
    down, across = cells.size
    rows, columns = int(np.prod(cells.shape[:-1])), cells.shape[-1]
    return [
        {
            "y": i * down - 0.5,
            "y2": min((i + 1) * down, rows) - 0.5,
            "x": j * across - 0.5,
            "x2": min((j + 1) * across, columns) - 0.5,
            **({"kind": kind} if kind else {"value": _clipped(pane.values[i, j], pane.domain)}),
            "falling": i - j,
            "rising": i + j,
        }
        for (i, j), kind in np.ndenumerate(pane.kinds)
        if kind is not None
    ]


def _clipped(value: float, domain: tuple[float, float]) -> float:
    return float(min(max(value, domain[0]), domain[1]))


def _axis(name: str, count: int, title: str) -> Spec:
    step = 2 ** max(0, ceil(log2(count / TICKS)))
    ticks = [*range(0, count - 1 - step // 2, step), count - 1]
    return {
        "field": name,
        "type": "quantitative",
        "title": title,
        "axis": {"values": ticks, "format": "d"},
        "scale": {"domain": [-0.5, count - 0.5], "nice": False, "reverse": name == "y"},
    }


def _rows(shape: tuple[int, ...]) -> str:
    if len(shape) == 2:
        return "row"
    folded = " x ".join(map(str, shape[:-1]))
    return f"row: dimensions 0 to {len(shape) - 2} ({folded}) folded into one"


def _last(shape: tuple[int, ...]) -> str:
    return f"column: dimension {len(shape) - 1}"


_EDGES = {"x2": {"field": "x2"}, "y2": {"field": "y2"}}


def _numbers(pane: Pane) -> Spec:
    return {
        "transform": [{"filter": "isValid(datum.value)"}],
        "mark": {"type": "rect", "aria": False},
        "encoding": {
            **_EDGES,
            "color": {
                "field": "value",
                "type": "quantitative",
                "scale": {"type": pane.scale, "domain": list(pane.domain), "range": pane.colours},
                "legend": {"title": None, "format": ".4~g", "gradientLength": 160, "tickCount": 4},
            },
        },
    }


_SIGNS = {"falling": "\\\\\\", "rising": "///"}


def _others(found: Sequence[str]) -> Spec:
    labels = {kind: f"{kind}  {_SIGNS[HATCHED[kind][0]]}" for kind in found}
    return {
        "transform": [{"filter": "isValid(datum.kind)"}],
        "mark": {"type": "rect", "aria": False},
        "encoding": {
            **_EDGES,
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": list(found), "range": [COLOURS[kind] for kind in found]},
                "legend": {
                    "title": None,
                    "symbolType": "square",
                    "symbolSize": 160,
                    "labelExpr": f"{json.dumps(labels)}[datum.label]",
                },
            },
        },
    }


def _hatching(kind: str, shape: tuple[int, ...]) -> Spec:
    """Diagonals through those cells that lie on lines, so that they join from cell to cell."""
    way, colour = HATCHED[kind]
    pitch = max(1, round(HATCH * max(shape) / SIDE)) if kind == UNWRITTEN else 1
    ends = (
        _EDGES
        if way == "falling"
        else {"y": {"field": "y2"}, "x2": {"field": "x2"}, "y2": {"field": "y"}}
    )
    line = f"datum.kind === '{kind}' && abs(datum.{way}) % {pitch} === 0"
    return {
        "transform": [{"filter": line}],
        "mark": {"type": "rule", "color": colour, "strokeWidth": 0.7, "aria": False},
        "encoding": ends,
    }


def _ring(first: tuple[int, int]) -> list[Spec]:
    """Black within white: seen on any colour."""
    point = {"values": [{"y": first[0], "x": first[1]}]}
    return [
        {
            "data": point,
            "mark": {"type": "point", "size": 260, "opacity": 1, "stroke": colour}
            | {"fill": None, "strokeWidth": width},
        }
        for colour, width in (("white", 5), ("black", 2))
    ]
