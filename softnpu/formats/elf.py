"""ELF files, as far as loading and showing them asks: header, segments, sections, symbols, notes.

Little-endian, which all of AIE, RV32 and the host's code is; of 32 or 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from softnpu.errors import FormatError
from softnpu.formats.elf_records import LAYOUTS, HeaderRecord, Identification, Layout
from softnpu.formats.identify import FileKind, identify, wrong_kind
from softnpu.formats.records import Bytes, words

EXECUTABLE = 2
TYPES = {1: "relocatable object", EXECUTABLE: "executable", 3: "shared object", 4: "core dump"}
AIE, RISCV = 264, 243
MACHINES = {3: "x86", 40: "ARM", 62: "x86-64", 183: "AArch64", RISCV: "RISC-V", AIE: "AIE"}
CORE_MACHINES = (AIE, RISCV)

CONTROL_CODE = {
    64: "AIE2PS",
    69: "AIE2P",
    70: "AIE2PS (older)",
    75: "AIE4",
    86: "AIE4a",
    105: "AIE4z",
}
"""By OS/ABI: ELF files that hold the control code of a job (XRT, xrt_elf.h)."""
CONTROL_TEXT = ".ctrltext"
"""How the sections with such a job's instructions are called (XRT, elf_patcher.h)."""

_LITTLE_ENDIAN = 1
_LOAD = 1
_RELOCATIONS = 4
_SYMBOL_TABLE, _NOTE, _NOTHING_STORED, _DYNAMIC_SYMBOLS, _GROUP = 2, 7, 8, 11, 17
_COMPRESSED = 0x800
_OBJECT, _FUNCTION = 1, 2
_MAXIMUM_HEADERS = 0x1000
_LONGEST_NAME = 0x1000


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
class Section:
    """A section.

    Attributes:
        data: what the file stores of it, not copied.
        info: what its type makes of it.
    """

    name: str
    type: int
    flags: int
    address: int
    size: int
    link: int
    info: int
    entry_size: int
    data: memoryview = field(repr=False)

    @property
    def is_compressed(self) -> bool:
        """Whether the data are compressed."""
        return bool(self.flags & _COMPRESSED)


@dataclass(frozen=True)
class Symbol:
    """An entry of the symbol table.

    Attributes:
        address: or another value, as the section has it.
        section: the number of its section; XRT's jobs put a kernel's symbol number there.
    """

    name: str
    address: int
    size: int
    kind: int = _FUNCTION
    section: int = 0


@dataclass(frozen=True)
class Elf:
    """A parsed ELF file.

    Attributes:
        bits: 32 or 64.
        machine: 264 for AIE, 243 for RISC-V.
        type: 1 relocatable, 2 executable.
        segments: what is loaded, in the order of the file.
        sections: in the order of the file.
        symbols: of the symbol table, in its order.
        dynamic: the dynamic symbols, in their order.
        abi, abi_version: tell XRT's files apart, see `CONTROL_CODE`.
    """

    bits: int
    machine: int
    type: int
    entry: int
    flags: int
    segments: tuple[Segment, ...]
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]
    dynamic: tuple[Symbol, ...]
    abi: int = 0
    abi_version: int = 0

    @property
    def functions(self) -> tuple[Symbol, ...]:
        """The functions, by address."""
        found = (symbol for symbol in self.symbols if symbol.kind == _FUNCTION)
        return tuple(sorted(found, key=lambda symbol: (symbol.address, symbol.name)))

    @property
    def patched_with(self) -> tuple[str, ...]:
        """What a job's sections are patched with: the names of the dynamic symbols."""
        return tuple(dict.fromkeys(symbol.name for symbol in self.dynamic if symbol.name))

    @property
    def control_code(self) -> str | None:
        """The NPU that a whole job is for, in XRT's own ELF files; None for a core's program."""
        if self.abi not in CONTROL_CODE and any(
            section.name.startswith(CONTROL_TEXT) for section in self.sections
        ):
            return f"an NPU that is not known (OS/ABI {self.abi})"
        return CONTROL_CODE.get(self.abi)

    @property
    def is_for_a_core(self) -> bool:
        """Whether a core of the array, or what stands in for one, could run it."""
        return self.bits == 32 and self.machine in CORE_MACHINES and self.control_code is None

    @property
    def machine_name(self) -> str:
        """The machine in words."""
        return MACHINES.get(self.machine, f"machine {self.machine}")

    def kernels(self) -> Iterator[tuple[str, str, tuple[int, ...]]]:
        """The kernels of a job: (name, instance, numbers of its sections).

        A group of sections names its instance, which names its kernel (XRT, xrt_elf.cpp).
        """
        for section in self.sections:
            if section.type == _GROUP and section.info < len(self.symbols):
                instance = self.symbols[section.info]
                known = instance.kind == _OBJECT and instance.section < len(self.symbols)
                kernel = self.symbols[instance.section].name if known else "?"
                members = words(section.data[: len(section.data) // 4 * 4])
                yield kernel, instance.name, members[1:]


def parse(data: Bytes) -> Elf:
    """The ELF file in `data`; FormatError if it is none, big-endian, or cut off."""
    if identify(data) is not FileKind.ELF:
        raise wrong_kind(data, FileKind.ELF)
    told = Identification.read(data)
    layout = LAYOUTS.get(told.word_class)
    if layout is None:
        raise FormatError(f"an ELF file is of class 1 (32 bits) or 2 (64), not {told.word_class}")
    if told.order != _LITTLE_ENDIAN:
        raise FormatError("the ELF file is big-endian; nothing of an NPU is")
    header = layout.header.read(data, told.byte_size())
    if max(header.segments, header.sections) > _MAXIMUM_HEADERS:
        raise FormatError(
            f"the ELF header says {header.segments} segments and {header.sections} sections"
        )
    sections = _sections(data, header, layout)
    return Elf(
        bits=layout.bits,
        machine=header.machine,
        type=header.type,
        entry=header.entry,
        flags=header.flags,
        segments=_segments(data, header, layout),
        sections=sections,
        symbols=tuple(_symbols(sections, layout, _SYMBOL_TABLE)),
        dynamic=tuple(_symbols(sections, layout, _DYNAMIC_SYMBOLS)),
        abi=told.abi,
        abi_version=told.abi_version,
    )


@dataclass(frozen=True)
class Relocation:
    """A place in a section that a symbol's value goes into; `symbol` is the symbol's number."""

    offset: int
    type: int
    symbol: int
    addend: int


def relocations(parsed: Elf, section: int) -> Iterator[Relocation]:
    """The relocations (with addends) for the section of that number, of a file of 32 bits."""
    for table in parsed.sections:
        if table.type == _RELOCATIONS and table.info == section and parsed.bits == 32:
            numbers = words(table.data[: len(table.data) // 12 * 12])
            for offset, info, addend in zip(*[iter(numbers)] * 3, strict=True):
                if info >> 8 < len(parsed.symbols):
                    signed = addend - (addend >> 31 << 32)
                    yield Relocation(offset, info & 0xFF, info >> 8, signed)


def notes(section: Section) -> Iterator[tuple[str, int, bytes]]:
    """(owner, type, description) of each note in a section that holds some."""
    if section.type != _NOTE:
        return
    at = 0
    while at + 12 <= len(section.data):
        name_size, size, kind = words(section.data[at : at + 12])
        name_at = at + 12
        at = name_at + (name_size + 3) // 4 * 4
        owner = bytes(section.data[name_at : name_at + name_size]).rstrip(b"\0")
        yield owner.decode("utf-8", "replace"), kind, bytes(section.data[at : at + size])
        at += (size + 3) // 4 * 4


def _segments(data: Bytes, header: HeaderRecord, layout: Layout) -> tuple[Segment, ...]:
    size = layout.segment.byte_size()
    found = [
        layout.segment.read(data, header.segment_table + n * size) for n in range(header.segments)
    ]
    loaded = [segment for segment in found if segment.type == _LOAD]
    if sum(segment.file_size for segment in loaded) > len(data):
        raise FormatError("the ELF file's segments say that they are longer than the file")
    return tuple(
        Segment(s.address, bytes(_slice(data, s.offset, s.file_size, "segment")), s.size, s.flags)
        for s in loaded
    )


def _sections(data: Bytes, header: HeaderRecord, layout: Layout) -> tuple[Section, ...]:
    size = layout.section.byte_size()
    found = [
        layout.section.read(data, header.section_table + n * size) for n in range(header.sections)
    ]
    stored = [
        _slice(data, s.offset, 0 if s.type == _NOTHING_STORED else s.size, "section") for s in found
    ]
    if sum(map(len, stored)) > len(data):
        raise FormatError("the ELF file's sections say that they are longer than the file")
    names = bytes(stored[header.names]) if header.names < len(stored) else b""
    return tuple(
        Section(
            name=_string(names, s.name),
            type=s.type,
            flags=s.flags,
            address=s.address,
            size=s.size,
            link=s.link,
            info=s.info,
            entry_size=s.entry_size,
            data=part,
        )
        for s, part in zip(found, stored, strict=True)
    )


def _symbols(sections: tuple[Section, ...], layout: Layout, type: int) -> Iterator[Symbol]:
    size = layout.symbol.byte_size()
    for table in sections:
        if table.type == type and table.link < len(sections):
            strings = bytes(sections[table.link].data)
            for at in range(0, len(table.data) // size * size, size):
                read = layout.symbol.read(table.data, at)
                name = _string(strings, read.name)
                yield Symbol(name, read.value, read.size, read.info & 0xF, read.section)


def _string(strings: bytes, start: int) -> str:
    return strings[start : start + _LONGEST_NAME].partition(b"\0")[0].decode("utf-8", "replace")


def _slice(data: Bytes, offset: int, size: int, what: str) -> memoryview:
    if offset + size > len(data):
        raise FormatError(
            f"the ELF file's {what} ({size} bytes at {offset:#x}) ends behind the file of "
            f"{len(data)} bytes: it is cut off"
        )
    return memoryview(data)[offset : offset + size]
