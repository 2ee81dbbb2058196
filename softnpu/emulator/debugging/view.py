"""What there is to see of one core while the array stands still."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.standin import STANDIN_ISA, VECTOR_MEMORY, VECTOR_MEMORY_SIZE
from softnpu.emulator.debugging.symbols import Symbols
from softnpu.emulator.debugging.values import elements
from softnpu.emulator.memcheck.seen import Seen, plain
from softnpu.emulator.memcheck.seen import buffers as seen_buffers
from softnpu.emulator.naming.source_lines import SourceLines
from softnpu.emulator.unwinding.calls import calls, chain
from softnpu.emulator.unwinding.frames import Frame
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.array.array import Array
    from softnpu.emulator.cores.core import Core
    from softnpu.emulator.naming.names import Buffer, Names, Place

ABI = (
    *("zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1"),
    *(f"a{n}" for n in range(8)),
    *(f"s{n}" for n in range(2, 12)),
    *("t3", "t4", "t5", "t6"),
)
"""What RISC-V's psABI calls x0 to x31."""


@dataclass(frozen=True)
class Named:
    """A buffer of the design.

    Attributes:
        tile: whose memory it lies in.
        memory: its bytes, the tile's own.
    """

    tile: Place
    buffer: Buffer
    memory: NDArray[np.uint8]

    @property
    def values(self) -> NDArray[Any]:
        """Its elements."""
        return elements(self.memory, self.buffer.element)


def buffers(array: Array, names: Names) -> list[Named]:
    """The buffers of the design that is loaded, tile by tile."""
    found = []
    for tile, known in sorted(names.of(array.pdi).buffers.items()):
        memory = array.tiles[tile].memory
        for buffer in known:
            found.append(Named(tile, buffer, memory[buffer.address :][: buffer.size]))
    return found


class CoreView:
    """One core, as a debugger shows it.

    Args:
        names: of the design; those of the PDI that is loaded are taken.
    """

    def __init__(self, core: Core, array: Array, names: Names, symbols: Symbols) -> None:
        self.core = core
        self.array = array
        self.names = names.of(array.pdi)
        self.symbols = symbols
        self._tile = array.core_tile(*core.tile)

    @property
    def is_standin(self) -> bool:
        """Whether it runs RV32 code, else the NPU's own."""
        return self.array.core_isa == STANDIN_ISA

    @property
    def elf(self) -> Path | None:
        """The file of its program; None if nobody knows it."""
        program = self.names.programs.get(self.core.tile)
        return None if program is None or not program.path.is_file() else program.path

    # registers and memory

    def registers(self) -> dict[str, int]:
        """All registers; before its first start those of RV32, all 0, and the counter of AIE2."""
        machine = self.core.processor
        if machine is not None:
            return machine.register_file()
        names = [f"{kind}{n}" for kind in "xf" for n in range(32)] if self.is_standin else []
        return {**dict.fromkeys(names, 0), "pc": 0}

    def named_registers(self) -> dict[str, int]:
        """As `registers`, RV32's by the names of its calling convention."""
        found = self.registers()
        return {_convention(n): v for n, v in found.items()} if self.is_standin else found

    @property
    def pc(self) -> int:
        """The program counter."""
        return self.core.registers().get("pc", 0)

    def write_register(self, name: str, value: int) -> None:
        """Writes a register; EmulatorError where there is none of that name."""
        machine = self.core.processor
        if machine is None:
            raise EmulatorError(f"{self.core.place} has not begun its program")
        try:
            machine.write_register(name, value)
        except KeyError:
            raise EmulatorError(f"{self.core.place} has no register {name} to write") from None

    def read(self, address: int, size: int) -> bytes:
        """Memory as the core sees it, program memory included; EmulatorError where there is none.

        It can be read whether or not the core has acquired it.
        """
        at = plain(address)
        machine = self.core.processor
        if machine is not None and VECTOR_MEMORY <= at < VECTOR_MEMORY + VECTOR_MEMORY_SIZE:
            return machine.read(at, size)
        return self.core.read(at, size)

    def write(self, address: int, data: bytes) -> None:
        """Writes data memory as the core sees it; EmulatorError where there is none."""
        at = plain(address)
        found = self.core.memory(at, len(data)) if at >= len(self._tile.program) else None
        if found is None:
            raise EmulatorError(f"{self.core.place} has no data memory at {at:#x}")
        found[:] = np.frombuffer(data, np.uint8)

    def bytes_at(self, address: int, size: int) -> NDArray[np.uint8]:
        """The very bytes of a tile's memory, to be watched; EmulatorError where there are none."""
        found = self.core.memory(address, size)
        if found is None:
            raise EmulatorError(f"{self.core.place} has no tile's memory at {address:#x}")
        return found

    # names

    @cached_property
    def seen(self) -> list[Seen]:
        """The buffers that it sees, each with the address where it does."""
        return seen_buffers(self.names, self._tile.seen())

    def place(self, address: int) -> str:
        """What lies at an address, e.g. "out_buff_0[3]"; "" for nothing that has a name."""
        at = plain(address)
        for one in self.seen:
            if one.begin <= at < one.end:
                size = one.buffer.size // max(len(self.of(one).values), 1)
                index, inside = divmod(at - one.begin, size)
                behind = f" byte {inside}" if inside else ""
                return f"{one.buffer.name}[{index}]{behind}"
        return ""

    def held(self, address: int) -> NDArray[Any] | None:
        """The elements of a buffer from an address on; None where none of them begins."""
        at = plain(address)
        for one in self.seen:
            if one.begin <= at < one.end:
                values = self.of(one).values
                index, inside = divmod(at - one.begin, values.itemsize)
                return None if inside else values[index:]
        return None

    def of(self, one: Seen) -> Named:
        """A buffer that it sees, with what it holds."""
        memory = self.array.tiles[one.tile].memory
        return Named(one.tile, one.buffer, memory[one.buffer.address :][: one.buffer.size])

    # where it is

    def frames(self) -> list[Frame]:
        """The functions that it is in; as `calls`."""
        return calls(self.core, self.symbols.source)

    @property
    def here(self) -> int:
        """The address of the instruction that it is at; as `Core.here`."""
        return self.core.here

    def where(self) -> str:
        """E.g. "in scale (scale.c:7), called from core_0_2 (design.mlir:19)"."""
        frames = self.frames()
        if not frames:
            return "before its first instruction"
        return f"in {chain(self.symbols.source, frames)}"

    def told(self, frame: Frame) -> str:
        """A frame, e.g. "scale (scale.c:7)"."""
        place = self.symbols.place(frame.line) or f"pc {frame.pc:#x}"
        return f"{frame.function} ({place})" if frame.function else place


def _convention(name: str) -> str:
    known = name.startswith("x") and name[1:].isdigit()
    return ABI[int(name[1:])] if known else name


def symbols_of(names: Names, tile: Place, known: dict[Path, Symbols]) -> Symbols:
    """The symbols of the program of a tile's core, read once."""
    source = names.programs.get(tile) or SourceLines(Path())
    return known.setdefault(source.path, Symbols(source))
