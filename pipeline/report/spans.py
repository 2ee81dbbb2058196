"""What happened when: spans of time on tracks, from the emulator's events or doit's tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

MAXIMUM = 400
"""Spans in a plot; the rest is in the timeline file."""
_CYCLES_PER_MICROSECOND = 1000
_KINDS = {"cores": "runs", "controller": "controller"}
_RANKS = {"controller": 0, "DMA": 1, "runs": 2, "waits": 2}


@dataclass(frozen=True)
class Span:
    """Something that took time, on a track."""

    track: str
    name: str
    kind: str
    begin: float
    end: float


@dataclass(frozen=True)
class Spans:
    """The first spans of a timeline, and how many there are in all."""

    shown: tuple[Span, ...]
    total: int
    end: float
    """When the last one of all ends."""


def emulated(timeline: Mapping[str, Any]) -> Spans:
    """The spans of a run on the emulator, in cycles (see softnpu.emulator.timeline)."""
    events = timeline["traceEvents"]
    names = {
        (e["name"], e["pid"], e.get("tid")): e["args"]["name"] for e in events if e["ph"] == "M"
    }
    spans = []
    for event in events:
        if event["ph"] != "X":
            continue
        process = names["process_name", event["pid"], None]
        track = names["thread_name", event["pid"], event["tid"]].removeprefix("tile ")
        begin = event["ts"] * _CYCLES_PER_MICROSECOND
        end = begin + event["dur"] * _CYCLES_PER_MICROSECOND
        kind = "waits" if event["name"].startswith("waits") else _KINDS.get(process, "DMA")
        spans.append(Span(track, event["name"], kind, round(begin), round(end)))
    return _first(spans)


def _first(spans: list[Span]) -> Spans:
    """The earliest, by track: the controller, DMA channels by tile, cores.

    Where some are left out, those that last longer than what is shown are cut off there.
    """
    early = sorted(spans, key=lambda span: span.begin)[:MAXIMUM]
    if len(early) < len(spans):
        limit = early[-1].begin
        early = [replace(span, end=min(span.end, limit)) for span in early[:-1]]
    shown = sorted(early, key=lambda span: (_RANKS[span.kind], span.track, span.begin))
    return Spans(tuple(shown), len(spans), max((span.end for span in spans), default=0.0))


def built(label: str, timings: Mapping[str, Mapping[str, float]]) -> Spans:
    """The stages of a variant's last build, in milliseconds from the first of them on.

    Stages that were up to date then did not run: they stand where they last did, if that was
    within the same build, which is taken to be one without a pause of a minute.
    """
    own = {task: times for task, times in timings.items() if label in task.split(":")[1:]}
    latest = _one_build(sorted(own.items(), key=lambda item: item[1]["start"]))
    if not latest:
        return Spans((), 0, 0.0)
    first = latest[0][1]["start"]
    spans = [
        Span(
            task.replace(f":{label}", ""),
            task,
            "done",
            round(1000 * (times["start"] - first), 1),
            round(1000 * (times["start"] - first + times["seconds"]), 1),
        )
        for task, times in latest
    ]
    return Spans(tuple(spans), len(spans), max(span.end for span in spans))


_PAUSE = 60.0


def _one_build(
    tasks: list[tuple[str, Mapping[str, float]]],
) -> list[tuple[str, Mapping[str, float]]]:
    """The last tasks that ran without a pause between them."""
    start = 0
    for index in range(1, len(tasks)):
        ended = tasks[index - 1][1]["start"] + tasks[index - 1][1]["seconds"]
        if tasks[index][1]["start"] - ended > _PAUSE:
            start = index
    return tasks[start:]
