"""`npuforge bench` and `npuforge history` from the command line; no time is asserted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import bench
from tests.project import make_project


def test_figures_are_measured_kept_and_shown(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_scale")
    done = project.doit("bench", "vector_scale/small", "--iterations", "5", "--json")
    assert done.returncode == 0, done.stderr
    (figure,) = json.loads(done.stdout)
    assert (figure["label"], figure["runs"]) == ("vector_scale/small", 5)
    assert figure["floor"] > 0
    assert figure["cycles"] > 0
    assert figure["conditions"]["python"]
    assert (project.root / ".npuforge/history.sqlite").is_file()
    shown = project.doit("history", "vector_scale")
    assert shown.returncode == 0
    assert f"{figure['cycles']:,}" in shown.stdout

    project.edit("mlir_templates/vector_scale.py", "x.dtype.type(p.factor)", "x.dtype.type(4)")
    wrong = project.doit("bench", "vector_scale/small", "--iterations", "5", "--json")
    assert wrong.returncode == 1
    assert json.loads(wrong.stdout) == []
    assert (
        "FAILED    vector_scale/small: no times of what is wrong: out: 4096 of 4096"
        " elements differ on random-0; npuforge test_emu vector_scale/small tells more"
    ) in wrong.stderr


def test_of_broken_designs_alone_nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def doit(*arguments: object, **options: object) -> int:
        raise AssertionError(arguments)

    monkeypatch.setattr(bench, "doit", doit)
    assert bench._build([], wait=0, quiet=False) == 0


def test_without_an_npu_the_bench_fails_and_keeps_nothing(tmp_path: Path) -> None:
    project = make_project(tmp_path, "passthrough_memtile")
    done = project.doit("bench", "--on", "npu")
    assert done.returncode == 1
    assert "pyxrt" in done.stderr
    assert not (project.root / ".npuforge").exists()
