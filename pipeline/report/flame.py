"""The flame graph of a profile as the page shows it: frames in frames, as wide as their cycles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CORES = 4
"""Cores of a design at most; the others are in the file."""
NARROWEST = 0.004
"""Of a core's cycles: what takes less is left out."""
_WAITS = ("waits for ", "waits: ", "stalls ")
_CYCLES_PER_MICROSECOND = 1000


@dataclass(frozen=True)
class Frame:
    """A function, line or wait.

    Attributes:
        depth: frames around it.
        left, width: in percent of the core's cycles.
        kind: "function", "line" or "wait".
    """

    name: str
    depth: int
    left: float
    width: float
    cycles: int
    kind: str


@dataclass(frozen=True)
class CoreFlame:
    """A core's frames.

    Attributes:
        name: with the code that it runs, e.g. "core (0,2) (RV32)".
        cycles: in all.
        depth: of the deepest frame, counted from 1.
    """

    name: str
    cycles: int
    depth: int
    frames: tuple[Frame, ...]


@dataclass
class _Open:
    name: str
    begin: float
    inner: int = 0


@dataclass
class _Reading:
    """One thread's events, one after the other."""

    frames: list[tuple[str, int, float, float, bool]] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)

    def take(self, event: Mapping[str, Any]) -> None:
        if event["ph"] == "B":
            if self._open:
                self._open[-1].inner += 1
            self._open.append(_Open(event["name"], event["ts"]))
        elif event["ph"] == "E":
            ended = self._open.pop()
            leaf = not ended.inner
            self.frames.append((ended.name, len(self._open), ended.begin, event["ts"], leaf))


def cores(flame: Mapping[str, Any]) -> tuple[list[CoreFlame], int]:
    """The first cores of a flame.json, and how many more there are."""
    events: Sequence[Mapping[str, Any]] = flame.get("traceEvents", ())
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    threads = {tid: _Reading() for tid in names}
    for event in events:
        if event["ph"] in "BE":
            threads[event["tid"]].take(event)
    found = [_core(names[tid], reading) for tid, reading in threads.items() if reading.frames]
    return found[:CORES], max(len(found) - CORES, 0)


def _core(name: str, reading: _Reading) -> CoreFlame:
    whole = max(end for *_, end, _ in reading.frames)
    frames = tuple(sorted(_frames(reading, whole), key=lambda frame: (frame.depth, frame.left)))
    depth = 1 + max((frame.depth for frame in frames), default=0)
    return CoreFlame(name, round(whole * _CYCLES_PER_MICROSECOND), depth, frames)


def _frames(reading: _Reading, whole: float) -> Iterator[Frame]:
    for name, depth, begin, end, leaf in reading.frames:
        if end - begin >= NARROWEST * whole:
            kind = "wait" if name.startswith(_WAITS) else "line" if leaf else "function"
            yield Frame(
                name,
                depth,
                round(100 * begin / whole, 3),
                round(100 * (end - begin) / whole, 3),
                round((end - begin) * _CYCLES_PER_MICROSECOND),
                kind,
            )
