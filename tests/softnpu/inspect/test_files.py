from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.formats import txn
from softnpu.inspect import files
from softnpu.inspect.files import report
from softnpu.inspect.report import to_json, to_text
from tests.conftest import DESIGNS

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
        "PDI 0 for kernel 0x901",
        "Stream_Switch_Master_Config_North1           0x80000005  from South3",
    ):
        assert piece in text


def test_a_stream_under_a_wrong_name_is_read_and_noted(golden: Path, tmp_path: Path) -> None:
    path = tmp_path / "main.pdi"
    path.write_bytes((golden / "explicit_dma" / "insts.bin").read_bytes())
    found = to_json(report(path))
    assert found["note"] == "by its name this should be a PDI"
    assert len(found["operations"]) == 8


def test_a_bare_stream_header_called_a_pdi_is_no_pdi(tmp_path: Path) -> None:
    path = tmp_path / "passthrough.pdi"
    path.write_bytes(txn.build(txn.Txn(3, 6, 1, 4, ())))
    assert path.stat().st_size == 16
    text = shown(path)
    assert "a header alone: it makes the array do nothing, and is no PDI either" in text
    assert "by its name this should be a PDI" in text


def test_a_stream_that_is_cut_off_says_by_how_much(golden: Path, tmp_path: Path) -> None:
    path = tmp_path / "insts.bin"
    path.write_bytes((golden / "explicit_dma" / "insts.bin").read_bytes()[:160])
    with pytest.raises(FormatError, match="says 300 bytes, the file has 160: it is cut off"):
        report(path)


def test_a_file_without_end_is_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1 << 20)
    with pytest.raises(FormatError, match="is larger than 1 MiB"):
        report(Path("/dev/zero"))


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
