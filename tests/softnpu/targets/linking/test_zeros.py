"""Segments with their zeros written out."""

from __future__ import annotations

import struct
from pathlib import Path

from softnpu.targets.cdo_program import read_elf
from softnpu.targets.linking.zeros import write_out_zeros

HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
SEGMENT = struct.Struct("<8I")


def elf(folder: Path, segments: list[tuple[int, bytes, int]]) -> Path:
    """An ELF of the AIE with (address, bytes in the file, size in memory) segments."""
    content = bytearray(HEADER.size + len(segments) * SEGMENT.size)
    magic = b"\x7fELF\x01\x01\x01"
    HEADER.pack_into(content, 0, magic, 2, 264, 1, 0, 52, 0, 0, 52, 32, len(segments), 0, 0, 0)
    for index, (address, data, size) in enumerate(segments):
        at = HEADER.size + index * SEGMENT.size
        SEGMENT.pack_into(content, at, 1, len(content), address, address, len(data), size, 6, 4)
        content += data
    path = folder / "core.elf"
    path.write_bytes(content + b"whatever follows in the file")
    return path


def test_a_loader_that_reads_on_in_the_file_finds_zeros(tmp_path: Path) -> None:
    path = elf(tmp_path, [(0, b"\x01" * 8, 8), (0x70400, b"\x02" * 6, 100)])
    before = read_elf(path)
    write_out_zeros(path)
    assert read_elf(path) == before
    image = path.read_bytes()
    table = HEADER.unpack_from(image)[5]
    for index in range(2):
        _, offset, *_, in_file, in_memory, _, _ = SEGMENT.unpack_from(
            image, table + index * SEGMENT.size
        )
        assert in_file == in_memory
        assert image[offset : offset + in_memory] == before.segments[index].data


def test_a_segment_of_zeros_alone_stays_out_of_the_file(tmp_path: Path) -> None:
    path = elf(tmp_path, [(0, b"\x01" * 8, 8), (0x70400, b"", 4096)])
    before = path.read_bytes()
    write_out_zeros(path)
    assert path.read_bytes() == before
