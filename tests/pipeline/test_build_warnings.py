"""A build's warnings are told whenever it is asked for, and again below a failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.amd_tools.install import install
from tests.project import Project, make_project

DESIGN = "mlir_templates/vector_scale.mlir.j2"
RELEASE = "        aie.objectfifo.release @out(Produce, 1)\n"
KERNEL = "kernels_src/vector_scale.c"
LOOP = (
    "warning: this loop acquires objects of @out and never gives one back: each iteration after "
    "the first has the same object again or waits to be granted none, and the other end waits"
)
REMEDY = "note: release the object in the loop, or acquire it before the loop"
UNUSED = "warning: unused variable 'unused'"
AGAIN = "the build warned, which may be why:"


@pytest.fixture(scope="module")
def hanging(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A design whose worker never gives an output away: `lower` warns, a run hangs."""
    project = make_project(tmp_path_factory.mktemp("project"), "vector_scale")
    project.edit("mlir_templates/vector_scale.py", ', "large": {"n": 65536, "factor": -7}', "")
    project.edit(DESIGN, RELEASE, "")
    assert project.doit("build").returncode == 0
    return project


def test_warnings_are_told_of_what_is_up_to_date_too(hanging: Project) -> None:
    done = hanging.doit("build")
    assert "up to date" in done.stdout and "done" not in done.stdout.splitlines()[-1]
    assert done.stdout.count(LOOP) == 1
    lines = done.stdout.splitlines()
    told = lines.index("warning   lower:vector_scale/small")
    assert lines[told + 1].strip() == f"{DESIGN}:19:16: {LOOP}"
    assert "  note: rendered as build/npu1_1col/vector_scale/small/design.mlir:19" in done.stdout


@pytest.mark.parametrize("task", ["test_emu", "races"])
def test_they_stand_again_below_a_failure(hanging: Project, task: str) -> None:
    done = hanging.doit(task)
    assert done.returncode == 1
    before, _, behind = done.stdout.partition(AGAIN)
    assert LOOP in before
    assert LOOP in behind
    assert "a hang: " in before
    assert done.stdout.count(REMEDY) == 1, "the first line is enough the second time"


def test_they_stand_below_it_if_the_stages_are_not_asked_for(hanging: Project) -> None:
    done = hanging.doit("run", "-s", "test_emu:vector_scale/small")
    assert done.stdout.count(LOOP) == 1
    assert LOOP in done.stdout.partition(AGAIN)[2]
    assert REMEDY in done.stdout


def test_programs_find_them_with_the_stage(hanging: Project) -> None:
    tasks = json.loads(hanging.doit("build", "--json").stdout)["tasks"]
    warned = {task["name"]: task["warnings"] for task in tasks if "warnings" in task}
    assert list(warned) == ["lower:vector_scale/small"]
    (text,) = warned["lower:vector_scale/small"]
    assert LOOP in text


def test_the_report_has_them(hanging: Project) -> None:
    hanging.doit("report")
    page = (hanging.root / "build/report/index.html").read_text()
    assert "The build warns" in page
    assert LOOP in page


def test_a_kernels_warnings_are_gone_when_it_is_mended(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_scale")
    loop = "for (int i = 0"
    project.edit(KERNEL, loop, f"int unused; {loop}")
    told = project.doit("kernels").stdout
    assert told.count(UNUSED) == 2, "one for each variant"
    assert told.count("~~~") == 1, "but only one in full"
    assert project.doit("kernels").stdout.count(UNUSED) == 2
    project.edit(KERNEL, f"int unused; {loop}", loop)
    assert "warning" not in project.doit("kernels").stdout
    assert not list(project.root.glob("build/**/*.warnings.json"))


def test_a_stage_whose_warnings_are_lost_does_its_work_again(hanging: Project) -> None:
    (file,) = hanging.root.glob("build/**/lower.warnings.json")
    file.unlink()
    explained = hanging.doit("explain", "lower")
    assert "lower.warnings.json is gone, or not what was made here" in explained.stdout
    assert LOOP in hanging.doit("build").stdout
    assert hanging.doit("explain", "lower").returncode == 0


def test_a_failing_stage_tells_what_it_warned_of_before(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_scale")
    project.edit(DESIGN, RELEASE, "")
    project.edit(DESIGN, "@in(%shim, {%worker}, 2", "@in(%shim, {%worker}, [2 : i32, 40")
    project.edit(DESIGN, "40 : i32)", "40 : i32])")
    done = project.doit("lower")
    assert done.returncode == 1
    assert "and all are taken" in done.stdout
    assert LOOP in done.stdout


def test_what_amds_tools_say_on_stderr_is_a_warning(tmp_path: Path) -> None:
    made = make_project(tmp_path / "project", "vector_scale")
    tools = install(tmp_path / "bin", ["bootgen"], modes={"bootgen": "warn"})
    project = Project(made.root, {"NPUFORGE_TOOLCHAIN": "auto", "PATH": str(tools), **ABSENT})
    for _ in range(2):
        done = project.doit("build", "vector_scale/small")
        assert done.returncode == 0, done.stdout
        assert "warning   pdi:vector_scale/small\n" in done.stdout
        assert "          bootgen: something is odd\n" in done.stdout
        assert "          bootgen: [WARNING]: an option is old\n" in done.stdout


ABSENT = dict.fromkeys(("MLIR_AIE_INSTALL_DIR", "PEANO_INSTALL_DIR", "XILINX_XRT"), "")
