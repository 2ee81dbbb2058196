from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.formats.identify import (
    PDI_MAGIC,
    FileKind,
    as_binary,
    identify,
    is_word_text,
    wrong_kind,
)
from softnpu.formats.records import word_bytes
from tests.conftest import MARCH_DESIGNS
from tests.softnpu.formats.test_control_packets import control, stream
from tests.softnpu.formats.test_trace import packet

FILES = {
    "final.xclbin": FileKind.XCLBIN,
    "design.pdi": FileKind.PDI,
    "main_aie_cdo_elfs.bin": FileKind.CDO,
    "main_aie_cdo_init.bin": FileKind.CDO,
    "insts.bin": FileKind.TXN,
    "design.mlir": FileKind.TEXT,
    "flows.json": FileKind.TEXT,
}


@pytest.mark.parametrize("design", MARCH_DESIGNS)
@pytest.mark.parametrize("name", FILES)
def test_real_files_are_recognised_by_their_content(march: Path, design: str, name: str) -> None:
    assert identify((march / design / name).read_bytes()) is FILES[name]


def test_every_core_is_an_elf_file(march: Path) -> None:
    for path in march.glob("*/*.elf"):
        assert identify(path.read_bytes()) is FileKind.ELF


def test_a_stream_written_as_text_is_told_from_other_text(march: Path) -> None:
    data = (march / "task_sequence" / "insts.bin").read_bytes()
    lines = [f"{int.from_bytes(data[n : n + 4], 'little'):08X}" for n in range(0, len(data), 4)]
    text = "\n".join(lines).encode()
    assert identify(text) is FileKind.TXN
    assert is_word_text(text)
    assert as_binary(text) == data
    assert as_binary(data) == data
    assert identify(b"00000000 not a word") is FileKind.TEXT
    assert identify(b"01234567\n89abcdef\n") is FileKind.WORD_TEXT
    with pytest.raises(FormatError, match="line 1001: 'then'"):
        as_binary(b"00000000\n" * 1000 + b"then something else")


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"PK\3\4\x14\0", FileKind.ZIP),
        (b"\x1f\x8b\x08\0", FileKind.GZIP),
        (b"!<arch>\n/       ", FileKind.ARCHIVE),
        (b"MZ\x90\0\3\0", FileKind.PROGRAM),
        (b"\x93NUMPY\1\0", FileKind.NUMPY),
        (b"BC\xc0\xde\x35", FileKind.BITCODE),
        (b"ML\xefR\6", FileKind.MLIR_BYTECODE),
        (b"Xilinx ASCII PSAXIMM Deviceimage\n", FileKind.CDO_TEXT),
        (PDI_MAGIC + bytes.fromhex("665599aa584e4c58"), FileKind.BOOT_IMAGE),
        ("// tänzer → bo0\n".encode(), FileKind.TEXT),
        (b"\x1b[31merror\x1b[0m: no\n", FileKind.TEXT),
        (b"plain\x00text", FileKind.UNKNOWN),
        (b"\xff\xfe", FileKind.UNKNOWN),
    ],
)
def test_what_lies_beside_is_told_by_its_first_bytes(start: bytes, kind: FileKind) -> None:
    assert identify(start) is kind


def test_text_that_the_probe_cuts_amid_a_letter_is_text() -> None:
    assert identify(b"x" * 4095 + "é".encode() * 9) is FileKind.TEXT


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        ([0x02000000, 0x1D204, 1], FileKind.DPU),
        ([*packet(), *packet()], FileKind.TRACE),
        ([stream(27), control(0x1F000), 5], FileKind.CONTROL_PACKETS),
    ],
)
def test_what_has_no_magic_number_is_told_by_its_structure(
    stream: list[int], kind: FileKind
) -> None:
    assert identify(word_bytes(stream)) is kind
    assert identify("\n".join(f"{word:08X}" for word in stream).encode()) is kind
    assert identify(word_bytes(stream) + b"\0") is not kind, "no whole words"


def test_what_often_stands_in_for_a_file_is_named() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    assert identify(pointer) is FileKind.LFS_POINTER
    assert "git lfs pull" in str(wrong_kind(pointer, FileKind.XCLBIN))
    assert str(wrong_kind(b"", FileKind.PDI)) == "expected a PDI: found an empty file"


def test_the_error_says_what_was_found_and_how_it_starts() -> None:
    message = str(wrong_kind(b"xclbin2\0rest", FileKind.PDI))
    assert message.startswith("expected a PDI: this is an xclbin (12 bytes, starting 78 63 6c")
