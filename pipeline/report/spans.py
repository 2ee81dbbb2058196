"""What happened when: spans of time on tracks, from the emulator's events or doit's tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.checks import RUN_ON
from pipeline.stages import STAGES

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
    """When each stage of a variant last did its work, in milliseconds from the first on.

    Pauses between one build and the next are left out: a stage that a later build found up to
    date stands before those that it did again.
    """
    spans: list[Span] = []
    end, left_out = 0.0, 0.0
    for task, times in sorted(_stages(label, timings), key=lambda item: item[1]["start"]):
        if not spans or times["start"] - end > _PAUSE:
            left_out += times["start"] - end
        begin = times["start"] - left_out
        track = task.replace(f":{label}", "")
        spans.append(Span(track, task, "done", _ms(begin), _ms(begin + times["seconds"])))
        end = max(end, times["start"] + times["seconds"])
    return Spans(tuple(spans), len(spans), max((span.end for span in spans), default=0.0))


_PAUSE = 1.0


def _stages(
    label: str, timings: Mapping[str, Mapping[str, float]]
) -> list[tuple[str, Mapping[str, float]]]:
    """What was noted of a variant's stages and checks."""
    return [
        (task, times)
        for task, times in timings.items()
        if (parts := task.split(":"))[0] in (*STAGES, *RUN_ON) and label in parts[1:]
    ]


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
