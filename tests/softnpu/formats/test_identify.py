from pathlib import Path

import pytest

from softnpu.formats.identify import FileKind, identify, wrong_kind
from tests.conftest import DESIGNS

FILES = {
    "final.xclbin": FileKind.XCLBIN,
    "design.pdi": FileKind.PDI,
    "main_aie_cdo_elfs.bin": FileKind.CDO,
    "main_aie_cdo_init.bin": FileKind.CDO,
    "insts.bin": FileKind.TXN,
    "design.mlir": FileKind.TEXT,
    "flows.json": FileKind.TEXT,
}


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", FILES)
def test_real_files_are_recognised_by_their_content(golden: Path, design: str, name: str) -> None:
    assert identify((golden / design / name).read_bytes()) is FILES[name]


def test_every_core_is_an_elf_file(golden: Path) -> None:
    for path in golden.glob("*/*.elf"):
        assert identify(path.read_bytes()) is FileKind.ELF


def test_a_stream_written_as_text_is_told_from_other_text(golden: Path) -> None:
    data = (golden / "task_sequence" / "insts.bin").read_bytes()
    lines = [f"{int.from_bytes(data[n : n + 4], 'little'):08X}" for n in range(0, len(data), 4)]
    assert identify("\n".join(lines).encode()) is FileKind.TXN_TEXT
    assert identify(b"00000000 not a word") is FileKind.TEXT


def test_what_often_stands_in_for_a_file_is_named() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    assert identify(pointer) is FileKind.LFS_POINTER
    assert "git lfs pull" in str(wrong_kind(pointer, FileKind.XCLBIN))
    assert str(wrong_kind(b"", FileKind.PDI)) == "expected a PDI: found an empty file"


def test_the_error_says_what_was_found_and_how_it_starts() -> None:
    message = str(wrong_kind(b"xclbin2\0rest", FileKind.PDI))
    assert message.startswith("expected a PDI: this is an xclbin (12 bytes, starting 78 63 6c")
