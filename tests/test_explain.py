"""`npuforge explain` names what changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project, make_project

KERNEL_TASK = "kernels:vector_add/default:vector_add"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("project"), "vector_add")
    assert project.doit("build").returncode == 0
    return project


@pytest.fixture
def built(project: Project, tmp_path: Path) -> Iterator[Project]:
    """What one test changes, no other meets."""
    yield from project.restored(tmp_path / "kept")


def test_what_is_up_to_date_is_said_and_exits_0(built: Project) -> None:
    done = built.doit("explain", KERNEL_TASK)
    assert done.returncode == 0
    assert f"{KERNEL_TASK}: up to date" in done.stdout


def test_a_changed_parameter_is_named_with_both_values(built: Project) -> None:
    built.edit("mlir_templates/vector_add.py", '"line": 256', '"line": 128')
    done = built.doit("explain")
    assert done.returncode == 1
    assert "options defines LINE: 256 -> 128" in done.stdout
    assert (
        "options line: '256' -> '128'" in done.stdout or "options line: 256 -> 128" in done.stdout
    )
    assert "cores:vector_add/default\n    after " in done.stdout


def test_a_changed_source_a_missing_target_and_a_tool_are_named(built: Project) -> None:
    built.edit("kernels_src/vector_add.c", "// Adds", "// adds")
    (built.root / "build/npu1_1col/vector_add/default/insts.bin").unlink()
    path = built.root / "softnpu/targets/standin/compile.py"
    path.write_text(path.read_text() + "# another version\n")
    done = built.doit("explain", f"insts:{'vector_add/default'}", KERNEL_TASK)
    assert "input changed: kernels_src/vector_add.c" in done.stdout
    assert "header changed" not in done.stdout
    assert "not made yet: build/npu1_1col/vector_add/default/insts.bin" in done.stdout
    assert "tools npuforge: " in done.stdout


@pytest.mark.parametrize("words", [("--json", KERNEL_TASK), (KERNEL_TASK, "--json")])
def test_json_has_the_reasons_of_each_task(built: Project, words: tuple[str, str]) -> None:
    fresh = built.doit("explain", *words)
    (task,) = json.loads(fresh.stdout)["tasks"]
    assert task == {"name": KERNEL_TASK, "up_to_date": True, "reasons": []}
    assert fresh.returncode == 0
    built.edit("kernels_src/vector_add.c", "// Adds", "// adds")
    stale = built.doit("explain", *words)
    (task,) = json.loads(stale.stdout)["tasks"]
    assert not task["up_to_date"]
    assert task["reasons"] == ["input changed: kernels_src/vector_add.c"]
    assert stale.returncode == 1


def test_an_unknown_task_is_an_error(built: Project) -> None:
    done = built.doit("explain", "no_such_task")
    assert done.returncode == 1
    assert "nothing is called 'no_such_task'; the designs are vector_add" in done.stderr
    assert done.stdout == ""


def test_nothing_is_run(built: Project, tmp_path: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in (built.root / "build").rglob("*")}
    built.doit("explain")
    assert before == {p: p.stat().st_mtime_ns for p in (built.root / "build").rglob("*")}
