"""Names on doit's command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.command import meant_by
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
