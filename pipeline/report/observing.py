"""A run of an artifact for the report: its timeline, and how far its outputs are from truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import checks, whole
from pipeline.designs import Variant
from pipeline.report import numerics
from runner import artifact, launch
from runner.artifact import Artifact
from runner.errors import RunnerError
from runner.expected import Expected
from runner.session import Runs
from runner.vectors import Vector
from runner.verdicts.degenerate import untouched


def observe(variant: Variant, observed: Path, timeline: Path) -> None:
    """Runs every vector in one context, and writes what was seen.

    Both files are written in any case: an artifact that cannot run, or hangs, leaves the reason
    and the events until then.

    Args:
        observed: takes {"runs": [...], "shown": {...}, "error": ...}; see `numerics`.
        timeline: takes the first run's events, in the format of Perfetto.
    """
    found: dict[str, Any] = {"runs": [], "shown": {}, "error": None}
    whole.write(timeline, json.dumps({"traceEvents": []}))
    try:
        built = artifact.load(variant.folder)
        _first_run(variant, built, timeline)
        found.update(_compared(variant, built))
    except RunnerError as error:
        found["error"] = str(error)
    whole.write(observed, json.dumps(found))


def _first_run(variant: Variant, built: Artifact, timeline: Path) -> None:
    """The first vector in a context of its own, for the timeline."""
    from softnpu import pyxrt

    vector = checks.inputs(variant, built.arguments)[0]
    pyxrt.configure(trace=True)
    try:
        session = launch.open_artifact(built, launch.EMULATOR).session
        try:
            session.run(vector.inputs)
        finally:
            session.close()
            events = pyxrt.last_timeline()
            if events is not None:
                events.save(timeline)
    finally:
        pyxrt.configure()


def _compared(variant: Variant, built: Artifact) -> dict[str, Any]:
    """Every run's error in figures, and the first and the worst run's in detail."""
    expected = checks.expected(variant, built.arguments)
    if expected.reference is None:
        return {}
    session = launch.open_artifact(built, launch.EMULATOR).session
    try:
        runs = [
            _run(built, session, vector, expected)
            for vector in checks.inputs(variant, built.arguments)
        ]
    finally:
        session.close()
    worst = max(range(len(runs)), key=lambda i: numerics.badness(runs[i]))
    shown = {name: runs[i] for name, i in (("first", 0), ("worst", worst))}
    if worst == 0:
        del shown["worst"]
    return {"runs": [numerics.brief(run) for run in runs], "shown": shown}


def _run(built: Artifact, session: Runs, vector: Vector, expected: Expected) -> Mapping[str, Any]:
    truth = expected.answers(vector.inputs, built.arguments)
    outputs, written = session.run(vector.inputs), session.written()
    assert truth is not None and written is not None, "it is judged, on the emulator"
    return {
        "vector": vector.name,
        "outputs": [
            numerics.compare(
                a.name,
                outputs[a.name],
                truth[a.name],
                expected.checks.get(a.name),
                None if a.is_input else untouched(written[a.name], a.kind.itemsize),
            )
            for a in built.arguments
            if a.is_output
        ],
    }
