"""Run-time parameters, windows and skip connections: right as they are, caught where they break."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.library import all_built, project_of, refusal
from tests.project import Project

AFFINE = ["vector_affine/one", "vector_affine/several"]
SHARPEN = "mlir_templates/sharpen_uint8"


@pytest.fixture
def sharpen(tmp_path: Path) -> Project:
    """The project with the design that has a skip connection."""
    return project_of(tmp_path / "project", "sharpen_uint8/apart")


@pytest.fixture
def affine(tmp_path: Path) -> Project:
    """The project with the design that has run-time parameters."""
    return project_of(tmp_path / "project", *AFFINE)


def test_other_parameters_are_another_instruction_stream_and_nothing_else(affine: Project) -> None:
    one, several = all_built(affine, *AFFINE).values()
    pdis, streams = (
        [(kernel.folder / name).read_bytes() for kernel in (one, several)]
        for name in ("main.pdi", "insts.bin")
    )
    assert pdis[0] == pdis[1]
    assert streams[0] != streams[1]
    x = np.arange(4 * 1024, dtype=np.int32).reshape(4, 1024)
    assert one.run(**{"in": x[:1]})["out"].tolist() == (3 * x[:1] + 100).tolist()
    stretches = several.run(**{"in": x})["out"]
    assert stretches[1].tolist() == [2**31 - 1] * 1024
    assert stretches[3].tolist() == x[3].tolist()


def test_a_parameter_that_nobody_waits_for_is_told_by_the_build_and_by_the_run(
    affine: Project,
) -> None:
    template = "mlir_templates/vector_affine.mlir.j2"
    affine.edit(template, "        aie.use_lock(%told, AcquireGreaterEqual, 1)\n", "")
    said = refusal(affine, f"test_emu:{AFFINE[0]}")
    assert "reads the run-time parameter @settings before it waits for anything" in said
    assert "reads settings[0] (i32), which nothing has written" in said


@pytest.mark.parametrize("variant", ["neighbours", "apart"])
def test_a_skip_connection_without_room_for_what_the_other_path_holds_hangs(
    sharpen: Project, variant: str
) -> None:
    sharpen.edit(f"{SHARPEN}.py", '"skip": 3', '"skip": 1')
    said = refusal(sharpen, f"test_emu:sharpen_uint8/{variant}")
    assert re.search(rf"FAIL sharpen_uint8/{variant} random-0 a hang: ", said)
    assert "the waits go round in a circle" in said


def test_room_for_both_lines_is_enough(sharpen: Project) -> None:
    sharpen.edit(f"{SHARPEN}.py", '"skip": 3', '"skip": 2')
    assert "test_emu" in sharpen.tasks_run("build", "test_emu")


@pytest.mark.parametrize(("rows", "depth"), [(3, 4), (8, 3)])
def test_a_window_slides_over_images_of_any_height_with_room_for_itself_alone_too(
    tmp_path: Path, rows: int, depth: int
) -> None:
    project = project_of(tmp_path / "project", "blur_uint8/image")
    project.edit(
        "mlir_templates/blur_uint8.py", '"images": 2, "rows": 6', f'"images": 3, "rows": {rows}'
    )
    project.edit("mlir_templates/blur_uint8.mlir.j2", "4 : i32", f"{depth} : i32")
    assert "test_emu" in project.tasks_run("build:blur_uint8/image", "test_emu:blur_uint8/image")


def test_a_window_that_keeps_a_line_of_the_image_before_hangs(tmp_path: Path) -> None:
    project = project_of(tmp_path / "project", "blur_uint8/image")
    template = "mlir_templates/blur_uint8.mlir.j2"
    project.edit(
        template, "aie.objectfifo.release @in(Consume, 2)", "aie.objectfifo.release @in(Consume, 1)"
    )
    said = refusal(project, "test_emu:blur_uint8/image")
    assert "an acquire of 0 takes nothing and waits for exactly 0" in said
    assert "warning: this acquire finds as many objects of @in held as it asks for" in said
