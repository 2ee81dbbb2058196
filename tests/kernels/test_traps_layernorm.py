"""What broke other layer normalisations: ours is free of it, and a twin that has it is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.kernels import digest
from runner import artifact
from runner.errors import RunnerError
from tests.kernels.library import built, module_at, project_of, refusal
from tests.project import Project

integers = module_at("mlir_templates/_integers.py")

INT8, BF16 = "layernorm_int8/n256", "layernorm_bf16/n1024"
HEADER, SOURCE = "kernels_src/layernorm_int8.h", "kernels_src/layernorm_bf16.c"


@pytest.fixture
def int8(tmp_path: Path) -> Project:
    """The project with the fixed-point design."""
    return project_of(tmp_path / "project", INT8)


@pytest.fixture
def bf16(tmp_path: Path) -> Project:
    """The project with the floating-point design."""
    return project_of(tmp_path / "project", BF16)


# A figure measured on a program that the source does not make.


def other_source(project: Project) -> None:
    """The twin's normal numbers have another point."""
    project.edit(HEADER, "* inverse) >> 8;", "* inverse) >> 9;")


def test_what_runs_is_what_the_source_makes(int8: Project) -> None:
    kernel = built(int8, INT8)
    rows = np.random.default_rng(61).integers(-128, 128, (3, 256), np.int8)
    assert np.array_equal(kernel.run(x_gamma_beta=rows)["y"], integers.layernorm(*rows))


def test_a_change_of_the_source_is_in_the_next_figure(int8: Project) -> None:
    before = built(int8, INT8)
    program = digest(before.folder / "final.xclbin")
    other_source(int8)
    said = refusal(int8, f"test_emu:{INT8}")
    assert re.search(rf"FAIL {INT8} random-0 .*elements differ", said)
    assert digest(before.folder / "final.xclbin") != program


@pytest.mark.parametrize("name", ["final.xclbin", "insts.bin"])
def test_an_artifact_of_another_source_is_not_run(int8: Project, name: str) -> None:
    ours = built(int8, INT8).folder
    kept = int8.root / "kept"
    shutil.copytree(ours, kept)
    other_source(int8)
    int8.edit("mlir_templates/layernorm_int8.mlir.j2", "id = 1 : i64", "id = 5 : i64")
    other = built(int8, INT8).folder
    artifact.load(kept)
    shutil.copy(other / name, kept / name)
    with pytest.raises(RunnerError, match=rf"{name}.* not built together"):
        artifact.load(kept)


def test_the_manifest_names_the_source_of_each_program(int8: Project) -> None:
    import json

    folder = built(int8, INT8).folder
    made = json.loads((folder / "manifest.json").read_text())["kernels"]["layernorm_int8.c"]
    assert made["sha256"] == digest(int8.root / "kernels_src/layernorm_int8.c")
    assert made["defines"] == {"N": "256"}


# sqrtf, which Peano's libm does not have.


def test_the_kernel_needs_no_libm(bf16: Project) -> None:
    kernel = built(bf16, BF16)
    assert "sqrt" not in " ".join(name for name, _ in kernel.stack.path)
    assert "math.h" not in (kernel.folder / "layernorm_bf16.d").read_text()


def test_sqrtf_is_refused_by_name(bf16: Project) -> None:
    bf16.edit(SOURCE, '#include "bf16.h"', '#include <math.h>\n\n#include "bf16.h"')
    bf16.edit(SOURCE, "= reciprocal_sqrt(", "= 1.0f / sqrtf(")
    said = refusal(bf16, f"cores:{BF16}")
    assert "undefined symbol 'sqrtf', used in" in said
    assert "layernorm_bf16" in said
    assert "no AIE core has sqrtf: Peano's libm holds fabs, fabsf, fabsl only" in said
    assert "Write the function by arithmetic, or as a table" in said
