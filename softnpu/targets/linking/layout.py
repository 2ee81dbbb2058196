"""What lies in a core's memories, as a table for messages about room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from softnpu.arch.standin import STACK_BASE
from softnpu.targets.linking.elf import Elf, Section, Symbol

PROGRAM_MEMORY = 0x4000
DATA_MEMORY = 0x10000
STACK_ALIGNMENT = 32
LISTED_SYMBOLS = 4


@dataclass(frozen=True)
class Buffer:
    """A buffer in the core's own data memory: bytes from `offset`."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True)
class CoreLayout:
    """What a design puts into a core tile's data memory.

    Attributes:
        tile: (column, row).
        stack_size: bytes, from the start of the memory.
        buffers: the tile's own buffers.
    """

    tile: tuple[int, int]
    stack_size: int
    buffers: tuple[Buffer, ...]

    @property
    def name(self) -> str:
        return f"core {self.tile}"

    @property
    def used(self) -> int:
        """Bytes up to the end of the last buffer; the program's own data go behind it."""
        return max([self.stack_size, *(b.offset + b.size for b in self.buffers)])

    @property
    def stack_top(self) -> int:
        """The address that RV32's stack, which grows down, starts from."""
        return STACK_BASE + self.stack_size


def data_table(layout: CoreLayout, program: Elf) -> tuple[str, ...]:
    """The tile's data memory, one line an item: offset, bytes, what it is."""
    data = sum(s.size for s in _data_sections(program))
    rows = _design_rows(layout)
    if data:
        rows.append((layout.used, data, f"constants and variables of the code{_largest(program)}"))
    used = layout.used + data
    total = f"{DATA_MEMORY:,} bytes in all, "
    total += (
        f"{used - DATA_MEMORY:,} too few"
        if used > DATA_MEMORY
        else f"{DATA_MEMORY - used:,} free at the end"
    )
    return (*_lines(rows), total)


def design_table(layout: CoreLayout) -> tuple[str, ...]:
    """The design's share of the data memory alone, for a program that could not be linked."""
    free = DATA_MEMORY - layout.used
    return (*_lines(_design_rows(layout)), f"{DATA_MEMORY:,} bytes in all, {free:,} behind them")


def remedies(layout: CoreLayout, excess: int) -> tuple[str, ...]:
    """What to change when `excess` bytes find no room behind the buffers."""
    shrink = "shrink a buffer, its depth, or a table in the C code"
    packed = layout.stack_size + sum(buffer.size for buffer in layout.buffers)
    if layout.used - packed < excess:
        return (shrink,)
    return (
        'let the buffers lie close together: allocation_scheme = "basic-sequential" on the '
        f"tile gives {layout.used - packed:,} bytes, since bank-aware buffers lie a bank apart",
        f"or {shrink}",
    )


def _design_rows(layout: CoreLayout) -> list[tuple[int, int, str]]:
    buffers = sorted(layout.buffers, key=lambda b: b.offset)
    return [
        (0, layout.stack_size, "stack (stack_size)"),
        *((b.offset, b.size, b.name) for b in buffers),
    ]


def _lines(rows: Iterable[tuple[int, int, str]]) -> Iterator[str]:
    return (f"{offset:#07x} {size:>8,}  {what}" for offset, size, what in rows)


def code_table(program: Elf) -> tuple[str, ...]:
    """The largest functions of a program, one line each: bytes, name."""
    functions = [s for s in program.symbols if s.is_function and s.is_defined]
    return tuple(f"{s.size:>8,}  {s.name}" for s in _by_size(functions)[: 2 * LISTED_SYMBOLS])


def _data_sections(program: Elf) -> list[Section]:
    return [s for s in program.sections if s.allocated and s.address >= STACK_BASE]


def _largest(program: Elf) -> str:
    objects = _by_size(s for s in program.symbols if s.is_object and s.is_defined)
    named = ", ".join(f"{s.name} {s.size:,}" for s in objects[:LISTED_SYMBOLS])
    more = ", ..." if len(objects) > LISTED_SYMBOLS else ""
    return f": {named}{more}" if named else ""


def _by_size(symbols: Iterable[Symbol]) -> list[Symbol]:
    return sorted((s for s in symbols if s.size), key=lambda s: -s.size)
