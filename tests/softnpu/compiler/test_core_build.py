"""Core programs made here: what a core links is found, compiled and linked."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.compiler.driver import Options, compile_design, cores, lower
from softnpu.errors import DesignError, ToolError
from softnpu.formats import xclbin
from softnpu.targets.cdo_program import read_elf

RISCV = 243

KERNEL = """\
#include <stdint.h>
void copy_line(int8_t *from, int8_t *to, int32_t size) {
  for (int32_t i = 0; i < size; i++) to[i] = from[i];
}
"""


@pytest.fixture
def design(golden: Path) -> Path:
    """A design whose core links copy_line.o."""
    return golden / "passthrough_core" / "design.mlir"


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    """A folder with the kernel's source."""
    folder = tmp_path / "kernels"
    folder.mkdir()
    (folder / "copy_line.c").write_text(KERNEL)
    return folder


def test_a_kernel_is_compiled_from_the_folder_of_objects(
    design: Path, kernels: Path, tmp_path: Path
) -> None:
    outcome = compile_design(design, tmp_path / "out", Options(objects=(kernels,)))
    (program,) = outcome.programs.compiled
    assert program == tmp_path / "out" / "main_core_0_2.elf"
    assert read_elf(program).machine == RISCV
    parsed = xclbin.parse((tmp_path / "out" / "final.xclbin").read_bytes())
    assert parsed.marks == {"core_isa": "rv32"}
    assert outcome.programs.packed == ()


def test_a_stage_takes_the_objects_that_it_is_told(
    design: Path, kernels: Path, tmp_path: Path
) -> None:
    lower(design, tmp_path)
    (program,) = cores(
        tmp_path / "input_array.mlir", tmp_path, {"copy_line.o": kernels / "copy_line.c"}
    )
    assert read_elf(program).machine == RISCV


def test_an_error_in_a_kernel_is_the_compilers_with_file_and_line(
    design: Path, kernels: Path, tmp_path: Path
) -> None:
    (kernels / "copy_line.c").write_text(KERNEL.replace("to[i] = from[i]", "to[i] = frm[i]"))
    with pytest.raises(ToolError, match=r"copy_line\.c:3:\d+: error: .*'frm'"):
        compile_design(design, tmp_path / "out", Options(objects=(kernels,)))


def test_a_kernel_that_is_nowhere_is_an_error_at_the_core(design: Path, tmp_path: Path) -> None:
    with pytest.raises(DesignError, match=r"no 'copy_line\.o' to link") as error:
        compile_design(design, tmp_path / "out")
    assert error.value.location is not None
    assert error.value.location.line == 9
