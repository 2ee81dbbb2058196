"""A run's timeline as the page shows it: few enough slices for a page, the whole run of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from softnpu.emulator.timelines.document import GROUPS
from softnpu.emulator.timelines.rows import Row, Slice

SLICES = 1500
"""Of all rows of a page's timeline, about."""
_LEAST = 60
_POINTS = 100
"""Of a counter."""
_CYCLES_PER_MICROSECOND = 1000
_EVENTS = 500
_WAIT = "wait"

What = tuple[str, str]
"""A slice's name and category."""


@dataclass(frozen=True)
class RunPart:
    """What the page has of a run.

    Attributes:
        data: JSON for the page's script.
        cycles: of the run.
        rows: (name, share of the time that it was busy) of each row.
        merged: how many slices stand for how many; "" if all are shown.
    """

    data: Markup
    cycles: int
    rows: tuple[tuple[str, float], ...]
    merged: str


def part(timeline: Mapping[str, Any]) -> RunPart | None:
    """The run of a timeline.json; None if there is nothing in it."""
    events: Sequence[Mapping[str, Any]] = timeline["traceEvents"]
    rows = list(_rows(events))
    if not rows:
        return None
    notes = timeline.get("otherData", {})
    most = max(SLICES // len(rows), _LEAST)
    names: dict[str, int] = {}
    shown = [_shown(name, group, row, most, names, notes) for _, name, group, row in rows]
    place = {tid: n for n, (tid, *_) in enumerate(rows)}
    cycles = max(row.slices[-1].end for *_, row in rows)
    data = {
        "end": cycles,
        "groups": list(GROUPS),
        "names": list(names),
        "rows": shown,
        "counters": list(_counters(events)),
        "events": [
            [_cycle(e["ts"]), place[e["tid"]], e["name"]]
            for e in events
            if e["ph"] == "i" and e["tid"] in place
        ][:_EVENTS],
    }
    before = sum(one.count for *_, row in rows for one in row.slices)
    after = sum(len(row["s"]) for row in shown)
    busy = tuple((row["n"], row["b"]) for row in shown)
    merged = f"{before:,} slices are shown as {after:,}" if after < before else ""
    return RunPart(Markup(_script_safe(data)), cycles, busy, merged)


def _script_safe(data: Any) -> str:
    """JSON that can stand in a script element."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _rows(events: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, str, str, Row]]:
    processes = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    threads = {
        e["tid"]: (e["args"]["name"], processes[e["pid"]])
        for e in events
        if e["name"] == "thread_name"
    }
    slices: dict[int, list[Slice]] = {}
    for event in events:
        if event["ph"] == "X":
            slices.setdefault(event["tid"], []).append(_slice(event))
    for tid, (name, group) in threads.items():
        if tid in slices:
            yield tid, name, group, Row(slices=sorted(slices[tid], key=lambda one: one.begin))


def _slice(event: Mapping[str, Any]) -> Slice:
    what: What = (event["name"], event.get("cat", ""))
    begin = _cycle(event["ts"])
    count = re.match(r"(\d+) slices, ", event["name"])
    return Slice(begin, begin + _cycle(event["dur"]), what, (), int(count[1]) if count else 1)


def _cycle(microseconds: float) -> int:
    return round(microseconds * _CYCLES_PER_MICROSECOND)


def _shown(
    name: str, group: str, row: Row, most: int, names: dict[str, int], notes: Mapping[str, Any]
) -> dict[str, Any]:
    """A row for the script: name, group, share, and its slices as [cycles since the end of the one
    before, cycles, name, number in the name, percent of waiting]."""
    found = []
    at = 0
    for one in row.merged(most):
        text, number = _numbered(one)
        found.append(
            [
                one.begin - at,
                one.cycles,
                names.setdefault(text, len(names)),
                number,
                _waiting(one),
            ]
        )
        at = one.end
    share = float(notes.get("busy", {}).get(name, 0.0))
    return {"n": name, "g": GROUPS.index(group), "b": share, "s": found}


def _numbered(one: Slice) -> tuple[str, int]:
    """A slice's name with # where a number at its end was, so that many share one."""
    name = _name(one.what)
    if one.count > 1 and not name.startswith(f"{one.count} slices"):
        return f"# slices, most of the time {name}", one.count
    match = re.search(r"\d+$", name)
    return (name, 0) if match is None else (f"{name[: match.start()]}#", int(match[0]))


def _name(what: object) -> str:
    return what[0] if isinstance(what, tuple) else str(what)


def _waiting(one: Slice) -> int:
    parts = one.parts or ((one.what, one.cycles),)
    waits = sum(c for what, c in parts if isinstance(what, tuple) and what[1] == _WAIT)
    return round(100 * waits / max(sum(c for _, c in parts), 1))


def _counters(events: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Counters for the script: name, group, largest value, and points as [cycle, value]."""
    points: dict[str, list[tuple[int, float]]] = {}
    groups: dict[str, str] = {}
    processes = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    for event in events:
        if event["ph"] == "C":
            ((unit, value),) = event["args"].items()
            name = f"{event['name']}: {unit}"
            points.setdefault(name, []).append((_cycle(event["ts"]), value))
            groups[name] = processes[event["pid"]]
    for name, found in points.items():
        if len(found) > 1:
            most = max(value for _, value in found)
            group = GROUPS.index(groups[name])
            yield {"n": name, "g": group, "m": most, "p": _thinned(found)}


def _thinned(points: list[tuple[int, float]]) -> list[list[float]]:
    """So many points that a page can have them: the largest of neighbours."""
    step = -(-len(points) // _POINTS)
    if step == 1:
        return [list(point) for point in points]
    groups = [points[n : n + step] for n in range(0, len(points), step)]
    return [[group[0][0], max(value for _, value in group)] for group in groups]
