"""Finding the objects and sources that cores link."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from softnpu.compiler.objects import ObjectSources, is_source, is_standin_object
from softnpu.dialects.aie import CoreOp
from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError

RISCV, AIE = 243, 264


def object_for(machine: int) -> bytes:
    return b"\x7fELF" + bytes(12) + struct.pack("<HH", 1, machine)


@pytest.fixture
def core() -> CoreOp:
    text = "module { aie.device(npu1_1col) { %t = aie.tile(0, 2) %c = aie.core(%t) { aie.end } } }"
    return next(op for op in parse_text(text, "d.mlir").walk() if isinstance(op, CoreOp))


def test_an_object_is_taken_before_its_source(tmp_path: Path, core: CoreOp) -> None:
    (tmp_path / "scale.o").write_bytes(object_for(RISCV))
    (tmp_path / "scale.c").write_text("void scale(void) {}")
    assert ObjectSources(folders=(tmp_path,)).find("scale.o", core) == tmp_path / "scale.o"


def test_a_source_is_taken_before_an_object_for_another_machine(
    tmp_path: Path, core: CoreOp
) -> None:
    (tmp_path / "scale.o").write_bytes(object_for(AIE))
    (tmp_path / "scale.cc").write_text("void scale(void) {}")
    found = ObjectSources(folders=(tmp_path,)).find("scale.o", core)
    assert found == tmp_path / "scale.cc"
    assert is_source(found)
    assert not is_standin_object(tmp_path / "scale.o")


def test_ir_for_another_machine_is_refused_unless_its_source_is_there(
    tmp_path: Path, core: CoreOp
) -> None:
    (tmp_path / "scale.ll").write_text('target triple = "aie2-none-unknown-elf"\n')
    with pytest.raises(DesignError, match=r"scale\.ll is LLVM IR for another machine"):
        ObjectSources(folders=(tmp_path,)).find("scale.ll", core)
    (tmp_path / "scale.c").write_text("void scale(void) {}")
    assert ObjectSources(folders=(tmp_path,)).find("scale.ll", core) == tmp_path / "scale.c"


def test_folders_are_searched_in_order(tmp_path: Path, core: CoreOp) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "scale.c").write_text("")
    sources = ObjectSources(folders=(tmp_path / "b", tmp_path / "a"))
    assert sources.find("scale.o", core).parent.name == "b"


def test_files_known_by_name_come_first(tmp_path: Path, core: CoreOp) -> None:
    (tmp_path / "scale.c").write_text("")
    known = {"scale.o": tmp_path / "elsewhere.o"}
    assert ObjectSources(known, (tmp_path,)).find("scale.o", core) == tmp_path / "elsewhere.o"


def test_what_is_missing_is_named_with_the_nearest_that_is_there(
    tmp_path: Path, core: CoreOp
) -> None:
    (tmp_path / "scale.c").write_text("")
    with pytest.raises(DesignError, match=r"no 'scales\.o' to link") as error:
        ObjectSources(folders=(tmp_path,)).find("scales.o", core)
    assert "did you mean 'scale.c'?" in error.value.notes
    assert any("--objects" in note and str(tmp_path) in note for note in error.value.notes)
    assert error.value.location is not None


def test_a_finished_program_is_never_made_from_a_source(tmp_path: Path, core: CoreOp) -> None:
    (tmp_path / "core.c").write_text("")
    sources = ObjectSources(folders=(tmp_path,))
    with pytest.raises(DesignError, match=r"no 'core\.elf', the core's finished program"):
        sources.find_program("core.elf", core)
    (tmp_path / "core.elf").write_bytes(object_for(AIE))
    assert sources.find_program("core.elf", core) == tmp_path / "core.elf"
