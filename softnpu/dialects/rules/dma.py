"""Rules of DMA programs and their buffer descriptors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from xdsl.dialects.builtin import MemRefType, UnrankedMemRefType
from xdsl.ir import Block, Operation

from softnpu.arch.device import TileKind
from softnpu.dialects.aie.dma import DMABDOp, DMAOp, DMAStartOp, MemOp, MemTileDMAOp, NextBDOp
from softnpu.dialects.aie.tiles import BufferOp, EndOp, ExternalBufferOp, TileElement, UseLockOp
from softnpu.dialects.attributes import BDDimLayoutArrayAttr, PacketInfoAttr
from softnpu.dialects.rules.common import WORD_BYTES, kind_of, model_of, parent_named, title, where
from softnpu.dialects.sizes import element_count
from softnpu.dialects.source import design_error, location_of

PROGRAMS = ("aie.mem", "aie.memtile_dma", "aie.shim_dma")

LOCAL_ONLY_CHANNEL = 4
"""Memory-tile channels from this one on reach the tile's own memory and locks only."""

DIMENSIONS = {TileKind.CORE: 3, TileKind.MEMORY: 4, TileKind.SHIM: 3}
"""Dimensions that aie-opt accepts in a descriptor of each kind of tile."""

SIZE_LIMIT = 512
STRIDE_LIMIT = (1 << 19) - 1
"""aie-opt's limits on a dimension of a descriptor in a DMA program (AIEDialect.cpp)."""

PACKET_TYPES = 8
PACKET_IDS = 32


def check_program(op: TileElement) -> None:
    """Blocks end as they may, channels exist, descriptors are as many as the tile has."""
    body = op.regions[0]
    if not body.blocks:
        raise design_error(op, f"{title(op)} has no body: end it with aie.end at least")
    for block in body.blocks:
        last = block.last_op
        if last is not None and not isinstance(last, (DMAStartOp, NextBDOp, EndOp)):
            raise design_error(
                last,
                f"'{last.name}' cannot end a block of {title(op)}",
                "a block ends with aie.dma_start, aie.next_bd or aie.end",
            )
    _check_descriptors(op)
    _check_channels(op)
    if isinstance(op, MemTileDMAOp):
        for start in _starts(op):
            _check_local_channel(op, start)


def _starts(program: TileElement) -> Iterator[DMAStartOp]:
    for block in program.regions[0].blocks:
        yield from (op for op in block.ops if isinstance(op, DMAStartOp))


def _check_descriptors(program: TileElement) -> None:
    model = model_of(program)
    most = model.num_bds(*program.position) if model else 0
    count = 0
    for block in program.regions[0].blocks:
        bds = [op for op in block.ops if isinstance(op, DMABDOp)]
        if not bds:
            continue
        count += 1
        if count > most:
            raise design_error(
                bds[0],
                f"{title(program)} has more than {most} buffer descriptors, which is all that "
                f"{where(program.tile_op)} has",
            )
        if len(bds) > 1:
            raise design_error(
                bds[1], f"a block holds one aie.dma_bd, this one {len(bds)}: give each a block"
            )
        _check_lock_count(block)


def _check_lock_count(block: Block) -> None:
    uses = [op for op in block.ops if isinstance(op, UseLockOp)]
    for release in (False, True):
        same = [use for use in uses if use.release is release]
        if len(same) > 1:
            verb = "release" if release else "acquire"
            raise design_error(
                same[1], f"a descriptor can {verb} one lock, this one has {len(same)} of them"
            )


def _check_channels(program: TileElement) -> None:
    """Stricter than aie-opt, which counts channels but takes any number for one."""
    model = model_of(program)
    channels = model.facts_at(*program.position).channels if model else 0
    ops = [op for block in program.regions[0].blocks for op in block.ops]
    for op in ops:
        if isinstance(op, (DMAStartOp, DMAOp)) and op.channel_index >= channels:
            raise design_error(
                op,
                f"{where(program.tile_op)} has {op.channel_dir.name} channels 0 to "
                f"{channels - 1}, found {op.channel_index}",
            )


def _check_local_channel(program: MemTileDMAOp, start: DMAStartOp) -> None:
    if start.channel_index < LOCAL_ONLY_CHANNEL:
        return
    for block in _reachable(start.dest):
        for op in block.ops:
            if isinstance(op, DMABDOp) and op.buffer_op is not None:
                target: TileElement | None = op.buffer_op
            else:
                target = op.lock_op if isinstance(op, UseLockOp) else None
            if target is not None and target.tile_op is not program.tile_op:
                raise design_error(
                    op,
                    f"channel {start.channel_index} of a memory tile reaches its own memory and "
                    f"locks only; {title(target)} is in {where(target.tile_op)}",
                    f"the channel starts at {location_of(start)}; use one of channels 0 to 3",
                )


def _reachable(first: Block) -> list[Block]:
    found = [first]
    for block in found:
        last = block.last_op
        found.extend(b for b in (last.successors if last else ()) if b not in found)
    return found


def check_dma(op: DMAOp) -> None:
    """Each region of `aie.dma` is one block with a descriptor and two locks."""
    parent = op.parent_op()
    assert parent is not None
    if len(parent.regions[0].blocks) > 1:
        raise design_error(op, "aie.dma stands in a DMA program of one block")
    if any(isinstance(other, DMAStartOp) for other in parent.regions[0].blocks[0].ops):
        raise design_error(op, "a DMA program has either aie.dma or aie.dma_start, not both")
    for region in op.bds:
        if len(region.blocks) != 1:
            raise design_error(op, "each region of aie.dma has one block")
        ops = list(region.blocks[0].ops)
        if sum(isinstance(inner, DMABDOp) for inner in ops) != 1:
            raise design_error(op, "each region of aie.dma has one aie.dma_bd")
        if sum(isinstance(inner, UseLockOp) for inner in ops) != 2:
            raise design_error(op, "each region of aie.dma has two aie.use_lock")


def check_bd(op: DMABDOp) -> None:
    """A descriptor of a DMA program moves what its tile's DMA can move."""
    check_packet(op, op.packet)
    type = op.buffer.type
    if op.len is None and isinstance(type, MemRefType) and not type.has_static_shape():
        raise design_error(op, f"{type} has no fixed size: write the length")
    parent = op.parent_op()
    program = parent_named(op, *PROGRAMS)
    if parent is None or program is None or parent.name not in (*PROGRAMS, "aie.dma"):
        return
    assert isinstance(program, TileElement)
    kind = kind_of(program.tile_op)
    _check_buffer(op, program)
    _check_length(op)
    _check_ids(op, program)
    if op.dimensions is not None:
        _check_dimensions(op, op.dimensions, kind)
    if op.pad_dimensions is not None:
        _check_padding(op, kind)
    _check_address(op, kind)
    if op.burst_length and kind is not TileKind.SHIM:
        raise design_error(op, "burst_length is for shim tiles, which reach the host's memory")


def check_packet(op: Operation, packet: PacketInfoAttr | None) -> None:
    """A packet header's type has 3 bits, its id 5."""
    if packet is None:
        return
    if packet.pkt_type >= PACKET_TYPES:
        raise design_error(op, f"a packet type is 0 to {PACKET_TYPES - 1}, found {packet.pkt_type}")
    if packet.pkt_id >= PACKET_IDS:
        raise design_error(op, f"a packet id is 0 to {PACKET_IDS - 1}, found {packet.pkt_id}")


def _check_buffer(op: DMABDOp, program: TileElement) -> None:
    if isinstance(op.buffer.type, UnrankedMemRefType):
        return
    owner = op.buffer.owner
    if not isinstance(owner, (BufferOp, ExternalBufferOp)):
        raise design_error(op, "a descriptor moves an aie.buffer or an aie.external_buffer")
    if isinstance(program, MemOp) and op.buffer_op and op.buffer_op.tile is not program.tile:
        raise design_error(
            op,
            f"the DMA of {where(program.tile_op)} can only move buffers of its own tile; "
            f"{title(op.buffer_op)} is in {where(op.buffer_op.tile_op)}",
        )


def _check_length(op: DMABDOp) -> None:
    if op.len_in_bytes % WORD_BYTES:
        raise design_error(
            op,
            f"a transfer moves whole 4-byte words: {op.length} elements of {op.element_bytes} "
            f"bytes are {op.len_in_bytes} bytes",
        )


def _check_ids(op: DMABDOp, program: TileElement) -> None:
    model = model_of(op)
    most = model.num_bds(*program.position) if model else 0
    for name, value in (("bd_id", op.bd_id), ("next_bd_id", op.next_bd_id)):
        if value is not None and not 0 <= value < most:
            raise design_error(
                op,
                f"{name} is {value}; {where(program.tile_op)} has descriptors 0 to {most - 1}",
            )


def _check_dimensions(op: DMABDOp, dims: BDDimLayoutArrayAttr, kind: TileKind) -> None:
    most = DIMENSIONS[kind]
    if len(dims) > most:
        raise design_error(op, f"a descriptor here has at most {most} dimensions, not {len(dims)}")
    if not isinstance(op.buffer.type, MemRefType):
        raise design_error(op, f"dimensions need a buffer of known size, not {op.buffer.type}")
    elements = element_count(op.buffer.type)
    last = sum(dim.stride * (dim.size - 1) for dim in dims)
    if last >= elements:
        raise design_error(
            op, f"the dimensions reach element {last} of a buffer of {elements} elements"
        )
    for index, dim in enumerate(dims):
        place = f"dimension {len(dims) - 1 - index} (<size = {dim.size}, stride = {dim.stride}>)"
        if dim.stride == 0:
            raise design_error(op, f"{place}: a stride is at least 1")
        if dim.stride > elements:
            raise design_error(op, f"{place}: the stride leaves the buffer of {elements} elements")
        if dim.size > SIZE_LIMIT:
            raise design_error(op, f"{place}: a size is at most {SIZE_LIMIT}")
        if dim.stride > STRIDE_LIMIT:
            raise design_error(op, f"{place}: a stride is at most {STRIDE_LIMIT}")
    if len(dims) and op.element_bytes != WORD_BYTES and dims[len(dims) - 1].stride != 1:
        raise design_error(
            op,
            f"the innermost stride must be 1 for elements of {op.element_bytes} bytes: the "
            "stream carries whole 4-byte words",
        )


def _check_padding(op: DMABDOp, kind: TileKind) -> None:
    dims, pads = op.dimensions, op.pad_dimensions
    assert pads is not None
    if dims is None:
        raise design_error(op, "padding needs the dimensions that it pads")
    if kind is not TileKind.MEMORY:
        raise design_error(op, "only a memory tile's DMA can pad")
    if len(dims) != len(pads):
        raise design_error(op, f"{len(pads)} paddings for {len(dims)} dimensions: give each one")
    length = 1
    for dim, pad in zip(dims, pads, strict=True):
        length *= pad.const_pad_before + dim.size + pad.const_pad_after
        if op.len is None or length > op.len:
            raise design_error(
                op,
                f"the padded transfer has {length} elements or more, its length says {op.len}",
            )
    inner = pads[len(pads) - 1]
    for word, count in (("before", inner.const_pad_before), ("after", inner.const_pad_after)):
        if count * op.element_bytes % WORD_BYTES:
            raise design_error(
                op,
                f"the innermost padding {word} is {count} elements of {op.element_bytes} bytes: "
                "it must be whole 4-byte words",
            )


def _check_address(op: DMABDOp, kind: TileKind) -> None:
    buffer = op.buffer_op
    if kind is TileKind.SHIM or buffer is None or buffer.address is None:
        return
    start = buffer.address + op.offset_in_bytes
    if start % WORD_BYTES:
        raise design_error(
            op, f"a transfer starts at a multiple of 4 bytes; this one at {start} in the tile"
        )


RULES: dict[str, Callable[[Any], None]] = {
    "aie.dma": check_dma,
    "aie.dma_bd": check_bd,
    "aie.mem": check_program,
    "aie.memtile_dma": check_program,
    "aie.shim_dma": check_program,
}
