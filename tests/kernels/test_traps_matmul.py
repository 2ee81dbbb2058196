"""What broke other matrix products: ours are free of it, and a twin that has it is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from softnpu.errors import ToolError
from softnpu.targets.linking.elf import Elf
from softnpu.targets.standin import compile_kernel
from tests.kernels.library import built, project_of, refusal
from tests.project import ROOT, Project

INT8, BF16 = "kernels_src/matmul_int8.c", "kernels_src/matmul_bf16.cc"
N32 = "matmul_int8/n32"
DEFAULT_STACK = 0x400


@pytest.fixture
def matmul(tmp_path: Path) -> Project:
    """The project with the int8 product."""
    return project_of(tmp_path / "project", N32)


# All sums on the stack: 4,352 bytes for 32 rows; for 64 a frame that AMD's compiler cannot encode.


def all_sums_on_the_stack(project: Project) -> None:
    """The twin's sums are a matrix of their own."""
    project.edit(INT8, "int32_t sums[WIDTH] = {0};", "int32_t *sums = all + row * N + first;")
    project.edit(
        INT8,
        "    for (int row = 0;",
        "    int32_t all[N * N];\n"
        "    for (int i = 0; i < N * N; i++)\n        all[i] = 0;\n"
        "    for (int row = 0;",
    )


@pytest.mark.parametrize("size", [16, 32, 64])
def test_no_size_needs_much_stack(matmul: Project, size: int) -> None:
    assert built(matmul, f"matmul_int8/n{size}").stack.size < DEFAULT_STACK / 4


@pytest.mark.parametrize("size", [32, 64])
def test_all_sums_on_the_stack_are_refused_with_the_size_to_write(
    matmul: Project, size: int
) -> None:
    all_sums_on_the_stack(matmul)
    said = refusal(matmul, f"cores:matmul_int8/n{size}")
    found = re.search(r"needs ([\d,]+) bytes of stack, and has 1,024", said)
    assert found, said
    assert int(found[1].replace(",", "")) > 4 * size * size
    assert re.search(r"write \{stack_size = \d+ : i32\} after the core's body", said)


# An object of the right name from elsewhere, made without optimisation.


def unoptimised(project: Project, output: Path) -> None:
    """An object as `clang -O0` makes it of the same source."""
    compile_kernel(project.root / INT8, output, defines={"N": "32"}, flags=["-O0"])


def test_an_object_among_the_sources_is_not_linked(matmul: Project, tmp_path: Path) -> None:
    program = (built(matmul, N32).folder / "main_core_0_2.elf").read_bytes()
    unoptimised(matmul, matmul.root / "kernels_src/matmul_int8.o")
    shutil.rmtree(matmul.root / "build")
    assert (built(matmul, N32).folder / "main_core_0_2.elf").read_bytes() == program


def test_an_object_in_the_build_folder_is_made_again(matmul: Project) -> None:
    kernel = built(matmul, N32)
    program = (kernel.folder / "main_core_0_2.elf").read_bytes()
    unoptimised(matmul, kernel.folder / "matmul_int8.o")
    assert (built(matmul, N32).folder / "main_core_0_2.elf").read_bytes() == program


# A bfloat16 product that computes its floats one by one, which takes an AIE2 core 250 times longer.

VECTOR_UNIT = """\
namespace elsewhere {
void set_rnd(int mode);
v16accfloat mul_4x8_8x4(v32bfloat16 a, v32bfloat16 b);
v16accfloat mac_4x8_8x4(v32bfloat16 a, v32bfloat16 b, v16accfloat sums);
v16bfloat16 to_v16bfloat16(v16accfloat sums);
}
#define set_rnd elsewhere::set_rnd
#define mul_4x8_8x4 elsewhere::mul_4x8_8x4
#define mac_4x8_8x4 elsewhere::mac_4x8_8x4
#define to_v16bfloat16 elsewhere::to_v16bfloat16
"""
"""The intrinsics of Peano's headers that the kernel names, as functions defined elsewhere."""


def intrinsics_used(source: Path, folder: Path) -> set[str]:
    """Which of them the kernel calls when it is compiled with no more than Peano's own macros."""
    header, output = folder / "vector_unit.h", folder / "matmul.o"
    header.write_text(VECTOR_UNIT)
    compile_kernel(
        source,
        output,
        defines={"N": "64", "__AIENGINE__": "1", "__AIEARCH__": "20"},
        flags=["-include", str(header)],
    )
    missing = [symbol.name for symbol in Elf(output).symbols if not symbol.is_defined]
    wanted = re.findall(r"(\w+)\(", VECTOR_UNIT)
    return {name for name in wanted if any(f"{len(name)}{name}" in symbol for symbol in missing)}


def test_an_aie2_core_always_takes_the_vector_unit(tmp_path: Path) -> None:
    used = intrinsics_used(ROOT / BF16, tmp_path)
    assert used == {"set_rnd", "mul_4x8_8x4", "mac_4x8_8x4", "to_v16bfloat16"}


def test_other_aie_cores_are_refused_rather_than_slow(tmp_path: Path) -> None:
    defines = {"N": "64", "__AIENGINE__": "1", "__AIEARCH__": "21"}
    with pytest.raises(ToolError, match="branch for the vector unit of AIE2 cores only"):
        compile_kernel(ROOT / BF16, tmp_path / "matmul.o", defines=defines)


def test_a_branch_that_must_be_switched_on_is_refused(tmp_path: Path) -> None:
    project = project_of(tmp_path / "project", "matmul_bf16/n64")
    project.edit(BF16, "#if defined(__AIENGINE__)", "#if defined(VECTORISED) && __AIENGINE__")
    with pytest.raises(ToolError, match="branch for the vector unit of AIE2 cores only"):
        intrinsics_used(project.root / BF16, tmp_path)


def test_a_scalar_product_would_be_noticed(tmp_path: Path) -> None:
    project = project_of(tmp_path / "project", "matmul_bf16/n64")
    project.edit(BF16, "#if defined(__AIENGINE__)", "#if defined(VECTORISED) && __AIENGINE__")
    project.edit(BF16, "#elif defined(__AIENGINE__)", "#elif 0")
    assert intrinsics_used(project.root / BF16, tmp_path) == set()
