"""What is rebuilt after a change, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.project import STAGES, Project, make_project

UPWARDS = "for (int i = 0; i < LINE; i++)"
DOWNWARDS = "for (int i = LINE - 1; i >= 0; i--)"
"""The same result by other instructions."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """vector_scale with one variant and a header, built and run once."""
    project = make_project(tmp_path_factory.mktemp("project"), "vector_scale")
    project.edit(
        "mlir_templates/vector_scale.py",
        'variants = {"small": {}, "large": {"n": 65536, "factor": -7}}\n',
        "",
    )
    project.write("kernels_src/each.h", f"#define EACH {UPWARDS}\n")
    project.edit("kernels_src/vector_scale.c", UPWARDS, "EACH")
    project.edit("kernels_src/vector_scale.c", "#include <", '#include "each.h"\n#include <')
    assert project.tasks_run() == STAGES
    return project


@pytest.fixture
def built(project: Project, tmp_path: Path) -> Iterator[Project]:
    """What one test changes, no other meets."""
    yield from project.restored(tmp_path / "kept")


PACKED = {"cores", "cdo", "routes", "pdi", "xclbin", "manifest", "test_emu"}
"""What follows when a core's program changes."""


def test_nothing_changed_rebuilds_nothing(built: Project) -> None:
    assert built.tasks_run() == set()


def test_a_file_with_a_new_date_and_the_old_content_rebuilds_nothing(built: Project) -> None:
    (built.root / "kernels_src/vector_scale.c").touch()
    assert built.tasks_run() == set()


def _edits() -> dict[str, tuple[Callable[[Project], None], set[str]]]:
    return {
        "a header that it includes": (
            lambda p: p.edit("kernels_src/each.h", UPWARDS, DOWNWARDS),
            {"kernels", *PACKED},
        ),
        "the C file": (
            lambda p: p.edit("kernels_src/vector_scale.c", "    EACH", f"    {DOWNWARDS}"),
            {"kernels", *PACKED},
        ),
        "a comment in the C file": (
            lambda p: p.edit("kernels_src/vector_scale.c", "// Multiplies", "// multiplies"),
            {"kernels"},
        ),
        "a parameter of the C file": (
            lambda p: p.edit("mlir_templates/vector_scale.py", '"factor": 3', '"factor": 5'),
            {"kernels", *PACKED},
        ),
        "a parameter of the runtime sequence": (
            lambda p: p.edit("mlir_templates/vector_scale.py", '"n": 4096', '"n": 8192'),
            {"render", "lower", "insts", "routes", "manifest", "test_emu"},
        ),
        "a comment in the template": (
            lambda p: p.edit("mlir_templates/vector_scale.mlir.j2", "// A worker", "// The worker"),
            {"render", "lower", "insts"},
        ),
        "a line more in the template": (
            lambda p: p.edit(
                "mlir_templates/vector_scale.mlir.j2", "// A worker", "//\n// A worker"
            ),
            {"render", "lower", "insts", "routes", "manifest"},
        ),
        "a line more that is not rendered": (
            lambda p: p.edit(
                "mlir_templates/vector_scale.mlir.j2", "// A worker", "%% set x = 1\n// A worker"
            ),
            {"render", "manifest"},
        ),
        "the depth of an objectfifo": (
            lambda p: p.edit(
                "mlir_templates/vector_scale.mlir.j2", "{%worker}, 2 : i32", "{%worker}, 1 : i32"
            ),
            {"render", "lower", "insts", *PACKED},
        ),
        "the reference": (
            lambda p: p.edit("mlir_templates/vector_scale.py", "x * x.dtype", "x*x.dtype"),
            {"test_emu"},
        ),
        "the C compiler's driver": (
            lambda p: _append(p, "softnpu/targets/standin/compile.py", "# another version"),
            {"kernels", "cores", "insts", "cdo", "manifest", "test_emu"},
        ),
    }


def _append(project: Project, name: str, line: str) -> None:
    path = project.root / name
    path.write_text(f"{path.read_text()}{line}\n")


@pytest.mark.parametrize("what", _edits())
def test_a_change_rebuilds_exactly_what_depends_on_it(built: Project, what: str) -> None:
    edit, expected = _edits()[what]
    edit(built)
    assert built.tasks_run() == expected
    assert built.tasks_run() == set()


def test_a_change_of_the_runtime_sequence_leaves_the_xclbin_alone(built: Project) -> None:
    folder = built.root / "build/npu1_1col/vector_scale/default"
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    built.edit("mlir_templates/vector_scale.py", '"n": 4096', '"n": 16384')
    built.tasks_run()
    after = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    assert before["final.xclbin"] == after["final.xclbin"]
    assert before["insts.bin"] != after["insts.bin"]


def test_a_new_version_of_a_tool_rebuilds_what_it_makes(built: Project, tmp_path: Path) -> None:
    built.edit("requirements.txt", "# What", "# what")
    assert built.tasks_run() == set()
    _append(built, "softnpu/targets/npu_binary.py", "# another version")
    assert "insts" in built.tasks_run()


def test_a_foreign_file_in_an_outputs_place_is_made_again_and_never_run(built: Project) -> None:
    folder = built.root / "build/npu1_1col/vector_scale/default"
    for name, stage in {"insts.bin": "insts", "final.xclbin": "xclbin"}.items():
        made = (folder / name).read_bytes()
        (folder / name).write_bytes(made[:-4] + b"\xff\xff\xff\xff")
        assert f"{name} is not what was made here" in built.doit("explain").stdout
        assert stage in built.tasks_run()
        assert (folder / name).read_bytes() == made


def test_an_output_with_a_new_date_and_the_old_content_rebuilds_nothing(built: Project) -> None:
    (built.root / "build/npu1_1col/vector_scale/default/final.xclbin").touch()
    assert built.tasks_run() == set()


def test_tools_that_are_not_there_cost_nothing_of_what_is_built(built: Project) -> None:
    failed = built.doit("build", "--toolchain", "amd")
    assert failed.returncode == 1
    assert "1 failed" in failed.stdout and "not started" in failed.stdout
    assert built.tasks_run() == set()


def test_a_mistake_that_is_taken_back_costs_what_it_was_made_in(built: Project) -> None:
    kernel = "kernels_src/vector_scale.c"
    built.edit(kernel, "out[i] =", "nothing[i] =")
    assert built.doit().returncode == 1
    built.edit(kernel, "nothing[i] =", "out[i] =")
    assert built.tasks_run() == {"kernels"}
