"""`aie-assign-buffer-addresses`: a place in its tile's data memory for every buffer.

The stack of a tile's core lies at the bottom; buffers follow from the largest to the smallest,
around those whose place the design gives. Bank-aware, they go round the memory banks; where that
finds no room, one lies behind the other (basic-sequential). Unless a buffer says `aligned = false`,
it begins where a load or store of full width may (mlir-aie, AIEAssignBuffers.cpp).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.aie import BufferOp, DeviceOp, MemTileDMAOp, TileOp
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import ops_of
from softnpu.errors import DesignError
from softnpu.passes.concerns import Concerns
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import devices, model_of
from softnpu.passes.std_sort import std_sort
from softnpu.passes.tile_memory import TileMemory, does_not_fit, size_of

BASIC_SEQUENTIAL = "basic-sequential"
BANK_AWARE = "bank-aware"


@dataclass(frozen=True)
class AssignBufferAddressesPass(ModulePass):
    """Give every buffer an address.

    Attributes:
        alloc_scheme: "basic-sequential" or "bank-aware" for tiles that name no scheme
            themselves; anything else means bank-aware, or basic-sequential where that fails.
    """

    name = "aie-assign-buffer-addresses"
    concerns: ClassVar[Concerns] = (
        TileOp,
        BufferOp,
    )
    alloc_scheme: str = ""

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            buffers = _buffers_by_tile(device)
            for tile in of_type(device, TileOp):
                memory = TileMemory.of(tile, buffers[tile], model_of(device))
                _allocate(memory, tile.allocation_scheme or self.alloc_scheme)


def _buffers_by_tile(device: DeviceOp) -> dict[TileOp, list[BufferOp]]:
    """The buffers of each tile in the order of the design, all of them with a name."""
    buffers: dict[TileOp, list[BufferOp]] = defaultdict(list)
    anonymous = 0
    for op in ops_of(device, BufferOp):
        _check_scope(op)
        if op.sym_name is None:
            op.sym_name = f"_anonymous{anonymous}"
            anonymous += 1
        buffers[op.tile_op].append(op)
    return buffers


def _check_scope(buffer: BufferOp) -> None:
    """A buffer inside a core must be a constant table; others stand in the device."""
    parent = buffer.parent_op()
    if not isinstance(parent, (DeviceOp, MemTileDMAOp)) and buffer.initial_value is None:
        raise design_error(
            buffer,
            f"buffer '{buffer.sym_name}' stands inside a core but has no initial value",
            "move it out of the core, directly into the device",
        )


def _allocate(memory: TileMemory, scheme: str) -> None:
    if scheme == BASIC_SEQUENTIAL:
        fits = _allocate_in_sequence(memory)
    elif scheme == BANK_AWARE:
        fits = _allocate_over_banks(memory)
    else:
        fits = _allocate_over_banks(memory) or _allocate_in_sequence(memory)
    if not fits:
        raise does_not_fit(memory, scheme)


def _largest_first(buffers: list[BufferOp]) -> list[BufferOp]:
    return std_sort(buffers, lambda a, b: size_of(a) > size_of(b))


def _aligned(buffer: BufferOp, address: int, memory: TileMemory) -> int:
    """The address itself, or the next at which the buffer may begin."""
    return -(-address // memory.alignment) * memory.alignment if buffer.aligned else address


def _allocate_in_sequence(memory: TileMemory) -> bool:
    """Place the buffers behind the stack, around those that have an address; False: no room."""
    placed = [buffer for buffer in memory.buffers if buffer.address is not None]
    obstacles = std_sort(placed, lambda a, b: address_of(a) < address_of(b))
    for buffer in obstacles:
        _check_given(buffer, memory)
    address = memory.stack
    for buffer in _largest_first([b for b in memory.buffers if b.address is None]):
        address = _aligned(buffer, address, memory)
        while obstacles and address + size_of(buffer) > address_of(obstacles[0]):
            obstacle = obstacles.pop(0)
            address = _aligned(buffer, address_of(obstacle) + size_of(obstacle), memory)
        buffer.address = address
        address += size_of(buffer)
    _check_places(memory)
    return max(address, *(_end_of(buffer) for buffer in memory.buffers), 0) <= memory.size


def address_of(buffer: BufferOp) -> int:
    """The address of a buffer that has one."""
    assert buffer.address is not None
    return buffer.address


def _end_of(buffer: BufferOp) -> int:
    return address_of(buffer) + size_of(buffer)


def _check_given(buffer: BufferOp, memory: TileMemory) -> None:
    address = address_of(buffer)
    if buffer.aligned and address % memory.alignment:
        raise design_error(
            buffer,
            f"address {address} of buffer '{buffer.sym_name}' is no multiple of "
            f"{memory.alignment} bytes, as an aligned buffer's in tile {buffer.position} is",
            f"choose {_aligned(buffer, address, memory)}, or say {{aligned = false}}",
        )
    if _end_of(buffer) > memory.size:
        col, row = buffer.position
        raise design_error(
            buffer,
            f"buffer '{buffer.sym_name}' reaches from {address} to {_end_of(buffer)}, the memory "
            f"of tile ({col}, {row}) ends at {memory.size}",
        )


def _check_places(memory: TileMemory) -> None:
    """No buffer lies in the stack or in another."""
    end, before = memory.stack, "the stack"
    for buffer in sorted(memory.buffers, key=address_of):
        if address_of(buffer) < end:
            raise design_error(
                buffer,
                f"buffer '{buffer.sym_name}' at address {address_of(buffer)} lies in {before}, "
                f"which ends at {end}",
            )
        end, before = _end_of(buffer), f"buffer '{buffer.sym_name}'"


class _Banks:
    """The next free address in each memory bank of a tile."""

    def __init__(self, memory: TileMemory) -> None:
        self.memory = memory
        self.free = [memory.bank_size * bank for bank in range(memory.banks)]
        self.ends = [start + memory.bank_size for start in self.free]
        self.free[0] += memory.stack

    def accept(self, buffer: BufferOp) -> bool:
        """Note where a buffer with an address lies; False if that place is taken."""
        address = address_of(buffer)
        _check_given(buffer, self.memory)
        bank = next((i for i, end in enumerate(self.ends) if 0 <= address < end), None)
        if bank is None:
            raise design_error(
                buffer,
                f"address {address} of buffer '{buffer.sym_name}' lies outside of the "
                f"{self.ends[-1]} bytes of tile {buffer.position}",
            )
        if address < self.free[bank]:
            return False
        if buffer.mem_bank not in (None, bank):
            raise design_error(
                buffer,
                f"address {address} of buffer '{buffer.sym_name}' lies in bank {bank}, not in "
                f"mem_bank {buffer.mem_bank}",
                "give one of the two",
            )
        self.free[bank] = _end_of(buffer)
        buffer.mem_bank = bank
        return True

    def place(self, buffer: BufferOp, bank: int) -> bool:
        """Put a buffer into a bank; False if it has no room."""
        start = _aligned(buffer, self.free[bank], self.memory)
        if start + size_of(buffer) > self.ends[bank]:
            return False
        buffer.mem_bank = bank
        buffer.address = start
        self.free[bank] = _end_of(buffer)
        return True

    @property
    def overflown(self) -> bool:
        """Whether a buffer with an address reaches out of its bank."""
        return any(free > end for free, end in zip(self.free, self.ends, strict=True))


def _allocate_over_banks(memory: TileMemory) -> bool:
    """Place each buffer in the next bank that has room for it; False: there is none."""
    banks = _Banks(memory)
    given = [b for b in memory.buffers if b.address is not None or b.mem_bank is not None]
    waiting = [b for b in memory.buffers if b.address is None and b.mem_bank is None]
    for buffer in std_sort(given, _comes_first):
        if buffer.address is None:
            bank = _given_bank(buffer, memory)
            if not banks.place(buffer, bank):
                raise _full(buffer, bank, banks)
        elif not banks.accept(buffer):
            return False
    if not _distribute(_largest_first(waiting), banks):
        return False
    _check_places(memory)
    return not banks.overflown


def _comes_first(a: BufferOp, b: BufferOp) -> bool:
    """Addresses in order, then those that only name a bank."""
    if a.address is not None and b.address is not None:
        return a.address < b.address
    return a.address is not None and b.address is None


def _full(buffer: BufferOp, bank: int, banks: _Banks) -> DesignError:
    """The author's bank has no room; elsewhere the buffer would not be what its mem_bank says."""
    left = max(0, banks.ends[bank] - banks.free[bank])
    return design_error(
        buffer,
        f"buffer '{buffer.sym_name}' needs {size_of(buffer)} bytes, and its mem_bank {bank} has "
        f"{left} left",
        "name another bank, or leave mem_bank out",
    )


def _given_bank(buffer: BufferOp, memory: TileMemory) -> int:
    bank = buffer.mem_bank
    if bank is None or not 0 <= bank < memory.banks:
        raise design_error(
            buffer,
            f"mem_bank {bank} of buffer '{buffer.sym_name}' is not one of the {memory.banks} "
            f"banks (0 to {memory.banks - 1}) of tile {buffer.position}",
        )
    return bank


def _distribute(buffers: list[BufferOp], banks: _Banks) -> bool:
    """Go round the banks; on failure, the buffers placed here have no address again."""
    count = len(banks.free)
    start = 0
    placed: list[BufferOp] = []
    for buffer in buffers:
        order = ((start + step) % count for step in range(count))
        bank = next((bank for bank in order if banks.place(buffer, bank)), None)
        if bank is None:
            for earlier in placed:
                earlier.address = earlier.mem_bank = None
            return False
        placed.append(buffer)
        start = (bank + 1) % count
    return True
