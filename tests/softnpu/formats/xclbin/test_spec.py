import re
from dataclasses import replace
from pathlib import Path

import pytest

from softnpu.arch.device import device
from softnpu.errors import FormatError
from softnpu.formats import xclbin
from softnpu.formats.xclbin import SectionKind, container
from tests.conftest import DESIGNS


def device_of(golden: Path, design: str):
    text = (golden / design / "design.mlir").read_text()
    return device(re.search(r"aie\.device\((\w+)\)", text)[1])


def made(golden: Path, design: str, **options) -> bytes:
    pdi = (golden / design / "design.pdi").read_bytes()
    return xclbin.build(xclbin.spec_for(device_of(golden, design), pdi, **options))


@pytest.mark.parametrize("design", DESIGNS)
def test_an_xclbin_from_device_and_pdi_has_the_sections_that_xclbinutil_wrote(
    golden: Path, design: str
) -> None:
    expected = container.parse((golden / design / "final.xclbin").read_bytes())
    assert container.parse(made(golden, design)).sections == expected.sections


@pytest.mark.parametrize("design", DESIGNS)
def test_a_real_file_is_rebuilt_from_structured_data_byte_for_byte(
    golden: Path, design: str
) -> None:
    data = (golden / design / "final.xclbin").read_bytes()
    assert xclbin.build(xclbin.parse(data).spec()) == data


def test_the_same_spec_gives_the_same_bytes_and_another_pdi_another_uuid(golden: Path) -> None:
    first, again = made(golden, "explicit_dma"), made(golden, "explicit_dma")
    assert first == again
    other = xclbin.parse(made(golden, "passthrough_core"))
    assert other.header.uuid != xclbin.parse(first).header.uuid


def test_the_timestamp_is_what_one_says(golden: Path) -> None:
    parsed = xclbin.parse(made(golden, "explicit_dma", timestamp=1_700_000_000))
    assert parsed.header.timestamp == 1_700_000_000


def test_marks_go_into_a_section_of_their_own_behind_the_others(golden: Path) -> None:
    plain = container.parse(made(golden, "explicit_dma"))
    marked = made(golden, "explicit_dma", marks=(("core_isa", "rv32"), ("build", "1f/2e")))
    sections = container.parse(marked).sections
    assert sections[:-1] == plain.sections
    assert sections[-1].kind == SectionKind.KEYVALUE_METADATA
    assert xclbin.parse(marked).marks == {"core_isa": "rv32", "build": "1f/2e"}
    assert xclbin.parse(made(golden, "explicit_dma")).marks == {}


def test_a_memory_that_is_not_there_is_refused(golden: Path) -> None:
    spec = xclbin.spec_for(device("npu1_1col"), b"image")
    argument = xclbin.Argument("bo0", "void*", "0x14", 1, "HBM")
    kernel = replace(spec.kernels[0], arguments=(argument,))
    with pytest.raises(FormatError, match="'bo0' is in memory 'HBM'; there are HOST, SRAM"):
        xclbin.build(replace(spec, kernels=(kernel,)))


def test_several_pdis_and_kernels_survive() -> None:
    spec = xclbin.spec_for(device("npu2_2col"), b"image", marks=(("a", "b"),), design="second")
    pdi = spec.partition.pdis[0]
    more = replace(spec.partition, pdis=(pdi, replace(pdi, image=b"other image")))
    kernels = (xclbin.default_kernel(), xclbin.default_kernel("SECOND", "INSTANCE2"))
    spec = replace(spec, partition=more, kernels=kernels, uuid=b"0123456789abcdef", timestamp=7)
    assert xclbin.parse(xclbin.build(spec)).spec() == spec
