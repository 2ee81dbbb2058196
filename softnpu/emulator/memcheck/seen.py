"""What a core's program can touch: the named buffers that it sees, and where it names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.device import WINDOW_SIZE
from softnpu.arch.standin import STACK_BASE, VECTOR_MEMORY
from softnpu.emulator.naming.names import Buffer, Names, Place
from softnpu.errors import FormatError
from softnpu.formats import elf

TAG_SHIFT = 22
"""Addresses of what a core sees are below 1 << 22; a tag lies above them, below bit 31."""
TAGS = 512
PLAIN = (1 << TAG_SHIFT) - 1

_WORD = 1
_HIGH_PARTS = frozenset({23, 26})
"""R_RISCV_32; R_RISCV_PCREL_HI20 and R_RISCV_HI20, which fill an instruction's upper 20 bits
(RISC-V ELF specification, relocations)."""


@dataclass(frozen=True)
class Seen:
    """A buffer as a core sees it.

    Attributes:
        tag: 0 for none.
        tile: whose memory it lies in.
        begin: the address where the core sees it.
    """

    tag: int
    tile: Place
    begin: int
    buffer: Buffer

    @property
    def end(self) -> int:
        """The address behind it."""
        return self.begin + self.buffer.size


def buffers(names: Names, windows: Mapping[int, Place]) -> list[Seen]:
    """The named buffers in a core's windows; those beyond the tags have 0 for one."""
    found = [
        (tile, window + buffer.address, buffer)
        for window, tile in sorted(windows.items())
        for buffer in names.buffers.get(tile, ())
    ]
    return [Seen(tag if tag < TAGS else 0, *one) for tag, one in enumerate(found, start=1)]


class Program:
    """A core's linked program, of AIE2 code if it is no `StandinProgram`.

    Args:
        parsed: its ELF file.
        buffers: of its tile.
        stack: bytes of its stack; None where nobody tells.
    """

    def __init__(
        self, parsed: elf.Elf, buffers: Iterable[Buffer] = (), stack: int | None = None
    ) -> None:
        self._elf = parsed
        self._buffers = tuple(buffers)
        self._stack = stack

    def is_loaded(self, program: NDArray[np.uint8]) -> bool:
        """Whether program memory holds it."""
        code = [s for s in self._elf.segments if s.address < len(program)]
        return bool(code) and all(
            bytes(program[s.address : s.address + len(s.data)]) == bytes(s.data) for s in code
        )

    def data(self) -> Iterator[tuple[str, int, int]]:
        """(name, begin, end) of the program's variables and constants."""
        for symbol in self._elf.symbols:
            if symbol.kind == _OBJECT and symbol.size and symbol.address >= STACK_BASE:
                yield symbol.name, symbol.address, symbol.address + symbol.size

    def stack(self) -> tuple[int, int]:
        """Where its stack lies: (begin, end). It grows upwards, where nobody tells how far: to the
        first buffer or the code's own data above it."""
        begin = self._symbol(_STACK_BEGIN, STACK_BASE)
        if self._stack is not None:
            return begin, begin + self._stack
        above = [STACK_BASE + one.address for one in self._buffers]
        above += [address for address, _ in self._sections()]
        return begin, min((one for one in above if one > begin), default=STACK_BASE + WINDOW_SIZE)

    @property
    def stack_end(self) -> int | None:
        """The address behind its stack; None where nobody tells where that lies and how large it
        is."""
        named = any(symbol.name == _STACK_BEGIN for symbol in self._elf.symbols)
        return self.stack()[1] if named and self._stack is not None else None

    def own(self) -> Iterator[tuple[int, int]]:
        """(begin, end) of what it may use without naming a buffer: stack and data."""
        yield self.stack()
        yield from self._sections()

    def _sections(self) -> Iterator[tuple[int, int]]:
        for section in self._elf.sections:
            if section.flags & _ALLOCATED and section.address >= STACK_BASE:
                yield section.address, section.address + section.size

    def _symbol(self, name: str, otherwise: int) -> int:
        return next((s.address for s in self._elf.symbols if s.name == name), otherwise)


class StandinProgram(Program):
    """A program of stand-in code; arguments as of `Program`."""

    @property
    def keeps_relocations(self) -> bool:
        """Whether it tells where it names what."""
        return any(section.name == ".rela.text" for section in self._elf.sections)

    def tagged(
        self, program: NDArray[np.uint8], memory: NDArray[np.uint8], seen: Iterable[Seen]
    ) -> NDArray[np.uint8]:
        """A copy of program memory in which buffers' addresses have tags.

        Args:
            memory: the core's own data memory, in which constants with such addresses get them.
        """
        copy: NDArray[np.uint8] = program.copy()
        for address, kind, one in self._places({s.buffer.name: s for s in seen}):
            tag = one.tag << TAG_SHIFT
            if kind in _HIGH_PARTS:
                _add(copy, address, tag)
            elif address >= STACK_BASE:
                _put(memory, address - STACK_BASE, tag)
            else:
                _put(copy, address, tag)
        return copy

    def _places(self, known: Mapping[str, Seen]) -> Iterator[tuple[int, int, Seen]]:
        for number, section in enumerate(self._elf.sections):
            if not section.flags & _ALLOCATED:
                continue
            for place in elf.relocations(self._elf, number):
                one = known.get(self._elf.symbols[place.symbol].name)
                if one is not None and place.type in {_WORD, *_HIGH_PARTS}:
                    yield place.offset, place.type, one

    def stack(self) -> tuple[int, int]:
        """As `Program.stack`; it grows downwards."""
        top = self._symbol(_STACK_TOP, STACK_BASE)
        return (VECTOR_MEMORY if top > VECTOR_MEMORY else STACK_BASE), top


_ALLOCATED, _OBJECT = 2, 1
"""SHF_ALLOC; STT_OBJECT."""
_STACK_BEGIN, _STACK_TOP = "_sp_start_value_DM_stack", "__standin_stack_top"
"""What mlir-aie's linker script and the stand-in's name the end that a stack grows from."""


def _add(memory: NDArray[np.uint8], at: int, tag: int) -> None:
    word = int.from_bytes(memory[at : at + 4].tobytes(), "little") + tag
    memory[at : at + 4] = np.frombuffer((word & 0xFFFFFFFF).to_bytes(4, "little"), np.uint8)


def _put(memory: NDArray[np.uint8], at: int, tag: int) -> None:
    """A whole address, which may have its tag from the core's last start."""
    word = int.from_bytes(memory[at : at + 4].tobytes(), "little")
    _add(memory, at, tag - (word & ~PLAIN))


def read(names: Names, tile: Place) -> Program | None:
    """The program of a tile's core by its names; None where there is no such file."""
    source = names.programs.get(tile)
    if source is None:
        return None
    try:
        parsed = elf.parse(source.path.read_bytes())
    except (OSError, FormatError):
        return None
    kind = StandinProgram if parsed.machine == elf.RISCV else Program
    return kind(parsed, names.buffers.get(tile, ()), names.stacks.get(tile))


def plain(address: int) -> int:
    """An address as the core's memory has it."""
    return address & PLAIN if address < 1 << 31 else address
