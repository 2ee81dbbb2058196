"""The parts of a 32-bit ELF that linking a core asks about: sections, symbols, frame sizes.

Read with `struct`, since a build reads one per core. Source: the ELF specification; for
`.stack_sizes`, LLVM's documentation of -fstack-size-section.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from softnpu.errors import ToolError

MAGIC = b"\x7fELF"
ARCHIVE_MAGIC = b"!<arch>\n"
TYPE_EXECUTABLE = 2

_HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
_SECTION = struct.Struct("<10I")
_SEGMENT = struct.Struct("<8I")
_SYMBOL = struct.Struct("<IIIBBH")

_SYMBOL_TABLE = 2
_RELOCATIONS = {4: struct.Struct("<IIi"), 9: struct.Struct("<II")}
"""The two kinds of relocation sections, RELA with an addend and REL without."""
_ALLOCATED = 0x2
_LOAD = 1
_FUNCTION, _OBJECT = 2, 1
_LOCAL = 0
_UNDEFINED = 0


@dataclass(frozen=True)
class Section:
    """One section; `address` 0 unless it is loaded."""

    name: str
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int = 0

    @property
    def allocated(self) -> bool:
        """Whether it takes room in the core's memory."""
        return bool(self.flags & _ALLOCATED)


@dataclass(frozen=True)
class Segment:
    """One loadable segment: `size` bytes of memory from `address`."""

    address: int
    size: int


@dataclass(frozen=True)
class Symbol:
    """One symbol; `section` 0 means that it is used here and defined elsewhere."""

    name: str
    value: int
    size: int
    kind: int
    binding: int
    section: int

    @property
    def is_function(self) -> bool:
        return self.kind == _FUNCTION

    @property
    def is_object(self) -> bool:
        return self.kind == _OBJECT

    @property
    def is_global(self) -> bool:
        return self.binding != _LOCAL

    @property
    def is_defined(self) -> bool:
        return self.section != _UNDEFINED


@dataclass(frozen=True)
class Relocation:
    """A place in a section that the linker fills in with an address.

    Attributes:
        section: index of the section with the place.
        offset: of the place in it.
        symbol: index of the symbol whose address it is.
        addend: what is added to that.
    """

    section: int
    offset: int
    symbol: int
    addend: int


class Elf:
    """One ELF file.

    Attributes:
        path: where it was read.
        type: 1 relocatable, 2 executable.
        machine: 243 RISC-V, 264 AIE.
        entry: address of the first instruction.
    """

    def __init__(self, path: Path) -> None:
        """Read `path`; ToolError when it is no 32-bit little-endian ELF."""
        self.path = path
        try:
            self._data = path.read_bytes()
            fields = _HEADER.unpack_from(self._data)
        except (OSError, struct.error) as error:
            raise ToolError(f"{path}: cannot be read as an ELF file ({error})") from error
        if fields[0][:6] != MAGIC + b"\x01\x01":
            raise ToolError(f"{path}: is no 32-bit little-endian ELF file")
        self.type: int = fields[1]
        self.machine: int = fields[2]
        self.entry: int = fields[4]
        self._segment_table, self._section_table = fields[5], fields[6]
        self._segment_count, self._section_count, self._names = fields[10], fields[12], fields[13]

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections, in the file's order."""
        raw = [
            _SECTION.unpack_from(self._data, self._section_table + i * _SECTION.size)
            for i in range(self._section_count)
        ]
        names = raw[self._names][4] if raw else 0
        return tuple(
            Section(self._string(names + name), kind, flags, address, offset, size, link, info)
            for name, kind, flags, address, offset, size, link, info, *_ in raw
        )

    @property
    def segments(self) -> Iterator[Segment]:
        """What is loaded into memory."""
        for i in range(self._segment_count):
            at = self._segment_table + i * _SEGMENT.size
            kind, _, address, _, _, size, *_ = _SEGMENT.unpack_from(self._data, at)
            if kind == _LOAD and size:
                yield Segment(address, size)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Every named symbol."""
        return tuple(symbol for symbol in self.symbol_table if symbol.name)

    @cached_property
    def symbol_table(self) -> tuple[Symbol, ...]:
        """Every symbol in the file's order, as relocations count them."""
        found = []
        for section in self.sections:
            if section.kind != _SYMBOL_TABLE:
                continue
            names = self.sections[section.link].offset
            for at in range(section.offset, section.offset + section.size, _SYMBOL.size):
                name, value, size, info, _, index = _SYMBOL.unpack_from(self._data, at)
                symbol = self._string(names + name) if name else ""
                found.append(Symbol(symbol, value, size, info & 0xF, info >> 4, index))
        return tuple(found)

    @property
    def relocations(self) -> Iterator[Relocation]:
        """Where the linker puts addresses, section by section."""
        for section in self.sections:
            entry = _RELOCATIONS.get(section.kind)
            if entry is None:
                continue
            for at in range(section.offset, section.offset + section.size, entry.size):
                offset, info, *addend = entry.unpack_from(self._data, at)
                yield Relocation(section.info, offset, info >> 8, addend[0] if addend else 0)

    @property
    def functions(self) -> dict[str, Symbol]:
        """The functions that this file defines for others, by name."""
        return {s.name: s for s in self.symbols if s.is_function and s.is_global and s.is_defined}

    def content(self, section: Section) -> bytes:
        """The bytes of a section."""
        return self._data[section.offset : section.offset + section.size]

    def section(self, name: str) -> Section | None:
        """The section called `name`, None if there is none."""
        return next((section for section in self.sections if section.name == name), None)

    def frame_sizes(self) -> dict[int, int]:
        """Bytes of stack that each function takes for itself, by the function's address."""
        section = self.section(".stack_sizes")
        entries = _stack_sizes(self.content(section)) if section else ()
        return {address: size for _, address, size in entries}

    def stack_sizes(self, section: Section) -> dict[int, int]:
        """A .stack_sizes section of an object: bytes by the offset of the function's address."""
        return {at: size for at, _, size in _stack_sizes(self.content(section))}

    def _string(self, at: int) -> str:
        return self._data[at : self._data.index(b"\0", at)].decode(errors="replace")


def _stack_sizes(content: bytes) -> Iterator[tuple[int, int, int]]:
    """(offset of the entry, address of the function, bytes of its frame)."""
    at = 0
    while at + 4 < len(content):
        entry = at
        (address,) = struct.unpack_from("<I", content, at)
        at += 4
        size = shift = 0
        while True:
            byte = content[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield entry, address, size


def is_archive(path: Path) -> bool:
    """Whether the file is an archive of objects (.a)."""
    with path.open("rb") as file:
        return file.read(len(ARCHIVE_MAGIC)) == ARCHIVE_MAGIC
