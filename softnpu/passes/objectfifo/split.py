"""One fifo per end: where objects travel by DMA, each consumer gets a fifo of its own."""

from __future__ import annotations

import logging

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, i32
from xdsl.ir import Attribute

from softnpu.dialects.aie import (
    BDDimLayoutArrayArrayAttr,
    BDDimLayoutArrayAttr,
    ExternalBufferOp,
    ObjectFifoAcquireOp,
    ObjectFifoCreateOp,
    ObjectFifoRegisterExternalBuffersOp,
    TileOp,
)
from softnpu.dialects.source import design_error, design_warning
from softnpu.passes.device_ops import of_type
from softnpu.passes.objectfifo.sharing import needs_dmas
from softnpu.passes.objectfifo.state import FifoState, describe
from softnpu.passes.objectfifo.symbols import rename_symbols

_log = logging.getLogger(__name__)

NO_DIMENSIONS = BDDimLayoutArrayAttr(())

STREAM_TO_PRODUCER, STREAM_TO_CONSUMER, STREAM_TO_BOTH = 0, 1, 2
"""Values of `aie_stream`: which end is a core's stream port instead of a DMA."""


def split_fifos(state: FifoState) -> None:
    """Gives the consumers of every fifo that needs DMAs a fifo of their own.

    The original stays as the producer's end. The consumer's is named `<fifo>_cons`, or
    `<fifo>_<n>_cons` where there are several, and stands right behind the original.
    """
    for fifo in state.fifos():
        if not needs_dmas(state, fifo)[0]:
            continue
        ends = [
            _split_consumer(state, fifo, index, tile)
            for index, tile in enumerate(fifo.consumer_tile_ops)
        ]
        if ends:
            state.splits.append((fifo, ends))
    state.find_fifos()


def _split_consumer(
    state: FifoState, fifo: ObjectFifoCreateOp, index: int, tile: TileOp
) -> ObjectFifoCreateOp:
    end = _consumer_end(state, fifo, index, tile)
    state.written_as[end.sym_name] = fifo.sym_name
    state.device.body.insert_op_after(end, fifo)
    for core in state.cores.get(tile.result, ()):
        rename_symbols(core.body.walk(), {fifo.sym_name: end.sym_name})
    _hand_over_stream(fifo, end)
    if state.is_shim(tile):
        add_external_buffers(state, fifo, end, tile)
    link = state.link_of(fifo)
    if link is not None and fifo.sym_name in link.fifo_ins and link.shared_tile is tile.result:
        rename_symbols([link], {fifo.sym_name: end.sym_name})
        state.find_links()
    return end


def _consumer_end(
    state: FifoState, fifo: ObjectFifoCreateOp, index: int, tile: TileOp
) -> ObjectFifoCreateOp:
    if isinstance(fifo.elem_number, ArrayAttr):
        depth = fifo.size(index + 1)
    else:
        depth = depth_at(state, fifo, tile)
    number = f"_{index}" if len(fifo.consumer_tiles) > 1 else ""
    dims = fifo.dimensions_from_stream_per_consumer
    own = dims[index] if index < len(dims) else NO_DIMENSIONS
    end = ObjectFifoCreateOp(
        sym_name=f"{fifo.sym_name}{number}_cons",
        producer_tile=tile.result,
        consumer_tiles=(tile.result,),
        elem_number=depth_attribute(fifo, depth),
        elem_type=fifo.consumer_elem_type or fifo.elem_type,
        dimensions_to_stream=NO_DIMENSIONS,
        dimensions_from_stream_per_consumer=BDDimLayoutArrayArrayAttr((own,)),
        location=fifo.location,
    )
    if fifo.disable_synchronization:
        end.disable_synchronization = True
    end.iter_count = fifo.iter_count
    pins = fifo.cons_dma_channels or ()
    if index < len(pins) and pins[index] >= 0:
        end.prod_dma_channel = pins[index]
    return end


def _hand_over_stream(fifo: ObjectFifoCreateOp, end: ObjectFifoCreateOp) -> None:
    """Leaves `aie_stream` at the ends that it speaks of."""
    stream = fifo.aie_stream
    if stream in (STREAM_TO_CONSUMER, STREAM_TO_BOTH):
        end.aie_stream = stream
        end.aie_stream_port = fifo.aie_stream_port
    if stream == STREAM_TO_CONSUMER:
        fifo.aie_stream = None
        fifo.aie_stream_port = None


_DEEPEST = (1 << 31) - 1
"""What the op's 32-bit attribute holds."""


def depth_attribute(fifo: ObjectFifoCreateOp, depth: int) -> Attribute:
    """A depth of `fifo` as the op holds it."""
    if depth > _DEEPEST:
        raise design_error(
            fifo, f"objectfifo @{fifo.sym_name} would have to be {depth:,} objects deep"
        )
    return IntegerAttr(depth, i32)


def depth_at(state: FifoState, fifo: ObjectFifoCreateOp, tile: TileOp) -> int:
    """How many objects a fifo needs at one of its ends.

    In a memory tile as many as the author says; in a shim as many as there are external
    buffers. Where a core acquires, one more than it ever holds, so that the next object can
    come in meanwhile (a depth of one stays one); as written if it never acquires.
    """
    if fifo.size() == 0 or state.is_memory_tile(tile):
        return fifo.size()
    if state.is_shim(tile):
        registered = next((op for op in _registrations(state) if op.tile is tile.result), None)
        if registered is not None:
            return len(registered.external_buffers)
    most = max(_acquires(state, fifo, tile), default=0)
    if most == 0:
        return fifo.size()
    needed = 1 if most == 1 and fifo.size() == 1 else most + 1
    if needed < fifo.size():
        _log.warning(_shallower(state, fifo, tile, most, needed))
    return needed


def _shallower(
    state: FifoState, fifo: ObjectFifoCreateOp, tile: TileOp, most: int, needed: int
) -> str:
    """What to tell of a depth that is not made; aie-opt says nothing."""
    ends = ", ".join(["N"] * (1 + len(fifo.consumer_tiles)))
    return design_warning(
        fifo,
        f"objectfifo {state.name(fifo)} is {fifo.size():,} objects deep, of which {needed} are "
        f"made in {describe(tile)}: its core holds {most} at most",
        f"the depth of each end, in brackets, is made as it stands: [{ends}]",
    )


def _acquires(state: FifoState, fifo: ObjectFifoCreateOp, tile: TileOp) -> list[int]:
    return [
        op.acq_number
        for core in state.cores.get(tile.result, ())
        for op in core.body.walk()
        if isinstance(op, ObjectFifoAcquireOp) and op.obj_fifo_name == fifo.sym_name
    ]


def _registrations(state: FifoState) -> list[ObjectFifoRegisterExternalBuffersOp]:
    return list(of_type(state.device, ObjectFifoRegisterExternalBuffersOp))


def add_external_buffers(
    state: FifoState, fifo: ObjectFifoCreateOp, end: ObjectFifoCreateOp, tile: TileOp
) -> None:
    """Notes the buffers that were registered for `fifo` in a shim tile as those of `end`."""
    for op in _registrations(state):
        if op.tile is tile.result and op.obj_fifo_name == fifo.sym_name:
            owners = [value.owner for value in op.external_buffers]
            buffers = [owner for owner in owners if isinstance(owner, ExternalBufferOp)]
            state.external.setdefault(end, []).extend(buffers)
