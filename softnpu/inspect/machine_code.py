"""The cores' programs in a file: an ELF file or object, an xclbin, a PDI, a CDO, or bare bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from softnpu.arch.address import split_address
from softnpu.arch.standin import CORE_ISA_MARK, STANDIN_ISA
from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.emulator.naming.source_lines import SourceLines
from softnpu.errors import FormatError
from softnpu.formats import cdo, elf, pdi, xclbin
from softnpu.formats.identify import FileKind, identify
from softnpu.formats.operations import BlockSet, BlockWrite, Operation, Write
from softnpu.inspect import files, pdis
from softnpu.isa import table
from softnpu.isa.codec import codec
from softnpu.isa.flow import reach

_TEXT_SECTION, _EXECUTABLE_SECTION, _EXECUTABLE_SEGMENT = 1, 4, 1
_CORE = TILE_FACTS[TileKind.CORE]
_ALIGNMENT = 2
"""Of a bundle; chess marks a function's last byte by a symbol, which is no place to go to."""


@dataclass(frozen=True)
class Program:
    """A core's program, or one section of an object.

    Attributes:
        title: what it is, e.g. "core (0,2)".
        code: its bytes; `base` is the address of the first.
        symbols: functions' names by address.
        starts: where it is entered.
        references: by the address of a bundle, what its relocation names: ("scale+4", its address
            here, None for a symbol of elsewhere).
        lines: the source lines, if the file tells them.
        isa: the instruction set's name.
    """

    title: str
    code: bytes
    base: int = 0
    symbols: Mapping[int, str] = field(default_factory=dict)
    starts: tuple[int, ...] = (0,)
    references: Mapping[int, tuple[str, int | None]] = field(default_factory=dict)
    lines: SourceLines | None = None
    isa: str = table.AIE2


def programs(path: Path, isa: str | None = None, *, raw: bool = False) -> list[Program]:
    """The programs in a file.

    Args:
        isa: the instruction set of what is no ELF file; None for the one of which control meets
            nothing but bundles.
        raw: the file is a program's bytes, whatever they look like.

    Raises:
        FormatError: a file without a program of a core, or with stand-in code.
        OSError: a file that cannot be read.
    """
    data = files.read(path)
    kind = FileKind.UNKNOWN if raw else identify(data)
    try:
        found = [Program(path.name, data)] if raw else list(_of_data(path, data, kind))
    except FormatError as error:
        text = str(error)
        raise FormatError(text if str(path) in text else f"{path}: {text}") from error
    if not found:
        raise FormatError(f"{path} holds no program of a core")
    if kind is FileKind.ELF:
        return found
    isa = isa or _generation(found)
    return [replace(program, isa=isa) for program in found]


def _of_data(path: Path, data: bytes, kind: FileKind) -> Iterator[Program]:
    if kind is FileKind.ELF:
        yield from _of_elf(path, elf.parse(data))
    elif kind is FileKind.XCLBIN:
        yield from _of_xclbin(path, xclbin.parse(data))
    elif kind is FileKind.PDI:
        yield from _of_operations(path, cdo.operations(pdi.parse(data).cdo()))
    elif kind is FileKind.CDO:
        yield from _of_operations(path, cdo.operations(cdo.parse(data)))
    else:
        raise FormatError(
            f"{path} is {kind.value}; an ELF file or object, an xclbin, a PDI or a CDO is expected"
            " (--raw takes any file as a program's bytes)"
        )


def _generation(found: list[Program]) -> str:
    """The generation whose code the programs are; the first, if they are none's.

    Nothing else in these files tells it: an xclbin for one column looks alike for both.
    """

    def is_code(isa: str) -> bool:
        decoder = codec(table.load(isa))
        return not any(reach(decoder, one.code, one.starts, one.base).faults for one in found)

    return next(filter(is_code, _GENERATIONS.values()), table.AIE2)


def _of_elf(path: Path, parsed: elf.Elf) -> Iterator[Program]:
    if parsed.machine != elf.AIE or parsed.control_code is not None:
        standin = " (the cores' stand-in code: any RISC-V disassembler reads it)"
        raise FormatError(
            f"{path} is for {parsed.machine_name}, not for AIE"
            f"{standin if parsed.machine == elf.RISCV else ''}"
        )
    isa = _GENERATIONS.get(parsed.flags)
    if isa is None:
        known = ", ".join(f"{flags} ({name})" for flags, name in _GENERATIONS.items())
        raise FormatError(f"{path}: the ELF flags are {parsed.flags}, not one of {known}")
    if parsed.type == elf.EXECUTABLE:
        symbols = {symbol.address: symbol.name for symbol in parsed.functions}
        code, base = _linked(parsed)
        if code:
            starts, lines = (parsed.entry, *symbols), SourceLines(path)
            yield Program(path.name, code, base, symbols, starts, {}, lines, isa)
        return
    for number, section in enumerate(parsed.sections):
        if section.type == _TEXT_SECTION and section.flags & _EXECUTABLE_SECTION and section.size:
            symbols = {
                symbol.address: symbol.name
                for symbol in parsed.symbols
                if symbol.section == number
                and symbol.name
                and symbol.kind in (0, 2)
                and symbol.address % _ALIGNMENT == 0
            }
            yield Program(
                f"{path.name} {section.name}",
                bytes(section.data),
                0,
                symbols,
                tuple(symbols) or (0,),
                dict(_references(parsed, number)),
                isa=isa,
            )


def _linked(parsed: elf.Elf) -> tuple[bytes, int]:
    """The code of a linked file and the address of its first byte; chess gives each function a
    segment of its own, and they call each other."""
    segments = [
        (one.address, one.data)
        for one in parsed.segments
        if one.flags & _EXECUTABLE_SEGMENT and one.data
    ]
    if not segments:
        return b"", 0
    base = min(address for address, _ in segments)
    code = bytearray(max(address + len(data) for address, data in segments) - base)
    for address, data in segments:
        code[address - base : address - base + len(data)] = data
    return bytes(code), base


_GENERATIONS = {2: table.AIE2, 3: table.AIE2P}
"""The instruction set by an ELF file's flags (llvm-aie, ELF.h)."""


def _references(parsed: elf.Elf, number: int) -> Iterator[tuple[int, tuple[str, int | None]]]:
    """What the relocations of a section name, by the address that they are for."""
    for relocation in elf.relocations(parsed, number):
        symbol = parsed.symbols[relocation.symbol]
        name = symbol.name or parsed.sections[symbol.section].name
        here = symbol.address + relocation.addend if symbol.section == number else None
        addend = f"{relocation.addend:+d}" if relocation.addend else ""
        yield relocation.offset, (name + addend, here)


def _of_xclbin(path: Path, parsed: xclbin.Xclbin) -> Iterator[Program]:
    if parsed.marks.get(CORE_ISA_MARK) == STANDIN_ISA:
        raise FormatError("the cores hold stand-in code (RV32), not AIE code")
    arrays = pdis.of_xclbin(parsed)
    for one in arrays.shown:
        of = f" of {one.label}" if arrays.count > 1 else ""
        yield from _of_operations(path, cdo.operations(pdi.parse(one.part.image).cdo()), of)


def _of_operations(
    path: Path, operations: tuple[Operation, ...], of: str = ""
) -> Iterator[Program]:
    """The program memories that a CDO writes, named by the ELF files beside it."""
    for (column, row), memory in sorted(memories(operations).items()):
        if any(memory):
            title = f"core ({column},{row}){of}"
            yield _named(Program(title, memory), path.parent, f"*core_{column}_{row}.elf")


def memories(operations: tuple[Operation, ...]) -> dict[tuple[int, int], bytes]:
    """What a CDO writes into program memories, by column and row of the core."""
    found: dict[tuple[int, int], bytearray] = {}
    for operation in operations:
        data = _written(operation)
        if not data or not isinstance(operation, BlockWrite | BlockSet | Write):
            continue
        column, row, offset = split_address(operation.address)
        start = offset - _CORE.program_base
        if row >= _FIRST_CORE_ROW and 0 <= start < _CORE.program_memory:
            memory = found.setdefault((column, row), bytearray())
            memory.extend(bytes(max(0, start + len(data) - len(memory))))
            memory[start : start + len(data)] = data
    return {place: bytes(memory[: _CORE.program_memory]) for place, memory in found.items()}


def _named(program: Program, folder: Path, pattern: str) -> Program:
    """The program with the names of the ELF file that it was made of, where that is there."""
    for path in sorted((*folder.glob(pattern), *folder.glob(f"*.prj/{pattern}"))):
        try:
            linked = list(_of_elf(path, elf.parse(files.read(path))))
        except (FormatError, OSError):
            continue
        for one in linked:
            if one.base == program.base and program.code.startswith(one.code):
                return replace(one, title=f"{program.title}, {path.name}", code=program.code)
    return program


_FIRST_CORE_ROW = 2


def _written(operation: Operation) -> bytes:
    if isinstance(operation, BlockWrite):
        return operation.data
    if isinstance(operation, BlockSet):
        return operation.value.to_bytes(4, "little") * operation.count
    return operation.value.to_bytes(4, "little") if isinstance(operation, Write) else b""
