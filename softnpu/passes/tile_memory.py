"""What lies in a tile's data memory, and how to say that it does not fit."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import PurePath

from softnpu.arch.device import Device
from softnpu.dialects.aie import BufferOp, TileOp
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error, location_of
from softnpu.errors import DesignError
from softnpu.numbered import FEW, stem

CORE_ALIGNMENT = 32
"""Bytes of an AIE-ML core's load or store of full width (mlir-aie, AIETargetModel.h)."""
MEMORY_TILE_ALIGNMENT = 4
"""Bytes of the smallest access of a DMA; nothing else reaches a memory tile's memory."""


def size_of(buffer: BufferOp) -> int:
    """Bytes of a buffer."""
    return memref_bytes(buffer.buffer_type)


@dataclass(frozen=True)
class TileMemory:
    """The data memory of one tile.

    Attributes:
        buffers: in the order of the design.
        size: bytes of memory.
        banks: memory banks, all of one size.
        stack: bytes of its core's stack, at address 0.
        alignment: bytes, a multiple of which the address of an aligned buffer is.
    """

    tile: TileOp
    buffers: list[BufferOp]
    size: int
    banks: int
    stack: int
    alignment: int

    @staticmethod
    def of(tile: TileOp, buffers: list[BufferOp], model: Device) -> TileMemory:
        """The memory of a tile of a device."""
        memory_tile = model.is_memory_tile(*tile.position)
        core = tile.core_op
        return TileMemory(
            tile=tile,
            buffers=buffers,
            size=model.mem_tile_size if memory_tile else model.local_memory_size,
            banks=model.num_banks(*tile.position),
            stack=0 if core is None else core.stack_size,
            alignment=MEMORY_TILE_ALIGNMENT if memory_tile else CORE_ALIGNMENT,
        )

    @property
    def bank_size(self) -> int:
        """Bytes of one bank."""
        return self.size // self.banks

    @property
    def needed(self) -> int:
        """Bytes of stack and buffers together."""
        return self.stack + sum(map(size_of, self.buffers))

    def series(self) -> list[Series]:
        """The buffers, those of a deep objectfifo together, from the largest down."""
        found: dict[tuple[str, str], list[BufferOp]] = {}
        for buffer in self.buffers:
            found.setdefault((stem(buffer.sym_name or ""), _place(buffer)), []).append(buffer)
        together = [
            part
            for buffers in found.values()
            for part in ([buffers] if len(buffers) > FEW else [[b] for b in buffers])
        ]
        return sorted(map(Series, together), key=lambda s: s.size, reverse=True)

    def table(self) -> tuple[str, ...]:
        """One line for the stack, each buffer or many of one kind, and what is left."""
        rows = [("(stack)", self.stack, "")] if self.stack else []
        rows += [(one.name, one.size, one.what) for one in self.series()]
        rows.append(("needed", self.needed, ""))
        rows.append(("available", self.size, f"  in {self.banks} banks of {self.bank_size}"))
        left = self.size - self.needed
        rows.append(("free" if left >= 0 else "missing", abs(left), ""))
        names = max(len(name) for name, _, _ in rows)
        sizes = max(len(str(size)) for _, size, _ in rows)
        return tuple(f"{name:<{names}}  {size:>{sizes}} bytes{more}" for name, size, more in rows)


_OF_FIFO = re.compile(r"(?P<fifo>.+?)(?:_cons|_prod)?_buff_\d+")


def fifo_of(buffer: BufferOp) -> str:
    """What a buffer belongs to, in words: the objectfifo that its name tells, or itself."""
    name = buffer.sym_name or "(no name)"
    fifo = _OF_FIFO.fullmatch(name)
    return f"objectfifo '{fifo['fifo']}'" if fifo else f"buffer '{name}'"


@dataclass(frozen=True)
class Series:
    """A buffer, or several whose names differ in a number at the end and nothing else does."""

    buffers: list[BufferOp]

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return sum(map(size_of, self.buffers))

    @property
    def name(self) -> str:
        """The one's, or the first one's and the last one's number."""
        first, last = self.buffers[0].sym_name, self.buffers[-1].sym_name
        if first is None or last is None:
            return "(no name)"
        return first if len(self.buffers) == 1 else f"{first} to {last.removeprefix(stem(last))}"

    @property
    def what(self) -> str:
        """How many they are, of what type, and where they come from."""
        count = len(self.buffers)
        many = f"{count} of {size_of(self.buffers[0])} bytes, " if count > 1 else ""
        return f"  {many}{_place(self.buffers[0])}"

    def shrunk(self, excess: int) -> str | None:
        """How deep the objectfifo behind them can be; None if that does not make up for it."""
        fifo = _OF_FIFO.fullmatch(self.buffers[0].sym_name or "")
        fits = len(self.buffers) - math.ceil(excess / size_of(self.buffers[0]))
        if fifo is None or len(self.buffers) == 1 or fits < 1:
            return None
        return f"make objectfifo '{fifo['fifo']}' at most {fits} deep here"


def _place(buffer: BufferOp) -> str:
    parts = [str(buffer.buffer_type)]
    if buffer.mem_bank is not None:
        parts.append(f"bank {buffer.mem_bank}")
    if (location := location_of(buffer)) is not None:
        parts.append(f"{PurePath(location.file).name}:{location.line}")
    return ", ".join(parts)


def does_not_fit(memory: TileMemory, scheme: str) -> DesignError:
    """The error for a tile whose buffers find no place, with its table and what to shrink."""
    where = f"tile {memory.tile.position}"
    excess = memory.needed - memory.size
    if excess > 0:
        message = (
            f"the buffers of {where} do not fit: {memory.needed} bytes needed, "
            f"{memory.size} available, {excess} too many"
        )
        remedy = _what_to_shrink(memory, excess)
    else:
        message = f"the buffers of {where} do not fit around the given addresses and banks"
        remedy = (
            f"{scheme or 'either scheme'} finds no gap that is large enough: "
            "leave out address and mem_bank where the place does not matter, "
            'or set allocation_scheme = "basic-sequential" on the tile'
        )
    return design_error(memory.tile, message, *memory.table(), remedy)


def _what_to_shrink(memory: TileMemory, excess: int) -> str:
    """Name the deepest objectfifo, or the largest buffers, enough to make up for the excess."""
    for one in memory.series():
        if shallower := one.shrunk(excess):
            return shallower
    names: list[str] = []
    for one in memory.series():
        names.append(f"'{one.name}'")
        excess -= one.size
        if excess <= 0:
            break
    listed = ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
    return (
        f"make {listed} smaller, use a depth of 1 where a depth of 2 is not needed, "
        "or keep large objects in a memory tile and pass them on in parts"
    )
