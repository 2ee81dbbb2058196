"""Writes an assembled file as a relocatable ELF object of 32 bits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from softnpu.formats.elf_records import Header32, Identification, Section32, Symbol32
from softnpu.isa.assembly import Assembly, Section, Symbol

_RELOCATABLE, _CURRENT = 1, 1
_STORED, _SYMBOLS, _STRINGS, _WITH_ADDENDS, _NOT_STORED = 1, 2, 3, 4, 8
_SECTION_SYMBOL, _GLOBAL, _WEAK = 3, 1, 2
_LINKS_INFO = 0x40
_WORD = 4


@dataclass(frozen=True)
class _Part:
    """A section of the file: its header but for name and offset, and its bytes."""

    name: str
    header: Section32
    data: bytes


def write(assembly: Assembly) -> bytes:
    """The object's bytes.

    A symbol that nothing defines is one of another file. Places that refer to a label of the
    assembler's own (.L…) refer to its section.
    """
    sections = [section for section in assembly.sections.values() if section.data or section.flags]
    symbols = _Symbols(assembly, sections)
    parts = [_stored(section) for section in sections]
    table = 1 + len(parts) + sum(bool(section.relocations) for section in sections)
    for number, section in enumerate(sections, 1):
        if section.relocations:
            parts.append(_relocations(section, number, table, symbols))
    parts.append(
        _Part(
            ".symtab",
            Section32(
                type=_SYMBOLS,
                link=table + 1,
                info=symbols.locals,
                alignment=_WORD,
                entry_size=Symbol32.byte_size(),
            ),
            b"".join(symbol.write() for symbol in symbols.records),
        )
    )
    parts.append(_Part(".strtab", Section32(type=_STRINGS, alignment=1), symbols.names.data))
    return _file(assembly, parts)


class _Names:
    """A string table."""

    def __init__(self) -> None:
        self.data = b"\0"

    def add(self, name: str) -> int:
        """Where the name begins."""
        at = len(self.data)
        self.data += name.encode() + b"\0"
        return at if name else 0


class _Symbols:
    """The symbol table: local symbols first, as ELF asks."""

    def __init__(self, assembly: Assembly, sections: list[Section]) -> None:
        self.names = _Names()
        self.records = [Symbol32()]
        self.numbers: dict[str, int] = {}
        self.section_numbers = {section.name: n for n, section in enumerate(sections, 1)}
        self.all = assembly.symbols
        self.of_section: dict[str, int] = {}
        for name, number in self.section_numbers.items():
            self.of_section[name] = len(self.records)
            self.records.append(Symbol32(info=_SECTION_SYMBOL, section=number))
        kept = [s for s in assembly.symbols.values() if not s.temporary or s.section is None]
        outside = [s for s in kept if s.is_global or s.is_weak or s.section is None]
        for symbol in kept:
            if symbol not in outside:
                self._add(symbol, 0)
        self.locals = len(self.records)
        for symbol in outside:
            self._add(symbol, _WEAK if symbol.is_weak else _GLOBAL)

    def _add(self, symbol: Symbol, binding: int) -> None:
        self.numbers[symbol.name] = len(self.records)
        self.records.append(
            Symbol32(
                name=self.names.add(symbol.name),
                value=symbol.address,
                size=symbol.size,
                info=binding << 4 | symbol.kind,
                section=self.section_numbers.get(symbol.section or "", 0),
            )
        )

    def place(self, name: str) -> tuple[int, int]:
        """(symbol number, what is added to it) for a reference to a name."""
        symbol = self.all[name]
        if name in self.numbers:
            return self.numbers[name], 0
        return self.of_section[symbol.section or ""], symbol.address


def _stored(section: Section) -> _Part:
    header = Section32(
        type=_STORED if section.stored else _NOT_STORED,
        flags=section.flags,
        size=len(section.data),
        alignment=section.alignment,
    )
    return _Part(section.name, header, bytes(section.data) if section.stored else b"")


def _relocations(section: Section, number: int, table: int, symbols: _Symbols) -> _Part:
    data = b""
    for relocation in section.relocations:
        symbol, more = symbols.place(relocation.symbol)
        for word in (
            relocation.offset,
            symbol << 8 | relocation.number,
            relocation.addend + more & 0xFFFFFFFF,
        ):
            data += word.to_bytes(_WORD, "little")
    header = Section32(
        type=_WITH_ADDENDS,
        flags=_LINKS_INFO,
        link=table,
        info=number,
        alignment=_WORD,
        entry_size=3 * _WORD,
    )
    return _Part(f".rela{section.name}", header, data)


def _file(assembly: Assembly, parts: list[_Part]) -> bytes:
    """Header, the parts' bytes, section headers."""
    names = _Names()
    starts = [names.add(part.name) for part in parts] + [names.add(".shstrtab")]
    parts = [*parts, _Part(".shstrtab", Section32(type=_STRINGS, alignment=1), names.data)]
    offset = Identification.byte_size() + Header32.byte_size()
    body, headers = b"", [Section32()]
    for part, start in zip(parts, starts, strict=True):
        body += bytes(-(offset + len(body)) % max(part.header.alignment, 1))
        size = part.header.size or len(part.data)
        headers.append(replace(part.header, name=start, offset=offset + len(body), size=size))
        body += part.data
    body += bytes(-(offset + len(body)) % _WORD)
    header = Header32(
        type=_RELOCATABLE,
        machine=assembly.machine,
        version=_CURRENT,
        section_table=offset + len(body),
        flags=assembly.flags,
        header_size=offset,
        section_size=Section32.byte_size(),
        sections=len(headers),
        names=len(headers) - 1,
    )
    told = Identification(word_class=1, order=1, file_version=_CURRENT)
    return b"".join([told.write(), header.write(), body, *(each.write() for each in headers)])
