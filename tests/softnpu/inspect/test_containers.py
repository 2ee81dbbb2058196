from dataclasses import replace
from pathlib import Path

import pytest

from softnpu.arch.device import device
from softnpu.formats import xclbin
from softnpu.formats.xclbin import SectionKind, container
from softnpu.inspect.containers import describe_xclbin, group_in_words
from softnpu.inspect.report import to_json, to_text
from tests.softnpu.inspect.several import write_xclbin


def final(march: Path) -> bytes:
    return (march / "passthrough_core" / "final.xclbin").read_bytes()


def test_an_xclbin_tells_memories_arguments_and_where_it_may_run(march: Path) -> None:
    text = "\n".join(to_text(describe_xclbin(final(march))))
    for piece in (
        "0  HOST   65536 KiB at 0x4000000, MEM_DRAM",
        "0  opcode   uint64_t   at 0x00   group id 131071: no memory, a scalar",
        "3  bo0      void*      at 0x14   group id  65536: memory 0 (HOST), slot 1",
        "may start at:         column 1, 2, 3, 4",
        "PDI 0 for kernel 0x901",
    ):
        assert piece in text


def test_a_group_id_is_a_memory_and_a_slot() -> None:
    assert group_in_words(0x20001, "SRAM") == "memory 1 (SRAM), slot 2"
    assert group_in_words(131071, None) == "no memory, a scalar"


def test_marks_are_shown(march: Path) -> None:
    image = (march / "explicit_dma" / "design.pdi").read_bytes()
    spec = xclbin.spec_for(device("npu1_1col"), image, marks=(("core_isa", "rv32"),))
    assert to_json(describe_xclbin(xclbin.build(spec)))["core_isa"] == "rv32"


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [
        (SectionKind.EMBEDDED_METADATA, "No valid DPU kernel found"),
        (SectionKind.IP_LAYOUT, "has no IP_LAYOUT section"),
    ],
)
def test_a_missing_section_is_told_and_the_rest_shown(march: Path, kind, trouble) -> None:
    whole = container.parse(final(march))
    left = tuple(section for section in whole.sections if section.kind != kind)
    found = describe_xclbin(container.build(container.Container(whole.header, left)))
    text = "\n".join(to_text(found))
    assert "Stream_Switch_Master_Config_North1" in text
    assert found.is_damaged
    assert trouble in text


def test_a_damaged_pdi_inside_does_not_hide_the_rest(march: Path) -> None:
    data = bytearray(final(march))
    at = data.index(b"aie_image")
    data[at] ^= 1
    found = describe_xclbin(bytes(data))
    text = "\n".join(to_text(found))
    assert "damaged: the PDI header's checksum" in text
    assert "3  bo0" in text
    assert to_json(found)["parts"][3]["damaged"]


def test_each_kernel_has_the_group_ids_of_its_own_instance(march: Path) -> None:
    spec = xclbin.parse(final(march)).spec()
    (first,) = spec.kernels
    moved = tuple(
        replace(argument, memory="SRAM" if argument.memory else None)
        for argument in first.arguments
    )
    second = replace(first, name="OTHER", kernel_id="0x902", arguments=moved)
    data = xclbin.build(replace(spec, kernels=(first, second)))
    kernels = [
        part for part in to_json(describe_xclbin(data))["parts"] if part["title"][:6] == "kernel"
    ]
    assert [part["arguments"][3]["memory"] for part in kernels] == ["HOST", "SRAM"]
    assert [part["arguments"][3]["group_id"] for part in kernels] == [0x10000, 0x10001]


def test_several_pdis_are_called_by_the_ids_that_load_pdi_names(
    march: Path, tmp_path: Path
) -> None:
    designs = {7: "explicit_dma", 4: "packet_routes"}
    data = write_xclbin(march, tmp_path / "both.xclbin", designs).read_bytes()
    titles = [part.title for part in describe_xclbin(data).parts]
    assert [title.split(",")[0] for title in titles if title.startswith("PDI")] == [
        "PDI 7 for kernel 0x901",
        "PDI 4 for kernel none",
    ]
