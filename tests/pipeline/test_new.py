"""`npuforge new` writes three files, and never over an author's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.designs import TEMPLATES
from pipeline.discovery import discover
from pipeline.errors import PipelineError
from pipeline.new import library, new
from runner.labels import UnknownNameError
from tests.project import ROOT, make_project


def _files(root: Path) -> set[str]:
    return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}


def test_three_files_make_a_design_that_is_found(tmp_path: Path) -> None:
    new(tmp_path, "saxpy")
    assert _files(tmp_path) == {
        "kernels_src/saxpy.c",
        "mlir_templates/saxpy.mlir.j2",
        "mlir_templates/saxpy.py",
    }
    found = discover(tmp_path)
    assert not found.broken
    assert [v.label for v in found.variants] == ["saxpy/small", "saxpy/large"]
    assert found.variants[0].kernels == (tmp_path / "kernels_src/saxpy.c",)


def test_like_takes_another_design_under_the_new_name(tmp_path: Path) -> None:
    new(tmp_path, "saxpy")
    new(tmp_path, "second", like="saxpy")
    assert "void second(" in (tmp_path / "kernels_src/second.c").read_text()
    assert "saxpy" not in (tmp_path / "mlir_templates/second.mlir.j2").read_text()


def test_every_design_can_be_started_from(tmp_path: Path) -> None:
    designs = sorted(path.name.split(".")[0] for path in (ROOT / TEMPLATES).glob("*.mlir.j2"))
    project = make_project(tmp_path, *designs)
    for design in designs:
        new(tmp_path, f"my_{design}", like=design)
    assert not discover(tmp_path).broken
    done = project.doit("kernels:my_*")
    assert done.returncode == 0, done.stdout


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "kernels_src").mkdir()
    kernel = tmp_path / "kernels_src/saxpy.c"
    kernel.write_text("mine")
    with pytest.raises(PipelineError, match="exists already"):
        new(tmp_path, "saxpy")
    assert _files(tmp_path) == {"kernels_src/saxpy.c"}
    assert kernel.read_text() == "mine"


@pytest.mark.parametrize("name", ["", "2fast", "my kernel", "../x", "Upper"])
def test_a_name_that_is_no_c_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PipelineError, match="cannot name a C function"):
        new(tmp_path, name)


def test_an_unknown_design_to_start_from_comes_with_those_that_exist(tmp_path: Path) -> None:
    new(tmp_path, "saxpy")
    with pytest.raises(UnknownNameError, match=r"'saxpi'; did you mean saxpy\?"):
        new(tmp_path, "other", like="saxpi")
    with pytest.raises(UnknownNameError, match="the designs are saxpy"):
        new(tmp_path, "other", like="gemm")


def test_a_variant_stands_for_its_design_and_a_pattern_for_one_design_only(tmp_path: Path) -> None:
    new(tmp_path, "saxpy")
    new(tmp_path, "second", like="build:saxpy/large")
    assert "void second(" in (tmp_path / "kernels_src/second.c").read_text()
    with pytest.raises(PipelineError, match="several designs: saxpy, second"):
        new(tmp_path, "third", like="s*")


def test_a_design_of_the_library_brings_along_what_it_shares(tmp_path: Path) -> None:
    new(tmp_path, "mine", like="attention_sequence")
    assert _files(tmp_path) == {
        "kernels_src/mine.c",
        "kernels_src/attention.h",
        "kernels_src/exp_table.h",
        "mlir_templates/mine.mlir.j2",
        "mlir_templates/mine.py",
        "mlir_templates/_attention.py",
    }
    assert not discover(tmp_path).broken


def test_what_the_library_shares_takes_no_place_of_an_authors_file(tmp_path: Path) -> None:
    new(tmp_path, "first", like="attention_sequence")
    new(tmp_path, "second", like="vector_add")
    new(tmp_path, "third", like="attention")
    header = tmp_path / "kernels_src" / "exp_table.h"
    header.write_text("// mine\n")
    with pytest.raises(PipelineError, match="another file than the library's"):
        new(tmp_path, "fourth", like="attention_multicore")
    assert header.read_text() == "// mine\n"


def test_a_projects_own_design_goes_before_one_of_the_library(tmp_path: Path) -> None:
    new(tmp_path, "vector_add")
    new(tmp_path, "mine", like="vector_add")
    own = (tmp_path / "kernels_src" / "vector_add.c").read_text()
    assert (tmp_path / "kernels_src" / "mine.c").read_text() == own.replace("vector_add", "mine")


def test_every_design_of_the_library_can_be_started_from_elsewhere(tmp_path: Path) -> None:
    for design in sorted({variant.design.name for variant in discover(library()).variants}):
        new(tmp_path / design, f"my_{design}", like=design)
        assert not discover(tmp_path / design).broken
