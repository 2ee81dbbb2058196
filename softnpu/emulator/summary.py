"""A run's statistics as text, and the state of an array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from softnpu.emulator.names import Names
from softnpu.emulator.report import RunReport
from softnpu.emulator.wording import Step, Wording

if TYPE_CHECKING:
    from softnpu.emulator.array import Array

_CYCLES_PER_US = 1000
_WORD = 4


def summary(report: RunReport) -> str:
    """What a run did: time, cores, channels, buffers, hazards; one fact a line."""
    head = (
        f"{report.outcome.value}, about {report.cycles / _CYCLES_PER_US:.1f} us "
        f"(estimate: {report.cycles} cycles at 1 GHz)"
    )
    return "\n".join(
        [head, *_cores(report), *_channels(report), *_arguments(report), *_notes(report)]
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def _cores(report: RunReport) -> Iterator[str]:
    for place, core in report.statistics.cores.items():
        waits = (
            ("locks", core.lock_wait),
            ("streams", core.stream_wait),
            ("the cascade", core.cascade_wait),
        )
        waited = ", ".join(
            f"{_share(cycles, report.cycles)} of the time waiting for {what}"
            for what, cycles in waits
            if cycles
        )
        yield f"  {place}: {core.instructions} instructions{f', {waited}' if waited else ''}"


def _channels(report: RunReport) -> Iterator[str]:
    for place, channel in report.statistics.channels.items():
        waited = _share(channel.lock_wait, report.cycles)
        yield (
            f"  {place}: {channel.bytes} bytes in {channel.descriptors} descriptors, "
            f"{waited} of the time waiting for locks"
        )


def _arguments(report: RunReport) -> Iterator[str]:
    for name, size, read, written in report.arguments:
        if read or written:
            yield f"  {name}: {size} bytes, {read} read, {written} written by DMAs"
        else:
            yield f"  {name}: {size} bytes, never touched by a DMA"


def _notes(report: RunReport) -> Iterator[str]:
    return (f"  note: {hazard}" for hazard in report.hazards)


def state(array: Array, names: Names | None = None) -> str:
    """What everything in the array is at: cores, busy channels, locks that are not 0."""
    wording = Wording((names or Names()).of(array.pdi))
    lines = []
    for actor in array.actors():
        wait = actor.wait()
        if wait is not None and (actor.clock or actor.queued):
            lines.append(f"  {wording.step(Step(wait, children=[Step(wait)]))}")
    for tile in array.tiles.values():
        values = ", ".join(f"{lock.index}={lock.value}" for lock in tile.locks if lock.value)
        if values:
            lines.append(f"  {tile.name} locks: {values}")
    return "\n".join(lines)
