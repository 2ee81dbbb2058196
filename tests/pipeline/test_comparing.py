"""How two files of one name part, in words of their content."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from pipeline.comparing import difference
from softnpu.arch.device import device
from softnpu.formats import xclbin


def copy(march: Path, name: str, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(march / "passthrough_core" / name, folder / name))


def test_an_instruction_is_shown_by_its_register(march: Path, tmp_path: Path) -> None:
    ours = copy(march, "insts.bin", tmp_path / "ours")
    theirs = copy(march, "insts.bin", tmp_path / "theirs")
    assert difference(ours, theirs) == ""
    data = bytearray(theirs.read_bytes())
    data[-8] ^= 1
    theirs.write_bytes(data)
    text = difference(ours, theirs)
    assert "npuforge: " in text
    assert "AMD:      " in text
    assert "instruction 7, wait" in text
    assert "(0,0) shim for the task-complete token" in text


def test_mlir_that_is_only_written_differently_is_the_same(march: Path, tmp_path: Path) -> None:
    ours = copy(march, "input_physical.mlir", tmp_path / "ours")
    theirs = copy(march, "input_physical.mlir", tmp_path / "theirs")
    theirs.write_text(f"// made by hand\n\n{theirs.read_text()}")
    assert difference(ours, theirs) == ""
    text = theirs.read_text()
    theirs.write_text(text.replace("address = 1024 : i32", "address = 2048 : i32", 1))
    found = difference(ours, theirs)
    assert "npuforge: " in found
    assert "address = 1024" in found
    assert "address = 2048" in found


def test_a_newer_spelling_of_what_a_core_links_is_no_difference(
    march: Path, tmp_path: Path
) -> None:
    ours = copy(march, "input_physical.mlir", tmp_path / "ours")
    theirs = copy(march, "input_physical.mlir", tmp_path / "theirs")
    old = '{link_with = "copy_line.o"}'
    text = ours.read_text()
    assert old in text
    theirs.write_text(text.replace(old, '{link_files = ["copy_line.o"]}'))
    assert difference(ours, theirs) == ""
    theirs.write_text(text.replace(old, '{link_files = ["other.o"]}'))
    assert "other.o" in difference(ours, theirs)


def test_a_time_in_an_xclbin_is_no_difference(march: Path, tmp_path: Path) -> None:
    pdi = (march / "passthrough_core" / "design.pdi").read_bytes()
    spec = xclbin.spec_for(device("npu1_1col"), pdi)
    ours, theirs = tmp_path / "a.xclbin", tmp_path / "b.xclbin"
    ours.write_bytes(xclbin.build(spec))
    theirs.write_bytes(xclbin.build(replace(spec, timestamp=99)))
    assert difference(ours, theirs) == ""
    theirs.write_bytes(xclbin.build(xclbin.spec_for(device("npu1_2col"), pdi)))
    found = difference(ours, theirs)
    assert "npuforge: " in found
    assert "column" in found


def test_a_file_that_ends_early_is_told(march: Path, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "a.ld.script", tmp_path / "b.ld.script"
    ours.write_text("one\ntwo\n")
    theirs.write_text("one\n")
    assert difference(ours, theirs).endswith("npuforge: two\n  AMD:      (nothing)")
