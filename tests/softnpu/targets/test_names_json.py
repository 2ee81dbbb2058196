"""names.json carries a design's names to the emulator's reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from softnpu.dialects.text import parse_file, parse_text
from softnpu.emulator.naming import names
from softnpu.errors import DesignError
from softnpu.targets import names_json


def test_the_emulator_finds_the_designs_own_names(golden: Path, tmp_path: Path) -> None:
    module = parse_file(golden / "passthrough_core" / "input_physical.mlir")
    (tmp_path / "names.json").write_text(names_json.emit(module))
    known = names.beside(tmp_path / "final.xclbin")
    tile = (0, 2)
    assert known.lock(tile, 3) == ("lock in_cons_cons_lock_0 (lock 3 of tile (0,2), objectfifo in)")
    assert known.buffer(tile, 0x8000 + 1023) == "in_cons_buff_0"
    assert known.buffer(tile, 0x8000 + 1024) is None
    assert known.channel((0, 0), "MM2S", 0) == "tile (0,0) MM2S 0 [in]"
    assert known.channel((0, 0), "S2MM", 0) == "tile (0,0) S2MM 0 [out]"


def test_a_core_is_found_by_the_name_of_its_elf(golden: Path) -> None:
    module = parse_file(golden / "cascade_pair" / "input_physical.mlir")
    cores = json.loads(names_json.emit(module))["cores"]
    assert {tuple(c["tile"]): c["elf"] for c in cores} == {
        (0, 2): "main_core_0_2.elf",
        (0, 3): "main_core_0_3.elf",
    }
    assert [core["stack"] for core in cores] == [1024, 1024]


def test_only_a_core_that_is_compiled_here_has_its_c_told(golden: Path) -> None:
    design = golden / "cascade_pair"  # with AIE programs, which another compiler made
    for programs, told in ((None, True), (design, False)):
        module = parse_file(design / "input_with_addresses.mlir")
        cores = json.loads(names_json.emit(module, programs=programs))["cores"]
        assert [("body" in core) for core in cores] == [told, told]


@pytest.mark.parametrize("given, names_found", [(None, ["a", "b"]), (["x", "y"], ["x", "y"])])
def test_host_buffers_are_called_as_the_design_or_the_author_does(
    golden: Path, given: list[str] | None, names_found: list[str]
) -> None:
    module = parse_file(golden / "passthrough_core" / "design.mlir")
    found = json.loads(names_json.emit(module, arguments=given))["arguments"]
    assert [entry["name"] for entry in found] == names_found
    assert [entry["index"] for entry in found] == [0, 1]


def test_what_host_buffers_hold_is_told_where_it_is_static(tmp_path: Path) -> None:
    module = parse_text(
        """
        aie.device(npu1_1col) {
          aie.runtime_sequence(%a: memref<8x4xbf16>, %b: memref<?xi32>, %c: i32) {
          }
        }
        """
    )
    (tmp_path / "names.json").write_text(names_json.emit(module))
    known = names.beside(tmp_path / "final.xclbin")
    assert known.arguments == {0: "a", 1: "b", 2: "c"}
    assert known.arrays == {0: names.HostArray((8, 4), "bf16")}


def test_what_has_no_name_or_number_is_left_out() -> None:
    module = parse_text(
        """
        aie.device(npu1_1col) {
          %t = aie.tile(0, 2)
          %0 = aie.lock(%t, 3)
          %1 = aie.lock(%t) {sym_name = "nowhere"}
          %2 = aie.buffer(%t) {sym_name = "unplaced"} : memref<4xi32>
        }
        """
    )
    found = json.loads(names_json.emit(module))
    assert found["locks"] == found["buffers"] == []


def test_each_device_of_several_has_its_names_under_its_pdi(tmp_path: Path) -> None:
    devices = [
        f"""
        aie.device(npu1_1col) @{name} {{
          %t = aie.tile(0, 2)
          %l = aie.lock(%t, 3) {{sym_name = "{lock}"}}
          %core = aie.core(%t) {{ aie.end }}
        }}"""
        for name, lock in [("other", "theirs"), ("main", "ours")]
    ]
    module = parse_text("\n".join(devices))
    (tmp_path / "names.json").write_text(names_json.emit(module, arguments=["x"]))
    known = names.beside(tmp_path / "final.xclbin")
    tile, told = (0, 2), "lock {} (lock 3 of tile (0,2))"
    assert known.lock(tile, 3) == told.format("ours")
    assert known.of(1).lock(tile, 3) == told.format("theirs")
    assert known.of(2).lock(tile, 3) == told.format("ours")
    assert known.of(3).lock(tile, 3) == "lock 3 of tile (0,2)"
    assert known.of(1).programs[tile].path == tmp_path / "other_core_0_2.elf"
    assert [known.of(number).arguments for number in (1, 3)] == [{0: "x"}] * 2


def test_names_of_a_lone_device_hold_whatever_its_pdi_is_called() -> None:
    module = parse_text("aie.device(npu1_1col) { }")
    assert "pdis" not in json.loads(names_json.emit(module))
    known = names.Names(locks={((0, 2), 3): ("ours", "")})
    assert known.of(7) is known


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(DesignError, match="'other'"):
        names_json.emit(parse_text("aie.device(npu1_1col) { }"), "other")
