"""What lies in a core's memories, as a table for messages about room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from softnpu.arch.standin import STACK_BASE
from softnpu.numbered import FEW, stem
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
    def gap(self) -> tuple[int, int]:
        """Start and bytes of what mlir-aie's linker script gives the program's own data."""
        return largest_gap(self.stack_size, ((b.offset, b.size) for b in self.buffers), DATA_MEMORY)

    @property
    def stack_top(self) -> int:
        """The address that RV32's stack, which grows down, starts from."""
        return STACK_BASE + self.stack_size


def largest_gap(stack: int, buffers: Iterable[tuple[int, int]], size: int) -> tuple[int, int]:
    """Start and bytes of the largest free part of a memory, the first of equal ones.

    Args:
        stack: its bytes, from the start of the memory.
        buffers: (offset, bytes) of each.
        size: bytes of the memory.
    """
    best, cursor = (0, 0), 0
    for start, taken in (*sorted([(0, stack), *buffers]), (size, 0)):
        if start - cursor > best[1]:
            best = cursor, start - cursor
        cursor = max(cursor, start + taken)
    return best


def data_table(layout: CoreLayout, program: Elf) -> tuple[str, ...]:
    """The tile's data memory, one line an item: offset, bytes, what it is."""
    start, room = layout.gap
    data = data_end(program) - STACK_BASE - start
    rows = _design_rows(layout)
    if data > 0:
        rows.append((start, data, f"constants and variables of the code{_largest(program)}"))
    total = f"{room:,} bytes in the largest gap, "
    total += f"{data - room:,} too few" if data > room else f"{room - data:,} of them free"
    return (*_lines(sorted(rows)), total)


def data_end(program: Elf) -> int:
    """The address behind the last of a program's data."""
    return max((s.address + s.size for s in _data_sections(program)), default=STACK_BASE)


def design_table(layout: CoreLayout) -> tuple[str, ...]:
    """The design's share of the data memory alone, for a program that could not be linked."""
    start, room = layout.gap
    return (*_lines(_design_rows(layout)), f"{room:,} bytes from {start:#07x} are the largest gap")


def remedies(layout: CoreLayout, excess: int) -> tuple[str, ...]:
    """What to change when `excess` bytes find no room in the largest gap."""
    shrink = "shrink a buffer, its depth, or a table in the C code"
    taken = layout.stack_size + sum(buffer.size for buffer in layout.buffers)
    gained = DATA_MEMORY - taken - layout.gap[1]
    if gained < excess:
        return (shrink,)
    return (
        'let the buffers lie close together: allocation_scheme = "basic-sequential" on the '
        f"tile gives {gained:,} bytes, since bank-aware buffers lie a bank apart",
        f"or {shrink}",
    )


def _design_rows(layout: CoreLayout) -> list[tuple[int, int, str]]:
    """The stack, and each buffer by its place; the many of a deep objectfifo by the first one's."""
    kinds: dict[tuple[str, int], list[Buffer]] = {}
    for buffer in sorted(layout.buffers, key=lambda b: b.offset):
        kinds.setdefault((stem(buffer.name), buffer.size), []).append(buffer)
    rows = [(0, layout.stack_size, "stack (stack_size)")]
    for (_, size), alike in kinds.items():
        if len(alike) > FEW:
            what = f"{alike[0].name} and {len(alike) - 1} more like it, {size:,} each"
            rows.append((alike[0].offset, size * len(alike), what))
        else:
            rows += [(b.offset, b.size, b.name) for b in alike]
    return sorted(rows)


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
