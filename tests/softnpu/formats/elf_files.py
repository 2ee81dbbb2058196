"""ELF files made of sections, of both classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from softnpu.formats import elf
from softnpu.formats.elf_records import LAYOUTS, Identification
from softnpu.formats.records import Record, word_bytes

_CLASS = {32: 1, 64: 2}
_FIRST = 0x100


@dataclass(frozen=True)
class Given:
    """A section to be written."""

    name: str
    data: bytes = b""
    type: int = 1
    link: int = 0
    info: int = 0
    flags: int = 0


def build(
    sections: Sequence[Given], *, bits: int = 32, machine: int = 1, abi: int = 0, version: int = 0
) -> bytes:
    """The sections, numbered from 1, behind the headers; names lie in the last one."""
    layout = LAYOUTS[_CLASS[bits]]
    given = [Given("", type=0), *sections, Given(".shstrtab", type=3)]
    names = b"\0".join(one.name.encode() for one in given) + b"\0"
    given[-1] = Given(".shstrtab", names, type=3)
    headers, body = b"", b""
    for one in given:
        headers += layout.section(
            name=names.index(one.name.encode() + b"\0") if one.name else len(names) - 1,
            type=one.type,
            flags=one.flags,
            offset=_FIRST + len(body),
            size=len(one.data),
            link=one.link,
            info=one.info,
        ).write()
        body += one.data + bytes(-len(one.data) % 8)
    head: list[Record] = [
        Identification(word_class=_CLASS[bits], order=1, abi=abi, abi_version=version),
        layout.header(
            type=elf.EXECUTABLE,
            machine=machine,
            section_table=_FIRST + len(body),
            sections=len(given),
            names=len(given) - 1,
        ),
    ]
    return b"".join(r.write() for r in head).ljust(_FIRST, b"\0") + body + headers


def symbols(found: Sequence[tuple[str, int, int]], *, bits: int = 32) -> tuple[bytes, bytes]:
    """A symbol table and its strings, of (name, kind, section)."""
    layout = LAYOUTS[_CLASS[bits]]
    strings, table = b"\0", b""
    for name, kind, section in found:
        table += layout.symbol(name=len(strings), info=kind, section=section).write()
        strings += name.encode() + b"\0"
    return table, strings


def note(description: bytes, owner: bytes = b"XRT\0") -> bytes:
    """A note section with one note."""
    padded = description + bytes(-len(description) % 4)
    return word_bytes([len(owner), len(description), 4]) + owner + padded


def job(control: bytes, image: bytes, packets: bytes, *, bits: int = 32) -> bytes:
    """The ELF file of a job for AIE2P with one kernel of one instance."""
    table, strings = symbols([("", 0, 0), ("_Z4mainPv", 2, 0), ("once", 1, 1)], bits=bits)
    patched = [("", 0, 0), ("3", 1, 1), ("scratch-pad-mem", 1, 1)]
    dynamic, dynamic_strings = symbols(patched, bits=bits)
    return build(
        [
            Given(".ctrltext.4", control),
            Given(".ctrldata.4", packets),
            Given(".pdi.0", image),
            Given(".group", word_bytes([1, 1, 2]), type=17, link=5, info=2),
            Given(".symtab", table, type=2, link=6),
            Given(".strtab", strings, type=3),
            Given(".dynsym", dynamic, type=11, link=8),
            Given(".dynstr", dynamic_strings, type=3),
            Given(".note.xrt.UID", note(b"e4ec0b95638208f02a3910123805421b"), type=7),
            Given(".note.xrt.configuration", note(word_bytes([4])), type=7),
        ],
        bits=bits,
        abi=69,
        version=0x20,
    )
