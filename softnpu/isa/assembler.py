"""The assembler: text in LLVM's syntax to sections, symbols and relocations.

A line holds labels and then a directive or one bundle, its instructions separated by `;` in any
order of slots; the smallest format that has the slots is taken. `//` and `/* */` are comments.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from softnpu.errors import AssemblyError, FormatError, SourceLocation
from softnpu.isa.assembly import Assembly, Relocation, Section, Symbol
from softnpu.isa.codec import Bundle, Instruction, codec
from softnpu.isa.model import InstructionSet
from softnpu.isa.text import INTEGER, NotationError, Parsed, Reference, notation

ALLOCATED, WRITABLE, EXECUTABLE = 2, 1, 4
_FLAGS = {"a": ALLOCATED, "w": WRITABLE, "x": EXECUTABLE}
_KNOWN_SECTIONS = (
    (".text", ALLOCATED | EXECUTABLE),
    (".data", ALLOCATED | WRITABLE),
    (".bss", ALLOCATED | WRITABLE),
    (".rodata", ALLOCATED),
)

_LABEL = re.compile(r"\s*([A-Za-z_.$][\w.$@]*)\s*:")
_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//.*|/\*.*?\*/')
_DIRECTIVE = re.compile(r"\s*(\.[A-Za-z_]\w*)\s*(.*)$")
_SYMBOL = re.compile(rf"([A-Za-z_.$][\w.$@]*)\s*(?:([-+])\s*({INTEGER}))?$")
_DIFFERENCE = re.compile(r"([A-Za-z_.$][\w.$@]*|\.)\s*-\s*([A-Za-z_.$][\w.$@]*)$")
_ESCAPES = {"n": 10, "t": 9, "0": 0, "\\": 92, '"': 34, "r": 13}
_WIDEST_ALIGNMENT = 1 << 14

_NOT_FOR_THE_CORE = (".file", ".ident", ".addrsig", ".addrsig_sym", ".loc", ".local", ".cfi_")
"""Directives that change neither code nor data."""


def assemble(text: str, instructions: InstructionSet, file: Path | None = None) -> Assembly:
    """The sections and symbols of an assembly source.

    Args:
        file: what messages call the source.

    Raises:
        AssemblyError: a line that cannot be assembled, with its place.
    """
    assembler = _Assembler(instructions, file or Path("input.s"))
    in_comment = False
    for number, line in enumerate(text.splitlines(), 1):
        line, in_comment = _without_comments(line, in_comment)
        assembler.line(line, number)
    return assembler.finished()


def _without_comments(line: str, inside: bool) -> tuple[str, bool]:
    """The line, comments blanked out so that columns stay; whether one goes on behind it."""
    if inside:
        begin, end, rest = line.partition("*/")
        if not end:
            return "", True
        line = " " * (len(begin) + 2) + rest
    line = _COMMENT.sub(lambda c: c[0] if c[0][0] == '"' else " " * len(c[0]), line)
    code, begins, _ = line.partition("/*")
    return code, bool(begins)


@dataclass(frozen=True)
class _Distance:
    """What is told as from one place to another: a symbol's size, or a number among data.

    Attributes:
        end, begin: the places, a symbol or its name.
        use: what is done with it.
    """

    end: str | Symbol
    begin: str
    line: int
    column: int
    use: Callable[[int], None]


class _Assembler:
    """Assembles line by line."""

    def __init__(self, instructions: InstructionSet, file: Path) -> None:
        self.codec, self.notation = codec(instructions), notation(instructions)
        self.set, self.file = instructions, file
        self.out = Assembly(instructions.machine, instructions.flags)
        self.distances: list[_Distance] = []
        self.number = 0
        self.section = self._enter(".text")

    def line(self, line: str, number: int) -> None:
        """Takes one line in."""
        self.number, at = number, 0
        while found := _LABEL.match(line, at):
            self._define(found[1], found.start(1))
            at = found.end()
        rest = line[at:]
        if not rest.strip():
            return
        if found := _DIRECTIVE.match(line, at):
            self._directive(found[1], found[2].strip(), found.start(1), found.start(2))
        else:
            self._bundle(rest, at)

    def finished(self) -> Assembly:
        """The whole, symbols with their sizes."""
        for distance in self.distances:
            begin = self.out.symbols.get(distance.begin)
            told = distance.end
            end = self.out.symbols.get(told) if isinstance(told, str) else told
            if not begin or not end or begin.section is None or begin.section != end.section:
                self.number = distance.line
                raise self._error(
                    f"'{distance.begin}' and the other end are not two places of one section",
                    distance.column,
                )
            distance.use(end.address - begin.address)
        return self.out

    def _error(self, message: str, column: int, notes: tuple[str, ...] = ()) -> AssemblyError:
        return AssemblyError(message, SourceLocation(self.file, self.number, column + 1), notes)

    def _symbol(self, name: str) -> Symbol:
        return self.out.symbols.setdefault(name, Symbol(name))

    def _define(self, name: str, column: int) -> None:
        symbol = self._symbol(name)
        if symbol.section is not None:
            raise self._error(f"'{name}' is defined twice", column)
        symbol.section, symbol.address = self.section.name, len(self.section.data)

    def _enter(self, name: str, flags: int | None = None) -> Section:
        known = next((f for start, f in _KNOWN_SECTIONS if _within(name, start)), 0)
        section = self.out.sections.get(name)
        if section is None:
            given = known if flags is None else flags
            section = Section(name, given, not _within(name, ".bss"))
            self.out.sections[name] = section
        return section

    # -- bundles

    def _bundle(self, text: str, start: int) -> None:
        parsed: list[Parsed] = []
        at = start
        for part in text.split(";"):
            if part.strip():
                parsed.append(self._instruction(part, at))
            at += len(part) + 1
        column = start + len(text) - len(text.lstrip())
        if not self.section.flags & EXECUTABLE:
            raise self._error(f"section {self.section.name} is not for instructions", column)
        try:
            bundle = self.codec.bundle([each.instruction for each in parsed])
            data = self.codec.encode(bundle)
        except FormatError as error:
            raise self._error(str(error), column) from error
        for each in parsed:
            for reference in each.references:
                self._relocate(bundle, each.instruction, reference, column)
        self.section.data += data

    def _instruction(self, text: str, at: int) -> Parsed:
        try:
            return self.notation.parse(text)
        except NotationError as error:
            raise self._error(str(error), at + error.at, error.notes) from error

    def _relocate(
        self, bundle: Bundle, instruction: Instruction, reference: Reference, column: int
    ) -> None:
        operand = instruction.opcode.operands[reference.operand]
        place = bundle.format.places[instruction.opcode.slot]
        fields = tuple((place + bit, bits) for bit, bits, _ in reversed(operand.pieces))
        for known in self.set.relocations:
            if known.bits == bundle.format.bits and known.fields == fields:
                self._refer(known.number, reference.symbol, reference.addend)
                return
        raise self._error(
            f"the operand {operand.name} of {instruction.opcode.mnemonic} cannot hold the address"
            f" of '{reference.symbol}'",
            column,
            ("movxm takes any address",),
        )

    def _refer(self, number: int, symbol: str, addend: int) -> None:
        self._symbol(symbol)
        offset = len(self.section.data)
        self.section.relocations.append(Relocation(offset, number, symbol, addend))

    # -- directives

    def _directive(self, name: str, rest: str, at: int, column: int) -> None:
        if name.startswith(_NOT_FOR_THE_CORE):
            return
        known = _DIRECTIVES.get(name)
        if known is None:
            raise self._error(
                f"the directive {name} is not known", at, (f"known: {', '.join(_DIRECTIVES)}",)
            )
        known(self, rest, column)

    def _enter_section(self, rest: str, column: int) -> None:
        name, *more = (part.strip().strip('"') for part in rest.split(","))
        if not name:
            raise self._error("expected the section's name", column)
        letters = more[0] if more else None
        flags = None if letters is None else sum(_FLAGS.get(letter, 0) for letter in letters)
        self.section = self._enter(name, flags)

    def _text(self, _: str, column: int) -> None:
        self._enter_section(".text", column)

    def _data(self, _: str, column: int) -> None:
        self._enter_section(".data", column)

    def _bss(self, _: str, column: int) -> None:
        self._enter_section(".bss", column)

    def _global(self, rest: str, _: int) -> None:
        for name in rest.split(","):
            self._symbol(name.strip()).is_global = True

    def _weak(self, rest: str, _: int) -> None:
        for name in rest.split(","):
            self._symbol(name.strip()).is_weak = True

    def _type(self, rest: str, column: int) -> None:
        name, _, kind = (part.strip() for part in rest.partition(","))
        numbers = {"function": 2, "object": 1, "notype": 0}
        if kind.strip("@%") not in numbers:
            raise self._error(f"a symbol is @function, @object or @notype, not '{kind}'", column)
        self._symbol(name).kind = numbers[kind.strip("@%")]

    def _size(self, rest: str, column: int) -> None:
        name, _, expression = (part.strip() for part in rest.partition(","))
        symbol = self._symbol(name)

        def use(size: int) -> None:
            symbol.size = size

        if not self._distance(expression, column, use):
            use(self._number(expression, column, 1 << 31))

    def _distance(self, text: str, column: int, use: Callable[[int], None]) -> bool:
        """Whether the text is END-BEGIN; `use` is then called with it when all is known."""
        found = _DIFFERENCE.match(text)
        if found is None:
            return False
        here = Symbol(".", self.section.name, len(self.section.data))
        end = here if found[1] == "." else found[1]
        self.distances.append(_Distance(end, found[2], self.number, column, use))
        return True

    def _align_power(self, rest: str, column: int) -> None:
        self._align_to(1 << self._number(rest.split(",")[0], column, 14), column)

    def _align_bytes(self, rest: str, column: int) -> None:
        self._align_to(self._number(rest.split(",")[0], column, _WIDEST_ALIGNMENT), column)

    def _align_to(self, alignment: int, column: int) -> None:
        if alignment < 1 or alignment & alignment - 1:
            raise self._error(f"an alignment is a power of two, not {alignment}", column)
        section = self.section
        section.alignment = max(section.alignment, alignment)
        short = -len(section.data) % alignment
        nop = self.codec.encode(self.codec.bundle([self.codec.nop("nop")]))
        if not section.flags & EXECUTABLE or short % len(nop):
            section.data += bytes(short)
        else:
            section.data += nop * (short // len(nop))

    def _number(self, text: str, column: int, highest: int, lowest: int = 0) -> int:
        try:
            value = int(text.strip(), 0)
        except ValueError:
            raise self._error(f"expected a number, found '{text.strip()}'", column) from None
        if not lowest <= value <= highest:
            raise self._error(f"{value} is not in {lowest} to {highest}", column)
        return value

    def _integers(self, size: int) -> Callable[[str, int], None]:
        def take(rest: str, column: int) -> None:
            for part in rest.split(","):
                if self._distance(part.strip(), column, self._later(size)):
                    self.section.data += bytes(size)
                    continue
                found = _SYMBOL.match(part.strip())
                if found and size == 4:
                    addend = int(f"{found[2] or ''}{found[3] or 0}", 0)
                    self._refer(self.set.data_relocation, found[1], addend)
                    self.section.data += bytes(4)
                    continue
                limit = 1 << size * 8
                value = self._number(part, column, limit - 1, -limit // 2)
                self.section.data += (value % limit).to_bytes(size, "little")

        return take

    def _later(self, size: int) -> Callable[[int], None]:
        """Puts a number into the next `size` bytes of the section."""
        section, at = self.section, len(self.section.data)

        def put(value: int) -> None:
            section.data[at : at + size] = (value % (1 << size * 8)).to_bytes(size, "little")

        return put

    def _zero(self, rest: str, column: int) -> None:
        self.section.data += bytes(self._number(rest.split(",")[0], column, 1 << 20))

    def _ascii(self, rest: str, column: int) -> None:
        found = re.fullmatch(r'"((?:\\.|[^"\\])*)"', rest)
        if found is None:
            raise self._error("expected a text in quotation marks", column)
        plain = re.sub(r"\\(.)", lambda c: chr(_ESCAPES.get(c[1], ord(c[1]))), found[1])
        self.section.data += plain.encode()

    def _asciz(self, rest: str, column: int) -> None:
        self._ascii(rest, column)
        self.section.data += b"\0"

    def _byte(self, rest: str, column: int) -> None:
        self._integers(1)(rest, column)

    def _short(self, rest: str, column: int) -> None:
        self._integers(2)(rest, column)

    def _long(self, rest: str, column: int) -> None:
        self._integers(4)(rest, column)

    def _quad(self, rest: str, column: int) -> None:
        self._integers(8)(rest, column)


_DIRECTIVES: dict[str, Callable[[_Assembler, str, int], None]] = {
    ".text": _Assembler._text,
    ".data": _Assembler._data,
    ".bss": _Assembler._bss,
    ".section": _Assembler._enter_section,
    ".globl": _Assembler._global,
    ".global": _Assembler._global,
    ".weak": _Assembler._weak,
    ".type": _Assembler._type,
    ".size": _Assembler._size,
    ".p2align": _Assembler._align_power,
    ".align": _Assembler._align_bytes,
    ".balign": _Assembler._align_bytes,
    ".byte": _Assembler._byte,
    ".short": _Assembler._short,
    ".hword": _Assembler._short,
    ".2byte": _Assembler._short,
    ".long": _Assembler._long,
    ".word": _Assembler._long,
    ".4byte": _Assembler._long,
    ".quad": _Assembler._quad,
    ".zero": _Assembler._zero,
    ".space": _Assembler._zero,
    ".ascii": _Assembler._ascii,
    ".asciz": _Assembler._asciz,
    ".string": _Assembler._asciz,
}


def _within(name: str, start: str) -> bool:
    return name == start or name.startswith(f"{start}.")
