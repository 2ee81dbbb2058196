"""Names on doit's command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.command import meant_by, near
from pipeline.designs import discover
from tests.project import make_project


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("test_emu:vector_scale", "test_emu:vector_scale/*"),
        ("test_emu:vector_scale/huge", None),
        ("build:vector_scale", "manifest:vector_scale/*"),
        ("build:vector_scale/small", "manifest:vector_scale/small"),
        ("parity:vector_scale", None),
        ("test_emu:vector_add/default", "render:vector_add"),
        ("build:vector_add", "render:vector_add"),
        ("test_emu:nothing", None),
        ("vector_scale", None),
        (None, None),
    ],
)
def test_a_design_stands_for_its_variants_and_a_broken_one_for_what_is_wrong(
    tmp_path: Path, name: str | None, meant: str | None
) -> None:
    project = make_project(tmp_path, "vector_scale", "vector_add")
    (project.root / "mlir_templates/vector_add.py").unlink()
    stages = ("test_emu", "manifest")
    tasks = [f"{stage}:vector_scale/{v}" for stage in stages for v in ("small", "large")]
    assert meant_by(name, discover(project.root), tasks) == meant


TASKS = [
    *("build", "test_emu", "report", "_npu"),
    *(
        f"{stage}:vector_scale/{v}"
        for stage in ("test_emu", "manifest")
        for v in ("small", "large")
    ),
    "test_emu:vector_add/default",
]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        (
            "test_emu:vector_scale/default",
            ["test_emu:vector_scale/small", "test_emu:vector_scale/large"],
        ),
        ("vector_add", ["build:vector_add", "test_emu:vector_add"]),
        ("test_emu:vector_scal", ["test_emu:vector_scale"]),
        ("biuld", ["build"]),
        ("hsitory", ["history"]),
        ("test_emu:nobody", []),
        ("npu", []),
    ],
)
def test_a_name_that_nothing_has_is_answered_with_those_near_it(
    name: str, meant: list[str]
) -> None:
    assert near(name, TASKS, ["history", "bench"]) == meant
