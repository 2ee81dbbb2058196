"""Transfers that compile, and lose data or reach other data: aie-opt does not ask.

They warn where a host may know better: it may bind a larger buffer than the sequence declares, or
want the last of what comes to one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.ir import Block

from softnpu.dialects.aie import (
    BDDimLayoutArrayAttr,
    BufferOp,
    DeviceOp,
    DMABDOp,
    DMAStartOp,
    ObjectFifoCreateOp,
    RuntimeSequenceOp,
    TileOp,
)
from softnpu.dialects.aiex import (
    NpuBlockWriteOp,
    NpuMaskWrite32Op,
    NpuWrite32Op,
    NpuWriteBdOp,
)
from softnpu.dialects.enums import DMAChannelDir
from softnpu.dialects.rules.common import DMA_PROGRAMS, parent_named
from softnpu.dialects.scalars import number_of
from softnpu.dialects.sizes import element_bytes, element_count, memref_bytes
from softnpu.dialects.source import design_warning, location_of
from softnpu.dialects.walking import ops_of
from softnpu.errors import DesignError, diagnostic
from softnpu.passes.bd_fields import Padding
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import Symbols, devices, sequences
from softnpu.passes.transfers import HostTransfer, host_transfers, outside

WORD_BYTES = 4

RAW_WRITES = (NpuWrite32Op, NpuMaskWrite32Op, NpuBlockWriteOp)

MOST_PLACES = 1 << 16
"""Elements of a pattern that are listed to see whether two are in one place."""


def transfer_warnings(module: ModuleOp) -> Iterator[str]:
    """The warnings for all devices of a design as its author wrote it."""
    for device in devices(module):
        yield from _overlapping_fifos(device)
        yield from _overlapping_programs(device)
        yield from _empty_programs(device)
        for sequence in sequences(device):
            yield from _of_host_memory(sequence)
            yield from _raw_writes(device, sequence)


# what reaches the host


def _of_host_memory(sequence: RuntimeSequenceOp) -> Iterator[str]:
    """Transfers that leave their argument, or write parts of it more than once."""
    try:
        found = host_transfers(sequence)
    except (DesignError, RecursionError):
        return  # refused when the sequence is lowered
    for transfer in found:
        if (error := outside(transfer)) is not None:
            yield diagnostic("warning", error.message, error.location, error.notes)
        if transfer.writes_host and _overlaps(*_steps(transfer)):
            yield diagnostic(
                "warning",
                f"this transfer writes parts of argument {transfer.argument} more than once: of "
                "what comes to one place, the last stays",
                transfer.location,
            )


def _steps(transfer: HostTransfer) -> tuple[Sequence[int], Sequence[int]]:
    """Sizes and strides without an iteration that repeats in place, as one means it."""
    pattern = transfer.pattern
    if pattern is None:
        return (), ()
    end = 3 if pattern.repeats_in_place else 4
    return pattern.sizes[:end], pattern.strides[:end]


def _overlaps(sizes: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether a pattern comes to one place twice."""
    moving = sorted((stride, size) for size, stride in zip(sizes, strides, strict=True) if size > 1)
    reach = 0
    for stride, size in moving:
        if stride <= reach:
            break
        reach += stride * (size - 1)
    else:
        return False
    if prod(size for _, size in moving) > MOST_PLACES:
        return False
    places = [0]
    for stride, size in moving:
        places = [place + stride * step for place in places for step in range(size)]
    return len(set(places)) < len(places)


# what is received in the array


def _overlapping_fifos(device: DeviceOp) -> Iterator[str]:
    for fifo in of_type(device, ObjectFifoCreateOp):
        for tile, dims in zip(
            fifo.consumer_tiles, fifo.dimensions_from_stream_per_consumer, strict=False
        ):
            if _overlaps_itself(dims) and isinstance(tile.owner, TileOp):
                yield design_warning(
                    fifo,
                    f"dimensionsFromStream of @{fifo.sym_name} in tile {tile.owner.position} come "
                    "to one place twice: the last that is received there stays",
                )


def _overlapping_programs(device: DeviceOp) -> Iterator[str]:
    for op in ops_of(device, DMAStartOp):
        if op.channel_dir is DMAChannelDir.S2MM:
            for block in _chain(op.dest):
                for bd in block.ops:
                    if (
                        isinstance(bd, DMABDOp)
                        and bd.dimensions
                        and _overlaps_itself(bd.dimensions)
                    ):
                        yield design_warning(
                            bd,
                            "the dimensions come to one place twice: the last that is received "
                            "there stays",
                        )


def _empty_programs(device: DeviceOp) -> Iterator[str]:
    """Descriptors of length 0: what the DMA does with their locks is written nowhere.

    The field holds it (AM029, DMA_BD0_0), and mlir-aie lets it through; but with a packet's
    header it is undefined (AIERT.cpp).
    """
    for op in ops_of(device, DMABDOp):
        empty = not op.is_dynamic and op.length == 0
        if empty and parent_named(op, *DMA_PROGRAMS, "aie.bd_chain") is not None:
            yield design_warning(
                op,
                "this descriptor has length 0 and moves nothing: the emulator will refuse it",
            )


def _overlaps_itself(dims: BDDimLayoutArrayAttr) -> bool:
    return _overlaps([dim.size for dim in dims], [dim.stride for dim in dims])


def _chain(first: Block) -> list[Block]:
    found = [first]
    for block in found:
        last = block.last_op
        found.extend(b for b in (last.successors if last else ()) if b not in found)
    return found


# what is written as it stands


_EMPTY_WRITE = "buffer_length is 0: unless its word is written otherwise, this moves nothing"
_WITH_HEADER = ", and what becomes of its packet's header is undefined"


def _raw_writes(device: DeviceOp, sequence: RuntimeSequenceOp) -> Iterator[str]:
    """Writes behind the end of the buffer that they name, and descriptors of half a pattern."""
    symbols = Symbols(device)
    for op in ops_of(sequence, NpuWriteBdOp, *RAW_WRITES):
        if isinstance(op, NpuWriteBdOp):
            if op.buffer_length == 0:
                yield design_warning(op, _EMPTY_WRITE + _WITH_HEADER * bool(op.enable_packet))
            run = max(op.d0_size, 1) * max(op.d1_size, 1)
            if op.buffer_length % run and not any(getattr(op, pad) for pad in Padding().named()):
                yield design_warning(
                    op,
                    f"buffer_length is {op.buffer_length} words, no multiple of d0_size * d1_size "
                    f"= {run}: the transfer ends within the pattern",
                )
        elif isinstance(op, RAW_WRITES) and op.buffer:
            buffer = symbols.get(op.buffer)
            words = _words(op)
            first = op.address if isinstance(op.address, int) else number_of(op.address)
            if first is None or not isinstance(buffer, BufferOp):
                continue
            if first + words > _size(buffer):
                yield design_warning(
                    op,
                    f"this writes words {first} to {first + words - 1} of @{op.buffer}, "
                    f"which has words 0 to {_size(buffer) - 1}",
                    f"it is {buffer.buffer_type}, declared at {location_of(buffer)}",
                )


def _words(op: NpuWrite32Op | NpuMaskWrite32Op | NpuBlockWriteOp) -> int:
    if isinstance(op, NpuBlockWriteOp) and isinstance(op.data.type, MemRefType):
        return element_count(op.data.type) * element_bytes(op.data.type) // WORD_BYTES
    return 1


def _size(buffer: BufferOp) -> int:
    return memref_bytes(buffer.buffer_type) // WORD_BYTES
