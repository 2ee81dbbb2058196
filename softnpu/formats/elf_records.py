"""The records of ELF files, of 32 and of 64 bits, little-endian."""

from __future__ import annotations

from dataclasses import dataclass

from softnpu.formats.identify import ELF_MAGIC
from softnpu.formats.records import Record, raw, u8, u16, u32, u64


@dataclass(frozen=True)
class Identification(Record):
    """The ELF identification: 16 bytes."""

    magic: bytes = raw(4, ELF_MAGIC)
    word_class: int = u8()
    order: int = u8()
    file_version: int = u8()
    abi: int = u8()
    abi_version: int = u8()
    rest: bytes = raw(7)


@dataclass(frozen=True)
class Header32(Record):
    """The ELF header: 52 bytes with the identification."""

    type: int = u16()
    machine: int = u16()
    version: int = u32()
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
class _Header64(Record):
    """The ELF header: 64 bytes with the identification."""

    type: int = u16()
    machine: int = u16()
    version: int = u32()
    entry: int = u64()
    segment_table: int = u64()
    section_table: int = u64()
    flags: int = u32()
    header_size: int = u16()
    segment_size: int = u16()
    segments: int = u16()
    section_size: int = u16()
    sections: int = u16()
    names: int = u16()


@dataclass(frozen=True)
class Segment32(Record):
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
class _Segment64(Record):
    """The ELF program header: 56 bytes."""

    type: int = u32()
    flags: int = u32()
    offset: int = u64()
    address: int = u64()
    physical: int = u64()
    file_size: int = u64()
    size: int = u64()
    alignment: int = u64()


@dataclass(frozen=True)
class Section32(Record):
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
class _Section64(Record):
    """The ELF section header: 64 bytes."""

    name: int = u32()
    type: int = u32()
    flags: int = u64()
    address: int = u64()
    offset: int = u64()
    size: int = u64()
    link: int = u32()
    info: int = u32()
    alignment: int = u64()
    entry_size: int = u64()


@dataclass(frozen=True)
class Symbol32(Record):
    """The ELF symbol: 16 bytes."""

    name: int = u32()
    value: int = u32()
    size: int = u32()
    info: int = u8()
    other: int = u8()
    section: int = u16()


@dataclass(frozen=True)
class _Symbol64(Record):
    """The ELF symbol: 24 bytes."""

    name: int = u32()
    info: int = u8()
    other: int = u8()
    section: int = u16()
    value: int = u64()
    size: int = u64()


@dataclass(frozen=True)
class Layout:
    """The records of one class of files."""

    bits: int
    header: type[Header32] | type[_Header64]
    segment: type[Segment32] | type[_Segment64]
    section: type[Section32] | type[_Section64]
    symbol: type[Symbol32] | type[_Symbol64]


LAYOUTS = {
    1: Layout(32, Header32, Segment32, Section32, Symbol32),
    2: Layout(64, _Header64, _Segment64, _Section64, _Symbol64),
}
"""By the class that the identification tells."""
HeaderRecord = Header32 | _Header64
