"""A timeline of a run, in the format that Perfetto and chrome://tracing read.

Times are the actors' clocks, one cycle shown as one nanosecond: an estimate (see docs/emulator.md).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softnpu.arch.standin import Service
from softnpu.emulator.clock import CYCLES_PER_US
from softnpu.emulator.observer import Observer
from softnpu.emulator.scheduler import Actor

if TYPE_CHECKING:
    from softnpu.emulator.core import Core
    from softnpu.emulator.descriptors import Descriptor
    from softnpu.emulator.dma import Channel
    from softnpu.formats.operations import Operation

_CORES, _CONTROLLER = "cores", "controller"


class Timeline(Observer):
    """Collects what happens; `save` writes it."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._processes: dict[str, int] = {}
        self._threads: dict[tuple[int, str], int] = {}

    def descriptor_ran(
        self, channel: Channel, descriptor: Descriptor, begin: int, end: int
    ) -> None:
        """A DMA channel has run a descriptor."""
        details = {"words": channel.position, "descriptor": descriptor.number}
        track = self._track(f"DMA of tile {channel.tile}", channel)
        self._span(track, f"BD {descriptor.number}", begin, end, details)

    def core_ran(self, core: Core, begin: int, end: int) -> None:
        """A core has retired instructions without waiting."""
        if end > begin:
            self._span(self._track(_CORES, core), "runs", begin, end, {})

    def core_waited(self, core: Core, service: Service, first: int, begin: int, end: int) -> None:  # noqa: ARG002
        """A core has waited in a service."""
        if end > begin:
            name = f"waits: {service.name.lower()}"
            self._span(self._track(_CORES, core), name, begin, end, {})

    def operation(self, controller: Actor, operation: Operation, begin: int, end: int) -> None:
        """The controller has run an operation that took time."""
        name = type(operation).__name__
        details = {"operation": str(operation)}
        self._span(self._track(_CONTROLLER, controller), name, begin, end, details)

    def core_asked(self, core: Core, service: Service, first: int, second: int) -> None:  # noqa: ARG002
        """A core asks for something; shown are the events that it raises."""
        if service is not Service.EVENT:
            return
        process, thread = self._track(_CORES, core)
        self._events.append(
            {
                "name": f"event {first}",
                "ph": "i",
                "s": "t",
                "pid": process,
                "tid": thread,
                "ts": core.clock / CYCLES_PER_US,
            }
        )

    def _span(
        self, track: tuple[int, int], name: str, begin: int, end: int, details: dict[str, Any]
    ) -> None:
        self._events.append(
            {
                "name": name,
                "ph": "X",
                "pid": track[0],
                "tid": track[1],
                "ts": begin / CYCLES_PER_US,
                "dur": (end - begin) / CYCLES_PER_US,
                "args": details,
            }
        )

    def _track(self, process: str, actor: Actor) -> tuple[int, int]:
        pid = self._processes.setdefault(process, len(self._processes) + 1)
        tid = self._threads.setdefault((pid, actor.place), len(self._threads) + 1)
        return pid, tid

    def _names(self) -> list[dict[str, Any]]:
        processes = [
            {"name": "process_name", "ph": "M", "pid": pid, "args": {"name": name}}
            for name, pid in self._processes.items()
        ]
        threads = [
            {"name": "thread_name", "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}}
            for (pid, name), tid in self._threads.items()
        ]
        return processes + threads

    def as_json(self) -> dict[str, Any]:
        """The timeline as the JSON object of the trace event format."""
        return {"traceEvents": self._names() + self._events, "displayTimeUnit": "ns"}

    def save(self, path: Path) -> None:
        """Writes the timeline to a file."""
        path.write_text(json.dumps(self.as_json()))
