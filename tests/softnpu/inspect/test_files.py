import os
import threading
import time
from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.formats import txn
from softnpu.inspect import files
from softnpu.inspect.files import report
from softnpu.inspect.report import to_json, to_text
from tests.conftest import MARCH_DESIGNS

NAMES = ("final.xclbin", "design.pdi", "insts.bin", "main_aie_cdo_init.bin")


def shown(path: Path) -> str:
    return "\n".join(to_text(report(path)))


@pytest.mark.parametrize("design", MARCH_DESIGNS)
@pytest.mark.parametrize("name", NAMES)
def test_no_register_of_a_real_file_is_unknown(march: Path, design: str, name: str) -> None:
    text = shown(march / design / name)
    assert "unknown" not in text
    assert "other bits" not in text


def test_an_instruction_stream_tells_its_device(march: Path) -> None:
    found = to_json(report(march / "npu2_two_columns" / "insts.bin"))
    assert found["device"] == "npu2_2col"
    assert found["operations"][-1]["op"] == "sync"


def test_an_xclbin_is_shown_down_to_the_registers(march: Path) -> None:
    text = shown(march / "passthrough_core" / "final.xclbin")
    for piece in (
        "PDI 0 for kernel 0x901",
        "Stream_Switch_Master_Config_North1           0x80000005  from South3",
    ):
        assert piece in text


def test_a_stream_under_a_wrong_name_is_read_and_noted(march: Path, tmp_path: Path) -> None:
    path = tmp_path / "main.pdi"
    path.write_bytes((march / "explicit_dma" / "insts.bin").read_bytes())
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


def test_a_stream_that_is_cut_off_says_by_how_much(march: Path, tmp_path: Path) -> None:
    path = tmp_path / "insts.bin"
    path.write_bytes((march / "explicit_dma" / "insts.bin").read_bytes()[:160])
    with pytest.raises(FormatError, match="says 300 bytes, the file has 160: it is cut off"):
        report(path)


def test_a_file_without_end_is_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1 << 20)
    with pytest.raises(FormatError, match="is larger than 1 MiB"):
        report(Path("/dev/zero"))


def test_a_pipe_without_a_writer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PATIENCE", 0.01)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match="is a pipe that nobody writes to"):
        report(tmp_path / "pipe")


@pytest.mark.parametrize("delay", [0, 0.1])
def test_a_pipe_is_read_to_its_end(
    march: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delay: float
) -> None:
    """Longer than a pipe holds; and by a writer that is later than the patience."""
    monkeypatch.setattr(files, "PATIENCE", 0.01 if delay else 10)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    data = (march / "explicit_dma" / "insts.bin").read_bytes() * 1000
    opened = threading.Event()

    def write() -> None:
        with pipe.open("wb") as file:
            opened.set()
            time.sleep(delay)
            file.write(data)

    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer = threading.Thread(target=write)
    writer.start()
    opened.wait()
    assert files.read(pipe) == data
    writer.join()
    os.close(reader)


def test_an_empty_pipe_is_empty(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").open("wb").close())
    writer.start()
    with pytest.raises(FormatError, match="pipe is empty"):
        report(tmp_path / "pipe")
    writer.join()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; an xclbin, PDI, CDO"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git-LFS pointer"),
        (b"module {}\n", "is a text file"),
        (b"\x01\x02\x03\x04", r"of no known format \(it starts with 01 02 03 04\)"),
        (b"PK\3\4 and more", "is a zip archive; an xclbin"),
        (b"01234567\n", "words written as hexadecimal text, of no known meaning"),
    ],
)
def test_other_files_are_refused_with_what_they_are(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message):
        report(path)
