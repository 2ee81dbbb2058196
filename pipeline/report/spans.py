"""When a build's stages did their work: spans of time on tracks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.checks import RUN_ON
from pipeline.stages import STAGES
from pipeline.timings import Worked

DONE, FAILED = "done", "failed"


@dataclass(frozen=True)
class Span:
    """Something that took time, on a track."""

    track: str
    name: str
    kind: str
    begin: float
    end: float


def built(label: str, timings: Mapping[str, Worked]) -> tuple[Span, ...]:
    """When each stage of a variant last did its work, in milliseconds from the first on.

    Pauses between one build and the next are left out: a stage that a later build found up to
    date stands before those that it did again.
    """
    spans: list[Span] = []
    end, left_out = 0.0, 0.0
    for task, worked in sorted(of(label, timings), key=lambda item: item[1].start):
        if not spans or worked.start - end > _PAUSE:
            left_out += worked.start - end
        begin = worked.start - left_out
        track = task.replace(f":{label}", "")
        kind = FAILED if worked.failed else DONE
        spans.append(Span(track, task, kind, _ms(begin), _ms(begin + worked.seconds)))
        end = max(end, worked.start + worked.seconds)
    return tuple(spans)


_PAUSE = 1.0


def of(label: str, timings: Mapping[str, Worked]) -> Iterator[tuple[str, Worked]]:
    """What was noted of a variant's stages and checks, by task."""
    for task, worked in timings.items():
        stage, *names = task.split(":")
        if stage in (*STAGES, *RUN_ON) and label in names:
            yield task, worked


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
