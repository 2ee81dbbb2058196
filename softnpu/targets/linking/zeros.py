"""Writes out the zeros at the end of a program's segments, for loaders that read on in the file.

An ELF leaves .bss out of the file: a segment may be longer in memory than in the file. aie-rt
(xaie_elfloader.c, _XAie_LoadDataMemSection) then takes whatever follows in the file, or reads past
its end. With the zeros in the file every loader makes the same memory of a program.
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
_SEGMENT = struct.Struct("<8I")
_LOAD = 1


def write_out_zeros(path: Path) -> None:
    """Gives every loadable segment of an ELF that has both data and zeros its whole content.

    Sections keep their place: debuggers see the same file as before, with a piece more at the end.
    """
    image = bytearray(path.read_bytes())
    header = _HEADER.unpack_from(image)
    table, count = header[5], header[10]
    before = len(image)
    for index in range(count):
        _write_out(image, table + index * _SEGMENT.size)
    if len(image) > before:
        path.write_bytes(image)


def _write_out(image: bytearray, at: int) -> None:
    kind, offset, virtual, physical, in_file, in_memory, flags, align = _SEGMENT.unpack_from(
        image, at
    )
    if kind != _LOAD or not 0 < in_file < in_memory:
        return
    content = image[offset : offset + in_file]
    image.extend(bytes((virtual - len(image)) % max(align, 1)))
    new = (kind, len(image), virtual, physical, in_memory, in_memory, flags, align)
    image.extend(content.ljust(in_memory, b"\0"))
    _SEGMENT.pack_into(image, at, *new)
