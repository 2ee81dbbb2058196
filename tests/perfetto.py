"""What Perfetto takes of a file in the trace event format.

Its reader's rules, from perfetto, src/trace_processor/importers/json (json_trace_tokenizer.cc and
json_trace_parser.cc): times are rounded to nanoseconds; an event without a thread, or with 0 for
one, is of the thread that has its process's number, which is the main one; a counter is called by
its event's name and its value's key, and is of the process; slices of a thread lie apart or in each
other, else one is moved to a row of its own with an error. That reader itself, built from its
sources (August 2026), was seen to say the same of the files that are held to this here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = tuple[str, str]
"""(process, thread or counter)."""


@dataclass(frozen=True)
class Slice:
    """A slice; times in nanoseconds."""

    begin: int
    end: int
    name: str


@dataclass
class Reading:
    """What was read, by the names that are shown.

    Attributes:
        main_threads: names of threads that are taken for their process's main one.
    """

    slices: dict[Row, list[Slice]] = field(default_factory=dict)
    counters: dict[Row, list[tuple[int, float]]] = field(default_factory=dict)
    main_threads: set[str] = field(default_factory=set)


def read(document: Mapping[str, Any]) -> Reading:
    """Reads a document; AssertionError for what Perfetto has no name for, or calls an error."""
    events = document["traceEvents"]
    processes = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    threads = {_thread(e): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    found = Reading()
    found.main_threads = {name for (pid, tid), name in threads.items() if pid == tid}
    opened: dict[Row, list[tuple[int, str]]] = {}
    for event in events:
        if event["ph"] == "M":
            continue
        process = processes[event["pid"]]
        if event["ph"] == "C":
            for key, value in event["args"].items():
                points = found.counters.setdefault((process, f"{event['name']} {key}"), [])
                points.append((_time(event["ts"]), value))
            continue
        row = process, threads[_thread(event)]
        begin, name = _time(event["ts"]), event["name"]
        if event["ph"] == "B":
            opened.setdefault(row, []).append((begin, name))
        elif event["ph"] == "E":
            since, of = opened[row].pop()
            assert of == name, f"{name} ends in {of}"
            found.slices.setdefault(row, []).append(Slice(since, begin, name))
        elif event["ph"] == "X":
            end = begin + _time(event["dur"])
            found.slices.setdefault(row, []).append(Slice(begin, end, name))
    assert not any(opened.values()), f"slices without an end: {opened}"
    for row, slices in found.slices.items():
        _check_nesting(row, slices)
    return found


def _thread(event: Mapping[str, Any]) -> tuple[int, int]:
    return event["pid"], event.get("tid") or event["pid"]


def _time(microseconds: float) -> int:
    return round(microseconds * 1000)


def _check_nesting(row: Row, slices: list[Slice]) -> None:
    around: list[Slice] = []
    for one in sorted(slices, key=lambda one: (one.begin, -one.end)):
        assert one.end >= one.begin, f"{row}: {one} ends before it begins"
        while around and around[-1].end <= one.begin:
            around.pop()
        assert not around or one.end <= around[-1].end, f"{row}: {one} leaves {around[-1]}"
        around.append(one)
