from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline import emulated
from pipeline.discovery import discover
from pipeline.emulated import diagnosis
from runner import artifact
from runner.expected import Expected
from runner.vectors import Vector
from tests.project import Project, make_project

VECTOR = Vector("ramp", {"in": np.arange(4096, dtype=np.uint8)})
SOURCE = "mlir_templates/passthrough.mlir.j2"
TRANSFER = "aiex.npu.dma_memcpy_nd(%in["


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return make_project(tmp_path, "passthrough")


def told(project: Project) -> str:
    """What the author is told after a hang of passthrough on the NPU."""
    project.tasks_run("build")
    (variant,) = discover(Path()).variants
    built = artifact.load(variant.folder)
    return diagnosis(variant, built, Expected(lambda inputs: {"out": inputs["in"]}))(VECTOR)


@pytest.fixture
def npu2(monkeypatch: pytest.MonkeyPatch) -> None:
    """The artifact's cores hold what only an NPU executes."""
    monkeypatch.setattr(emulated, "for_npu_alone", lambda _: True)


def test_a_design_that_hangs_here_too_is_explained_by_its_chain_of_waits(project: Project) -> None:
    project.edit(SOURCE, TRANSFER, "// " + TRANSFER)
    text = told(project)
    assert text.startswith("the emulator, on the same artifact and inputs, says:")
    assert "objectfifo in" in text and "core (0,2)" in text


def test_a_design_that_completes_here_points_at_what_differs_on_the_npu(project: Project) -> None:
    text = told(project)
    assert text.startswith("the emulator completes the same artifact on the same inputs: PASS")
    assert "timing" in text and "the cores' own code" not in text


@pytest.mark.usefixtures("npu2")
def test_code_that_only_an_npu_executes_is_built_with_stand_in_cores(project: Project) -> None:
    text = told(project)
    assert text.startswith("the emulator completes the same design with stand-in cores")
    assert "PASS" in text and "the cores' own code" in text


def test_npuforges_own_warnings_of_the_design_are_told_with_the_diagnosis(project: Project) -> None:
    project.edit(SOURCE, "        aie.objectfifo.release @out(Produce, 1)\n", "")
    _, _, warned = told(project).partition("of the design npuforge warns, which may be why:\n")
    assert "warning: this loop acquires objects of @out and never gives one back" in warned


@pytest.mark.usefixtures("npu2")
def test_a_stand_in_build_that_cannot_be_made_is_told_with_its_reason(project: Project) -> None:
    project.tasks_run("build")
    (variant,) = discover(Path()).variants
    (variant.folder / "design.mlir").write_text("module { aie.device(npu9) {} }")
    built = artifact.load(variant.folder)
    text = diagnosis(variant, built, Expected())(VECTOR)
    assert text.startswith("the emulator cannot tell why: no stand-in build") and "npu9" in text
