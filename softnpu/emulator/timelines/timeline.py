"""A timeline of a run: what each core, fifo, channel and the controller did, and when.

Times are the actors' clocks: an estimate (see docs/emulator.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.dma import Direction
from softnpu.arch.standin import Service
from softnpu.emulator.naming.names import Names, Place
from softnpu.emulator.naming.source_lines import SourceLines
from softnpu.emulator.observing.observer import (
    Held,
    Observer,
    SeenChannel,
    SeenCore,
    SeenDescriptor,
    SeenLock,
)
from softnpu.emulator.timelines import document
from softnpu.emulator.timelines.rows import Level, Rate, Row
from softnpu.emulator.timelines.words import (
    Acquire,
    Function,
    Object,
    Operation,
    Runs,
    Waits,
    Words,
)
from softnpu.emulator.tracing.steps import Steps
from softnpu.formats import operations
from softnpu.formats.operations import Sync

ChannelKey = tuple[Place, Direction, int]

_WORD = 4
_WAITS = {
    Service.GET_STREAM: "waits for a word",
    Service.PUT_STREAM: "waits for room in the stream",
    Service.PUT_PACKET_HEADER: "waits for room in the stream",
    Service.GET_CASCADE: "waits for the cascade",
    Service.PUT_CASCADE: "waits for room in the cascade",
}
_EVENTS_KEPT = 10_000


class Clocked(Protocol):
    """Something with a clock."""

    clock: int


class EndedArray(Protocol):
    """The array, when a run is over."""

    def actors(self) -> Iterable[Clocked]: ...
    def cores(self) -> Iterable[SeenCore]: ...
    def channels(self) -> Iterable[SeenChannel]: ...


class EndedController(Protocol):
    """The controller, when a run is over."""

    clock: int

    @property
    def current(self) -> operations.Operation | None: ...


class Timeline(Observer):
    """Collects what happens; `save` writes it.

    Attributes:
        names: the design's, for what is written.
        cores, channels, controller: rows of slices.
        levels: by lock, what it counts; all locks, of which those of fifos are shown.
        rates: by channel, the bytes that it moves.
        events: (time, place, number) of the events that cores raise, the first ones.
    """

    wants_steps = True

    def __init__(self, names: Names | None = None) -> None:
        self.names = names or Names()
        self.cores: dict[str, Row] = {}
        self.channels: dict[ChannelKey, Row] = {}
        self.controller = Row()
        self.levels: dict[tuple[Place, int], Level] = {}
        self.rates: dict[ChannelKey, Rate] = {}
        self.events: list[tuple[int, str, int]] = []
        self.left_out: Counter[str] = Counter()
        self._fifos: dict[ChannelKey, str] = {}
        self._held: dict[ChannelKey, list[tuple[int, int, Hashable]]] = {}
        self._objects: Counter[ChannelKey] = Counter()
        self._steps: dict[Place, tuple[bytes, Steps]] = {}
        self._functions: dict[tuple[Place, bytes], _Functions] = {}

    # cores

    def core_ran(self, core: SeenCore, begin: int, end: int) -> None:
        """As `Observer.core_ran`; of a core that is followed, its functions are shown."""
        if not core.follows:
            self._row(core).add(begin, end, Runs())

    def core_stepped(self, core: SeenCore, steps: NDArray[np.uint64], end: int) -> None:
        """As `Observer.core_stepped`."""
        known = self._steps.get(core.tile)
        if known is None or known[0] != core.code:
            known = self._steps[core.tile] = core.code, Steps(core.code, *core.isa)
        functions = self._functions_of(core)
        addresses, cycles = known[1].lengths(steps)
        if not len(addresses):
            return
        which = functions.at(addresses)
        begins = np.flatnonzero(np.concatenate(([True], which[1:] != which[:-1])))
        row, time = self._row(core), end - int(cycles.sum())
        for number, spent in zip(
            which[begins].tolist(), np.add.reduceat(cycles, begins).tolist(), strict=True
        ):
            row.add(time, time + spent, functions.told[number])
            time += spent

    def _functions_of(self, core: SeenCore) -> _Functions:
        program = self.names.programs.get(core.tile)
        key = (core.tile, core.code)
        if key not in self._functions:
            self._functions[key] = _Functions(len(core.code), program)
        return self._functions[key]

    def core_waited(
        self, core: SeenCore, service: Service, first: int, begin: int, end: int
    ) -> None:
        """As `Observer.core_waited`."""
        self._row(core).add(begin, end, _core_wait(core, service, first))

    def core_asked(self, core: SeenCore, service: Service, first: int, second: int) -> None:  # noqa: ARG002
        """As `Observer.core_asked`: events are shown."""
        if service is Service.EVENT and len(self.events) < _EVENTS_KEPT:
            self.events.append((core.clock, core.place, first))
        elif service is Service.EVENT:
            self.left_out["events of cores"] += 1

    def _row(self, core: SeenCore) -> Row:
        return self.cores.setdefault(core.place, Row())

    # channels and the controller

    def channel_waited(self, channel: SeenChannel, cause: Held, begin: int, end: int) -> None:
        """As `Observer.channel_waited`."""
        self._held.setdefault(_key(channel), []).append((begin, end, _channel_wait(channel, cause)))

    def descriptor_ran(
        self, channel: SeenChannel, descriptor: SeenDescriptor, begin: int, end: int
    ) -> None:
        """As `Observer.descriptor_ran`: the descriptor's slice, with its waits cut out of it."""
        key = _key(channel)
        self._note_fifo(key, descriptor)
        self._objects[key] += 1
        what = Object(channel.direction, self._objects[key])
        moving = self._note_object(key, what, begin, end)
        self._note_rate(key, moving, channel.position * _WORD)

    def _note_object(
        self, key: ChannelKey, what: Hashable, begin: int, end: int
    ) -> list[tuple[int, int]]:
        """A descriptor's slice; gives the stretches in which it moved words."""
        row = self.channels.setdefault(key, Row())
        at, moving = begin, []
        for since, until, wait in self._held.pop(key, ()):
            row.add(at, since, what)
            row.add(since, until, wait)
            moving.append((at, since))
            at = max(at, until)
        row.add(at, end, what)
        return [*moving, (at, end)]

    def _note_rate(self, key: ChannelKey, moving: list[tuple[int, int]], amount: int) -> None:
        """Bytes were moved in these stretches of time, evenly."""
        rate = self.rates.setdefault(key, Rate())
        whole = sum(max(end - begin, 0) for begin, end in moving) or 1
        for begin, end in moving:
            if end > begin:
                rate.add(begin, end, amount * (end - begin) // whole)

    def _note_fifo(self, key: ChannelKey, descriptor: SeenDescriptor) -> None:
        if key not in self._fifos:
            locks = (descriptor.acquire, descriptor.release)
            found = (self.names.locks.get((lk.tile, lk.index), ("", ""))[1] for lk in locks if lk)
            self._fifos[key] = next(filter(None, found), "")

    def operation(self, operation: operations.Operation, begin: int, end: int) -> None:
        """As `Observer.operation`."""
        self.controller.add(begin, end, _operation(operation))

    def lock_changed(
        self,
        lock: SeenLock,
        actor: object | None,
        value: int,
        time: int,
        *,
        equal: bool = False,  # noqa: ARG002
    ) -> None:
        """As `Observer.lock_changed`."""
        level = self.levels.setdefault((lock.tile, lock.index), Level())
        level.change(time, value if actor is not None else value - level.value)

    # the end

    def end_run(self, array: EndedArray, controller: EndedController) -> None:
        """A run is over, or cannot go on: what waits does so to the end."""
        end = max(controller.clock, *(actor.clock for actor in array.actors()))
        for core in array.cores():
            if core.pending is not None:
                service, first, _ = core.pending
                self._row(core).add(core.clock, end, _core_wait(core, service, first))
        for channel in array.channels():
            if channel.descriptor is not None:
                cause = Held.STREAM if channel.acquired else Held.LOCK
                key = _key(channel)
                self._note_fifo(key, channel.descriptor)
                what = Object(channel.direction, self._objects[key] + 1)
                begin = channel.began if channel.acquired else channel.clock
                self._note_object(key, what, begin, channel.clock)
                self.channels[key].add(channel.clock, end, _channel_wait(channel, cause))
        waiting = controller.current
        if waiting is not None:
            self.controller.add(controller.clock, end, _operation(waiting))

    @property
    def words(self) -> Words:
        """What things are called."""
        return Words(self.names, self._fifos)

    def save(self, path: Path) -> None:
        """Writes the timeline for Perfetto and chrome://tracing, event by event."""
        with path.open("w", encoding="utf-8") as file:
            for part in document.text(self):
                file.write(part)

    def as_json(self) -> dict[str, object]:
        """The timeline as the JSON object of the trace event format."""
        return document.of(self)

    def rows(self) -> Iterator[tuple[str, str, Row]]:
        """(group, name, row) of each row of slices, the groups in their order."""
        words = self.words
        yield document.CONTROLLER, "controller", self.controller
        for place, row in sorted(self.cores.items()):
            yield document.CORES, place, row
        for key, row in sorted(self.channels.items(), key=lambda item: item[0]):
            yield document.DMAS, words.channel(*key), row


class _Functions:
    """The functions of a program by address.

    Attributes:
        told: what each is called in the timeline.
    """

    def __init__(self, size: int, program: SourceLines | None) -> None:
        self._program = program
        self._of = np.full(size // 2 + 1, -1, np.int64)
        self.told: list[Hashable] = []

    def at(self, addresses: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of the function at each address."""
        halfwords = addresses >> 1
        for halfword in np.unique(halfwords[self._of[halfwords] < 0]).tolist():
            name = "" if self._program is None else self._program.function(2 * halfword)
            what: Hashable = Function(name) if name else Runs()
            if what not in self.told:
                self.told.append(what)
            self._of[halfword] = self.told.index(what)
        found: NDArray[np.int64] = self._of[halfwords]
        return found


def _key(channel: SeenChannel) -> ChannelKey:
    return channel.tile, channel.direction, channel.number


def _core_wait(core: SeenCore, service: Service, first: int) -> Hashable:
    if service is Service.ACQUIRE:
        assert core.pending is not None
        lock = core.lock(first)
        return Acquire(lock.tile, lock.index, core.pending[2])
    return Waits(_WAITS.get(service, f"waits: {service.name.lower()}"))


def _channel_wait(channel: SeenChannel, cause: Held) -> Hashable:
    descriptor = channel.descriptor
    if cause is Held.LOCK and descriptor is not None and descriptor.acquire is not None:
        lock = descriptor.acquire
        return Acquire(lock.tile, lock.index, descriptor.acquire_value)
    sends = channel.direction.name == "MM2S"
    return Waits("waits for room in the stream" if sends else "waits for words")


def _operation(operation: operations.Operation) -> Operation:
    if isinstance(operation, Sync):
        place = (operation.column, operation.row)
        return Operation("waits for", place, Direction(operation.direction), operation.channel)
    return Operation(type(operation).__name__)
