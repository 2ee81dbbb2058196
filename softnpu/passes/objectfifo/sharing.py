"""Which tiles share a memory, and which objectfifos need DMAs (`requiresDMAs`)."""

from __future__ import annotations

from enum import Enum

from softnpu.arch.device import Device
from softnpu.dialects.aie import ObjectFifoCreateOp, TileOp
from softnpu.passes.objectfifo.state import FifoState


class Shared(Enum):
    """Whose memory two tiles, a first and a second, can both reach."""

    NEITHER = 0
    FIRST = -1
    SECOND = 1
    BOTH = 2

    @property
    def reaches_first(self) -> bool:
        return self in (Shared.FIRST, Shared.BOTH)

    @property
    def reaches_second(self) -> bool:
        return self in (Shared.SECOND, Shared.BOTH)


def shared_memory(target: Device, first: TileOp, second: TileOp) -> Shared:
    """Whose memory both tiles reach; tiles of different kinds never share."""
    a, b = first.position, second.position
    if target.is_shim(*a) != target.is_shim(*b):
        return Shared.NEITHER
    if target.is_memory_tile(*a) != target.is_memory_tile(*b):
        return Shared.NEITHER
    second_is_shared = target.is_legal_mem_affinity(*a, *b)
    first_is_shared = target.is_legal_mem_affinity(*b, *a)
    if first_is_shared and second_is_shared:
        return Shared.BOTH
    if first_is_shared:
        return Shared.FIRST
    return Shared.SECOND if second_is_shared else Shared.NEITHER


def delegate_is_reachable(state: FifoState, fifo: ObjectFifoCreateOp, delegate: TileOp) -> bool:
    """Whether producer and first consumer both reach the memory of `delegate`."""
    ends = (fifo.producer_tile_op, fifo.consumer_tile_ops[0])
    return all(shared_memory(state.target, delegate, end).reaches_first for end in ends)


def needs_dmas(state: FifoState, fifo: ObjectFifoCreateOp) -> tuple[bool, Shared]:
    """Whether a fifo's objects travel by DMA, and if not, whose memory they stay in.

    They travel if the author says so (`via_DMA`, `repeat_count`, `aie_stream`, a type of its own
    for the consumers), if the tiles share no memory (nor that of a third to which the fifo is
    allocated), if there are several consumers, if a DMA is to rearrange the data, or if the fifo
    is linked to another (unless both ends of the link share one allocated memory).
    """
    if (
        fifo.via_dma
        or fifo.repeat_count is not None
        or fifo.aie_stream is not None
        or fifo.consumer_elem_type is not None
    ):
        return True, Shared.NEITHER
    shared = _memory_of_ends(state, fifo)
    if shared is Shared.NEITHER:
        return True, shared
    rearranged = any(len(dims) for dims in fifo.dimensions_from_stream_per_consumer)
    for_link = _is_split_for_link(state, fifo)
    return rearranged or for_link, shared


def _memory_of_ends(state: FifoState, fifo: ObjectFifoCreateOp) -> Shared:
    if len(fifo.consumer_tiles) != 1 or len(fifo.dimensions_to_stream):
        return Shared.NEITHER
    producer = fifo.producer_tile_op
    other = producer if fifo in state.split_for_link else fifo.consumer_tile_ops[0]
    shared = shared_memory(state.target, producer, other)
    if shared is Shared.NEITHER and _meet_elsewhere(state, fifo):
        return Shared.BOTH
    return shared


def _meet_elsewhere(state: FifoState, fifo: ObjectFifoCreateOp) -> bool:
    """Whether the author puts a fifo into a tile between its ends, which both reach.

    mlir-aie asks only whether one of the ends reaches the other, and makes a program of it that
    it refuses itself.
    """
    allocation = state.allocations.get(fifo.sym_name)
    if allocation is None:
        return False
    delegate = allocation.delegate_tile_op
    return state.target.is_core_tile(*delegate.position) and delegate_is_reachable(
        state, fifo, delegate
    )


def _is_split_for_link(state: FifoState, fifo: ObjectFifoCreateOp) -> bool:
    """Whether a fifo with a shared memory needs DMAs for its link; remembers that it does."""
    link = state.link_of(fifo)
    if link is None:
        return False
    if link.is_join or link.is_distribute:
        state.split_for_link.add(fifo)
        return True
    source, drain = link.input_object_fifos[0], link.output_object_fifos[0]
    if source.element_type != drain.element_type:
        state.split_for_link.add(fifo)
    allocation = state.allocations.get(fifo.sym_name)
    if allocation is None:
        return True
    if delegate_is_reachable(state, fifo, allocation.delegate_tile_op):
        return False
    state.split_for_link.add(fifo)
    return True
