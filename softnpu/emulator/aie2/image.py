"""What a core is loaded with: a linked ELF file, or an object or assembly placed by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from softnpu.errors import EmulatorError, FormatError
from softnpu.formats import elf
from softnpu.isa import elf_object, table
from softnpu.isa.assembler import assemble
from softnpu.isa.model import InstructionSet, Relocation

DATA = 0x72000
"""Where an object's data goes: in the core's own memory, above its stack."""
_ALLOCATED, _EXECUTABLE = 2, 4
_EXECUTABLE_SEGMENT = 1
_NOT_STORED = 8
_FUNCTION, _UNKNOWN = 2, 0
_LINKED = 2


@dataclass
class Image:
    """A program in memory.

    Attributes:
        code: program memory from 0.
        data: (address, bytes) in data memory.
        symbols: addresses of functions.
        entry: where it begins when nothing else is asked for.
        linked: whether it lies where its file says.
    """

    code: bytes = b""
    data: list[tuple[int, bytes]] = field(default_factory=list)
    symbols: dict[str, int] = field(default_factory=dict)
    entry: int = 0
    linked: bool = False

    def function(self, name: str | None) -> int:
        """The address of a function; EmulatorError for one that there is not."""
        if name is None:
            return self.entry
        if name in self.symbols:
            return self.symbols[name]
        near = get_close_matches(name, self.symbols, 3) or sorted(self.symbols)[:8]
        known = f"; there is {', '.join(near)}" if near else ""
        raise EmulatorError(f"there is no function {name!r}{known}")

    def function_at(self, address: int) -> str:
        """The function that an address is in, "" for none."""
        before = [(place, name) for name, place in self.symbols.items() if place <= address]
        return max(before, default=(0, ""))[1]

    def named(self, address: int) -> str:
        """An address by the function that it is in: "scale+0x12"."""
        name = self.function_at(address)
        if not name:
            return f"{address:#x}"
        place = self.symbols[name]
        return f"{name}+{address - place:#x}" if address > place else name


def load(path: Path, device: str = "npu1") -> Image:
    """What a file holds.

    Args:
        path: assembly (.s), an object, or a linked ELF file.

    Raises:
        EmulatorError: it is for another machine, too large, or refers to what it does not define.
        FormatError, AssemblyError: it cannot be read.
    """
    if device not in table.BY_DEVICE:
        known = ", ".join(table.BY_DEVICE)
        raise EmulatorError(f"there is no device {device!r}; there are {known}")
    instructions = table.load(table.BY_DEVICE[device])
    if path.suffix in (".s", ".S"):
        try:
            text = path.read_text()
        except UnicodeDecodeError as error:
            raise FormatError(f"{path} is no text: {error.reason}") from error
        data = elf_object.write(assemble(text, instructions, path))
    else:
        data = path.read_bytes()
    parsed = elf.parse(data)
    if parsed.machine != elf.AIE:
        machine = elf.MACHINES.get(parsed.machine, f"machine {parsed.machine}")
        raise EmulatorError(f"{path} is for {machine}, not for an AIE core")
    if parsed.flags & 0xFF not in (0, instructions.flags):
        raise EmulatorError(f"{path} is for cores of another generation than {device}'s")
    made = _linked(parsed) if parsed.type == _LINKED else _placed(parsed, instructions)
    if len(made.code) > instructions.program_memory:
        raise EmulatorError(
            f"{path} has {len(made.code):,} bytes of program, a core has room for "
            f"{instructions.program_memory:,}"
        )
    return made


def _linked(parsed: elf.Elf) -> Image:
    code = bytearray()
    made = Image(entry=parsed.entry, linked=True)
    for segment in parsed.segments:
        if segment.flags & _EXECUTABLE_SEGMENT:
            end = segment.address + len(segment.data)
            code.extend(bytes(max(0, end - len(code))))
            code[segment.address : end] = segment.data
        else:
            zeros = bytes(segment.size - len(segment.data))
            made.data.append((segment.address, bytes(segment.data) + zeros))
    made.code = bytes(code)
    made.symbols = {
        symbol.name: symbol.address
        for symbol in parsed.symbols
        if symbol.kind == _FUNCTION and symbol.name
    }
    return made


def _placed(parsed: elf.Elf, instructions: InstructionSet) -> Image:
    """Sections one behind the other, and what refers to them filled in."""
    places: dict[int, int] = {}
    parts: dict[int, bytearray] = {}
    free = {True: 0, False: DATA}
    for number, section in enumerate(parsed.sections):
        if not section.flags & _ALLOCATED or not section.size:
            continue
        is_code = bool(section.flags & _EXECUTABLE)
        places[number] = -(-free[is_code] // 32) * 32
        stored = section.type != _NOT_STORED
        parts[number] = bytearray(section.data) if stored else bytearray(section.size)
        free[is_code] = places[number] + section.size
    by_number = {one.number: one for one in instructions.relocations}
    for number, part in parts.items():
        for wanted in elf.relocations(parsed, number):
            symbol = parsed.symbols[wanted.symbol]
            if symbol.section not in places:
                raise EmulatorError(
                    f"{symbol.name or 'a symbol'} is referred to and not defined: link it with "
                    "Peano's lld, or give a file that holds it"
                )
            value = places[symbol.section] + symbol.address + wanted.addend
            kind = by_number.get(wanted.type)
            if wanted.type == instructions.data_relocation:
                part[wanted.offset : wanted.offset + 4] = (value & 0xFFFFFFFF).to_bytes(4, "little")
            elif kind is None:
                raise EmulatorError(f"relocation {wanted.type} is none of an AIE core's")
            else:
                _fill(part, wanted.offset, kind, value)
    return _image(parsed, places, parts)


def _fill(part: bytearray, offset: int, kind: Relocation, value: int) -> None:
    """Puts a value into the fields of a bundle, its highest bits into the first."""
    size = kind.bits // 8
    word = int.from_bytes(part[offset : offset + size], "little")
    left = sum(bits for _, bits in kind.fields)
    for lowest, bits in kind.fields:
        left -= bits
        mask = (1 << bits) - 1
        word = word & ~(mask << lowest) | (value >> left & mask) << lowest
    part[offset : offset + size] = word.to_bytes(size, "little")


def _image(parsed: elf.Elf, places: Mapping[int, int], parts: Mapping[int, bytearray]) -> Image:
    made = Image()
    code = bytearray()
    for number, part in parts.items():
        if parsed.sections[number].flags & _EXECUTABLE:
            code.extend(bytes(places[number] - len(code)))
            code.extend(part)
        else:
            made.data.append((places[number], bytes(part)))
    made.code = bytes(code)
    functions = [
        symbol
        for symbol in parsed.symbols
        if symbol.section in places
        and symbol.name
        and symbol.kind in (_FUNCTION, _UNKNOWN)
        and parsed.sections[symbol.section].flags & _EXECUTABLE
    ]
    made.symbols = {one.name: places[one.section] + one.address for one in functions}
    if len(made.symbols) == 1:
        made.entry = next(iter(made.symbols.values()))
    return made
