"""The report's plots, as Vega-Lite says what to draw; the result is SVG text.

Colours are the page's CSS variables, so that a plot follows light and dark mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from pipeline.report.spans import DONE, FAILED, Span
from runner.figures import figure, power_of_ten

Spec = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
WIDTH = 620
_LABELS = 112
"""Room for a track's name, whatever font the browser has."""
COLOURS = {DONE: "var(--buffer)", FAILED: "var(--bad)"}
_THINNEST = 0.8
"""Of a bar, in pixels: what is short must not vanish."""
_CONFIG: Spec = {
    "background": None,
    "view": {"stroke": None},
    "font": "system-ui, sans-serif",
    "axis": {
        "labelColor": "var(--dim)",
        "titleColor": "var(--dim)",
        "titleFontWeight": "normal",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelLimit": 190,
        "aria": False,  # Vega would tell its ends as 6e+1; each bar tells itself
    },
    "legend": {
        "aria": False,
        "labelColor": "var(--text)",
        "titleColor": "var(--dim)",
        "orient": "top",
    },
}


def standing_alone(spec: Spec) -> str:
    """A picture outside of the page, in Vega-Lite's own colours on white."""
    from vl_convert import vegalite_to_svg

    return str(vegalite_to_svg({"$schema": SCHEMA, **spec}, vl_version="5.20"))


def _svg(spec: Spec) -> str:
    from vl_convert import vegalite_to_svg

    whole = {"$schema": SCHEMA, "config": _CONFIG, **spec}
    return str(vegalite_to_svg(whole, vl_version="5.20"))


def timeline(spans: Sequence[Span], unit: str) -> str:
    """Bars on one line a track, coloured by kind."""
    kinds = list(dict.fromkeys(span.kind for span in spans))
    values = [
        {
            "track": span.track,
            "begin": span.begin,
            "end": span.end,
            "kind": span.kind,
            "about": f"{span.name}: {figure(span.begin)} to {figure(span.end)} {unit}",
        }
        for span in spans
    ]
    scale = {"domain": kinds, "range": [COLOURS[kind] for kind in kinds]}
    legend = {"title": None} if len(kinds) > 1 else None
    return _svg(
        {
            "data": {"values": values},
            "width": WIDTH,
            "height": {"step": 18},
            "mark": {"type": "bar", "height": {"band": 0.72}, "strokeWidth": _THINNEST},
            "encoding": {
                "y": {
                    "field": "track",
                    "type": "nominal",
                    "sort": None,
                    "title": None,
                    "axis": {"grid": False, "ticks": False, "domain": False, "minExtent": _LABELS},
                },
                "x": {
                    "field": "begin",
                    "type": "quantitative",
                    "title": unit,
                    "axis": {"tickCount": 6},
                    "scale": {"nice": False},
                },
                "x2": {"field": "end"},
                "color": {
                    "field": "kind",
                    "type": "nominal",
                    "scale": scale,
                    "legend": legend,
                },
                "stroke": {"field": "kind", "type": "nominal", "scale": scale, "legend": None},
                "description": {"field": "about"},
            },
        }
    )


def histogram(bins: Iterable[Mapping[str, float]]) -> str:
    """Counts of errors; the counts' scale is logarithmic, as most elements have no error."""
    present = [b for b in bins if b["count"]]
    unit = _unit(max((max(abs(b["from"]), abs(b["to"])) for b in present), default=0.0))
    values: list[dict[str, Any]] = [
        {
            "from": b["from"] / unit.size,
            "to": b["to"] / unit.size,
            "count": b["count"],
            "about": f"{figure(b['count'])} elements:"
            f" error {figure(b['from'])} to {figure(b['to'])}",
        }
        for b in present
    ]
    return _svg(
        {
            "data": {"values": values},
            "width": 320,
            "height": 150,
            "mark": {"type": "bar", "color": "var(--accent)", "binSpacing": 1},
            "encoding": {
                "x": {
                    "field": "from",
                    "bin": {"binned": True},
                    "title": ", ".join(filter(None, ["got \N{MINUS SIGN} expected", unit.told])),
                    "axis": {"tickCount": 4, "grid": False, "format": "~g"},
                },
                "x2": {"field": "to"},
                "y": {
                    "field": "count",
                    "type": "quantitative",
                    "title": "elements",
                    "scale": {"type": "symlog"},
                    "axis": {"values": _powers(values), "format": ",d"},
                },
                "description": {"field": "about"},
            },
        }
    )


@dataclass(frozen=True)
class _Unit:
    """What an axis counts in, so that its labels stay short without exponents.

    Attributes:
        told: the same in words; "" for 1.
    """

    size: float = 1.0
    told: str = ""


def _unit(largest: float) -> _Unit:
    """1 for figures that are short as they are, a power of a thousand for others."""
    if largest == 0 or _PLAIN[0] <= largest < _PLAIN[1]:
        return _Unit()
    exponent = 3 * floor(log10(largest) / 3)
    return _Unit(10.0**exponent, f"in {power_of_ten(exponent)}")


_PLAIN = (1e-2, 1e5)


def _powers(values: Iterable[Mapping[str, Any]]) -> list[int]:
    """1, 10, 100 … as far as the counts go."""
    highest = max((value["count"] for value in values), default=1)
    return [10**n for n in range(len(str(int(highest))))]


def error_map(found: Mapping[str, Any]) -> str:
    """Where in the output the errors are: a cell's colour is the largest error within it."""
    down, across = found["cell"]
    unit = _unit(max(cell["error"] for cell in found["cells"]))
    values = [
        {
            "r": cell["row"],
            "r2": cell["row"] + down,
            "c": cell["column"],
            "c2": cell["column"] + across,
            "error": cell["error"] / unit.size,
        }
        for cell in found["cells"]
    ]
    place: Spec = {
        "type": "quantitative",
        "axis": {"grid": False, "tickCount": 4, "tickMinStep": 1},
    }
    return _svg(
        {
            "data": {"values": values},
            "width": 320,
            "height": 150,
            "view": {"fill": "var(--sunken)"},
            "mark": {"type": "rect", "aria": False},
            "encoding": {
                "x": {
                    **place,
                    "field": "c",
                    "title": "column",
                    "scale": {"domain": [0, found["columns"]], "nice": False},
                },
                "x2": {"field": "c2"},
                "y": {
                    **place,
                    "field": "r",
                    "title": "row",
                    "scale": {"domain": [0, found["rows"]], "nice": False, "reverse": True},
                },
                "y2": {"field": "r2"},
                "color": {
                    "field": "error",
                    "type": "quantitative",
                    "title": ["|error|", unit.told],
                    "scale": {"scheme": "orangered"},
                    "legend": {"orient": "right", "tickCount": 3, "format": "~g"},
                },
            },
        }
    )
