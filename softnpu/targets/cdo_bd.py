"""The words of the buffer descriptors that a design's DMA programs set up.

Sources: mlir-aie, AIERT.cpp (`configureBdInBlock`, `configureLocksInBdBlock`), and aie-rt,
xaie_dma.c and xaie_dma_aieml.c. Where those cut a value to the width of its field, this refuses it.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Block

from softnpu.arch.device import Device, TileKind
from softnpu.arch.dma import DmaEngine
from softnpu.dialects.aie import (
    BDDimLayoutAttr,
    BufferOp,
    DMABDOp,
    DMABDPACKETOp,
    ExternalBufferOp,
    LockOp,
    UseLockOp,
)
from softnpu.dialects.rules.descriptors import is_no_pattern
from softnpu.dialects.source import design_error
from softnpu.passes.bd_words import burst_encoding

WORD = 4
"""Bytes that the DMA moves at a time; every length, offset and stride is a multiple of them."""

PADDED_DIMENSIONS = 3
"""Dimensions that a memory tile can pad, counted from the innermost."""

Position = tuple[int, int]


def descriptor_words(block: Block, bd: DMABDOp, device: Device, tile: Position) -> list[int]:
    """The words of the descriptor that `block` describes, `bd` being its `aie.dma_bd`.

    Raises:
        DesignError: a value that the tile's DMA cannot hold or do.
    """
    engine = device.dma(*tile)
    values = {
        "valid_bd": 1,
        **_location(bd, device, engine, tile),
        **_dimensions(bd, engine),
        **_iteration(bd),
        **_padding(bd),
        **_next(bd, engine),
        **_packet(block, bd),
        **_locks(block, bd, device, tile),
    }
    if engine.kind is TileKind.SHIM:
        values["burst_length"] = burst_encoding(bd, device, bd.burst_length or 0)
    _check_fields(bd, engine, values)
    return engine.bd.pack(values)


def _check_fields(bd: DMABDOp, engine: DmaEngine, values: dict[str, int]) -> None:
    for key, value in values.items():
        field = engine.bd.field(key)
        if not field.minimum <= value <= field.maximum:
            raise design_error(
                bd,
                f"{field.name} = {value} does not fit in the descriptors of a "
                f"{engine.kind.value} tile, which hold {field.minimum} to {field.maximum}",
            )


# where the data are, and how many


def _location(bd: DMABDOp, device: Device, engine: DmaEngine, tile: Position) -> dict[str, int]:
    address = _buffer_address(bd, device, tile) + bd.offset_in_bytes
    if address % WORD:
        raise design_error(
            bd, f"the transfer starts at byte {address:#x}; the DMA moves words of {WORD} bytes"
        )
    words, rest = divmod(bd.len_in_bytes, WORD)
    longest = engine.maximum("buffer_length")
    if rest or words > longest:
        raise design_error(
            bd,
            f"a transfer of {bd.length} elements is {bd.len_in_bytes} bytes; a {engine.kind.value} "
            f"tile's DMA moves whole words of {WORD} bytes, at most {longest * WORD} at a time",
        )
    return {"buffer_length": words, **engine.address_fields(address)}


def _buffer_address(bd: DMABDOp, device: Device, tile: Position) -> int:
    """The byte address of the buffer as the tile's DMA counts it (a shim's: the host's)."""
    buffer = bd.buffer.owner
    if isinstance(buffer, ExternalBufferOp) and device.is_shim(*tile):
        return buffer.address or 0
    if not isinstance(buffer, BufferOp) or device.is_shim(*tile):
        needed = "an aie.external_buffer" if device.is_shim(*tile) else "an aie.buffer"
        raise design_error(bd, f"the DMA of tile {tile} needs {needed} here")
    if buffer.address is None:
        raise design_error(
            buffer, "the buffer has no address yet", "run aie-assign-buffer-addresses"
        )
    return _window(bd, buffer.position, device, tile) + buffer.address


def _window(bd: DMABDOp, owner: Position, device: Device, tile: Position) -> int:
    """Where the tile's DMA sees the first byte of the memory of tile `owner`."""
    if not device.is_memory_tile(*tile):
        if owner != tile:
            raise design_error(
                bd, f"the DMA of core tile {tile} cannot reach tile {owner}'s memory"
            )
        return 0
    base = device.mem_local_base_address(*tile, *owner)
    if base is None:
        raise design_error(bd, f"the DMA of memory tile {tile} cannot reach tile {owner}'s memory")
    return base


# access pattern


def _dimensions(bd: DMABDOp, engine: DmaEngine) -> dict[str, int]:
    """Step sizes and wraps, innermost dimension 0."""
    if not bd.dimensions:
        return {}
    dims = list(reversed(bd.dimensions.data))
    if len(dims) > engine.dimensions:
        raise design_error(
            bd,
            f"{len(dims)} dimensions; a {engine.kind.value} tile's DMA has {engine.dimensions}",
        )
    values: dict[str, int] = {}
    for index, dim in enumerate(dims):
        stride, wrap = _scaled(bd, index, dim)
        _check_step(bd, engine, index, dim, stride)
        values[f"d{index}_stepsize"] = stride - 1
        values |= _wrap(bd, engine, dims, index, wrap)
    return values


def _iteration(bd: DMABDOp) -> dict[str, int]:
    """How the descriptor moves on from one execution to the next; one step is none."""
    if bd.iteration is None or bd.iteration.size <= 1:
        return {}
    return {
        "iteration_stepsize": bd.iteration.stride * bd.element_bytes // WORD - 1,
        "iteration_wrap": bd.iteration.size - 1,
        "iteration_current": bd.iteration.current,
    }


def _scaled(bd: DMABDOp, index: int, dim: BDDimLayoutAttr) -> tuple[int, int]:
    """(stride, size) of a dimension in words; the innermost counts its size in them."""
    size, stride = dim.size * bd.element_bytes, dim.stride * bd.element_bytes
    counted, word = (size, "size") if index == 0 else (stride, "stride")
    cut = counted % WORD and (index == 0 or dim.size > 1)
    if cut and not (bd.dimensions and is_no_pattern(bd.dimensions, bd.element_bytes)):
        number = dim.size if index == 0 else dim.stride
        raise design_error(
            bd,
            f"dimension {index} (from the innermost) has a {word} of {number} elements, {counted} "
            f"bytes; the DMA counts words of {WORD} bytes",
        )
    if index == 0:
        return max(dim.stride, 1), size // WORD
    return max(stride // WORD, 1), dim.size


def _check_step(
    bd: DMABDOp, engine: DmaEngine, index: int, dim: BDDimLayoutAttr, stride: int
) -> None:
    longest = engine.maximum(f"d{index}_stepsize") + 1
    if stride > longest:
        raise design_error(
            bd,
            f"dimension {index} (from the innermost) steps {dim.stride} elements, {stride} words; "
            f"a {engine.kind.value} tile's DMA steps {longest} words at most",
        )


def _wrap(
    bd: DMABDOp, engine: DmaEngine, dims: Sequence[BDDimLayoutAttr], index: int, wrap: int
) -> dict[str, int]:
    """The wrap field of a dimension, if it has one.

    A wrap of 0 never wraps. So one past the field's maximum is stored as 0 (aie-rt lets it
    through and cuts it), which is right where the dimension need not wrap.
    """
    limit = engine.maximum("d0_wrap") + 1
    key = f"d{index}_wrap"
    if wrap > limit or (wrap == limit and engine.bd.has(key) and not _runs_on(dims, index)):
        raise design_error(
            bd,
            f"dimension {index} (from the innermost) has a size of {dims[index].size}, "
            f"{wrap} for the DMA of a {engine.kind.value} tile, which counts to {limit - 1}",
        )
    return {key: wrap % limit} if engine.bd.has(key) else {}


def _runs_on(dims: Sequence[BDDimLayoutAttr], index: int) -> bool:
    """Whether going on in this dimension is the same as stepping the next ones."""
    outer = dims[index + 1 :]
    return not any(dim.size > 1 for dim in outer) or (
        dims[index].size * dims[index].stride == outer[0].stride and _runs_on(dims, index + 1)
    )


def _padding(bd: DMABDOp) -> dict[str, int]:
    """Zeros before and after each dimension; only memory tiles have these fields."""
    if not bd.pad_dimensions:
        return {}
    values: dict[str, int] = {}
    for index, pad in enumerate(reversed(bd.pad_dimensions.data)):
        unit = bd.element_bytes if index == 0 else WORD
        before, after = pad.const_pad_before * unit, pad.const_pad_after * unit
        if before % WORD or after % WORD:
            raise design_error(
                bd, f"the innermost padding must be whole words of {WORD} bytes on either side"
            )
        if index < PADDED_DIMENSIONS:
            values[f"d{index}_zero_before"] = before // WORD
            values[f"d{index}_zero_after"] = after // WORD
        elif before or after:
            raise design_error(bd, f"only {PADDED_DIMENSIONS} dimensions can be padded")
    return values


# what follows, and who is told


def _next(bd: DMABDOp, engine: DmaEngine) -> dict[str, int]:
    if bd.next_bd_id is None:
        return {}
    if not 0 <= bd.next_bd_id < engine.bds:
        raise design_error(
            bd, f"next_bd_id = {bd.next_bd_id}: a {engine.kind.value} tile has {engine.bds} BDs"
        )
    return {"next_bd": bd.next_bd_id, "use_next_bd": 1}


def _packet(block: Block, bd: DMABDOp) -> dict[str, int]:
    header = next((op for op in block.ops if isinstance(op, DMABDPACKETOp)), None)
    if bd.packet is not None:
        kind, id = bd.packet.pkt_type, bd.packet.pkt_id
    elif header is not None:
        kind, id = header.packet_type, header.packet_id
    else:
        return {}
    if bd.len == 0:
        raise design_error(bd, "a transfer of length 0 cannot have a packet header")
    return {"enable_packet": 1, "packet_type": kind, "packet_id": id}


def _locks(block: Block, bd: DMABDOp, device: Device, tile: Position) -> dict[str, int]:
    uses = [op for op in block.ops if isinstance(op, UseLockOp)]
    if not uses:
        return {}
    acquire = next((op for op in reversed(uses) if not op.release), None)
    release = next((op for op in reversed(uses) if op.release), None)
    if acquire is None or release is None:
        missing = "acquires" if acquire is None else "releases"
        raise design_error(
            bd,
            f"no aie.use_lock {missing} a lock for this descriptor",
            "a descriptor has an acquire and a release, or neither",
        )
    sign = -1 if acquire.acquire_ge else 1
    return {
        "lock_acq_id": _lock_id(acquire, device, tile),
        "lock_acq_value": sign * acquire.lock_value,
        "lock_acq_enable": int(acquire.acq_en),
        "lock_rel_id": _lock_id(release, device, tile),
        "lock_rel_value": release.lock_value,
    }


def _lock_id(use: UseLockOp, device: Device, tile: Position) -> int:
    """The lock's number as the tile's DMA counts it: its own, a memory tile's neighbours' too."""
    lock: LockOp = use.lock_op
    if lock.lock_id is None:
        raise design_error(lock, "the lock has no id yet", "run aie-assign-lock-ids")
    owner = lock.position
    if device.is_memory_tile(*tile):
        base = device.lock_local_base_index(*tile, *owner)
    else:
        base = 0 if owner == tile else None
    if base is None:
        raise design_error(use, f"the DMA of tile {tile} cannot reach a lock of tile {owner}")
    return base + lock.lock_id
