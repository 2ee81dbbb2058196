from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats import pdi, xclbin
from softnpu.formats.records import words
from softnpu.inspect.files import report
from softnpu.inspect.report import to_json, to_text
from tests.conftest import DESIGNS, GOLDEN

NAMES = ("final.xclbin", "design.pdi", "insts.bin", "main_aie_cdo_init.bin")


def shown(path: Path) -> str:
    return "\n".join(to_text(report(path)))


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", NAMES)
def test_no_register_of_a_real_file_is_unknown(golden: Path, design: str, name: str) -> None:
    text = shown(golden / design / name)
    assert "unknown" not in text
    assert "other bits" not in text


def test_an_instruction_stream_tells_its_device(golden: Path) -> None:
    found = to_json(report(golden / "npu2_two_columns" / "insts.bin"))
    assert found["device"] == "npu2_2col"
    assert found["operations"][-1]["op"] == "sync"


def test_an_xclbin_is_shown_down_to_the_registers(golden: Path) -> None:
    text = shown(golden / "passthrough_core" / "final.xclbin")
    for piece in (
        "KiB at 0x4000000, MEM_DRAM",
        "bo0      void*      at 0x14   in HOST, group id 65536",
        "may start at:         column 1, 2, 3, 4",
        "PDI 0 for kernel 0x901",
        "Stream_Switch_Master_Config_North1           0x80000005  from South3",
    ):
        assert piece in text


def test_marks_are_shown(golden: Path, tmp_path: Path) -> None:
    from softnpu.arch.device import device

    image = (golden / "explicit_dma" / "design.pdi").read_bytes()
    spec = xclbin.spec_for(device("npu1_1col"), image, marks=(("core_isa", "rv32"),))
    path = tmp_path / "marked.xclbin"
    path.write_bytes(xclbin.build(spec))
    assert to_json(report(path))["core_isa"] == "rv32"


def test_amds_own_pdi_is_said_not_to_be_understood(tmp_path: Path) -> None:
    partition = pdi.Partition(bytes.fromhex("01000000 02000000"))
    path = tmp_path / "amd.pdi"
    path.write_bytes(pdi.build(pdi.Pdi((pdi.Image((partition,)),))))
    assert "compact form of commands that is not understood" in shown(path)


def test_a_stream_under_a_wrong_name_is_read_and_noted(golden: Path, tmp_path: Path) -> None:
    path = tmp_path / "main.pdi"
    path.write_bytes((golden / "explicit_dma" / "insts.bin").read_bytes())
    found = to_json(report(path))
    assert found["note"] == "by its name this should be a PDI"
    assert len(found["operations"]) == 8


def test_a_stream_as_text_is_read(golden: Path, tmp_path: Path) -> None:
    data = (golden / "explicit_dma" / "insts.bin").read_bytes()
    path = tmp_path / "insts.txt"
    path.write_text("\n".join(f"{word:08x}" for word in words(data)))
    found = report(path)
    assert "instruction stream as text" in found.title
    assert len(to_json(found)["operations"]) == 8


def test_core_programs_show_what_is_loaded(golden: Path) -> None:
    text = shown(golden / "passthrough_core" / "main_core_0_2.elf")
    assert "machine: AIE" in text
    assert "0x00000  r-x  16 bytes" in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; an xclbin, PDI, CDO"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git-LFS pointer"),
        (b"module {}\n", "is a text file"),
        (b"\x01\x02\x03\x04", "of no known format"),
    ],
)
def test_other_files_are_refused_with_what_they_are(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message):
        report(path)


@pytest.mark.parametrize("name", NAMES)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_damaged_file_is_shown_or_refused_but_never_crashes(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    real = bytearray((GOLDEN / "packet_routes" / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4), "changes")):
        at = data.draw(st.integers(0, len(real) - 1), "at")
        real[at] = data.draw(st.integers(0, 255), "byte")
    path = tmp_path / name
    path.write_bytes(real)
    try:
        assert shown(path)
    except FormatError as error:
        assert str(path) in str(error)
