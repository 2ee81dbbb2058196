"""The trace units of an array by tile and module, and how events get to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from softnpu.arch.ports import STEPS
from softnpu.arch.register import Module
from softnpu.emulator.observing.observer import Place
from softnpu.emulator.tracing.surroundings import TracedArray
from softnpu.emulator.tracing.unit import Interval, Unit
from softnpu.formats.event_settings import Settings

_MANY = 100_000
"""Intervals that a unit keeps before it goes through them."""


class Units:
    """The units whose registers were written.

    Args:
        open: gives what is on in a module and has not ended.
    """

    def __init__(
        self, array: TracedArray, open: Callable[[Place, Module, Unit], Iterable[Interval]]
    ) -> None:
        self._array = array
        self._open = open
        self._units: dict[Place, dict[Module, Unit]] = {}

    def __iter__(self) -> Iterator[tuple[Place, Module, Unit]]:
        """All of them."""
        for place, units in self._units.items():
            for module, unit in units.items():
                yield place, module, unit

    def at(self, place: Place, module: Module) -> Unit | None:
        """The unit of a module, if it is used."""
        units = self._units.get(place)
        return None if units is None else units.get(module)

    def of(self, place: Place) -> dict[Module, Unit]:
        """The units of a tile that are used."""
        return self._units.get(place, {})

    def use(self, place: Place, module: Module) -> Unit:
        """The unit of a module, made at its first use."""
        units = self._units.setdefault(place, {})
        if module not in units:
            units[module] = Unit(Settings(module))
        return units[module]

    def change(self, place: Place, module: Module, register: str, value: int) -> None:
        """A register of a module takes a value."""
        unit = self.use(place, module)
        open = tuple(self._open(place, module, unit))
        unit.change(register, value, self._array.controller_clock, open)

    def advance(self, horizon: int) -> None:
        """Lets all go through everything before `horizon`."""
        for place, module, unit in self:
            unit.advance(horizon, tuple(self._open(place, module, unit)))

    def happens(self, place: Place, module: Module, event: int, begin: int, end: int) -> None:
        """An event of a module is on for some cycles."""
        unit = self.at(place, module)
        if unit is None:
            return
        unit.see(event, begin, end)
        for channel in unit.settings.broadcasts.get(event, ()):
            for units in self._reached(place, channel):
                for other in units.values():
                    other.see(other.settings.broadcast_event(channel), begin, end)
        if len(unit.pending) > _MANY:
            self.relieve(place, module, begin)

    def relieve(self, place: Place, module: Module, now: int) -> None:
        """Lets a unit go through what is surely past, when somebody's clock is at `now`."""
        unit = self.use(place, module)
        horizon = min(now, self._array.scheduler.earliest)
        unit.advance(horizon, tuple(self._open(place, module, unit)))

    def named(self, place: Place, module: Module, event: str, begin: int, end: int) -> None:
        """As `happens`, for an event by its name; none if the module has no such."""
        unit = self.at(place, module)
        if unit is not None and (number := unit.settings.number.get(event)) is not None:
            self.happens(place, module, number, begin, end)

    def _reached(self, start: Place, channel: int) -> Iterator[dict[Module, Unit]]:
        """The tiles that a broadcast gets to, at once: no source tells how long it takes."""
        seen, ahead = {start}, [start]
        while ahead:
            place = ahead.pop()
            units = self.of(place)
            yield units
            for bundle, (col, row) in STEPS.items():
                other = (place[0] + col, place[1] + row)
                blocked = any(
                    unit.settings.blocks(bundle.name) >> channel & 1 for unit in units.values()
                )
                if other in self._array.tiles and other not in seen and not blocked:
                    seen.add(other)
                    ahead.append(other)

    def clear(self) -> None:
        """As after a reset of the array."""
        self._units.clear()
