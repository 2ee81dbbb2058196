"""A timeline in the trace event format, which Perfetto and chrome://tracing read.

A cycle is shown as a nanosecond. Processes are the groups of rows, threads the rows. To Perfetto a
thread of its process's number is that process's main one, and what has none belongs to it; a
counter is called by its event and its value's key (perfetto, src/trace_processor/importers/json).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from softnpu.arch.dma import Direction
from softnpu.emulator.scheduling.clock import CYCLES_PER_US
from softnpu.emulator.timelines.rows import KEPT, Level, Rate, Row, Slice
from softnpu.emulator.timelines.words import Words, is_wait

CONTROLLER, CORES, FIFOS, DMAS = "controller", "cores", "fifos", "DMA channels"
GROUPS = (CONTROLLER, CORES, FIFOS, DMAS)
_ALL = 200_000
"""Slices of all rows at most."""

Event = dict[str, Any]
Place = tuple[int, int]


class Recorded(Protocol):
    """What was recorded, see timeline.Timeline."""

    events: list[tuple[int, str, int]]

    @property
    def words(self) -> Words: ...
    @property
    def levels(self) -> Mapping[tuple[Place, int], Level]: ...
    @property
    def rates(self) -> Mapping[tuple[Place, Direction, int], Rate]: ...
    @property
    def left_out(self) -> Mapping[str, int]: ...
    def rows(self) -> Iterator[tuple[str, str, Row]]: ...


def of(timeline: Recorded) -> dict[str, Any]:
    """The JSON object."""
    return {
        "traceEvents": list(events(timeline)),
        "displayTimeUnit": "ns",
        "otherData": notes(timeline),
    }


def text(timeline: Recorded) -> Iterator[str]:
    """Its text, an event a line."""
    yield '{"traceEvents": [\n'
    for number, event in enumerate(events(timeline)):
        yield (",\n" if number else "") + json.dumps(event)
    yield '\n], "displayTimeUnit": "ns", "otherData": '
    yield json.dumps(notes(timeline)) + "}\n"


def end_of(timeline: Recorded) -> int:
    """When the last slice ends."""
    return max((row.slices[-1].end for _, _, row in timeline.rows() if row.slices), default=0)


def notes(timeline: Recorded) -> dict[str, Any]:
    """How long it is, how busy each row was, and what was merged or left out."""
    end = end_of(timeline)
    rows = list(timeline.rows())
    return {
        "cycles": end,
        "time": "estimated cycles of the emulator; one is shown as a nanosecond",
        "busy": {name: round(busy(row) / end, 4) for _, name, row in rows if end},
        "merged": {
            name: f"slices shorter than {row.resolution} cycles, with their neighbours"
            for _, name, row in rows
            if row.resolution
        },
        "left out": dict(timeline.left_out),
    }


def busy(row: Row) -> int:
    """Cycles in which a row's actor did not wait."""
    return sum(cycles for what, cycles in row.spent.items() if not is_wait(what))


def events(timeline: Recorded) -> Iterator[Event]:
    """The events: names, slices, counters, instants."""
    words = timeline.words
    for pid, group in enumerate(GROUPS, start=1):
        yield _named("process_name", pid, None, group)
        yield {"name": "process_sort_index", "ph": "M", "pid": pid, "args": {"sort_index": pid}}
    rows = list(timeline.rows())
    most = min(KEPT, _ALL // max(len(rows), 1))
    tids: dict[str, int] = {}
    for tid, (group, name, row) in enumerate(rows, start=len(GROUPS) + 1):
        pid = GROUPS.index(group) + 1
        tids[name] = tid
        yield _named("thread_name", pid, tid, name)
        for one in row.merged(most):
            yield _slice(pid, tid, one, words)
    yield from _counters(timeline, words)
    for time, place, number in timeline.events:
        yield {
            "name": f"event{number}()",
            "ph": "i",
            "s": "t",
            "pid": GROUPS.index(CORES) + 1,
            "tid": tids.get(place, 0),
            "ts": time / CYCLES_PER_US,
        }


def _named(what: str, pid: int, tid: int | None, name: str) -> Event:
    thread = {} if tid is None else {"tid": tid}
    return {"name": what, "ph": "M", "pid": pid, **thread, "args": {"name": name}}


def slice_name(one: Slice, words: Words) -> str:
    """What a slice is called; of what was merged, the largest part and how many it stands for."""
    name = words.told(one.what)
    return name if one.count == 1 else f"{one.count} slices, most of the time {name}"


def _slice(pid: int, tid: int, one: Slice, words: Words) -> Event:
    parts = {words.told(what): cycles for what, cycles in one.parts[:8]}
    return {
        "name": slice_name(one, words),
        "cat": "wait" if is_wait(one.what) else "work",
        "ph": "X",
        "pid": pid,
        "tid": tid,
        "ts": one.begin / CYCLES_PER_US,
        "dur": one.cycles / CYCLES_PER_US,
        "args": {"cycles": one.cycles, **({"parts": parts} if parts else {})},
    }


def _counters(timeline: Recorded, words: Words) -> Iterator[Event]:
    for (tile, index), level in sorted(timeline.levels.items()):
        name = words.level(tile, index)
        if name is not None:
            yield from _counter(FIFOS, name, "objects", level.points())
    for key, rate in sorted(timeline.rates.items(), key=lambda item: item[0]):
        yield from _counter(DMAS, words.channel(*key), "bytes a cycle", rate.points())


def _counter(
    group: str, name: str, unit: str, points: Iterator[tuple[int, float]]
) -> Iterator[Event]:
    pid = GROUPS.index(group) + 1
    for time, value in points:
        yield {
            "name": name,
            "ph": "C",
            "pid": pid,
            "ts": time / CYCLES_PER_US,
            "args": {unit: value},
        }
