"""Rules of buffer descriptors in DMA programs."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from xdsl.dialects.builtin import MemRefType, UnrankedMemRefType
from xdsl.ir import Operation

from softnpu.arch.device import TileKind
from softnpu.dialects.aie.dma import DMABDOp, MemOp
from softnpu.dialects.aie.tiles import BufferOp, ExternalBufferOp, TileElement
from softnpu.dialects.attributes import (
    BDDimLayoutArrayAttr,
    BDDimLayoutAttr,
    BDIterationAttr,
    BDPadLayoutArrayAttr,
    PacketInfoAttr,
)
from softnpu.dialects.kinds import kind_but_for, of_kinds
from softnpu.dialects.rules.common import (
    DMA_PROGRAMS,
    WORD_BYTES,
    kind_of,
    model_of,
    parent_named,
    title,
    where,
)
from softnpu.dialects.scalars import DYNAMIC, number_of
from softnpu.dialects.sizes import element_count
from softnpu.dialects.source import design_error

DIMENSIONS = {TileKind.CORE: 3, TileKind.MEMORY: 4, TileKind.SHIM: 3}
"""Dimensions that aie-opt accepts in a descriptor of each kind of tile."""

SIZE_LIMIT = 512
STRIDE_LIMIT = (1 << 19) - 1
"""aie-opt's limits on a dimension of a descriptor in a DMA program (AIEDialect.cpp)."""

PACKET_TYPES = 8
PACKET_IDS = 32

ITERATION_BITS = 6
"""Of the field that counts the steps of a descriptor (aie-rt, IterWrapMax)."""


def check_bd(op: DMABDOp) -> None:
    """A descriptor of a DMA program moves what its tile's DMA can move."""
    kind = kind_but_for(op, op.varies) if op.has_number else None
    forms = of_kinds("forms of descriptors")
    if kind not in forms.known:
        _check_form(op)
        if kind is not None:
            forms.learn(kind, op, True)
    parent = op.parent_op()
    program = parent_named(op, *DMA_PROGRAMS)
    if parent is None or program is None or parent.name not in (*DMA_PROGRAMS, "aie.dma"):
        if op.buffer_op is not None:
            check_reach(op)
        return
    assert isinstance(program, TileElement)
    tile = kind_of(program.tile_op)
    _check_buffer(op, program)
    _check_length(op, program)
    _check_ids(op, program)
    if op.dimensions is not None:
        _check_dimensions(op, op.dimensions, tile)
    if op.pad_dimensions is not None:
        _check_padding(op, tile)
    if op.iteration is not None:
        _check_iteration(op, op.iteration, program)
    check_covered(op, tile)
    check_reach(op, tile)
    _check_address(op, tile)
    if op.burst_length and tile is not TileKind.SHIM:
        raise design_error(op, "burst_length is for shim tiles, which reach the host's memory")


def _check_form(op: DMABDOp) -> None:
    """What depends neither on where a descriptor begins nor on where it stands."""
    check_packet(op, op.packet)
    _check_lists(op)
    _check_signs(op)
    type = op.buffer.type
    if op.len is None and isinstance(type, MemRefType) and not type.has_static_shape():
        raise design_error(op, f"{type} has no fixed size: write the length")


def _check_lists(op: DMABDOp) -> None:
    """Sizes and strides are as many, each with a value where none is written."""
    sizes, strides = op.static_sizes or (), op.static_strides or ()
    for word, static, values in (("sizes", sizes, op.sizes), ("strides", strides, op.strides)):
        if (places := static.count(DYNAMIC)) != len(values):
            raise design_error(op, f"{word} have {places} places for {len(values)} values")
    if len(sizes) != len(strides):
        raise design_error(op, f"{len(sizes)} sizes for {len(strides)} strides")


def _check_signs(op: DMABDOp) -> None:
    """Sizes are 1 or more, strides not negative: two negative sizes have a positive product.

    aie-opt keeps both in unsigned fields, where it finds them too large; a size of 0 it lets
    through, which the DMA takes for a dimension that never ends.
    """
    for word, mixed, least in (("size", op.mixed_sizes, 1), ("stride", op.mixed_strides, 0)):
        for place, item in enumerate(mixed):
            number = item if isinstance(item, int) else number_of(item)
            if number is not None and number < least:
                raise design_error(
                    op,
                    f"{word} {len(mixed) - 1 - place} is {number}: a {word} is {least} or more",
                    "sizes and strides are counted from the innermost, which is 0 and stands last",
                )


def _check_iteration(op: DMABDOp, iteration: BDIterationAttr, program: TileElement) -> None:
    """Its steps are whole words; one step, whatever its stride, is no iteration."""
    most = 1 << ITERATION_BITS
    if not 1 <= iteration.size <= most:
        raise design_error(op, f"the iteration's size is 1 to {most}, found {iteration.size}")
    if iteration.current >= iteration.size:
        raise design_error(
            op,
            f"the iteration's current step is 0 to {iteration.size - 1}, found {iteration.current}",
        )
    step = iteration.stride * op.element_bytes
    if iteration.size == 1:
        return
    if step % WORD_BYTES:
        raise design_error(
            op,
            f"the iteration's stride is {iteration.stride} elements of {op.element_bytes} bytes; "
            "a DMA steps over whole 4-byte words",
        )
    model = model_of(op)
    if model is None:
        return
    most = model.dma(*program.position).maximum("iteration_stepsize") + 1
    if not 1 <= step // WORD_BYTES <= most:
        raise design_error(
            op,
            f"the iteration's stride is {step // WORD_BYTES} 4-byte words, 1 to {most} fit",
        )


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


def _check_length(op: DMABDOp, program: TileElement) -> None:
    if op.len_in_bytes % WORD_BYTES:
        raise design_error(
            op,
            f"a transfer moves whole 4-byte words: {op.length} elements of {op.element_bytes} "
            f"bytes are {op.len_in_bytes} bytes",
        )
    if (model := model_of(op)) is None or op.is_dynamic:
        return
    words, most = (
        op.len_in_bytes // WORD_BYTES,
        model.dma(*program.position).maximum("buffer_length"),
    )
    if words > most:
        raise design_error(
            op,
            f"a descriptor of {where(program.tile_op)} moves at most {most} 4-byte words, found "
            f"{words}",
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
    if is_no_pattern(dims, op.element_bytes):
        return
    elements = element_count(op.buffer.type)
    linear = kind is TileKind.SHIM and is_one_run(dims)
    for index, dim in enumerate(dims):
        place = f"dimension {len(dims) - 1 - index} (<size = {dim.size}, stride = {dim.stride}>)"
        if dim.stride == 0:
            raise design_error(op, f"{place}: a stride is at least 1")
        if dim.stride > elements:
            raise design_error(op, f"{place}: the stride leaves the buffer of {elements} elements")
        if dim.size > SIZE_LIMIT and not linear:
            raise design_error(op, f"{place}: a size is at most {SIZE_LIMIT}")
        if dim.stride > STRIDE_LIMIT:
            raise design_error(op, f"{place}: a stride is at most {STRIDE_LIMIT}")
        _check_words(op, place, dim, innermost=index == len(dims) - 1)
    if len(dims) and op.element_bytes != WORD_BYTES and dims[len(dims) - 1].stride != 1:
        raise design_error(
            op,
            f"the innermost stride must be 1 for elements of {op.element_bytes} bytes: the "
            "stream carries whole 4-byte words",
        )


def _check_words(op: DMABDOp, place: str, dim: BDDimLayoutAttr, *, innermost: bool) -> None:
    """Stricter than aie-opt, which leaves what is no whole word to be cut."""
    word, number = ("size", dim.size) if innermost else ("stride", dim.stride)
    if number * op.element_bytes % WORD_BYTES and (innermost or dim.size > 1):
        raise design_error(
            op,
            f"{place}: the {word} is {number} elements of {op.element_bytes} bytes, but a DMA "
            "counts whole 4-byte words",
        )


def is_one_run(dims: BDDimLayoutArrayAttr) -> bool:
    """Whether the elements follow one another: a shim's length is then the only limit."""
    step = 1
    for dim in reversed(list(dims)):
        if dim.size > 1 and dim.stride != step:
            return False
        step *= dim.size
    return True


def is_no_pattern(dims: BDDimLayoutArrayAttr, element_bytes: int) -> bool:
    """Whether sizes of 1, less than a word, leave 0 in the descriptor: the transfer is linear."""
    return element_bytes < WORD_BYTES and all(dim.size == 1 for dim in dims)


def moved(dims: BDDimLayoutArrayAttr, pads: BDPadLayoutArrayAttr | None = None) -> tuple[int, str]:
    """The elements that dimensions move, padding included, and how: `4 * (1 + 16 + 1) = 72`."""
    sizes: list[tuple[int, ...]] = [(dim.size,) for dim in dims]
    if pads is not None and len(pads) == len(dims):
        sizes = [
            (pad.const_pad_before, dim.size, pad.const_pad_after)
            for dim, pad in zip(dims, pads, strict=True)
        ]
    total = prod(sum(parts) for parts in sizes)
    factors = [
        str(parts[0]) if len(parts) == 1 else f"({' + '.join(map(str, parts))})" for parts in sizes
    ]
    return total, f"{' * '.join(factors)} = {total}" if len(factors) > 1 else str(total)


def check_descriptors(top: Operation) -> None:
    """Descriptors of DMA programs cover their lengths, whoever made them. Raises DesignError."""
    for op in top.walk():
        if isinstance(op, DMABDOp) and (program := parent_named(op, *DMA_PROGRAMS)) is not None:
            assert isinstance(program, TileElement)
            kind = kind_of(program.tile_op)
            check_covered(op, kind)
            check_reach(op, kind)


def rounds(dims: BDDimLayoutArrayAttr, length: int, kind: TileKind) -> int:
    """How often the outermost dimension goes round for that many elements.

    The last dimension that a descriptor can have has a step but no size there (aie-rt,
    xaie_dma_aieml.c): what the length asks for beyond the written size goes on by that step.
    """
    outer, *inner = dims
    one = prod(dim.size for dim in inner)
    goes_on = len(dims) == DIMENSIONS[kind] and length > one * outer.size and not length % one
    return length // one if goes_on else outer.size


def covers(
    dims: BDDimLayoutArrayAttr,
    pads: BDPadLayoutArrayAttr | None,
    length: int,
    element_bytes: int,
    kind: TileKind,
) -> bool:
    """Whether dimensions move as many elements as the length says."""
    if moved(dims, pads)[0] == length or is_no_pattern(dims, element_bytes):
        return True
    return pads is None and rounds(dims, length, kind) > dims[0].size


def check_covered(op: DMABDOp, kind: TileKind) -> None:
    """The dimensions move as many elements as the length says.

    Stricter than aie-opt: the DMA goes on by its length alone, into whatever step comes next, or
    stops within the pattern.
    """
    if op.is_dynamic or op.dimensions is None or not len(op.dimensions):
        return
    if not covers(op.dimensions, op.pad_dimensions, op.length, op.element_bytes, kind):
        _, how = moved(op.dimensions, op.pad_dimensions)
        padded = " with their padding" if op.pad_dimensions else ""
        raise design_error(
            op,
            f"the length is {op.length} elements, but the dimensions{padded} move {how}",
            "the sizes of a descriptor multiply to its length",
        )


def check_reach(op: DMABDOp, kind: TileKind | None = None) -> None:
    """All that the descriptor moves lies in its buffer; `kind`: of tile, in a DMA program."""
    type, offset = op.buffer.type, op.offset
    if op.is_dynamic or offset is None:
        return
    if op.length < 0 or offset < 0:
        word, number = ("length", op.length) if op.length < 0 else ("offset", offset)
        raise design_error(op, f"the {word} of a transfer is not negative, found {number}")
    if not isinstance(type, MemRefType) or not type.has_static_shape():
        return
    elements = element_count(type)
    if elements == 0:
        raise design_error(op, f"{type} has no elements: there is nothing to move")
    dims = op.dimensions or ()
    run = op.length if not len(dims) else 1
    last = offset + run - 1 + sum(dim.stride * (dim.size - 1) for dim in dims)
    if kind is not None and op.dimensions and op.pad_dimensions is None:
        first = op.dimensions[0]
        last += first.stride * (rounds(op.dimensions, op.length, kind) - first.size)
    if last >= elements:
        verb = "the dimensions reach" if len(dims) else "the transfer reaches"
        begins = f", beginning at {offset}" if offset else ""
        raise design_error(op, f"{verb} element {last} of a buffer of {elements} elements{begins}")


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


RULES: dict[str, Callable[[Any], None]] = {"aie.dma_bd": check_bd}
