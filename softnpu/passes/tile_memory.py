"""What lies in a tile's data memory, and how to say that it does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from softnpu.arch.device import Device
from softnpu.dialects.aie import BufferOp, TileOp
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error, location_of
from softnpu.errors import DesignError


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
    """

    tile: TileOp
    buffers: list[BufferOp]
    size: int
    banks: int
    stack: int

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
        )

    @property
    def bank_size(self) -> int:
        """Bytes of one bank."""
        return self.size // self.banks

    @property
    def needed(self) -> int:
        """Bytes of stack and buffers together."""
        return self.stack + sum(map(size_of, self.buffers))

    def table(self) -> tuple[str, ...]:
        """One line for the stack, each buffer from the largest down, and what is left."""
        by_size = sorted(self.buffers, key=size_of, reverse=True)
        rows = [("(stack)", self.stack, "")] if self.stack else []
        rows += [(b.sym_name or "(no name)", size_of(b), _place(b)) for b in by_size]
        rows.append(("needed", self.needed, ""))
        rows.append(("available", self.size, f"  in {self.banks} banks of {self.bank_size}"))
        rows.append(("free", self.size - self.needed, ""))
        names = max(len(name) for name, _, _ in rows)
        sizes = max(len(str(size)) for _, size, _ in rows)
        return tuple(f"{name:<{names}}  {size:>{sizes}} bytes{more}" for name, size, more in rows)


def _place(buffer: BufferOp) -> str:
    parts = [str(buffer.buffer_type)]
    if buffer.mem_bank is not None:
        parts.append(f"bank {buffer.mem_bank}")
    if (location := location_of(buffer)) is not None:
        parts.append(f"{PurePath(location.file).name}:{location.line}")
    return "  " + ", ".join(parts)


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
    """Name the largest buffers, enough of them to make up for the excess."""
    names: list[str] = []
    for buffer in sorted(memory.buffers, key=size_of, reverse=True):
        names.append(f"'{buffer.sym_name}'")
        excess -= size_of(buffer)
        if excess <= 0:
            break
    listed = ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
    return (
        f"make {listed} smaller, use a depth of 1 where a depth of 2 is not needed, "
        "or keep large objects in a memory tile and pass them on in parts"
    )
