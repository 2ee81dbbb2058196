"""ELF files of cores, as far as loading and showing them asks: header, segments, symbols.

32-bit little-endian, which both AIE and RV32 code is.
"""

from __future__ import annotations

from dataclasses import dataclass

from softnpu.errors import FormatError
from softnpu.formats.identify import ELF_MAGIC, FileKind, identify, wrong_kind
from softnpu.formats.records import Bytes, Record, raw, u8, u16, u32

EXECUTABLE = 2
TYPES = {1: "relocatable object", EXECUTABLE: "executable", 3: "shared object", 4: "core dump"}
MACHINES = {243: "RISC-V", 264: "AIE"}

CONTROL_CODE = {
    64: "AIE2PS",
    69: "AIE2P",
    70: "AIE2PS (older)",
    75: "AIE4",
    86: "AIE4a",
    105: "AIE4z",
}
"""By OS/ABI: ELF files that hold the control code of a job (XRT, xrt_elf.h)."""

_CLASS_32, _LITTLE_ENDIAN = 1, 1
_LOAD = 1
_SYMBOL_TABLE = 2
_FUNCTION = 2
_MAXIMUM_HEADERS = 0x1000


@dataclass(frozen=True)
class Segment:
    """What is loaded: `data`, then zeros up to `size` bytes, at `address`."""

    address: int
    data: bytes
    size: int
    flags: int

    @property
    def permissions(self) -> str:
        """As "r-x"."""
        return "".join(c if self.flags & bit else "-" for c, bit in (("r", 4), ("w", 2), ("x", 1)))


@dataclass(frozen=True)
class Symbol:
    """A function of the symbol table."""

    name: str
    address: int
    size: int


@dataclass(frozen=True)
class Elf:
    """A parsed ELF file.

    Attributes:
        machine: 264 for AIE, 243 for RISC-V.
        type: 1 relocatable, 2 executable.
        segments: what is loaded, in the order of the file.
        functions: by address.
        abi: tells XRT's files apart, see `CONTROL_CODE`.
    """

    machine: int
    type: int
    entry: int
    flags: int
    segments: tuple[Segment, ...]
    functions: tuple[Symbol, ...]
    abi: int = 0

    @property
    def control_code(self) -> str | None:
        """The NPU that a whole job is for, in XRT's own ELF files; None for a core's program."""
        return CONTROL_CODE.get(self.abi)

    @property
    def machine_name(self) -> str:
        """The machine in words."""
        return MACHINES.get(self.machine, f"machine {self.machine}")


@dataclass(frozen=True)
class _Header(Record):
    """The ELF header: 52 bytes."""

    magic: bytes = raw(4, ELF_MAGIC)
    word_class: int = u8(_CLASS_32)
    order: int = u8(_LITTLE_ENDIAN)
    file_version: int = u8(1)
    abi: int = u8()
    rest: bytes = raw(8)
    type: int = u16(EXECUTABLE)
    machine: int = u16()
    version: int = u32(1)
    entry: int = u32()
    segment_table: int = u32()
    section_table: int = u32()
    flags: int = u32()
    header_size: int = u16()
    segment_size: int = u16()
    segments: int = u16()
    section_size: int = u16()
    sections: int = u16()
    names: int = u16()


@dataclass(frozen=True)
class _SegmentHeader(Record):
    """The ELF program header: 32 bytes."""

    type: int = u32()
    offset: int = u32()
    address: int = u32()
    physical: int = u32()
    file_size: int = u32()
    size: int = u32()
    flags: int = u32()
    alignment: int = u32()


@dataclass(frozen=True)
class _SectionHeader(Record):
    """The ELF section header: 40 bytes."""

    name: int = u32()
    type: int = u32()
    flags: int = u32()
    address: int = u32()
    offset: int = u32()
    size: int = u32()
    link: int = u32()
    info: int = u32()
    alignment: int = u32()
    entry_size: int = u32()


@dataclass(frozen=True)
class _SymbolRecord(Record):
    """The ELF symbol: 16 bytes."""

    name: int = u32()
    value: int = u32()
    size: int = u32()
    info: int = u8()
    other: int = u8()
    section: int = u16()


def parse(data: Bytes) -> Elf:
    """The ELF file in `data`; FormatError if it is none, not a 32-bit one, or cut off."""
    if identify(data) is not FileKind.ELF:
        raise wrong_kind(data, FileKind.ELF)
    header = _Header.read(data)
    if (header.word_class, header.order) != (_CLASS_32, _LITTLE_ENDIAN):
        raise FormatError("an ELF file of a core is 32-bit and little-endian; this one is not")
    if max(header.segments, header.sections) > _MAXIMUM_HEADERS:
        raise FormatError(
            f"the ELF header says {header.segments} segments and {header.sections} sections"
        )
    return Elf(
        header.machine,
        header.type,
        header.entry,
        header.flags,
        _segments(data, header),
        _functions(data, header),
        header.abi,
    )


def _segments(data: Bytes, header: _Header) -> tuple[Segment, ...]:
    size = _SegmentHeader.byte_size()
    found = [
        _SegmentHeader.read(data, header.segment_table + n * size) for n in range(header.segments)
    ]
    if sum(s.file_size for s in found if s.type == _LOAD) > len(data):
        raise FormatError("the ELF file's segments say that they are longer than the file")
    return tuple(
        Segment(s.address, _slice(data, s.offset, s.file_size, "segment"), s.size, s.flags)
        for s in found
        if s.type == _LOAD
    )


def _functions(data: Bytes, header: _Header) -> tuple[Symbol, ...]:
    size = _SectionHeader.byte_size()
    sections = [
        _SectionHeader.read(data, header.section_table + n * size) for n in range(header.sections)
    ]
    functions: list[Symbol] = []
    if sum(s.size for s in sections if s.type == _SYMBOL_TABLE) > len(data):
        raise FormatError("the ELF file's symbol tables say that they are longer than the file")
    for section in sections:
        if section.type == _SYMBOL_TABLE and section.link < len(sections):
            functions.extend(_symbols(data, section, sections[section.link]))
    return tuple(sorted(functions, key=lambda symbol: (symbol.address, symbol.name)))


def _symbols(data: Bytes, table: _SectionHeader, names: _SectionHeader) -> list[Symbol]:
    strings = _slice(data, names.offset, names.size, "string table")
    size = _SymbolRecord.byte_size()
    _slice(data, table.offset, table.size, "symbol table")
    records = [_SymbolRecord.read(data, table.offset + n * size) for n in range(table.size // size)]
    return [
        Symbol(_string(strings, record.name), record.value, record.size)
        for record in records
        if record.info & 0xF == _FUNCTION
    ]


def _string(strings: bytes, start: int) -> str:
    end = strings.find(b"\0", start)
    return strings[start : end if end >= 0 else len(strings)].decode("utf-8", "replace")


def _slice(data: Bytes, offset: int, size: int, what: str) -> bytes:
    if offset + size > len(data):
        raise FormatError(
            f"the ELF file's {what} ({size} bytes at {offset:#x}) ends behind the file of "
            f"{len(data)} bytes: it is cut off"
        )
    return bytes(data[offset : offset + size])
