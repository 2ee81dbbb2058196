"""When a build's stages did their work: spans of time on tracks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.checks import RUN_ON
from pipeline.stages import STAGES


@dataclass(frozen=True)
class Span:
    """Something that took time, on a track."""

    track: str
    name: str
    kind: str
    begin: float
    end: float


def built(label: str, timings: Mapping[str, Mapping[str, float]]) -> tuple[Span, ...]:
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
    return tuple(spans)


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
