"""Writes the ELF file of a job, section by section as aiebu lays it out.

Source: aiebu, elfwriter.cpp and aie2_blob_elfwriter.h, for a file without groups; XRT, xrt_elf.cpp,
for what its reader asks of a full one, whose writer is not in a published source.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from softnpu.formats import elf
from softnpu.formats.elf_records import Header32, Identification, Section32, Symbol32
from softnpu.formats.job import (
    CONFIGURATION,
    CUSTOM_SECTION,
    PACKETS,
    TEXT,
    UID,
    ControlCode,
    Job,
    Patch,
)
from softnpu.formats.records import word_bytes

_PROGRAM, _SYMBOLS, _STRINGS, _RELOCATIONS, _NOTE, _DYNAMIC_SYMBOLS, _GROUP = 1, 2, 3, 4, 7, 11, 17
_ALLOCATED, _EXECUTED, _WRITTEN = 2, 4, 1
_OBJECT, _FUNCTION, _GLOBAL = 1, 2, 1 << 4
_VERSION_ALONE, _VERSION_FULL = 0x02, 0x10
_MACHINE = 1
"""EM_M32, which aiebu writes."""
_UID_TYPE = 4
_HEADERS = 0x40


@dataclass
class _Section:
    name: str
    data: bytes
    type: int = _PROGRAM
    flags: int = 0
    link: str = ""
    info: int = 0
    entry: int = 0
    alignment: int = 1


@dataclass
class _Strings:
    data: bytearray = field(default_factory=lambda: bytearray(1))

    def add(self, text: str) -> int:
        """Where a name begins."""
        if not text:
            return 0
        at = len(self.data)
        self.data += text.encode() + b"\0"
        return at


def write(job: Job) -> bytes:
    """The bytes of a job's ELF file; its uid is made of the contents unless it has one."""
    sections: list[_Section] = []
    patches: list[tuple[int, Patch]] = []
    groups: list[tuple[ControlCode, list[int]]] = []
    for number, code in enumerate(job.codes):
        ending = f".{number}" if job.is_full else ""
        members = []
        for name, data, patched, flags in (
            (TEXT, code.text, code.patches, _ALLOCATED | _EXECUTED),
            (PACKETS, code.packets, code.packet_patches, _ALLOCATED | _WRITTEN),
        ):
            if data:
                sections.append(_Section(name + ending, data, flags=flags, alignment=16))
                members.append(len(sections))
                patches += [(len(sections), patch) for patch in patched]
        groups.append((code, members))
    for name, data in job.pdis.items():
        sections.append(_Section(name, data, flags=_ALLOCATED | _WRITTEN, alignment=16))
    if patches:
        sections += _dynamic(patches)
    if job.is_full:
        sections += _kernels(groups)
    for name, data in job.custom.items():
        sections.append(_Section(name, data, type=CUSTOM_SECTION))
    digest = hashlib.md5(b"".join(s.data for s in sections), usedforsecurity=False).digest()
    sections.append(_Section(UID, _note(_UID_TYPE, job.uid or digest), type=_NOTE))
    if job.columns is not None:
        sections.append(_Section(CONFIGURATION, _note(1, word_bytes([job.columns])), type=_NOTE))
    version = _VERSION_FULL if job.is_full else _VERSION_ALONE
    return _file(sections, job.platform, version)


def _dynamic(patches: Sequence[tuple[int, Patch]]) -> list[_Section]:
    """The symbols that are patched with, and where."""
    strings, table, relocations = _Strings(), [Symbol32().write()], b""
    known: dict[tuple[int, str, int], int] = {}
    for section, patch in patches:
        key = section, patch.symbol, patch.size
        if key not in known:
            known[key] = len(table)
            name = strings.add(patch.symbol)
            kind = _GLOBAL | _OBJECT
            table.append(Symbol32(name=name, size=patch.size, info=kind, section=section).write())
        relocations += word_bytes([patch.offset, known[key] << 8 | patch.scheme, patch.addend])
    return [
        _Section(".dynstr", bytes(strings.data), type=_STRINGS),
        _Section(
            ".dynsym",
            b"".join(table),
            type=_DYNAMIC_SYMBOLS,
            flags=_ALLOCATED,
            link=".dynstr",
            info=1,
            entry=16,
            alignment=8,
        ),
        _Section(
            ".rela.dyn",
            relocations,
            type=_RELOCATIONS,
            flags=_ALLOCATED,
            link=".dynsym",
            entry=12,
            alignment=8,
        ),
    ]


def _kernels(groups: Sequence[tuple[ControlCode, list[int]]]) -> list[_Section]:
    """The symbols of kernels and instances, and a group of sections for each instance."""
    strings, table = _Strings(), [Symbol32().write()]
    kernels: dict[str, int] = {}
    made: list[_Section] = []
    for code, members in groups:
        if code.kernel not in kernels:
            kernels[code.kernel] = len(table)
            name = strings.add(f"_Z{len(code.kernel)}{code.kernel}{'Pc' * (code.arguments or 0)}")
            table.append(Symbol32(name=name, info=_GLOBAL | _FUNCTION, section=0).write())
        instance = strings.add(code.instance)
        info = len(table)
        table.append(
            Symbol32(name=instance, info=_GLOBAL | _OBJECT, section=kernels[code.kernel]).write()
        )
        made.append(
            _Section(".group", word_bytes([0, *members]), _GROUP, link=".symtab", info=info)
        )
    return [
        _Section(".strtab", bytes(strings.data), type=_STRINGS),
        _Section(".symtab", b"".join(table), type=_SYMBOLS, link=".strtab", info=1, entry=16),
        *made,
    ]


def _note(kind: int, description: bytes) -> bytes:
    owner = b"XRT\0"
    return word_bytes([len(owner), len(description), kind]) + owner + _padded(description, 4)


def _file(sections: Sequence[_Section], abi: int, version: int) -> bytes:
    every = [_Section("", b"", type=0), *sections]
    names = _Strings()
    places = {section.name: number for number, section in enumerate(every)}
    starts = [names.add(section.name) for section in every] + [names.add(".shstrtab")]
    every.append(_Section(".shstrtab", bytes(names.data), type=_STRINGS))
    body, headers = b"", b""
    for section, name in zip(every, starts, strict=True):
        body = _padded(body, section.alignment)
        headers += Section32(
            name=name,
            type=section.type,
            flags=section.flags,
            offset=_HEADERS + len(body) if section.type else 0,
            size=len(section.data),
            link=places[section.link] if section.link else 0,
            info=section.info,
            alignment=section.alignment,
            entry_size=section.entry,
        ).write()
        body += section.data
    body = _padded(body, 4)
    told = Identification(word_class=1, order=1, file_version=1, abi=abi, abi_version=version)
    header = Header32(
        type=elf.EXECUTABLE,
        machine=_MACHINE,
        version=1,
        section_table=_HEADERS + len(body),
        header_size=52,
        section_size=Section32.byte_size(),
        sections=len(every),
        names=len(every) - 1,
    )
    return _padded(told.write() + header.write(), _HEADERS) + body + headers


def _padded(data: bytes, alignment: int) -> bytes:
    return data + bytes(-len(data) % alignment)
