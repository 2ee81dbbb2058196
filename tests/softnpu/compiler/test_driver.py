"""The stages, file to file, and all of them in one process."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from softnpu.compiler import driver, routing
from softnpu.errors import DesignError, ToolError
from softnpu.formats import txn, xclbin
from softnpu.formats.operations import LoadPdi
from tests.softnpu.compiler.misrouting import as_aie_opt, fan_in

DUMMY = "passthrough_core/main_core_0_2.elf"

TWO_DEVICES = """\
module {
  aie.device(npu1_1col) @main {
    aie.runtime_sequence @both(%a: memref<16xi32>) {
      aiex.configure @other {
        aiex.run @copy(%a) : (memref<16xi32>)
      }
    }
    aie.runtime_sequence @nothing(%a: memref<16xi32>) {
    }
  }
  aie.device(npu1_1col) @other {
    %core = aie.tile(0, 2)
    %c = aie.core(%core) {
      aie.end
    } {elf_file = "own.elf"}
    aie.runtime_sequence @copy(%a: memref<16xi32>) {
      aiex.npu.write32 {address = 1024 : ui32, value = 7 : ui32}
    }
  }
}
"""


@pytest.fixture
def two_devices(tmp_path: Path, golden: Path) -> Path:
    """A design of two devices, the program that one of them names, and a folder for artifacts."""
    (tmp_path / "elfs").mkdir()
    (tmp_path / "elfs" / "own.elf").write_bytes((golden / DUMMY).read_bytes())
    (tmp_path / "design.mlir").write_text(TWO_DEVICES)
    return tmp_path


def compiled(folder: Path, **options: object) -> driver.Outcome:
    return driver.compile_design(
        folder / "design.mlir",
        folder / "out",
        driver.Options(elf_dir=folder / "elfs", **options),  # type: ignore[arg-type]
    )


def test_stage_by_stage_gives_the_same_as_all_at_once(tmp_path: Path, golden: Path) -> None:
    folder = golden / "broadcast_add"
    driver.lower(folder / "design.mlir", tmp_path)
    driver.cdo(tmp_path / "input_array.mlir", folder, tmp_path)
    driver.pdi(tmp_path / "input_array.mlir", tmp_path)
    driver.xclbin(tmp_path / "input_array.mlir", tmp_path, folder)
    driver.insts(tmp_path / "input_physical.mlir", tmp_path / "insts.bin")
    whole = tmp_path / "whole"
    driver.compile_design(folder / "design.mlir", whole, driver.Options(elf_dir=folder))
    for name in ("main.pdi", "final.xclbin", "insts.bin", "npu_insts.mlir", "input_physical.mlir"):
        assert (tmp_path / name).read_bytes() == (whole / name).read_bytes(), name


def test_the_array_does_not_change_with_the_runtime_sequence(tmp_path: Path, golden: Path) -> None:
    text = (golden / "explicit_dma" / "design.mlir").read_text()
    changed = text.replace("[1, 1, 1, 1024]", "[1, 1, 1, 512]")
    assert changed != text
    arrays = []
    for name, design in (("a", text), ("b", changed)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "design.mlir").write_text(design)
        driver.lower(tmp_path / name / "design.mlir", tmp_path / name)
        arrays.append((tmp_path / name / "input_array.mlir").read_text())
    assert arrays[0] == arrays[1]
    assert "runtime_sequence" not in arrays[0]


def test_a_later_stages_error_points_into_the_design(tmp_path: Path, golden: Path) -> None:
    design = golden / "explicit_dma" / "design.mlir"
    driver.lower(design, tmp_path)
    with pytest.raises(DesignError, match="cannot read the core program") as error:
        driver.cdo(tmp_path / "input_array.mlir", tmp_path / "nowhere", tmp_path)
    assert error.value.location is not None
    assert error.value.location.file == design


def test_packed_programs_are_kept_beside_the_artifacts(tmp_path: Path, golden: Path) -> None:
    folder = golden / "passthrough_core"
    outcome = driver.compile_design(
        folder / "design.mlir", tmp_path, driver.Options(elf_dir=folder)
    )
    assert [path.name for path in outcome.programs.packed] == ["main_core_0_2.elf"]
    assert outcome.programs.compiled == ()
    assert outcome.programs.packed[0].read_bytes() == (golden / DUMMY).read_bytes()


def test_only_stand_in_programs_mark_the_xclbin(tmp_path: Path, golden: Path) -> None:
    design = golden / "passthrough_core" / "design.mlir"
    elf = bytearray((golden / DUMMY).read_bytes())
    for machine, marks in ((264, {}), (243, {"core_isa": "rv32"})):
        struct.pack_into("<H", elf, 18, machine)
        (tmp_path / "main_core_0_2.elf").write_bytes(elf)
        driver.compile_design(design, tmp_path / "out", driver.Options(elf_dir=tmp_path))
        parsed = xclbin.parse((tmp_path / "out" / "final.xclbin").read_bytes())
        assert parsed.marks == marks


def test_every_device_and_sequence_of_a_file_has_its_artifacts(two_devices: Path) -> None:
    compiled(two_devices)
    out = two_devices / "out"
    names = {path.name for path in out.glob("*.bin")} - {"insts.bin"}
    assert {name for name in names if "_cdo_" not in name} == {
        "insts_main_both.bin",
        "insts_main_nothing.bin",
        "insts_other_copy.bin",
    }
    assert (out / "insts.bin").read_bytes() == (out / "insts_main_both.bin").read_bytes()
    parsed = xclbin.parse((out / "final.xclbin").read_bytes())
    pdis = {pdi.groups[0].pdi_id: pdi.image for pdi in parsed.partition.pdis}
    assert pdis == {1: (out / "main.pdi").read_bytes(), 2: (out / "other.pdi").read_bytes()}


def test_insts_can_hold_another_sequence(two_devices: Path) -> None:
    compiled(two_devices, sequence_name="nothing")
    out = two_devices / "out"
    assert (out / "insts.bin").read_bytes() == (out / "insts_main_nothing.bin").read_bytes()


def loads(path: Path) -> list[int]:
    return [op.id for op in txn.parse(path.read_bytes()).operations if isinstance(op, LoadPdi)]


def test_loading_a_pdi_names_its_number(two_devices: Path) -> None:
    outcome = compiled(two_devices)
    assert loads(two_devices / "out" / "insts.bin") == [2]
    assert outcome.notes == ()


def test_one_device_of_several_can_be_compiled_alone(two_devices: Path) -> None:
    compiled(two_devices, device_name="other")
    out = two_devices / "out"
    assert not (out / "main.pdi").exists()
    parsed = xclbin.parse((out / "final.xclbin").read_bytes())
    assert [pdi.image for pdi in parsed.partition.pdis] == [(out / "other.pdi").read_bytes()]
    with pytest.raises(DesignError, match="no device '@others'") as error:
        compiled(two_devices, device_name="others")
    assert "did you mean '@other'?" in error.value.notes


def test_stages_pack_the_kernel_of_the_device_with_the_sequence(tmp_path: Path) -> None:
    """The array does not tell which that is, nor how many buffers the sequence takes."""
    buffers = ", ".join(f"%b{n}: memref<16xi32>" for n in range(6))
    (tmp_path / "design.mlir").write_text(
        "module { aie.device(npu1_1col) @first {}\n"
        "aie.device(npu1_2col) @second { %t = aie.tile(1, 1)\n"
        f"aie.runtime_sequence({buffers}) {{}} }} }}"
    )
    array = tmp_path / driver.ARRAY
    driver.lower(tmp_path / "design.mlir", tmp_path)
    driver.cdo(array, tmp_path, tmp_path)
    driver.pdi(array, tmp_path)
    driver.xclbin(array, tmp_path)
    parsed = xclbin.parse((tmp_path / "final.xclbin").read_bytes())
    assert parsed.partition.columns == 2
    assert [pdi.image for pdi in parsed.partition.pdis] == [
        (tmp_path / f"{name}.pdi").read_bytes() for name in ("second", "first")
    ]
    assert len(parsed.kernels[0].arguments) == 3 + 6


def test_a_design_without_a_sequence_says_so(tmp_path: Path) -> None:
    (tmp_path / "design.mlir").write_text("module { aie.device(npu1_1col) {} }")
    outcome = driver.compile_design(tmp_path / "design.mlir", tmp_path)
    assert "no aie.runtime_sequence" in outcome.notes[0]
    assert (tmp_path / "final.xclbin").exists()


def test_a_file_without_a_device_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "design.mlir").write_text("module {}")
    with pytest.raises(DesignError, match=r"no aie\.device"):
        driver.compile_design(tmp_path / "design.mlir", tmp_path)


def test_programs_for_main_serve_the_only_device_whatever_its_name(
    tmp_path: Path, golden: Path, march: Path
) -> None:
    """Its PDI is the one that AMD's bootgen packed, with the program in it."""
    text = (golden / "explicit_dma" / "design.mlir").read_text()
    renamed = text.replace("aie.device(npu1_1col)", "aie.device(npu1_1col) @segment")
    assert renamed != text
    (tmp_path / "design.mlir").write_text(renamed)
    options = driver.Options(elf_dir=golden / "explicit_dma")
    outcome = driver.compile_design(tmp_path / "design.mlir", tmp_path, options)
    assert [path.name for path in outcome.programs.packed] == ["segment_core_0_2.elf"]
    packed = (march / "explicit_dma" / "design.pdi").read_bytes()
    assert (tmp_path / "segment.pdi").read_bytes() == packed


LATE_TILE = """module {
  aie.device(npu1_1col) {
    %first = aie.tile(0, 2)
    %core = aie.core(%first) {
      %o = aie.objectfifo.acquire @on(Produce, 1) : !aie.objectfifosubview<memref<16xi32>>
      aie.objectfifo.release @on(Produce, 1)
      aie.end
    }
    %second = aie.tile(0, 3)
    aie.objectfifo @on(%first, {%second}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    %other = aie.core(%second) {
      %i = aie.objectfifo.acquire @on(Consume, 1) : !aie.objectfifosubview<memref<16xi32>>
      aie.objectfifo.release @on(Consume, 1)
      aie.end
    }
  }
}
"""


def test_a_core_before_its_objectfifos_tiles_is_refused_as_aie_opt_does(tmp_path: Path) -> None:
    design = tmp_path / "design.mlir"
    design.write_text(LATE_TILE)
    with pytest.raises(DesignError) as caught:
        driver.lower(design, tmp_path)
    assert "used before it is defined" in caught.value.message
    assert caught.value.location is not None
    assert caught.value.location.line == 5
    assert any("declare all tiles before the first core" in note for note in caught.value.notes)


def test_what_is_routed_already_is_not_routed_again(tmp_path: Path, golden: Path) -> None:
    with pytest.raises(DesignError) as raised:
        driver.lower(golden / "passthrough_core" / "input_physical.mlir", tmp_path)
    assert "South : 0 is driven twice" in str(raised.value)
    assert "what is routed already cannot be routed again" in str(raised.value)


MISROUTED = """\
module {
  aie.device(npu1_2col) {
    %a = aie.tile(0, 2)
    %b = aie.tile(1, 2)
    aie.flow(%a, Trace : 0, %b, DMA : 0)
  }
}
"""


def test_nothing_is_packed_of_an_array_whose_streams_go_astray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "route", as_aie_opt)
    (tmp_path / "design.mlir").write_text(MISROUTED)
    with pytest.raises(DesignError, match=r"Trace 0 to tile \(1, 2\) DMA 0 never arrives"):
        driver.compile_design(tmp_path / "design.mlir", tmp_path / "out")
    assert (tmp_path / "out" / "main_aie_cdo_init.bin").exists()
    assert not list((tmp_path / "out").glob("*.pdi"))


def test_packets_of_a_runtime_sequence_must_have_the_id_of_a_flow(
    tmp_path: Path, golden: Path
) -> None:
    folder = golden / "packet_routes"
    text = (folder / "design.mlir").read_text()
    wrong = text.replace("<pkt_id = 1, pkt_type", "<pkt_id = 9, pkt_type")
    assert wrong != text
    (tmp_path / "design.mlir").write_text(wrong)
    with pytest.raises(DesignError, match=r"DMA 0 sends packets with id 9 \(BD"):
        driver.compile_design(
            tmp_path / "design.mlir", tmp_path / "out", driver.Options(elf_dir=folder)
        )


def test_a_transfer_into_packet_flows_without_a_header_is_doubtful(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = fan_in([1, 2]).replace(", packet = <pkt_id = 2, pkt_type = 0>", "")
    (tmp_path / "design.mlir").write_text(text)
    driver.compile_design(tmp_path / "design.mlir", tmp_path / "out")
    assert caplog.text.count("warning: ") == 1
    assert (
        "tile (1, 0) DMA 0 sends words without a packet header (BD 0), and the packet flow from "
        "there has id 2: the first word is taken for the header"
    ) in caplog.text
    assert "write packet = <pkt_type = 0, pkt_id = 2>" in caplog.text


def test_no_xclbin_is_made_for_a_versal_device(tmp_path: Path) -> None:
    design = tmp_path / "design.mlir"
    design.write_text("module { aie.device(xcve2802) { %t = aie.tile(0, 3) } }")
    with pytest.raises(DesignError) as caught:
        driver.compile_design(design, tmp_path / "out")
    assert caught.value.message == "npuforge does not build for xcve2802"
    assert not (tmp_path / "out").exists()


def test_an_expanded_load_names_the_image_of_an_empty_device(two_devices: Path) -> None:
    """The empty devices come first, so that all numbers change."""
    compiled(two_devices, expand_load_pdis=True, sequence_name="both")
    out = two_devices / "out"
    partition = xclbin.parse((out / "final.xclbin").read_bytes()).partition
    images = {group.pdi_id: pdi.image for pdi in partition.pdis for group in pdi.groups}
    names = ["empty_0", "main", "other"]
    files = {number: (out / f"{name}.pdi").read_bytes() for number, name in enumerate(names, 1)}
    assert images == files
    loaded = [
        operation.id
        for operation in txn.parse((out / "insts.bin").read_bytes()).operations
        if isinstance(operation, LoadPdi)
    ]
    assert loaded == [1]


def test_names_go_by_the_numbers_of_the_images(two_devices: Path) -> None:
    told = []
    for expand in (False, True):
        compiled(two_devices, expand_load_pdis=expand)
        names = json.loads((two_devices / "out" / "names.json").read_text())
        told.append({one.pop("id"): one for one in names["pdis"]})
    usual, expanded = told
    assert usual[2]["cores"]
    assert (expanded[2], expanded[3]) == (usual[1], usual[2])


def test_a_load_is_expanded_in_one_way(two_devices: Path) -> None:
    with pytest.raises(ToolError, match="not by both"):
        compiled(two_devices, expand_load_pdis=True, load_pdi_to_ctrl_pkt=True)


def test_a_sequence_that_the_run_decides_becomes_a_function_if_asked(
    tmp_path: Path, golden: Path
) -> None:
    folder = golden / "runtime_bound"
    options = driver.Options(elf_dir=folder, npu_cpp=True)
    (tmp_path / "insts.bin").write_bytes(b"of another time")
    outcome = driver.compile_design(folder / "design.mlir", tmp_path, options)
    assert "the run decides what '@sequence' does" in outcome.notes[0]
    assert "for (" in (tmp_path / "npu_insts.h").read_text()
    assert not (tmp_path / "insts.bin").exists()
    made = xclbin.parse((tmp_path / "final.xclbin").read_bytes())
    assert made.partition.pdis[0].image == (tmp_path / "main.pdi").read_bytes()


def test_the_kernel_is_called_as_asked(tmp_path: Path, golden: Path) -> None:
    folder = golden / "passthrough_core"
    options = driver.Options(
        elf_dir=folder, npu_cpp=True, kernel=xclbin.KernelIdentity("ADD", "FIRST", 0x905)
    )
    driver.compile_design(folder / "design.mlir", tmp_path, options)
    made = xclbin.parse((tmp_path / "final.xclbin").read_bytes()).spec()
    (kernel,) = made.kernels
    assert (kernel.name, kernel.instances, kernel.kernel_id) == ("ADD", ("FIRST",), "0x905")
    assert made.partition.pdis[0].groups[0].kernel_ids == (0x905,)
    assert (tmp_path / "insts.bin").read_bytes() == (folder / "insts.bin").read_bytes()
