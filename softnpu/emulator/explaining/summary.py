"""A run's statistics as text, and the state of an array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from softnpu.emulator.explaining.report import Outcome, RunReport
from softnpu.emulator.explaining.wording import Step, Wording
from softnpu.emulator.naming.names import Names
from softnpu.emulator.scheduling.clock import CYCLES_PER_US
from softnpu.warned import counted

if TYPE_CHECKING:
    from softnpu.emulator.array.array import Array

_WORD = 4


def summary(report: RunReport) -> str:
    """What a run did: time, cores, channels, buffers, hazards; one fact a line."""
    return "\n".join(
        [_head(report), *_cores(report), *_channels(report), *_arguments(report), *_notes(report)]
    )


def _head(report: RunReport) -> str:
    """The outcome, with the time if the run had an end."""
    if report.outcome in (Outcome.HANG, Outcome.FAULT):
        return f"{report.outcome.value}; until then:"
    return (
        f"{report.outcome.value}, about {report.cycles / CYCLES_PER_US:.1f} us "
        f"(estimate: {report.cycles} cycles at 1 GHz)"
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def _cores(report: RunReport) -> Iterator[str]:
    for place, core in report.statistics.cores.items():
        waits = (
            ("locks", core.lock_wait),
            ("streams", core.stream_wait),
            ("the cascade", core.cascade_wait),
            ("memory banks", core.bank_wait),
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
    for use in report.arguments:
        if use.read or use.written:
            moved = f"{use.read} read, {use.written} written by DMAs"
        else:
            moved = "not touched by a DMA"
        yield f"  {use.name}: {use.size} bytes, {moved}"


def _notes(report: RunReport) -> Iterator[str]:
    return (f"  note: {hazard}" for hazard in counted(report.hazards))


def state(array: Array, names: Names | None = None) -> str:
    """What everything in the array is at: cores, busy channels, locks that are not 0."""
    wording = Wording((names or Names()).of(array.pdi))
    lines = []
    for actor in array.actors():
        wait = actor.wait()
        if wait is not None and (actor.clock or actor.queued):
            lines.append(f"  {wording.step(Step(wait))}")
    for tile in array.tiles.values():
        values = ", ".join(f"{lock.index}={lock.value}" for lock in tile.locks if lock.value)
        if values:
            lines.append(f"  {tile.name} locks: {values}")
    return "\n".join(lines)
