"""Loading core programs from ELFs."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from softnpu.arch.device import device
from softnpu.errors import FormatError
from softnpu.formats.operations import BlockWrite, MaskWrite
from softnpu.targets.cdo_program import load_program, parse_elf, read_elf

EXECUTABLE, RELOCATABLE = 2, 1
AIE, RISCV, X86 = 264, 243, 62
TILE = 3 << 20


def elf(
    *segments: tuple[int, bytes, int], kind: int = EXECUTABLE, machine: int = AIE, tail: bytes = b""
) -> bytes:
    """An ELF of (address, bytes in the file, size in memory) segments, `tail` at its end."""
    start = 52 + 32 * len(segments)
    headers, body = b"", b""
    for address, content, size in segments:
        where = start + len(body)
        headers += struct.pack("<8I", 1, where, address, address, len(content), size, 5, 4)
        body += content
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    head = struct.pack(
        "<16sHHIIIIIHHHHHH", ident, kind, machine, 1, 0, 52, 0, 0, 52, 32, len(segments), 40, 0, 0
    )
    return head + headers + body + tail


def loaded(data: bytes, name: str = "npu1_2col", col: int = 0, row: int = 3) -> list[object]:
    return list(load_program(device(name), col, row, parse_elf(data)))


def test_program_goes_to_program_memory_in_whole_words() -> None:
    writes = loaded(elf((0x10, b"\x01\x02\x03\x04\x05", 5), tail=b"\xaa\xbb\xcc\xdd"))
    assert writes == [BlockWrite(TILE | 0x20010, b"\x01\x02\x03\x04\x05\xaa\xbb\xcc")]


def test_bss_behind_data_is_zeroed() -> None:
    writes = loaded(elf((0x70400, b"\x01\x00\x00\x00", 12), tail=b"\xff" * 12))
    assert writes == [BlockWrite(TILE | 0x400, b"\x01\x00\x00\x00" + bytes(8))]


def test_data_bytes_past_the_last_word_are_masked() -> None:
    writes = loaded(elf((0x70400, b"\x01\x02\x03\x04\x05", 5), tail=b"\xff" * 8))
    assert writes == [
        BlockWrite(TILE | 0x400, b"\x01\x02\x03\x04"),
        MaskWrite(TILE | 0x404, 0xFF, 0x05),
    ]


def test_data_in_a_neighbours_window_goes_to_the_neighbour() -> None:
    assert loaded(elf((0x40100, b"abcd", 4))) == [BlockWrite(2 << 20 | 0x100, b"abcd")]
    assert loaded(elf((0x60100, b"abcd", 4))) == [BlockWrite(4 << 20 | 0x100, b"abcd")]
    west = loaded(elf((0x50100, b"abcd", 4)), col=1)
    assert west == [BlockWrite(3 << 20 | 0x100, b"abcd")]


def test_data_over_the_end_of_a_window_goes_on_in_the_next_tile() -> None:
    writes = loaded(elf((0x6FFFC, b"abcdefgh", 8)))
    assert writes == [BlockWrite(4 << 20 | 0xFFFC, b"abcd"), BlockWrite(TILE, b"efgh")]


def test_a_segment_where_the_core_sees_no_memory_is_refused() -> None:
    with pytest.raises(FormatError, match=r"core \(0, 2\) has no memory at 0x40000"):
        loaded(elf((0x40000, b"abcd", 4)), row=2)
    with pytest.raises(FormatError, match="has no memory at 0x8000"):
        loaded(elf((0x8000, b"abcd", 4)))


def test_a_program_larger_than_program_memory_is_refused() -> None:
    with pytest.raises(FormatError, match="ends at 0x4004, past its 0x4000 bytes"):
        loaded(elf((0x3FFC, b"abcdefgh", 8)))


def test_an_object_that_was_not_linked_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "core.o"
    path.write_bytes(elf(kind=RELOCATABLE))
    with pytest.raises(FormatError, match=r"core\.o: expected a linked .* relocatable object"):
        read_elf(path)


def test_a_program_for_another_machine_is_refused() -> None:
    with pytest.raises(FormatError, match=r"machine 62 .* none of AIE \(264\), RISC-V \(243\)"):
        parse_elf(elf(machine=X86))
    assert parse_elf(elf(machine=RISCV)).machine == RISCV


def test_what_is_no_elf_or_cut_off_is_refused() -> None:
    with pytest.raises(FormatError, match="expected an ELF"):
        parse_elf(b"version https://git-lfs")
    with pytest.raises(FormatError, match="past the end of the file"):
        parse_elf(elf((0, b"abcdefgh", 8))[:-4])
    with pytest.raises(FormatError, match="program header 0 at offset 52 is past the end"):
        parse_elf(elf((0, b"", 0))[:60])
