"""A run's timeline in the page: small, whole, and safe to stand in HTML."""

from __future__ import annotations

import json
from typing import Any

from pipeline.report import run

NAMES = [
    {"name": "process_name", "ph": "M", "pid": 1, "args": {"name": "controller"}},
    {"name": "process_name", "ph": "M", "pid": 2, "args": {"name": "cores"}},
    {"name": "thread_name", "ph": "M", "pid": 1, "tid": 1, "args": {"name": "controller"}},
    {"name": "thread_name", "ph": "M", "pid": 2, "tid": 2, "args": {"name": "core (0,2)"}},
]


def timeline(count: int, *more: dict[str, Any]) -> dict[str, Any]:
    """So many slices of work, each with a wait behind it, in a core's row."""
    slices = [
        {
            "name": f"object {n}" if cat == "work" else "waits",
            "cat": cat,
            "ph": "X",
            "pid": 2,
            "tid": 2,
            "ts": n * 0.01 + begin,
            "dur": dur,
            "args": {},
        }
        for n in range(count)
        for cat, begin, dur in (("work", 0, 0.007), ("wait", 0.007, 0.003))
    ]
    notes = {"busy": {"core (0,2)": 0.7}}
    return {"traceEvents": [*NAMES, *slices, *more], "otherData": notes}


def data(found: run.RunPart | None) -> dict[str, Any]:
    assert found is not None
    shown: dict[str, Any] = json.loads(str(found.data))
    return shown


def test_slices_are_told_by_the_cycles_between_and_in_them_with_shared_names() -> None:
    found = run.part(timeline(3))
    assert found is not None and found.cycles == 30 and not found.merged
    shown = data(found)
    (row,) = shown["rows"]
    assert (row["n"], row["b"], shown["groups"][row["g"]]) == ("core (0,2)", 0.7, "cores")
    assert shown["names"] == ["object #", "waits"]
    assert row["s"][:3] == [[0, 7, 0, 0, 0], [0, 3, 1, 0, 100], [0, 7, 0, 1, 0]]


def test_a_long_run_is_shown_whole_by_fewer_slices() -> None:
    found = run.part(timeline(20_000))
    assert found is not None
    (row,) = data(found)["rows"]
    assert len(row["s"]) <= run.SLICES
    assert sum(gap + cycles for gap, cycles, *_ in row["s"]) == 200_000
    assert all(28 <= waits <= 32 for *_, waits in row["s"])
    assert found.merged == f"40,000 slices are shown as {len(row['s']):,}"
    assert len(str(found.data)) < 40_000


def test_events_point_at_the_row_that_they_belong_to() -> None:
    mark = {"name": "event0()", "ph": "i", "s": "t", "pid": 2, "tid": 2, "ts": 0.005}
    shown = data(run.part(timeline(1, mark)))
    assert shown["events"] == [[5, 0, "event0()"]]


def test_counters_are_thinned_to_the_largest_of_neighbours() -> None:
    points = [
        {"name": "@in", "ph": "C", "pid": 1, "ts": n / 1000, "args": {"objects": n % 50}}
        for n in range(1000)
    ]
    (counter,) = data(run.part(timeline(1, *points)))["counters"]
    assert len(counter["p"]) == 100
    assert counter["m"] == 49 and max(value for _, value in counter["p"]) == 49


def test_a_name_cannot_end_the_script_element() -> None:
    mark = {"name": "</script><b>", "ph": "i", "s": "t", "pid": 2, "tid": 2, "ts": 0}
    found = run.part(timeline(1, mark))
    assert found is not None and "</script>" not in str(found.data)
    assert data(found)["events"][0][2] == "</script><b>"


def test_a_run_without_slices_is_none() -> None:
    assert run.part({"traceEvents": NAMES}) is None
