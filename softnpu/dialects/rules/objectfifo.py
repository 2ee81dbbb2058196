"""Rules of objectfifos."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import ArrayAttr, DenseIntOrFPElementsAttr, IntegerAttr, i32
from xdsl.ir import SSAValue

from softnpu.arch.device import TileKind
from softnpu.dialects.aie.objectfifo import (
    ObjectFifoAcquireOp,
    ObjectFifoAllocateOp,
    ObjectFifoCreateOp,
    ObjectFifoLinkOp,
    ObjectFifoRegisterExternalBuffersOp,
    ObjectFifoRegisterProcessOp,
    ObjectFifoReleaseOp,
    ObjectFifoSubviewAccessOp,
)
from softnpu.dialects.aie.tiles import CoreOp, LogicalTileOp, TileOp
from softnpu.dialects.attributes import BDDimLayoutArrayAttr
from softnpu.dialects.enums import ObjectFifoPort
from softnpu.dialects.rules.common import (
    did_you_mean,
    kind_of,
    model_of,
    parent_named,
    symbols_seen_from,
    title,
    where,
)
from softnpu.dialects.sizes import element_count
from softnpu.dialects.source import design_error, location_of

ITERATIONS = 256
"""The most that `iter_count` can say."""

STREAM_PRODUCER = (0, 2)
STREAM_CONSUMER = (1, 2)
"""Values of `aie_stream` that put a core's stream port at that end."""


def check_create(op: ObjectFifoCreateOp) -> None:
    """Depths, and what each kind of tile can do at its end."""
    _check_depths(op)
    _check_shim(op)
    _check_stream(op)
    if op.init_values is not None and len(op.init_values) != op.size():
        raise design_error(
            op,
            f"{title(op)} has {len(op.init_values)} initial values for {op.size()} objects",
        )
    if op.iter_count is not None:
        _check_iterations(op, op.iter_count)
    if op.pad_dimensions is not None:
        _check_padding(op)
    elif op.pad_value:
        raise design_error(op, f"{title(op)}: padValue needs padDimensions, which it fills")
    if op.pad_value and (model := model_of(op)) is not None and not model.has_pad_value:
        raise design_error(op, f"{title(op)}: {model.name} pads with 0 alone: remove padValue")


def _check_depths(op: ObjectFifoCreateOp) -> None:
    ends = 1 + len(op.consumer_tiles)
    if isinstance(op.elem_number, ArrayAttr):
        if len(op.elem_number) != ends:
            raise design_error(
                op,
                f"{title(op)} has {len(op.elem_number)} depths for {ends} ends: give one for the "
                "producer and one for each consumer",
            )
        if len(op.depths) != ends:
            raise design_error(op, f"{title(op)}: depths are integers, found {op.elem_number}")
    elif not isinstance(op.elem_number, IntegerAttr) or op.elem_number.type != i32:
        raise design_error(
            op, f"{title(op)}: a depth is a number of type i32, found {op.elem_number}: add ': i32'"
        )
    if any(depth < 0 for depth in op.depths):
        raise design_error(op, f"{title(op)}: a depth is not negative")


def _kind(tile: SSAValue) -> TileKind:
    assert isinstance(tile.owner, TileOp | LogicalTileOp)
    return kind_of(tile.owner)


def _check_shim(op: ObjectFifoCreateOp) -> None:
    """What the host's end cannot do: the runtime sequence does it there."""
    if _kind(op.producer_tile) is TileKind.SHIM:
        producer_only = {
            "dimensionsToStream": len(op.dimensions_to_stream) > 0,
            "repeat_count": op.repeat_count is not None,
            "initial values": op.init_values is not None,
        }
        for word, given in producer_only.items():
            if given:
                raise design_error(
                    op,
                    f"{title(op)}: {word} cannot be had at a shim tile",
                    "say it in the runtime sequence's transfer",
                )
    for consumer in op.consumer_tiles:
        if _kind(consumer) is TileKind.SHIM and len(op.dimensions_from_stream(consumer)):
            raise design_error(
                op,
                f"{title(op)}: dimensionsFromStream cannot be had at a shim tile",
                "say it in the runtime sequence's transfer",
            )


def _check_stream(op: ObjectFifoCreateOp) -> None:
    if op.aie_stream is None:
        if op.aie_stream_port is not None:
            raise design_error(op, f"{title(op)}: aie_stream_port needs aie_stream")
        return
    if op.aie_stream_port is None:
        raise design_error(op, f"{title(op)}: aie_stream needs aie_stream_port")
    if len(op.consumer_tiles) > 1:
        raise design_error(op, f"{title(op)}: aie_stream goes with one consumer only")
    if op.aie_stream in STREAM_PRODUCER:
        unavailable = {
            "repeat_count": op.repeat_count is not None,
            "initial values": op.init_values is not None,
            "iter_count": op.iter_count is not None,
            "dimensionsToStream": len(op.dimensions_to_stream) > 0,
        }
        for word, given in unavailable.items():
            if given:
                raise design_error(op, f"{title(op)}: {word} cannot be had at a stream port")
    ends = ((STREAM_PRODUCER, op.producer_tile), (STREAM_CONSUMER, op.consumer_tiles[0]))
    for values, tile in ends:
        if op.aie_stream in values and _kind(tile) is not TileKind.CORE:
            raise design_error(op, f"{title(op)}: aie_stream needs a core at that end")
    if len(op.dimensions_from_stream(op.consumer_tiles[0])):
        raise design_error(op, f"{title(op)}: dimensionsFromStream cannot be had with aie_stream")


def _check_iterations(op: ObjectFifoCreateOp, count: int) -> None:
    if not 1 <= count <= ITERATIONS:
        raise design_error(op, f"{title(op)}: iter_count is 1 to {ITERATIONS}, found {count}")
    if TileKind.MEMORY not in map(_kind, (op.producer_tile, *op.consumer_tiles)):
        raise design_error(op, f"{title(op)}: iter_count needs a memory tile at one end")


def _check_padding(op: ObjectFifoCreateOp) -> None:
    """Stricter than aie-opt, which leaves padding out that has nothing to pad."""
    if _kind(op.producer_tile) is not TileKind.MEMORY:
        raise design_error(op, f"{title(op)}: padDimensions need a memory tile as producer")
    if not len(op.dimensions_to_stream):
        raise design_error(
            op, f"{title(op)}: padDimensions need dimensionsToStream, which is what they pad"
        )


Reference = (
    ObjectFifoAcquireOp
    | ObjectFifoReleaseOp
    | ObjectFifoAllocateOp
    | ObjectFifoRegisterExternalBuffersOp
)


def fifo_of(op: Reference) -> ObjectFifoCreateOp:
    """The objectfifo that an op names."""
    found = op.object_fifo
    if found is None:
        name = op.obj_fifo_name
        raise design_error(
            op, f"there is no objectfifo '@{name}'{did_you_mean(name, symbols_seen_from(op))}"
        )
    return found


def check_reference(op: ObjectFifoRegisterExternalBuffersOp) -> None:
    """The objectfifo exists."""
    fifo_of(op)


def check_allocate(op: ObjectFifoAllocateOp) -> None:
    """Only objectfifos in shared memory can be put somewhere."""
    fifo = fifo_of(op)
    if len(fifo.consumer_tiles) != 1:
        raise design_error(op, f"{title(fifo)} has several consumers: it cannot be allocated")
    obstacles = {
        "via_DMA": fifo.via_dma,
        "repeat_count": fifo.repeat_count is not None,
        "dimensionsToStream": len(fifo.dimensions_to_stream) > 0,
        "aie_stream": fifo.aie_stream is not None,
    }
    for word, given in obstacles.items():
        if given:
            raise design_error(
                op, f"{title(fifo)} has {word}, so it is not in shared memory: remove one of them"
            )


def check_link(op: ObjectFifoLinkOp) -> None:
    """A tile in common; offsets for a join or a distribute, which memory tiles do."""
    _check_names(op)
    if op.is_join and op.is_distribute:
        raise design_error(op, "a link joins or distributes, not both: go through two memory tiles")
    tile = _shared_tile(op)
    if tile is None:
        raise design_error(
            op,
            "the linked objectfifos have no tile in common",
            "what the first ones are consumed by must be what the others are produced by",
        )
    owner = tile.owner
    assert isinstance(owner, TileOp | LogicalTileOp)
    if (op.is_join or op.is_distribute) and kind_of(owner) is not TileKind.MEMORY:
        word = "join" if op.is_join else "distribute"
        raise design_error(op, f"{where(owner)} cannot {word}: only memory tiles can")
    if op.is_join:
        _check_join(op)
    elif op.is_distribute:
        _check_distribute(op, tile)
    elif op.src_offsets and op.dst_offsets:
        raise design_error(op, "a link of one objectfifo to one other has no offsets: ([] [])")


def _check_names(op: ObjectFifoLinkOp) -> None:
    if not op.fifo_ins or not op.fifo_outs:
        raise design_error(op, "a link names objectfifos on both sides: [@in] -> [@out] ([] [])")
    known = {fifo.sym_name for fifo in (*op.input_object_fifos, *op.output_object_fifos)}
    for name in (*op.fifo_ins, *op.fifo_outs):
        if name not in known:
            near = did_you_mean(name, symbols_seen_from(op))
            raise design_error(op, f"there is no objectfifo '@{name}'{near}")


def _shared_tile(op: ObjectFifoLinkOp) -> SSAValue | None:
    ins, outs = op.input_object_fifos, op.output_object_fifos
    if op.is_join:
        tile = outs[0].producer_tile
        return tile if all(fifo.consumer_tiles[0] is tile for fifo in ins) else None
    if op.is_distribute:
        tile = ins[0].consumer_tiles[0]
        return tile if all(fifo.producer_tile is tile for fifo in outs) else None
    tile = outs[0].producer_tile
    return tile if tile in ins[0].consumer_tiles else None


def _check_join(op: ObjectFifoLinkOp) -> None:
    _check_offsets(op, "source", op.src_offsets, len(op.fifo_ins), op.dst_offsets)
    output = op.output_object_fifos[0]
    lengths = part_lengths(op.src_offsets, element_count(output.element_type))
    _check_reach(op, "dimensionsToStream", output, output.dimensions_to_stream, min(lengths))


def _check_distribute(op: ObjectFifoLinkOp, tile: SSAValue) -> None:
    _check_offsets(op, "destination", op.dst_offsets, len(op.fifo_outs), op.src_offsets)
    source = op.input_object_fifos[0]
    lengths = part_lengths(op.dst_offsets, element_count(source.element_type))
    dims = source.dimensions_from_stream(tile)
    _check_reach(op, "dimensionsFromStream", source, dims, min(lengths))
    repeats = {fifo.repeat_count or 0 for fifo in op.output_object_fifos}
    if len(repeats) > 1:
        raise design_error(op, "the outputs of a distribute need the same repeat_count")


def _check_offsets(
    op: ObjectFifoLinkOp, word: str, offsets: tuple[int, ...], count: int, other: tuple[int, ...]
) -> None:
    if len(offsets) != count:
        raise design_error(
            op, f"{len(offsets)} {word} offsets for {count} objectfifos: give each one"
        )
    if other:
        raise design_error(op, f"only {word} offsets go with this link: leave the others empty")


def part_lengths(offsets: tuple[int, ...], whole: int) -> list[int]:
    """The elements of each part, from where it starts to where the next one does."""
    ends = (*offsets[1:], whole)
    return [end - start for start, end in zip(offsets, ends, strict=True)]


def _check_reach(
    op: ObjectFifoLinkOp,
    word: str,
    fifo: ObjectFifoCreateOp,
    dims: BDDimLayoutArrayAttr,
    shortest: int,
) -> None:
    last = sum(dim.stride * (dim.size - 1) for dim in dims)
    if len(dims) and last >= shortest:
        raise design_error(
            op,
            f"{word} of {title(fifo)} reaches element {last}, the shortest part has {shortest}",
        )


def check_acquire(op: ObjectFifoAcquireOp) -> None:
    """By the core at that end, and of the type that the objectfifo carries."""
    fifo = _check_end(op)
    if _depth_for(op, fifo) == 0:
        raise design_error(op, f"{title(fifo)} is 0 objects deep: there is nothing to acquire")
    carried = (fifo.element_type, fifo.consumer_element_type)
    if op.subview_type.memref not in carried:
        raise design_error(
            op,
            f"{title(fifo)} carries {' or '.join(map(str, dict.fromkeys(carried)))}, not "
            f"{op.subview_type.memref}",
            f"it is declared at {location_of(fifo)}",
        )


def _depth_for(op: ObjectFifoAcquireOp, fifo: ObjectFifoCreateOp) -> int | None:
    """The depth at the end that acquires; None if it is not given as it should be."""
    core = parent_named(op, "aie.core")
    end = 0
    if op.port is ObjectFifoPort.Consume and isinstance(core, CoreOp):
        end = 1 + list(fifo.consumer_tiles).index(core.tile)
    depths = fifo.depths if isinstance(fifo.elem_number, ArrayAttr) else fifo.depths * (end + 1)
    return depths[end] if end < len(depths) else None


def check_release(op: ObjectFifoReleaseOp) -> None:
    """By the core at that end."""
    _check_end(op)


def _check_end(op: ObjectFifoAcquireOp | ObjectFifoReleaseOp) -> ObjectFifoCreateOp:
    core = parent_named(op, "aie.core")
    if not isinstance(core, CoreOp):
        raise design_error(op, f"'{op.name}' belongs into a core")
    fifo = fifo_of(op)
    produces = op.port is ObjectFifoPort.Produce
    ends = (fifo.producer_tile,) if produces else fifo.consumer_tiles
    if core.tile not in ends:
        owners = [end.owner for end in ends]
        tiles = ", ".join(where(owner) for owner in owners if isinstance(owner, TileOp))
        raise design_error(
            op,
            f"{title(core)} is no {'producer' if produces else 'consumer'} of {title(fifo)}, "
            f"{tiles} is",
        )
    return fifo


def check_access(op: ObjectFifoSubviewAccessOp) -> None:
    """Within what was acquired."""
    if parent_named(op, "aie.core") is None:
        raise design_error(op, f"'{op.name}' belongs into a core")
    owner = op.subview.owner
    if not isinstance(owner, ObjectFifoAcquireOp):
        raise design_error(op, "the subview must come straight from aie.objectfifo.acquire")
    if op.index >= owner.size:
        raise design_error(
            op,
            f"object {op.index} of {owner.size} acquired: they count from 0",
            f"acquired at {location_of(owner)}",
        )


def check_register_process(op: ObjectFifoRegisterProcessOp) -> None:
    """Patterns of one length, or of the process's."""
    length = _constant(op.length)
    acquires = _pattern(op.acquire_pattern_tensor)
    releases = _pattern(op.release_pattern_tensor)
    if length is None or acquires is None or releases is None:
        raise design_error(op, "length and patterns must be constants")
    if length < 1:
        raise design_error(op, f"a process runs at least once, found {length}")
    if acquires != releases and length not in (acquires, releases):
        raise design_error(
            op,
            f"{acquires} acquires and {releases} releases: as many of each, or one of them as "
            f"many as the process is long ({length})",
        )


def _constant(value: SSAValue) -> int | None:
    owner = value.owner
    stored = owner.value if isinstance(owner, ConstantOp) else None
    return stored.value.data if isinstance(stored, IntegerAttr) else None


def _pattern(value: SSAValue) -> int | None:
    owner = value.owner
    stored = owner.value if isinstance(owner, ConstantOp) else None
    return len(stored) if isinstance(stored, DenseIntOrFPElementsAttr) else None


RULES: dict[str, Callable[[Any], None]] = {
    "aie.objectfifo": check_create,
    "aie.objectfifo.acquire": check_acquire,
    "aie.objectfifo.allocate": check_allocate,
    "aie.objectfifo.link": check_link,
    "aie.objectfifo.register_external_buffers": check_reference,
    "aie.objectfifo.register_process": check_register_process,
    "aie.objectfifo.release": check_release,
    "aie.objectfifo.subview.access": check_access,
}
