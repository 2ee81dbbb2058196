"""An assembled file: sections, symbols, relocations."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Relocation:
    """A place in a section that the value of `symbol` plus `addend` goes into."""

    offset: int
    number: int
    symbol: str
    addend: int


@dataclass
class Section:
    """A section.

    Attributes:
        flags: ELF's, 2 allocated, 1 writable, 4 executable.
        stored: whether the file holds its bytes (.bss it does not).
        alignment: bytes.
    """

    name: str
    flags: int
    stored: bool = True
    alignment: int = 1
    data: bytearray = field(default_factory=bytearray)
    relocations: list[Relocation] = field(default_factory=list)


@dataclass
class Symbol:
    """A symbol.

    Attributes:
        section: where it is defined, None if it is not.
        kind: ELF's: 0 unknown, 1 object, 2 function.
    """

    name: str
    section: str | None = None
    address: int = 0
    size: int = 0
    kind: int = 0
    is_global: bool = False
    is_weak: bool = False

    @property
    def temporary(self) -> bool:
        """Whether it is a label of the assembler's, which no symbol table holds."""
        return self.name.startswith(".L")


@dataclass
class Assembly:
    """What a source file became."""

    machine: int
    flags: int
    sections: dict[str, Section] = field(default_factory=dict)
    symbols: dict[str, Symbol] = field(default_factory=dict)
