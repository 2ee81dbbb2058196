"""A program counter becomes the author's own function and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.emulator.naming.source_lines import GeneratedFile, SourceLines
from tests.softnpu.emulator.programs import SERVICES, compile_program

PROGRAM = f"""
#include "{SERVICES}"
static inline int scaled(volatile int *x, int by) {{
  return *x * by;
}}
__attribute__((noinline)) int kernel(int by) {{
  return scaled((volatile int *)0x71000, by);
}}
void program(void) {{
  acquire(49, -1);
  *(volatile int *)0x71004 = kernel(3);
}}
"""
LINE_OF = {text.strip(): number for number, text in enumerate(PROGRAM.splitlines(), 1)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("program")
    compile_program(PROGRAM, made, "-g")
    return made


@pytest.fixture
def lines(folder: Path) -> SourceLines:
    return SourceLines(folder / "core.elf")


def everywhere(lines: SourceLines) -> list[str | None]:
    """What is told of each halfword of program memory."""
    return [lines.describe(pc) for pc in range(0, 0x200, 2)]


def test_a_service_of_the_runtime_is_told_as_the_line_that_calls_it(lines: SourceLines) -> None:
    line = LINE_OF["acquire(49, -1);"]
    assert f"program (core.c:{line})" in everywhere(lines)
    assert not any(text and text.startswith("acquire") for text in everywhere(lines))


def test_an_inlined_function_of_the_author_is_told_by_its_own_name(lines: SourceLines) -> None:
    assert f"scaled (core.c:{LINE_OF['return *x * by;']})" in everywhere(lines)
    pc = next(pc for pc in range(0x200) if (lines.describe(pc) or "").startswith("scaled"))
    assert [function for function, _ in lines.frames(pc)] == ["scaled", "kernel"]
    assert lines.function(pc) == "kernel"


def test_a_line_of_generated_c_is_told_as_the_place_in_the_design(folder: Path) -> None:
    line = LINE_OF["acquire(49, -1);"]
    generated = GeneratedFile("core.c", {line: "design.mlir:5", line + 1: ""})
    told = everywhere(SourceLines(folder / "core.elf", generated))
    assert "program (design.mlir:5)" in told
    assert f"program (core.c:{line + 1})" in told, "nothing in particular"
    assert f"scaled (core.c:{LINE_OF['return *x * by;']})" in told, "before the first one"


def test_another_file_is_told_by_its_own_name(folder: Path) -> None:
    generated = GeneratedFile("main_core_0_2.c", {1: "design.mlir:5"})
    told = everywhere(SourceLines(folder / "core.elf", generated))
    assert f"program (core.c:{LINE_OF['acquire(49, -1);']})" in told


def test_the_runtime_is_no_caller(lines: SourceLines) -> None:
    assert (lines.describe(0) or "").startswith("start (standin.h:")
    assert lines.describe(0, runtime=False) is None
    pc = next(pc for pc in range(0x200) if (lines.describe(pc) or "").startswith("program"))
    assert lines.describe(pc, runtime=False) == lines.describe(pc)


def test_without_debug_information_the_functions_are_known(tmp_path: Path) -> None:
    compile_program(PROGRAM, tmp_path, "-g0")
    known = SourceLines(tmp_path / "core.elf")
    assert {"start", "program", "kernel", None} == set(everywhere(known))


def test_a_missing_or_damaged_file_knows_nothing(tmp_path: Path) -> None:
    assert SourceLines(tmp_path / "none.elf").describe(0) is None
    (tmp_path / "damaged.elf").write_bytes(b"\x7fELF damaged")
    assert SourceLines(tmp_path / "damaged.elf").describe(0) is None
