"""The timeline: what happened when, as Perfetto reads it."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from softnpu.emulator.context import Context
from softnpu.emulator.explaining.report import Outcome, RunReport
from softnpu.emulator.naming import names
from softnpu.formats.xclbin import parse
from tests import perfetto
from tests.softnpu.emulator import test_tracing as designs
from tests.softnpu.emulator.programs import Cores

DESIGN = "passthrough_core"
Event = dict[str, Any]


def traced(cores: Cores, **program: str) -> Context:
    """Four objects through a core whose program nobody has an ELF file of."""
    source = """
    void program(void) {
      for (int half = 0;; half ^= 1) {
        const int32_t *from = half ? in_cons_buff_1 : in_cons_buff_0;
        int32_t *to = half ? out_buff_1 : out_buff_0;
        acquire(49, -1); acquire(50, -1);
        event(0);
        for (int i = 0; i < 256; i++) to[i] = from[i];
        event(1);
        release(48, 1); release(51, 1);
      }
    }
    """
    context: Context = cores.context(
        DESIGN,
        {(0, 2): cores.program(DESIGN, (0, 2), program.get("source", source))},
        trace=True,
    )
    data = [context.allocate(4096), context.allocate(4096)]
    data[0].words[:] = np.arange(1024)
    context.run(cores.insts(DESIGN).read_bytes(), data)
    return context


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A design with names, through a memory tile."""
    folder = tmp_path_factory.mktemp("timeline")
    designs.run(folder, designs.unit("worker", "core", "INSTR_EVENT_0", mode="Event-Time"))
    return folder


def run(folder: Path, *, buffers: int = 3) -> tuple[RunReport, dict[str, Any]]:
    """The report of a run of that design, and its timeline."""
    image = folder / "final.xclbin"
    context = Context(parse(image.read_bytes()), trace=True)
    assert context.timeline is not None
    context.timeline.names = names.beside(image)
    given = [context.allocate(size) for size in (1024, 1024, 8192)[:buffers]]
    report = context.run((folder / "insts.bin").read_bytes(), given)
    context.timeline.save(folder / "timeline.json")
    return report, json.loads((folder / "timeline.json").read_text())


def rows(timeline: dict[str, Any]) -> dict[str, list[Event]]:
    """The slices of each row."""
    events = timeline["traceEvents"]
    named = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    found: dict[str, list[Event]] = {name: [] for name in named.values()}
    for event in events:
        if event["ph"] == "X":
            found[named[event["tid"]]].append(event)
    return found


def said(slices: list[Event]) -> list[str]:
    return [one["name"] for one in slices]


def test_rows_and_slices_are_called_what_the_design_calls_them(built: Path) -> None:
    _, timeline = run(built)
    found = rows(timeline)
    assert {"core (0,2)", "controller", "tile (0,0) MM2S 0 [in]", "tile (0,2) S2MM 0 [lines]"} <= (
        set(found)
    )
    core = said(found["core (0,2)"])
    assert "acquire @lines[1] (waits for @lines producer)" in core
    assert "core_0_2()" in core
    assert said(found["controller"]) == ["waits for tile (0,0) S2MM 0 [out]"]
    channel = said(found["tile (0,2) S2MM 0 [lines]"])
    assert [name for name in channel if "object" in name] == [
        f"DMA in object {n}" for n in (1, 2, 3, 4)
    ]
    assert "acquire @lines[1] (waits for @lines consumer)" in channel


def test_a_core_without_names_runs_and_waits(cores: Cores) -> None:
    timeline = traced(cores).timeline
    assert timeline is not None
    names_ = set(said(rows(timeline.as_json())["core (0,2)"]))
    assert names_ == {"runs", "acquire lock 1 of tile (0,2) (at least 1)"}


def test_slices_of_one_row_do_not_overlap(built: Path) -> None:
    _, timeline = run(built)
    for slices in rows(timeline).values():
        end = 0.0
        for one in slices:
            assert one["ts"] >= end - 1e-9
            assert one["dur"] > 0
            end = one["ts"] + one["dur"]


def test_counters_tell_what_fifos_hold_and_what_channels_move(built: Path) -> None:
    _, timeline = run(built)
    counters: dict[str, list[tuple[float, float]]] = {}
    for event in timeline["traceEvents"]:
        if event["ph"] == "C":
            ((unit, value),) = event["args"].items()
            counters.setdefault(f"{event['name']} {unit}", []).append((event["ts"], value))
    held = [value for _, value in counters["@lines at (0,2) objects"]]
    assert min(held) == 0 and max(held) <= 2 and 1 in held
    rate = counters["tile (0,2) S2MM 0 [lines] bytes a cycle"]
    moved = sum((after - before) * 1000 * value for (before, value), (after, _) in pairwise(rate))
    assert moved == pytest.approx(4 * 256, rel=0.02)


def test_perfetto_reads_every_row_slice_and_counter(built: Path) -> None:
    _, timeline = run(built)
    read = perfetto.read(timeline)
    assert {thread: len(found) for (_, thread), found in read.slices.items()} == {
        row: len(found) for row, found in rows(timeline).items() if found
    }
    assert ("cores", "core (0,2)") in read.slices
    assert ("fifos", "@lines at (0,2) objects") in read.counters
    assert ("DMA channels", "tile (0,2) S2MM 0 [lines] bytes a cycle") in read.counters
    assert read.main_threads == set()


def test_events_of_the_code_are_instants(cores: Cores) -> None:
    timeline = traced(cores).timeline
    assert timeline is not None
    instants = [e["name"] for e in timeline.as_json()["traceEvents"] if e["ph"] == "i"]
    assert instants == ["event0()", "event1()"] * 4


def test_how_busy_each_row_was_stands_in_the_file(built: Path) -> None:
    report, timeline = run(built)
    notes = timeline["otherData"]
    assert notes["cycles"] >= report.cycles
    slices = rows(timeline)["core (0,2)"]
    ran = sum(one["dur"] for one in slices if one["cat"] == "work")
    assert notes["busy"]["core (0,2)"] == pytest.approx(1000 * ran / notes["cycles"], abs=1e-3)
    assert notes["merged"] == {}


def test_what_waits_in_a_hang_does_so_to_the_end(cores: Cores) -> None:
    stuck = "void program(void) { acquire(49, -1); acquire(49, -2); }"
    timeline = traced(cores, source=stuck).timeline
    assert timeline is not None
    document = timeline.as_json()
    found = rows(document)
    end = document["otherData"]["cycles"]  # type: ignore[index]
    for name in ("core (0,2)", "controller", "tile (0,2) MM2S 0"):
        last = found[name][-1]
        assert last["cat"] == "wait"
        assert round(1000 * (last["ts"] + last["dur"])) == end, name


def test_a_second_run_goes_on_behind_the_first(cores: Cores) -> None:
    context = traced(cores)
    data = [context.allocate(4096), context.allocate(4096)]
    assert context.run(cores.insts(DESIGN).read_bytes(), data).outcome is Outcome.COMPLETED
    assert context.timeline is not None
    document = context.timeline.as_json()
    instants = [e for e in document["traceEvents"] if e["ph"] == "i"]  # type: ignore[attr-defined]
    assert len(instants) == 16
    assert max(e["ts"] for e in instants[:8]) < min(e["ts"] for e in instants[8:])


def test_what_was_moved_before_a_hang_is_there_too(cores: Cores) -> None:
    stuck = "void program(void) { acquire(49, -1); acquire(49, -2); }"
    timeline = traced(cores, source=stuck).timeline
    assert timeline is not None
    document = timeline.as_json()
    sent = rows(document)["tile (0,0) MM2S 0"]
    assert said(sent)[0] == "DMA out object 1" and sent[0]["ts"] == 0
    end = document["otherData"]["cycles"]  # type: ignore[index]
    assert round(1000 * (sent[-1]["ts"] + sent[-1]["dur"])) == end
