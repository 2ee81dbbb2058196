"""A run of an artifact for the report: its timeline, and how far its outputs are from truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import checks
from pipeline.designs import Variant
from pipeline.report import numerics
from runner import artifact, launch
from runner.artifact import Artifact
from runner.errors import RunnerError
from runner.judge import Expected
from runner.session import Runs
from runner.vectors import Vector


def observe(variant: Variant, observed: Path, timeline: Path) -> None:
    """Runs every vector in one context, and writes what was seen.

    Both files are written in any case: an artifact that cannot run, or hangs, leaves the reason
    and the events until then.

    Args:
        observed: takes {"runs": [...], "shown": {...}, "error": ...}; see `numerics`.
        timeline: takes the first run's events, in the format of Perfetto.
    """
    found: dict[str, Any] = {"runs": [], "shown": {}, "error": None}
    timeline.write_text(json.dumps({"traceEvents": []}))
    try:
        built = artifact.load(variant.folder)
        _first_run(variant, built, timeline)
        found.update(_compared(variant, built))
    except RunnerError as error:
        found["error"] = str(error)
    observed.write_text(json.dumps(found))


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
            _run(session, vector, expected) for vector in checks.inputs(variant, built.arguments)
        ]
    finally:
        session.close()
    worst = max(range(len(runs)), key=lambda i: numerics.badness(runs[i]))
    shown = {name: runs[i] for name, i in (("first", 0), ("worst", worst))}
    if worst == 0:
        del shown["worst"]
    return {"runs": [numerics.brief(run) for run in runs], "shown": shown}


def _run(session: Runs, vector: Vector, expected: Expected) -> Mapping[str, Any]:
    assert expected.reference is not None
    outputs = session.run(vector.inputs)
    truth = expected.reference(vector.inputs)
    return {
        "vector": vector.name,
        "outputs": [
            numerics.compare(name, values, truth[name], expected.checks.get(name))
            for name, values in outputs.items()
        ],
    }
