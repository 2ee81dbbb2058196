"""`aie-assign-buffer-addresses`: a place in its tile's data memory for every buffer.

The stack of a tile's core lies at the bottom; buffers follow from the largest to the smallest.
Bank-aware, they go round the memory banks; where that finds no room, one lies behind the other
(basic-sequential) (mlir-aie, AIEAssignBuffers.cpp). As there, the bank-aware scheme moves a
buffer whose address the design gives up by its own size if its bank has room for that.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.aie import BufferOp, DeviceOp, MemTileDMAOp, TileOp
from softnpu.dialects.source import design_error
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
    for op in device.walk():
        if not isinstance(op, BufferOp):
            continue
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


def _allocate_in_sequence(memory: TileMemory) -> bool:
    """Place the buffers behind the stack, around those that have an address; False: no room."""
    placed = [buffer for buffer in memory.buffers if buffer.address is not None]
    obstacles = std_sort(placed, lambda a, b: address_of(a) < address_of(b))
    address = memory.stack
    for buffer in _largest_first([b for b in memory.buffers if b.address is None]):
        while obstacles and address + size_of(buffer) > address_of(obstacles[0]):
            obstacle = obstacles.pop(0)
            address = address_of(obstacle) + size_of(obstacle)
        buffer.address = address
        address += size_of(buffer)
    return address <= memory.size


def address_of(buffer: BufferOp) -> int:
    """The address of a buffer that has one."""
    assert buffer.address is not None
    return buffer.address


class _Banks:
    """The next free address in each memory bank of a tile."""

    def __init__(self, memory: TileMemory) -> None:
        self.free = [memory.bank_size * bank for bank in range(memory.banks)]
        self.ends = [start + memory.bank_size for start in self.free]
        self.free[0] += memory.stack

    def accept_address(self, buffer: BufferOp) -> bool:
        """Note where a buffer with an address lies; False if that place is taken."""
        address = address_of(buffer)
        bank = next((i for i, end in enumerate(self.ends) if address < end), None)
        if bank is None:
            raise design_error(
                buffer,
                f"address {address} of buffer '{buffer.sym_name}' lies outside of the "
                f"{self.ends[-1]} bytes of tile {buffer.position}",
            )
        if address < self.free[bank]:
            return False
        self.free[bank] = address + size_of(buffer)
        buffer.mem_bank = bank
        return True

    def place(self, buffer: BufferOp, bank: int) -> bool:
        """Put a buffer into a bank; False if it has no room."""
        start = self.free[bank]
        if start + size_of(buffer) > self.ends[bank]:
            return False
        buffer.mem_bank = bank
        buffer.address = start
        self.free[bank] = start + size_of(buffer)
        return True

    @property
    def overflown(self) -> bool:
        """Whether a buffer with an address reaches out of its bank."""
        return any(free > end for free, end in zip(self.free, self.ends, strict=True))


def _allocate_over_banks(memory: TileMemory) -> bool:
    """Place each buffer in the next bank that has room for it; False: there is none."""
    banks = _Banks(memory)
    waiting: list[BufferOp] = []
    for buffer in memory.buffers:
        given = buffer.address is not None
        accepted = not given or banks.accept_address(buffer)
        # also where the address was not: mlir-aie moves the buffer before it gives up
        placed = buffer.mem_bank is None or banks.place(buffer, _given_bank(buffer, memory))
        if not (accepted and placed):
            return False
        if not given and buffer.mem_bank is None:
            waiting.append(buffer)
    return _distribute(_largest_first(waiting), banks) and not banks.overflown


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
