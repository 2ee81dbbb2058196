"""The objects themselves: buffers, and the locks that say which are full and which are free."""

from __future__ import annotations

import logging

from xdsl.dialects.builtin import ArrayAttr, MemRefType
from xdsl.ir import Attribute, Operation

from softnpu.arch.tiles import LOCK_MAXIMUM
from softnpu.dialects.aie import (
    BufferOp,
    LockOp,
    ObjectFifoAllocateOp,
    ObjectFifoCreateOp,
    ObjectFifoLinkOp,
    TileOp,
)
from softnpu.dialects.sizes import element_bits, element_count, memref_bytes
from softnpu.dialects.source import design_error, design_warning
from softnpu.passes.device_ops import of_type
from softnpu.passes.objectfifo.sharing import (
    Shared,
    delegate_is_reachable,
    needs_dmas,
    shared_memory,
)
from softnpu.passes.objectfifo.split import add_external_buffers, depth_at, depth_attribute
from softnpu.passes.objectfifo.state import FifoState, describe
from softnpu.passes.rewriting.ir import insert_after
from softnpu.passes.sequence_ops import tile_at

_log = logging.getLogger(__name__)


def create_elements(state: FifoState) -> None:
    """Makes the buffers and locks of every fifo, the consumers' ends included."""
    for fifo in _memory_tiles_largest_first(state):
        dmas, shared = needs_dmas(state, fifo)
        producer = fifo.producer_tile_op
        if state.is_shim(producer):
            add_external_buffers(state, fifo, fifo, producer)
        if dmas:
            _settle_depth(state, fifo)
        elif len(set(fifo.depths)) > 1:
            _log.warning(_one_depth(state, fifo))
        _create_elements_of(state, fifo, None if dmas else shared)


def _memory_tiles_largest_first(state: FifoState) -> list[ObjectFifoCreateOp]:
    """The fifos in order, but those in memory tiles from the largest object down: large ones
    find room at home, before smaller ones fill it."""
    fifos = state.fifos()
    slots = [i for i, fifo in enumerate(fifos) if state.is_memory_tile(fifo.producer_tile_op)]
    by_size = sorted((fifos[i] for i in slots), key=_object_bytes, reverse=True)
    for slot, fifo in zip(slots, by_size, strict=True):
        fifos[slot] = fifo
    return fifos


def _object_bytes(fifo: ObjectFifoCreateOp) -> int:
    return element_count(fifo.element_type) * element_bits(fifo.element_type) // 8


def _settle_depth(state: FifoState, fifo: ObjectFifoCreateOp) -> None:
    """Replaces the depth as written by the one that the producer's end needs."""
    if isinstance(fifo.elem_number, ArrayAttr):
        fifo.elem_number = depth_attribute(fifo, fifo.size())
    elif fifo.init_values is None:
        fifo.elem_number = depth_attribute(fifo, depth_at(state, fifo, fifo.producer_tile_op))


def _one_depth(state: FifoState, fifo: ObjectFifoCreateOp) -> str:
    """What to tell of depths that do not count, as in aie-opt, which says nothing."""
    return design_warning(
        fifo,
        f"objectfifo {state.name(fifo)} has one set of objects, since its ends share a memory: "
        f"{fifo.size():,}, the producer's depth; the consumer's does not count",
        "via_DMA = true gives each end objects of its own",
    )


def _create_elements_of(state: FifoState, fifo: ObjectFifoCreateOp, shared: Shared | None) -> None:
    if fifo.size() == 0 or fifo.aie_stream is not None:
        return
    link = state.link_of(fifo)
    if link is not None and (link in state.link_owner or not _owns_objects(link, fifo)):
        return
    home = _home(state, fifo, shared)
    if not state.is_shim(home):
        _check_depth(state, fifo)
    anchor = _last_tile(state).next_op
    buffers: list[BufferOp] = []
    state.buffers[fifo] = buffers
    if not state.is_shim(home):
        for index in range(fifo.size()):
            buffers.append(_create_buffer(state, fifo, index, home, anchor))
    if link is not None:
        state.link_owner[link] = fifo
    state.locks[fifo] = _create_locks(state, fifo, link, home, anchor)


_ABSURD = 1024
"""Objects from which on it is not worth the time to make them all before they are refused."""


def _check_depth(state: FifoState, fifo: ObjectFifoCreateOp) -> None:
    """Whether the fifo's locks can count its objects, long before that is checked of each lock."""
    if fifo.size() > _ABSURD and not fifo.disable_synchronization:
        raise design_error(
            fifo,
            f"objectfifo {state.name(fifo)} is {fifo.size():,} objects deep, "
            f"but the locks that count them go to {LOCK_MAXIMUM}",
            "make it less deep: as long as its ends keep pace, 2 objects are enough",
        )


def _owns_objects(link: ObjectFifoLinkOp, fifo: ObjectFifoCreateOp) -> bool:
    """Whether it is this fifo of the link whose objects all others use.

    It is the one with the bigger objects, not counting what a DMA pads them with; but initial
    values decide.
    """
    source, drain = link.input_object_fifos[0], link.output_object_fifos[0]
    if link.is_join:
        return fifo is drain
    if link.is_distribute:
        return fifo is source
    if drain.init_values is not None:
        return fifo is drain
    smaller = element_count(source.element_type) < element_count(drain.element_type)
    return fifo is (drain if smaller and drain.pad_dimensions is None else source)


def _home(state: FifoState, fifo: ObjectFifoCreateOp, shared: Shared | None) -> TileOp:
    """The tile whose memory the objects lie in; `shared` is None if they travel by DMA.

    A core tile's DMA reaches its own memory only. mlir-aie does not ask whether it is a DMA that
    uses the objects, and makes programs that it refuses itself.
    """
    default = fifo.consumer_tile_ops[0] if shared is Shared.SECOND else fifo.producer_tile_op
    allocation = state.allocations.get(fifo.sym_name)
    if allocation is None:
        return default
    delegate = allocation.delegate_tile_op
    if shared is None and not state.is_memory_tile(default) and delegate is not default:
        _log.warning(_by_dma(allocation, fifo, default))
        return default
    if delegate_is_reachable(state, fifo, delegate):
        return delegate
    _log.warning(_out_of_reach(allocation, fifo, default))
    return default


def _by_dma(allocation: ObjectFifoAllocateOp, fifo: ObjectFifoCreateOp, home: TileOp) -> str:
    return design_warning(
        allocation,
        f"the objects of @{fifo.sym_name} travel by DMA, so they cannot lie in "
        f"{describe(allocation.delegate_tile_op)}: they lie in {describe(home)}",
        "leave out the allocation, or what makes them travel (several consumers, dimensions, a "
        "link, ends that share no memory)",
    )


def _out_of_reach(allocation: ObjectFifoAllocateOp, fifo: ObjectFifoCreateOp, home: TileOp) -> str:
    """What to tell of a wish that aie-opt complains of, too, but goes on without."""
    return design_warning(
        allocation,
        f"the objects of @{fifo.sym_name} cannot lie in {describe(allocation.delegate_tile_op)}: "
        f"its producer {describe(fifo.producer_tile_op)} and its consumer "
        f"{describe(fifo.consumer_tile_ops[0])} do not both reach that tile's memory; "
        f"as in aie-opt, they lie in {describe(home)}",
        "a core reaches its own memory and that of its neighbours in the south, west and north",
    )


def _last_tile(state: FifoState) -> TileOp:
    return list(of_type(state.device, TileOp))[-1]


def _insert(state: FifoState, op: Operation, anchor: Operation | None) -> None:
    if anchor is None:
        state.device.body.add_op(op)
    else:
        state.device.body.insert_op_before(op, anchor)


# buffers


def _create_buffer(
    state: FifoState,
    fifo: ObjectFifoCreateOp,
    index: int,
    home: TileOp,
    anchor: Operation | None,
) -> BufferOp:
    type = fifo.element_type
    tile = _tile_with_room(state, home, type) if state.is_memory_tile(home) else home
    buffer = BufferOp(
        tile=tile.result,
        sym_name=f"{fifo.sym_name}_buff_{index}",
        initial_value=_initial_value(fifo, index),
        buffer_type=type,
        location=fifo.location,
    )
    _insert(state, buffer, anchor)
    state.taken[tile] += memref_bytes(type)
    return buffer


def _initial_value(fifo: ObjectFifoCreateOp, index: int) -> Attribute | None:
    return None if fifo.init_values is None else fifo.init_values.data[index]


def _tile_with_room(state: FifoState, home: TileOp, type: MemRefType) -> TileOp:
    """The memory tile that an object goes to: `home`, or a neighbour when that is full."""
    size = element_count(type) * element_bits(type) // 8
    room = state.target.mem_tile_size
    if _used(state, home) + size <= room:
        return home
    col, row = home.position
    neighbours = []
    if col > 0:
        neighbours.append(_tile_at(state, home, col - 1, row))
    if col < state.target.columns - 1:
        neighbours.append(_tile_at(state, home, col + 1, row))
    # The emptier one first, so that full neighbours keep what they have for their own.
    for tile in sorted(neighbours, key=lambda tile: _used(state, tile)):
        shares = shared_memory(state.target, home, tile).reaches_second
        if shares and _used(state, tile) + size <= room:
            return tile
    return home


def _used(state: FifoState, tile: TileOp) -> int:
    """Bytes that the fifos' objects take in a tile so far."""
    return state.taken[tile]


def _tile_at(state: FifoState, host: TileOp, col: int, row: int) -> TileOp:
    """The op of a tile; made behind `host` and the buffers there if the design has none."""
    existing = tile_at(state.device, col, row)
    if existing is not None:
        return existing
    last: Operation = host
    while isinstance(last.next_op, BufferOp):
        last = last.next_op
    tile = TileOp(col=col, row=row)
    insert_after(last, tile)
    return tile


# locks


def _create_locks(
    state: FifoState,
    fifo: ObjectFifoCreateOp,
    link: ObjectFifoLinkOp | None,
    home: TileOp,
    anchor: Operation | None,
) -> list[LockOp]:
    """A pair of locks, free and full; one pair for each part that is joined or distributed."""
    if fifo.disable_synchronization or is_cycled(fifo, link):
        return []
    repeats = fifo.repeat_count or 1
    pairs = 1
    if link is not None:
        repeats = next(
            (f.repeat_count for f in link.output_object_fifos if f.repeat_count), repeats
        )
        if link.is_distribute:
            pairs = len(link.fifo_outs)
        elif link.is_join:
            pairs = len(link.fifo_ins)
    depth = len(state.external.get(fifo, ())) if state.is_shim(home) else fifo.size()
    filled = 0 if fifo.init_values is None else len(fifo.init_values)
    locks = []
    for pair in range(pairs):
        for role, value in (("prod", depth - filled), ("cons", filled)):
            name = f"{fifo.sym_name}_{role}_lock_{pair}"
            locks.append(_create_lock(fifo, home, name, value * repeats))
            _insert(state, locks[-1], anchor)
    return locks


def is_cycled(fifo: ObjectFifoCreateOp, link: ObjectFifoLinkOp | None) -> bool:
    """Whether initial values go round by themselves, `iter_count` times: nobody refills the
    objects, so that locks would run out after the first time."""
    times = fifo.iter_count or 1
    return fifo.init_values is not None and times > 1 and link is None


def _create_lock(fifo: ObjectFifoCreateOp, home: TileOp, name: str, value: int) -> LockOp:
    return LockOp(
        tile=home.result,
        init=value,
        sym_name=name,
        location=fifo.location,
    )
