"""ELF files of whole jobs: their sections are what an xclbin and its stream hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.formats.records import word_bytes
from softnpu.inspect.array_report import configuration
from softnpu.inspect.diff import differences
from softnpu.inspect.programs import describe_elf
from softnpu.inspect.report import to_json, to_text
from tests.softnpu.formats.elf_files import Given, build, job
from tests.softnpu.formats.test_control_packets import control, stream

PACKETS = word_bytes([stream(27), control(0x1F000), 5])


def shown(data: bytes) -> list[str]:
    return [" ".join(line.split()) for line in to_text(describe_elf(data))]


def of_design(march: Path, design: str = "explicit_dma", *, bits: int = 32) -> bytes:
    read = [(march / design / name).read_bytes() for name in ("insts.bin", "design.pdi")]
    return job(*read, PACKETS, bits=bits)


@pytest.mark.parametrize("bits", [32, 64])
def test_a_job_is_shown_down_to_the_registers(march: Path, bits: int) -> None:
    text = shown(of_design(march, bits=bits))
    image = len((march / "explicit_dma" / "design.pdi").read_bytes())
    assert text[:10] == [
        "ELF file of a job",
        "kind: control code for AIE2P, as XRT loads it: no core's program",
        f"version: 0x20, {bits} bits",
        "uid: e4ec0b95638208f02a3910123805421b",
        "columns: 4",
        "kernel: _Z4mainPv, instance once: .ctrltext.4, .ctrldata.4",
        "patched with: 3, scratch-pad-mem",
        ".ctrltext.4 300 bytes control code",
        ".ctrldata.4 12 bytes data of the control code",
        f".pdi.0 {image} bytes configuration of the array",
    ]
    assert ".ctrltext.4: instruction stream" in text
    assert ".ctrldata.4: control packets" in text
    assert ".pdi.0: programmable device image (PDI)" in text
    assert any("Stream_Switch_Master_Config" in line for line in text)


def test_a_microcontrollers_code_is_named_not_decoded() -> None:
    page = Given(".ctrltext.0.1", b"\xff\xff" + bytes(34))
    text = shown(build([page, Given(".dump", bytes(8))], abi=64, version=1))
    assert text[1] == "kind: control code for AIE2PS, as XRT loads it: no core's program"
    assert text[3:] == [
        ".ctrltext.0.1 36 bytes control code",
        ".dump 8 bytes for the debugger",
    ]


def test_compressed_sections_are_told(march: Path) -> None:
    stored = (march / "explicit_dma" / "insts.bin").read_bytes()
    text = shown(build([Given(".ctrltext", stored, flags=0x800)], abi=69))
    assert text[-1] == ".ctrltext 300 bytes control code, compressed"


def test_a_damaged_section_is_told_and_the_others_shown(march: Path) -> None:
    stored = (march / "explicit_dma" / "insts.bin").read_bytes()
    found = describe_elf(job(stored[:160], b"none", PACKETS))
    assert found.is_damaged
    assert to_json(found)["damaged"] == [
        ".ctrltext.4: the instruction stream's header says 300 bytes, the file has 160: "
        "it is cut off"
    ]
    assert [part.title for part in found.parts] == [".ctrldata.4: control packets"]


def test_jobs_are_compared_section_by_section(march: Path) -> None:
    old, new = (of_design(march, design) for design in ("explicit_dma", "task_sequence"))
    places = [one.place for one in differences(old, new)]
    assert ".ctrltext.4, instruction 0, (0,0) shim DMA_BD0" in places
    assert any(place.startswith(".pdi.0, (0") for place in places)
    (found,) = differences(old, of_design(march, bits=64))
    assert str(found) == "bits: 32 -> 64"


def test_the_array_of_a_job_is_that_of_its_pdi_and_stream(march: Path) -> None:
    folder = march / "explicit_dma"
    of_job = configuration(of_design(march))
    apart = [configuration((folder / name).read_bytes()) for name in ("design.pdi", "insts.bin")]
    assert of_job == (apart[0][0] + apart[1][0], apart[1][1])


def test_a_job_of_several_kernels_has_no_one_array(march: Path) -> None:
    stored = (march / "explicit_dma" / "insts.bin").read_bytes()
    several = build([Given(".ctrltext.1", stored), Given(".ctrltext.2", stored)], abi=69)
    with pytest.raises(FormatError, match=r"the job has 2 sections \.ctrltext"):
        configuration(several)
    with pytest.raises(FormatError, match="this is an ELF file; an xclbin"):
        configuration(build([]))
