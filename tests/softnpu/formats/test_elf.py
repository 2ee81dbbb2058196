from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.formats import elf


def test_a_core_file_tells_machine_and_segments(golden: Path) -> None:
    parsed = elf.parse((golden / "passthrough_core" / "main_core_0_2.elf").read_bytes())
    assert (parsed.machine, parsed.machine_name, parsed.type) == (264, "AIE", elf.EXECUTABLE)
    assert [(s.address, s.data, s.permissions) for s in parsed.segments] == [(0, bytes(16), "r-x")]


def test_a_cut_file_is_an_error(golden: Path) -> None:
    data = (golden / "passthrough_core" / "main_core_0_2.elf").read_bytes()
    with pytest.raises(FormatError, match=r"ELF program header at byte 0x34 takes 32 bytes"):
        elf.parse(data[:60])


def test_a_host_program_is_no_core_program() -> None:
    with pytest.raises(FormatError, match="32-bit and little-endian; this one is not"):
        elf.parse(b"\x7fELF\2\1" + bytes(60))
