"""A trace as JSON that Perfetto and chrome://tracing open: a process a unit, a thread a slot.

The trace event format: a cycle is shown as a nanosecond, as in the emulator's timelines. A thread 0
is to Perfetto the one whose number is its process's, and that one is the process's main thread
(perfetto, src/trace_processor/importers/json): no slot's thread has such a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from runner.tracing.naming import event_name, unit_name
from softnpu.emulator.naming.names import Names
from softnpu.emulator.scheduling.clock import CYCLES_PER_US
from softnpu.inspect.trace import UnitTrace


def document(units: Iterable[UnitTrace], names: Names) -> dict[str, Any]:
    """The JSON object of the trace event format."""
    events = [event for pid, unit in enumerate(units, start=1) for event in _unit(pid, unit, names)]
    return {"traceEvents": events, "displayTimeUnit": "ns"}


_MOST = 1000
"""Threads that a process has room for."""


def _unit(pid: int, unit: UnitTrace, names: Names) -> Iterator[dict[str, Any]]:
    yield {"name": "process_name", "ph": "M", "pid": pid, "args": {"name": unit_name(unit)}}
    called = {number: name for name, number in unit.settings.number.items()}
    for slot, event in enumerate(unit.settings.traced):
        if event:
            name = event_name(unit, called.get(event, str(event)), names)
            yield {
                "name": "thread_name",
                "ph": "M",
                "pid": pid,
                "tid": pid * _MOST + slot,
                "args": {"name": name},
            }
    for seen in unit.seen:
        yield {
            "name": event_name(unit, seen.name, names),
            "ph": "X",
            "pid": pid,
            "tid": pid * _MOST + seen.slot,
            "ts": seen.begin / CYCLES_PER_US,
            "dur": seen.cycles / CYCLES_PER_US,
            "args": {} if seen.pc is None else {"pc": f"{seen.pc:#x}"},
        }
