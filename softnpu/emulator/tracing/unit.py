"""A trace unit: takes the events of one module, in any order, and makes a trace of them.

Actors' clocks are not in step, so events come out of order. They are kept as intervals of cycles
until it is known that nothing earlier comes, then gone through in the order of time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from softnpu.formats.event_settings import Settings
from softnpu.formats.trace_frames import Encoder, Mode

Interval = tuple[int, int, int]
"""(begin, end, event): the event is on in the cycles from `begin` up to `end`."""


class Unit:
    """The trace unit of one module.

    Attributes:
        settings: its registers.
        ready: payloads of packets, each with the time at which it was full.
        running: whether it traces.
        now: everything before has been gone through.
        way: for how many cycles it keeps where the program was.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ready: deque[tuple[int, bytes]] = deque()
        self.running = False
        self.now = 0
        self.pending: list[Interval] = []
        self.way = 0
        self._encoder = Encoder()
        self._zero = 0
        """When the timer was 0."""
        self._on = 0
        """The events that were on last, a bit each."""
        self._known: dict[int, int] = {}
        self._ways: list[tuple[int, NDArray[np.uint32]]] = []
        """From when on the core's program was where, cycle by cycle; it stays where it was last."""

    def see(self, event: int, begin: int, end: int) -> None:
        """An event is on from `begin` up to `end`."""
        if event in self.settings.wanted:
            self.pending.append((begin, end, event))

    def along(self, begin: int, addresses: NDArray[np.uint32]) -> None:
        """Where the core's program is in the cycles from `begin` on, for event-PC mode."""
        if self.settings.mode is Mode.EVENT_PC and len(addresses):
            self._ways.append((begin, addresses))
            self.way += len(addresses)

    def reset_timer(self, time: int) -> None:
        """The timer is 0 now."""
        self._zero = time

    def change(self, name: str, value: int, time: int, open: Iterable[Interval] = ()) -> None:
        """A register takes a value; what was before is gone through as it was set then."""
        self.advance(time, open)
        mode = self.settings.mode
        self.settings.write(name, value)
        self._known.clear()
        if self.settings.mode is not mode or not self.running:
            self._encoder = Encoder(self.settings.mode)
            self.running = False
        self._on &= ~(1 << self.settings.number["TRUE"])

    def advance(self, horizon: int, open: Iterable[Interval] = ()) -> None:
        """Goes through everything before `horizon`.

        Args:
            open: what is on and has not ended; its ends do not count.
        """
        if horizon <= self.now:
            return
        changes: dict[int, list[tuple[int, int]]] = {self.now: [], horizon: []}
        kept: list[Interval] = []
        for begin, end, event in self.pending:
            begin, end = self._clamped(begin, end)
            if begin < end:
                self._note(changes, begin, min(end, horizon), event)
            if end > horizon:
                kept.append((max(begin, horizon), end, event))
        for begin, _, event in open:
            self._note(changes, max(begin, self.now), horizon, event)
        self.pending = kept
        self._go_through(changes)
        self.now = horizon
        while len(self._ways) > 1 and self._ways[1][0] <= horizon:
            self.way -= len(self._ways.pop(0)[1])

    def _clamped(self, begin: int, end: int) -> tuple[int, int]:
        """An interval as far as it is not past; a short one that is told late is not lost."""
        if begin >= self.now:
            return begin, end
        return self.now, max(end, self.now + 1) if end == begin + 1 else end

    def _note(
        self, changes: dict[int, list[tuple[int, int]]], begin: int, end: int, event: int
    ) -> None:
        if event in self.settings.wanted and begin < end:
            changes.setdefault(begin, []).append((event, 1))
            changes.setdefault(end, []).append((event, -1))

    def _go_through(self, changes: dict[int, list[tuple[int, int]]]) -> None:
        times = sorted(changes)
        counts: Counter[int] = Counter()
        raw = 0
        for begin, end in pairwise(times):
            for event, step in changes[begin]:
                counts[event] += step
                raw = raw | 1 << event if counts[event] else raw & ~(1 << event)
            on = self._known.get(raw)
            if on is None:
                on = self._known[raw] = self.settings.combined(raw)
            edges = self.settings.edges_between(self._on, on)
            if edges:
                self._stretch(begin, begin + 1, on | edges)
                begin += 1
            if begin < end:
                self._stretch(begin, end, on)

    def _stretch(self, begin: int, end: int, on: int) -> None:
        """Cycles in which nothing changes."""
        settings, rose = self.settings, on & ~self._on
        self._on = on
        if settings.reset and rose >> settings.reset & 1:
            self._zero = begin
        if not self.running and settings.start and rose >> settings.start & 1:
            self._start(begin)
        stops = self.running and settings.stop and rose >> settings.stop & 1
        if stops:
            end = begin + 1
        if self.running:
            self._record(begin, end, settings.slots(on))
        if stops:
            self._encoder.stop()
            self.running = False
        self.ready.extend((end, payload) for payload in self._encoder.packets())

    def _start(self, time: int) -> None:
        if self.settings.mode is Mode.EXECUTION:
            return
        self._encoder.start(time - self._zero)
        self.running = True

    def _record(self, begin: int, end: int, mask: int) -> None:
        if not mask:
            self._encoder.idle(end - begin)
        elif self.settings.mode is Mode.EVENT_TIME:
            self._encoder.active(mask, end - begin)
        else:
            for pc, cycles in self._way(begin, end):
                self._encoder.active(mask, cycles, pc)

    def _way(self, begin: int, end: int) -> Iterable[tuple[int, int]]:
        """Where the program is in these cycles: (pc, for how many)."""
        ways = self._ways
        at = max(bisect_right(ways, begin, key=lambda way: way[0]) - 1, 0)
        while begin < end and at < len(ways):
            start, addresses = ways[at]
            behind = ways[at + 1][0] if at + 1 < len(ways) else end
            behind = max(min(behind, end), begin + 1)
            inside = addresses[max(begin - start, 0) : behind - start].tolist()
            inside += [int(addresses[-1])] * (behind - begin - len(inside))
            for pc, same in groupby(inside):
                yield pc, len(list(same))
            begin = behind
            at += 1
