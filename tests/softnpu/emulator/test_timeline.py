"""The timeline: what happened when, as Perfetto reads it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from softnpu.emulator.context import Context
from tests.softnpu.emulator.programs import Cores

DESIGN = "passthrough_core"


def traced(cores: Cores) -> Context:
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
        DESIGN, {(0, 2): cores.program(DESIGN, (0, 2), source)}, trace=True
    )
    data = [context.allocate(4096), context.allocate(4096)]
    data[0].words[:] = np.arange(1024)
    assert context.run(cores.insts(DESIGN).read_bytes(), data).completed
    return context


def test_cores_channels_and_the_controller_have_tracks_of_their_own(
    cores: Cores, tmp_path: Path
) -> None:
    context = traced(cores)
    assert context.timeline is not None
    context.timeline.save(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    tracks = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert {"core (0,2)", "controller", "tile (0,0) MM2S 0", "tile (0,2) S2MM 0"} <= set(
        tracks.values()
    )
    spans = [(tracks[e["tid"]], e["name"]) for e in events if e["ph"] == "X"]
    assert ("core (0,2)", "waits: acquire") in spans
    assert ("core (0,2)", "runs") in spans
    assert ("controller", "Sync") in spans
    assert [name for track, name in spans if track == "tile (0,2) S2MM 0"] == [
        "BD 0",
        "BD 1",
        "BD 0",
        "BD 1",
    ]


def test_spans_of_one_track_do_not_overlap(cores: Cores) -> None:
    context = traced(cores)
    assert context.timeline is not None
    ends: dict[int, float] = {}
    spans = [e for e in context.timeline.as_json()["traceEvents"] if e["ph"] == "X"]
    for span in sorted(spans, key=lambda e: (e["tid"], e["ts"], e["ts"] + e["dur"])):
        assert span["ts"] >= ends.get(span["tid"], 0.0) - 1e-9
        ends[span["tid"]] = span["ts"] + span["dur"]


def test_events_of_the_code_are_instants(cores: Cores) -> None:
    context = traced(cores)
    assert context.timeline is not None
    instants = [e["name"] for e in context.timeline.as_json()["traceEvents"] if e["ph"] == "i"]
    assert instants == ["event 0", "event 1"] * 4
