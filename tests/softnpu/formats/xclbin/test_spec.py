import re
from dataclasses import replace
from pathlib import Path

import pytest

from softnpu.arch.device import device
from softnpu.errors import FormatError
from softnpu.formats import xclbin
from softnpu.formats.xclbin import SectionKind, container
from tests.conftest import MARCH_DESIGNS


def device_of(march: Path, design: str):
    text = (march / design / "design.mlir").read_text()
    return device(re.search(r"aie\.device\((\w+)\)", text)[1])


def made(march: Path, design: str, **options) -> bytes:
    pdi = (march / design / "design.pdi").read_bytes()
    return xclbin.build(xclbin.spec_for(device_of(march, design), pdi, **options))


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_an_xclbin_from_device_and_pdi_has_the_sections_that_xclbinutil_wrote(
    march: Path, design: str
) -> None:
    """But for where a partition may start: aiecc of March 2026 left out column 0, and some more;
    and for what it called the texts, by which xclbinutil names sections."""
    data = (march / design / "final.xclbin").read_bytes()
    starts = xclbin.parse(data).partition.start_columns
    spec = xclbin.parse(made(march, design)).spec()
    assert (spec.memory_section, spec.partition_section) == ("memTopology_mai", "partition_main")
    spec = replace(
        spec,
        partition=replace(spec.partition, start_columns=starts),
        memory_section="main_mem_topolo",
        partition_section="main_aie_partit",
    )
    assert container.parse(xclbin.build(spec)).sections == container.parse(data).sections


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_a_real_file_is_rebuilt_from_structured_data_byte_for_byte(
    march: Path, design: str
) -> None:
    data = (march / design / "final.xclbin").read_bytes()
    assert xclbin.build(xclbin.parse(data).spec()) == data


def test_the_same_spec_gives_the_same_bytes_and_another_pdi_another_uuid(march: Path) -> None:
    first, again = made(march, "explicit_dma"), made(march, "explicit_dma")
    assert first == again
    other = xclbin.parse(made(march, "passthrough_core"))
    assert other.header.uuid != xclbin.parse(first).header.uuid


def test_the_timestamp_is_what_one_says(march: Path) -> None:
    parsed = xclbin.parse(made(march, "explicit_dma", timestamp=1_700_000_000))
    assert parsed.header.timestamp == 1_700_000_000


def test_marks_go_into_a_section_of_their_own_behind_the_others(march: Path) -> None:
    plain = container.parse(made(march, "explicit_dma"))
    marked = made(march, "explicit_dma", marks=(("core_isa", "rv32"), ("build", "1f/2e")))
    sections = container.parse(marked).sections
    assert sections[:-1] == plain.sections
    assert sections[-1].kind == SectionKind.KEYVALUE_METADATA
    assert xclbin.parse(marked).marks == {"core_isa": "rv32", "build": "1f/2e"}
    assert xclbin.parse(made(march, "explicit_dma")).marks == {}


def test_a_memory_that_is_not_there_is_refused(march: Path) -> None:
    spec = xclbin.spec_for(device("npu1_1col"), b"image")
    argument = xclbin.Argument("bo0", "void*", "0x14", 1, "HBM")
    kernel = replace(spec.kernels[0], arguments=(argument,))
    with pytest.raises(FormatError, match="'bo0' is in memory 'HBM'; there are HOST, SRAM"):
        xclbin.build(replace(spec, kernels=(kernel,)))


@pytest.mark.parametrize(("asked", "declared"), [(0, 5), (2, 5), (5, 5), (6, 6), (16, 16)])
def test_a_kernel_declares_five_buffers_or_as_many_as_there_are(asked: int, declared: int) -> None:
    spec = xclbin.spec_for(device("npu1_1col"), b"image", buffers=asked)
    parsed = xclbin.parse(xclbin.build(spec))
    (kernel,) = parsed.kernels
    buffers = kernel.arguments[3:]
    assert [(a.name, int(a.offset, 16)) for a in buffers] == [
        (f"bo{n}", 0x14 + 8 * n) for n in range(declared)
    ]
    host = parsed.memory_index(3)
    assert {parsed.memory_index(3 + n) for n in range(declared)} == {host}
    assert parsed.memory_index(3 + declared) is None


def test_several_pdis_and_kernels_survive() -> None:
    spec = xclbin.spec_for(device("npu2_2col"), b"image", marks=(("a", "b"),), design="second")
    pdi = spec.partition.pdis[0]
    more = replace(spec.partition, pdis=(pdi, replace(pdi, image=b"other image")))
    kernels = (
        xclbin.default_kernel(),
        xclbin.default_kernel(xclbin.KernelIdentity("SECOND", "INSTANCE2", 0x902)),
    )
    spec = replace(spec, partition=more, kernels=kernels, uuid=b"0123456789abcdef", timestamp=7)
    assert xclbin.parse(xclbin.build(spec)).spec() == spec
