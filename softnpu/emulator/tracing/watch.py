"""Who tells trace units what happens: cores, channels, locks and ports, by the events' names."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.dma import Direction
from softnpu.arch.register import MODULES, Module
from softnpu.arch.standin import Service
from softnpu.arch.tiles import TileKind
from softnpu.emulator.observing.observer import (
    Held,
    Observer,
    Place,
    SeenChannel,
    SeenCore,
    SeenDescriptor,
    SeenLock,
)
from softnpu.emulator.streams.port_monitor import PortMonitor
from softnpu.emulator.tracing.instructions import Follower
from softnpu.emulator.tracing.surroundings import TracedArray
from softnpu.emulator.tracing.unit import Interval, Unit
from softnpu.emulator.tracing.units import Units
from softnpu.formats.event_settings import PORTS, Settings

_ALWAYS = 1 << 62
_LOCK_SELECTIONS = 8
_WAY = 4_000_000
"""Cycles for which a unit keeps where a program was before it goes through them."""
_ASKED = {
    Service.ACQUIRE: "INSTR_LOCK_ACQUIRE_REQ",
    Service.RELEASE: "INSTR_LOCK_RELEASE_REQ",
    Service.PUT_STREAM: "INSTR_STREAM_PUT",
    Service.TRY_PUT_STREAM: "INSTR_STREAM_PUT",
    Service.PUT_PACKET_HEADER: "INSTR_STREAM_PUT",
    Service.TRY_PUT_PACKET_HEADER: "INSTR_STREAM_PUT",
    Service.GET_STREAM: "INSTR_STREAM_GET",
    Service.TRY_GET_STREAM: "INSTR_STREAM_GET",
    Service.PUT_CASCADE: "INSTR_CASCADE_PUT",
    Service.GET_CASCADE: "INSTR_CASCADE_GET",
}
_WAITED = {
    Service.ACQUIRE: "LOCK_STALL",
    Service.PUT_CASCADE: "CASCADE_STALL",
    Service.GET_CASCADE: "CASCADE_STALL",
}


class Watch(Observer):
    """Looks on for the trace units of an array.

    Attributes:
        units: whom it tells.
        followers: of the cores whose instructions are to be followed one by one.
    """

    def __init__(self, array: TracedArray) -> None:
        self._array = array
        self.units = Units(array, self.open)
        self.followers: dict[Place, Follower] = {}
        self._monitors: dict[tuple[Place, Module, int], PortMonitor] = {}
        self._active: dict[Place, int] = {}
        """Since when a core is enabled."""
        self._equal: dict[tuple[Place, int], int] = {}
        """Since when a selected lock has its value."""

    def begin(self) -> None:
        """Looks on from now on, if it does not yet."""
        if self in self._array.observers:
            return
        self._array.observers.append(self)
        for core in self._array.cores():
            if core.running:
                self._active[core.tile] = self._array.controller_clock

    def follow(self, place: Place) -> None:
        """Follows the instructions of a core from its beginning."""
        array = self._array
        self.followers.setdefault(place, Follower(array.core_isa, array.device.generation))

    def watch_ports(self, place: Place, module: Module, unit: Unit) -> None:
        """Stands at the ports whose events are traced."""
        if not any(name.startswith("PORT_") for name in unit.settings.number):
            return
        network = self._array.network
        for key in [k for k in self._monitors if k[:2] == (place, module)]:
            del self._monitors[key]
        for number in range(PORTS):
            events = {
                how: unit.settings.number[f"PORT_{how}_{number}"]
                for how in ("RUNNING", "STALLED", "TLAST")
            }
            if unit.settings.wanted.isdisjoint(events.values()):
                continue

            def tell(how: str, begin: int, end: int, events: dict[str, int] = events) -> None:
                self.units.happens(place, module, events[how], begin, end)

            self._monitors[place, module, number] = PortMonitor(tell)
        monitored: dict[tuple[str, Place, int], list[PortMonitor]] = {}
        for (where, of, number), monitor in self._monitors.items():
            master, index = self.units.use(where, of).settings.port(number)
            side = "master" if master else "slave"
            monitored.setdefault((side, where, index), []).append(monitor)
        network.monitored = monitored
        network.epoch += 1

    def core_switched(self, core: SeenCore, running: bool, time: int) -> None:
        """As `Observer.core_switched`."""
        since = self._active.pop(core.tile, None)
        if running:
            self._active[core.tile] = time
        elif since is not None:
            self.units.named(core.tile, Module.CORE, "ACTIVE", since, time)

    def core_stepped(self, core: SeenCore, steps: NDArray[np.uint64], end: int) -> None:
        """As `Observer.core_stepped`."""
        unit = self.units.at(core.tile, Module.CORE)
        follower = self.followers.get(core.tile)
        if unit is None or follower is None:
            return
        for event, begin, behind in follower.seen(core, unit, steps, end):
            self.units.happens(core.tile, Module.CORE, event, begin, behind)
        if unit.way > _WAY:
            self.units.relieve(core.tile, Module.CORE, end)

    def core_asked(self, core: SeenCore, service: Service, first: int, second: int) -> None:  # noqa: ARG002
        """As `Observer.core_asked`."""
        name = f"INSTR_EVENT_{first}" if service is Service.EVENT else _ASKED.get(service)
        if name is not None:
            self.units.named(core.tile, Module.CORE, name, core.clock, core.clock + 1)

    def core_waited(
        self,
        core: SeenCore,
        service: Service,
        first: int,  # noqa: ARG002
        begin: int,
        end: int,
    ) -> None:
        """As `Observer.core_waited`."""
        name = _WAITED.get(service, "STREAM_STALL")
        self.units.named(core.tile, Module.CORE, name, begin, end)

    def task_began(self, channel: SeenChannel) -> None:
        """As `Observer.task_began`."""
        self._of_channel(channel, "START_TASK", channel.clock, channel.clock + 1)

    def task_ended(self, channel: SeenChannel) -> None:
        """As `Observer.task_ended`."""
        self._of_channel(channel, "FINISHED_TASK", channel.clock, channel.clock + 1)

    def descriptor_ran(
        self,
        channel: SeenChannel,
        descriptor: SeenDescriptor,  # noqa: ARG002
        begin: int,  # noqa: ARG002
        end: int,
    ) -> None:
        """As `Observer.descriptor_ran`."""
        self._of_channel(channel, "FINISHED_BD", end, end + 1)

    def channel_waited(self, channel: SeenChannel, cause: Held, begin: int, end: int) -> None:
        """As `Observer.channel_waited`."""
        self._of_channel(channel, _stall(channel, cause), begin, end)

    def _of_channel(self, channel: SeenChannel, what: str, begin: int, end: int) -> None:
        module = _module_of_dma(self._array.device.kind(*channel.tile))
        unit = self.units.at(channel.tile, module)
        if unit is None:
            return
        direction = channel.direction.name
        for number in self._numbers_of(channel, unit):
            self.units.named(channel.tile, module, f"DMA_{direction}_{number}_{what}", begin, end)

    def _numbers_of(self, channel: SeenChannel, unit: Unit) -> list[str]:
        """What events call a channel: its number, or those of memory tiles that select it."""
        if self._array.device.kind(*channel.tile) is not TileKind.MEMORY:
            return [str(channel.number)]
        prefix = "S2MM" if channel.direction is Direction.S2MM else "MM2S"
        register = "DMA_Event_Channel_Selection"
        return [
            f"SEL{n}"
            for n in range(2)
            if unit.settings.field(register, f"{prefix}_Sel{n}_Channel") == channel.number
        ]

    def lock_changed(
        self, lock: SeenLock, actor: object | None, value: int, time: int, *, equal: bool = False
    ) -> None:
        """As `Observer.lock_changed`."""
        for module, unit in self.units.of(lock.tile).items():
            if module is Module.CORE:
                continue
            for n in _selections(unit.settings, lock.index):
                if actor is not None:
                    what = "REL" if value > 0 else "ACQ_EQ" if equal else "ACQ_GE"
                    self._lock_event(lock, module, n, what, time, time + 1)
                key = (lock.tile, n)
                since = self._equal.pop(key, None)
                if since is not None:
                    self._lock_event(lock, module, n, "EQUAL_TO_VALUE", since, time)
                wanted = unit.settings.field(f"Locks_Event_Selection_{n}", "Lock_Value")
                if lock.value == wanted:
                    self._equal[key] = time

    def _lock_event(
        self, lock: SeenLock, module: Module, number: int, what: str, begin: int, end: int
    ) -> None:
        for name in (f"LOCK_SEL{number}_{what}", f"LOCK_{number}_{what}"):
            self.units.named(lock.tile, module, name, begin, end)

    def open(self, place: Place, module: Module, unit: Unit) -> Iterator[Interval]:
        """What is on in a module and has not ended."""
        for name, since in self._named_open(place, module, unit):
            number = unit.settings.number.get(name)
            if number in unit.settings.wanted:
                yield since, _ALWAYS, number

    def _named_open(self, place: Place, module: Module, unit: Unit) -> Iterator[tuple[str, int]]:
        tile = self._array.tiles[place]
        if module is Module.CORE:
            core = self._array.core_of(place)
            if place in self._active:
                yield "ACTIVE", self._active[place]
            elif not core.running:
                yield "DISABLED", 0
            if core.pending is not None:
                yield _WAITED.get(core.pending[0], "STREAM_STALL"), core.clock
        if module is _module_of_dma(tile.kind):
            for channel in tile.dma.channels.values():
                held = _held(channel)
                if held is not None:
                    for number in self._numbers_of(channel, unit):
                        what = f"DMA_{channel.direction.name}_{number}_{_stall(channel, held)}"
                        yield what, channel.clock
            for (where, n), since in self._equal.items():
                if where == place:
                    yield f"LOCK_SEL{n}_EQUAL_TO_VALUE", since
        for (where, of, port), monitor in self._monitors.items():
            if (where, of) == (place, module) and monitor.stalled is not None:
                yield f"PORT_STALLED_{port}", monitor.stalled

    def clear(self) -> None:
        """As after a reset of the array."""
        self.units.clear()
        self._monitors.clear()
        self._active.clear()
        self._equal.clear()
        self._array.network.monitored = {}
        if self in self._array.observers:
            self._array.observers.remove(self)


def _module_of_dma(kind: TileKind) -> Module:
    return MODULES[kind][-1]


def _stall(channel: SeenChannel, cause: Held) -> str:
    if cause is Held.LOCK:
        return "STALLED_LOCK"
    sends = channel.direction is Direction.MM2S
    return "STREAM_BACKPRESSURE" if sends else "STREAM_STARVATION"


def _held(channel: SeenChannel) -> Held | None:
    """What holds a channel up now."""
    if channel.descriptor is None:
        return None
    return Held.STREAM if channel.acquired else Held.LOCK


def _selections(settings: Settings, lock: int) -> Iterator[int]:
    """The selections that have chosen a lock, by their numbers."""
    for n in range(_LOCK_SELECTIONS):
        if settings.field(f"Locks_Event_Selection_{n}", "Lock_Select") == lock:
            yield n
