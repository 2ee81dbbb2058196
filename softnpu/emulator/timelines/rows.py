"""Rows of a timeline: slices of time, one behind the other, and counters; both stay small.

A row that has more slices than it may merges the shortest neighbours: into one that knows how
often each was there, and for how long. So a row is always about the whole run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

KEPT = 20_000
"""Slices of a row at most, and changes of a counter."""
_WINDOWS = 512
"""Windows of a rate at most."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Something that took time.

    Attributes:
        what: its name in the making, see timelines.words.
        parts: of what was merged, the cycles of each.
        count: slices that it stands for.
    """

    begin: int
    end: int
    what: Hashable
    parts: tuple[tuple[Hashable, int], ...] = ()
    count: int = 1

    @property
    def cycles(self) -> int:
        """How long it took."""
        return self.end - self.begin


@dataclass
class Row:
    """What one actor did, in the order of time.

    Attributes:
        kept: slices at most.
        resolution: slices shorter than so many cycles may have been merged; 0 if none was.
        spent: the cycles of each kind of slice in all.
    """

    kept: int = KEPT
    resolution: int = 0
    spent: Counter[Hashable] = field(default_factory=Counter)
    slices: list[Slice] = field(default_factory=list)

    def add(self, begin: int, end: int, what: Hashable) -> None:
        """Adds a slice; what lies before the end of the last one is there already."""
        slices = self.slices
        last = slices[-1] if slices else None
        if last is not None and begin < last.end:
            begin = last.end
        if end <= begin:
            return
        self.spent[what] += end - begin
        if last is not None and last.what == what and last.end == begin and last.count == 1:
            slices[-1] = Slice(last.begin, end, what)
            return
        slices.append(Slice(begin, end, what))
        if len(slices) > 2 * self.kept:
            self.slices = self.merged(self.kept)

    def merged(self, most: int) -> list[Slice]:
        """The slices, at most about so many: neighbours merged until they are."""
        slices = self.slices
        if len(slices) <= most:
            return slices
        span = slices[-1].end - slices[0].begin
        width = max(self.resolution, 1, span // most)
        while len(slices) > most:
            slices = list(_merged(slices, width))
            self.resolution = max(self.resolution, width)
            width *= 2
        return slices


def _merged(slices: list[Slice], width: int) -> Iterator[Slice]:
    """Neighbours that lie in one window of `width` cycles, and are shorter, as one."""
    group: list[Slice] = []
    for one in slices:
        short = one.cycles < width
        if group and not (short and one.begin // width == group[0].begin // width):
            yield _joined(group)
            group = []
        if short:
            group.append(one)
        else:
            yield one
    if group:
        yield _joined(group)


def _joined(group: list[Slice]) -> Slice:
    if len(group) == 1:
        return group[0]
    cycles: Counter[Hashable] = Counter()
    for one in group:
        for what, part in one.parts or ((one.what, one.cycles),):
            cycles[what] += part
    parts = tuple(cycles.most_common())
    count = sum(one.count for one in group)
    return Slice(group[0].begin, group[-1].end, parts[0][0], parts, count)


@dataclass
class Level:
    """A number that changes: how many objects a fifo holds. Changes may be told in any order."""

    value: int = 0
    width: int = 1
    """Changes within so many cycles are told as one."""
    _changes: Counter[int] = field(default_factory=Counter)

    def change(self, time: int, by: int) -> None:
        """It changes by so much."""
        self.value += by
        self._changes[time // self.width * self.width] += by
        if len(self._changes) > KEPT:
            self.width *= 2
            changes, self._changes = self._changes, Counter()
            for at, step in changes.items():
                self._changes[at // self.width * self.width] += step

    def points(self) -> Iterator[tuple[int, int]]:
        """(time, value) of each change."""
        value = 0
        for time, step in sorted(self._changes.items()):
            value += step
            yield time, value


@dataclass
class Rate:
    """How much was moved when: bytes by window of time, which grow as time does."""

    width: int = 256
    _windows: Counter[int] = field(default_factory=Counter)

    def add(self, begin: int, end: int, amount: int) -> None:
        """So much was moved, evenly, in these cycles."""
        end = max(end, begin + 1)
        while end // self.width >= _WINDOWS:
            self._widen()
        for window in range(begin // self.width, (end - 1) // self.width + 1):
            first, last = window * self.width, (window + 1) * self.width
            share = min(end, last) - max(begin, first)
            self._windows[window] += amount * share // (end - begin)

    def _widen(self) -> None:
        windows, self._windows = self._windows, Counter()
        self.width *= 2
        for window, amount in windows.items():
            self._windows[window // 2] += amount

    def points(self) -> Iterator[tuple[int, float]]:
        """(time, amount a cycle) of each window, and 0 behind the last one of a stretch."""
        for window in sorted(self._windows):
            yield window * self.width, round(self._windows[window] / self.width, 3)
            if window + 1 not in self._windows:
                yield (window + 1) * self.width, 0.0
