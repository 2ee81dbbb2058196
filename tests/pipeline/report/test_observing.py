"""What a run leaves for the report, also when it does not end."""

import json
from pathlib import Path
from typing import Any

import pytest
from doit.exceptions import TaskFailed

from pipeline import designs, discovery, profiling
from pipeline.report import OBSERVED, TIMELINE, design, observing
from pipeline.timings import Worked
from tests.project import make_project


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A design that works, and one whose worker keeps its output to itself."""
    made = make_project(
        tmp_path_factory.mktemp("observing") / "house", "vector_scale", "vector_add"
    )
    made.edit("mlir_templates/vector_add.mlir.j2", "aie.objectfifo.release @sum(Produce, 1)", "")
    done = made.doit("build")
    assert done.returncode == 0, done.stdout + done.stderr
    return made.root


def observed(house: Path, label: str) -> tuple[designs.Variant, dict[str, Any], dict[str, Any]]:
    variant = next(v for v in discovery.discover(house).variants if v.label == label)
    observing.observe(variant, variant.folder / OBSERVED, variant.folder / TIMELINE)
    seen = json.loads((variant.folder / OBSERVED).read_text())
    return variant, seen, json.loads((variant.folder / TIMELINE).read_text())


def test_every_run_is_compared_and_the_first_one_timed(house: Path) -> None:
    variant, seen, timeline = observed(house, "vector_scale/small")
    assert seen["error"] is None
    assert [run["vector"] for run in seen["runs"]][:2] == ["random-0", "random-1"]
    assert all(output["fault"] is None for run in seen["runs"] for output in run["outputs"])
    assert any(event["name"] == "vector_scale()" for event in timeline["traceEvents"])
    part = design.gather(variant, {})
    assert part.run is not None and "tile (0,2) MM2S 0 [out]" in dict(part.run.rows)
    assert len(part.pictures) == 1 and "address of buffer 1 (bo1)" in part.stream


def test_a_build_that_fails_now_is_not_shown_with_what_an_earlier_one_left(house: Path) -> None:
    variant, *_ = observed(house, "vector_scale/small")
    before = design.gather(variant, {})
    assert before.pictures and before.fault is None
    noted = {f"lower:{variant.label}": Worked(1.0, 1.0, "design.mlir:3: error: no such op")}
    now = design.gather(variant, noted)
    assert now.verdict == "build failed"
    assert now.fault is not None and now.fault.headline == "design.mlir:3: error: no such op"
    assert now.pictures == () and now.checks == () and now.run is None


def test_a_check_that_could_not_judge_tells_why(house: Path) -> None:
    variant = next(v for v in discovery.discover(house).variants if v.label == "vector_scale/large")
    noted = {f"test_emu:{variant.label}": Worked(1.0, 1.0, "scale.py:9: error: reference(p, x)")}
    found = design.gather(variant, noted)
    assert found.verdict == "FAIL"
    assert found.fault is not None and found.fault.where == "on the emulator"


def profiled(house: Path, label: str) -> tuple[designs.Variant, Any]:
    variant = next(v for v in discovery.discover(house).variants if v.label == label)
    ((action, arguments),) = profiling.profile(variant)["actions"]
    return variant, action(*arguments)


def test_a_profile_tells_the_kernels_lines_and_stands_in_the_page(house: Path) -> None:
    variant, failed = profiled(house, "vector_scale/small")
    assert not isinstance(failed, TaskFailed)
    told = design.gather(variant, {}).profile
    assert told.startswith("core (0,2): ")
    assert "scale.c:" in told and "Instructions are RV32's" in told
    flame = json.loads((variant.folder / profiling.FLAME).read_text())
    assert "core_0_2" in {event["name"] for event in flame["traceEvents"]}


def test_a_run_that_hangs_has_no_profile_but_a_reason(house: Path) -> None:
    variant, failed = profiled(house, "vector_add/default")
    assert "does not complete: a hang" in str(failed)
    assert design.gather(variant, {}).profile == ""


def test_a_run_that_hangs_leaves_its_reason_and_the_events_until_then(house: Path) -> None:
    variant, seen, timeline = observed(house, "vector_add/default")
    assert "sum" in seen["error"]
    assert seen["runs"] == []
    assert any(event["ph"] == "X" for event in timeline["traceEvents"])
    part = design.gather(variant, {})
    assert part.error == seen["error"]
    assert part.verdict == "not run"


def test_what_was_never_observed_is_not_passed_for_a_design_without_reference(house: Path) -> None:
    variant = next(v for v in discovery.discover(house).variants if v.label == "vector_scale/large")
    assert "npuforge observe" in design.gather(variant, {}).error
