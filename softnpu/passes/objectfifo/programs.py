"""DMA programs: the chain of buffer descriptors that fills or drains a fifo's objects."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from xdsl.ir import Block, Operation, Region, SSAValue

from softnpu.dialects.aie import (
    BDDimLayoutArrayAttr,
    BDPadLayoutArrayAttr,
    BufferOp,
    DMABDOp,
    DMABDPACKETOp,
    DMAChannelDir,
    DMAStartOp,
    EndOp,
    ExternalBufferOp,
    LockAction,
    LockOp,
    MemOp,
    MemTileDMAOp,
    NextBDOp,
    ObjectFifoCreateOp,
    ObjectFifoLinkOp,
    PacketInfoAttr,
    ShimDMAOp,
    TileOp,
    UseLockOp,
)
from softnpu.dialects.rules.common import kind_of
from softnpu.dialects.rules.descriptors import covers, moved
from softnpu.dialects.scalars import with_constants
from softnpu.dialects.sizes import element_bytes, element_count, memref_bytes
from softnpu.dialects.source import design_error, design_warning
from softnpu.passes.device_ops import append, of_type, region_of
from softnpu.passes.objectfifo.elements import is_cycled
from softnpu.passes.objectfifo.state import FifoState, describe

Program = MemOp | MemTileDMAOp | ShimDMAOp

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Transfer:
    """One end of a fifo, as its DMA channel sees it."""

    end: ObjectFifoCreateOp
    direction: DMAChannelDir
    channel: int
    dimensions: BDDimLayoutArrayAttr
    padding: BDPadLayoutArrayAttr | None = None
    pad_value: int = 0
    packet: PacketInfoAttr | None = None


@dataclass(frozen=True)
class Descriptor:
    """One buffer descriptor: which elements, between which locks, how often they are taken."""

    buffer: BufferOp | ExternalBufferOp
    offset: int
    length: int
    pair: int = 0
    locks: int = 1


@dataclass(frozen=True)
class Chain:
    """The descriptors of a channel, and how often it runs them again once started."""

    descriptors: list[Descriptor]
    repeats: int = 0


def create_program(state: FifoState, transfer: Transfer) -> None:
    """Adds a transfer to its tile's DMA program, which is made at need."""
    tile = transfer.end.producer_tile_op
    kind: type[Program]
    if state.is_shim(tile):
        kind, chain = ShimDMAOp, _shim_chain(state, transfer)
    elif state.is_memory_tile(tile):
        kind, chain = MemTileDMAOp, _memory_tile_chain(state, transfer)
        tile = state.owner(transfer.end).producer_tile_op
    else:
        kind, chain = MemOp, _core_tile_chain(state, transfer)
    if chain.descriptors:
        _append(state, _program_of(state, tile, kind, transfer.end), transfer, chain)


# what is moved


def _core_tile_chain(state: FifoState, transfer: Transfer) -> Chain:
    end = transfer.end
    owner = state.owner(end)
    link = state.link_of(end)
    locks = 1
    if link is not None and state.link_owner.get(link) is end:
        locks = _repeats_of(link)
    buffers = state.buffers.get(owner, [])
    if len(buffers) < end.size():
        raise design_error(
            end,
            f"objectfifo {state.name(end)} has {end.size()} objects, but its link shares those of "
            f"{state.name(owner)}, which are {len(buffers)}",
            "give both the same depth; a link through a core tile has one set of objects",
        )
    _check_shared_objects(state, owner, end)
    length = element_count(end.element_type)
    copies, repeats = _repeated(end, end.size())
    return Chain(
        [
            Descriptor(buffer, 0, length, locks=locks)
            for buffer in buffers[: end.size()]
            for _ in range(copies)
        ],
        repeats,
    )


def _repeated(end: ObjectFifoCreateOp, objects: int) -> tuple[int, int]:
    """How an object is sent several times: descriptors for it, and repeats of the channel.

    With one object the channel's own repeat count does it, without copies of its descriptor.
    """
    times = end.repeat_count or 1
    return (1, times - 1) if objects == 1 else (times, 0)


def _check_shared_objects(
    state: FifoState, owner: ObjectFifoCreateOp, end: ObjectFifoCreateOp
) -> None:
    """A core tile's link passes on whole objects: aie-opt moves a part of the larger ones."""
    own, shared = end.element_type, owner.element_type
    if element_count(own) != element_count(shared) or memref_bytes(own) != memref_bytes(shared):
        raise design_error(
            end,
            f"the objects of {state.name(end)} are {own}, those of {state.name(owner)}, with which "
            f"it shares them in {describe(end.producer_tile_op)}, are {shared}",
            "give both one size; a link in a memory tile may cut objects or put them together",
        )


def _shim_chain(state: FifoState, transfer: Transfer) -> Chain:
    buffers = state.external.get(transfer.end, [])
    return Chain([Descriptor(b, 0, element_count(b.buffer_type)) for b in buffers])


def _memory_tile_chain(state: FifoState, transfer: Transfer) -> Chain:
    end = transfer.end
    owner = state.owner(end)
    link = state.link_of(end)
    length = element_count(end.element_type)
    locks = 1
    parts = [(0, length, 0)]
    if link is not None and link in state.link_owner:
        if link.input_object_fifos[0] is end:
            locks = _repeats_of(link)
        parts = _parts(link, owner, end)
    depth = end.size() if owner is end else owner.size()
    buffers = state.buffers.get(owner, [])[:depth]
    copies, repeats = _repeated(end, depth)
    if end.iter_count is not None:
        copies, repeats = end.repeat_count or 1, end.iter_count - 1
    elif len(parts) > 1:
        copies, repeats = end.repeat_count or 1, 0
    return Chain(
        [
            Descriptor(buffer, offset, size, pair, locks)
            for buffer in buffers
            for _ in range(copies)
            for offset, size, pair in parts
        ],
        repeats,
    )


def _repeats_of(link: ObjectFifoLinkOp) -> int:
    return next((f.repeat_count for f in link.output_object_fifos if f.repeat_count), 1)


def _parts(
    link: ObjectFifoLinkOp, owner: ObjectFifoCreateOp, end: ObjectFifoCreateOp
) -> list[tuple[int, int, int]]:
    """(offset, length, lock pair) of each part of an object that one of a link's fifos moves."""
    if not (link.is_join or link.is_distribute):
        # An owner with smaller objects is one whose objects are padded on their way out.
        length = max(element_count(owner.element_type), element_count(end.element_type))
        return [(0, length, 0)]
    parts = _all_parts(link)
    if owner is end:
        if link.is_join and (end.repeat_count or 1) > 1:
            raise design_error(
                end,
                f"objectfifo @{end.sym_name} is the output of a join "
                f"and cannot have a repeat_count of {end.repeat_count}",
                "repeat the joined objects' inputs, or pass them on through another fifo",
            )
        return parts
    names = link.fifo_ins if link.is_join else link.fifo_outs
    return [parts[names.index(end.sym_name)]]


def _all_parts(link: ObjectFifoLinkOp) -> list[tuple[int, int, int]]:
    whole = link.output_object_fifos[0] if link.is_join else link.input_object_fifos[0]
    offsets = link.src_offsets if link.is_join else link.dst_offsets
    limits = [*offsets[1:], element_count(whole.element_type)]
    return [
        (start, stop - start, index)
        for index, (start, stop) in enumerate(zip(offsets, limits, strict=True))
    ]


# the ops


def _program_of(
    state: FifoState, tile: TileOp, kind: type[Program], end: ObjectFifoCreateOp
) -> Program:
    for program in of_type(state.device, kind):
        if program.tile is tile.result:
            return program
    made = kind(tile=tile.result, body=region_of(), location=end.location)
    append(state.device, made)
    return made


def _append(state: FifoState, program: Program, transfer: Transfer, chain: Chain) -> None:
    location = transfer.end.location
    final = _final_block(program)
    start, first = Block(), Block()
    region = program.body
    _warn_of_no_start(state, program, transfer, final)
    region.insert_block_before([start, first], final)
    start.add_op(
        DMAStartOp(
            channel_dir=transfer.direction,
            channel_index=transfer.channel,
            dest=first,
            repeat_count=chain.repeats,
            pad_value=transfer.pad_value,
            chain=final,
            location=location,
        )
    )
    _chain_behind_last(start, final)
    blocks = [first, *(Block() for _ in chain.descriptors[1:])]
    region.insert_block_before(blocks[1:], final)
    following = [*blocks[1:], _after_last(state, transfer, region, first, final)]
    for block, successor, descriptor in zip(blocks, following, chain.descriptors, strict=True):
        block.add_ops(_descriptor_ops(state, transfer, descriptor))
        block.add_op(NextBDOp(dest=successor, location=location))


def _final_block(program: Program) -> Block:
    """The block where the program ends."""
    ends: list[Block] = [
        b for b in program.body.blocks if any(isinstance(op, EndOp) for op in b.ops)
    ]
    if not ends:
        raise design_error(
            program,
            f"the {program.name} of {describe(program.tile_op)} has no aie.end to add channels to",
        )
    return ends[-1]


def _predecessors(block: Block) -> set[Block]:
    """The blocks that lead to a block."""
    region = block.parent_region()
    assert region is not None
    ends = ((other, other.last_op) for other in region.blocks)
    return {other for other, last in ends if last is not None and block in last.successors}


def _chain_behind_last(start: Block, final: Block) -> None:
    """Has the channel that was the program's last go on to the new one.

    As in mlir-aie, that is found only where nothing but it leads to the program's end.
    """
    before = _predecessors(final) - {start}
    if len(before) != 1:
        return
    last = before.pop().last_op
    if isinstance(last, DMAStartOp) and last.chain is final:
        last.chain = start


def _warn_of_no_start(state: FifoState, program: Program, transfer: Transfer, final: Block) -> None:
    """Tell of a channel that aie-opt adds where nothing leads to it, and so drops."""
    if len(_predecessors(final)) > 1:
        _log.warning(
            design_warning(
                program,
                f"the {program.name} of {describe(program.tile_op)} has descriptors that end where "
                "it ends itself; as in aie-opt, the channel of objectfifo "
                f"{state.name(transfer.end)} is not started then, and its objects never arrive",
                "give the last descriptor of each chain a block of its own with aie.end",
            )
        )


def _counts_tasks(state: FifoState, transfer: Transfer) -> bool:
    return transfer.end.iter_count is not None and state.is_memory_tile(
        transfer.end.producer_tile_op
    )


def _after_last(
    state: FifoState, transfer: Transfer, region: Region, first: Block, final: Block
) -> Block:
    """Where the chain goes after its last descriptor: round again, or to an end of its own."""
    if not _counts_tasks(state, transfer):
        return first
    block = Block([EndOp(location=transfer.end.location)])
    region.insert_block_before(block, final)
    return block


def _descriptor_ops(
    state: FifoState, transfer: Transfer, descriptor: Descriptor
) -> list[Operation]:
    location = transfer.end.location
    ops: list[Operation] = []
    if transfer.packet is not None:
        packet = transfer.packet
        ops.append(
            DMABDPACKETOp(packet_type=packet.pkt_type, packet_id=packet.pkt_id, location=location)
        )
    ops.append(_descriptor_op(state, transfer, descriptor))
    locks = state.locks.get(state.owner(transfer.end), [])
    cycled = is_cycled(transfer.end, state.link_of(transfer.end))
    if not locks or (cycled and transfer.direction is DMAChannelDir.MM2S):
        return with_constants(*ops)
    free, full = locks[2 * descriptor.pair : 2 * descriptor.pair + 2]
    before, after = (free, full) if transfer.direction is DMAChannelDir.S2MM else (full, free)
    acquire = _use_lock(transfer, before, LockAction.AcquireGreaterEqual, descriptor.locks)
    release = _use_lock(transfer, after, LockAction.Release, descriptor.locks)
    return with_constants(acquire, *ops, release)


def _use_lock(transfer: Transfer, lock: LockOp, action: LockAction, value: int) -> UseLockOp:
    return UseLockOp(lock=lock.result, action=action, value=value, location=transfer.end.location)


def _descriptor_op(state: FifoState, transfer: Transfer, descriptor: Descriptor) -> DMABDOp:
    dimensions = transfer.dimensions if len(transfer.dimensions) else None
    # As in mlir-aie, padding needs dimensions to be padded.
    padding = None if dimensions is None else transfer.padding
    if dimensions is not None:
        _check_dimensions(state, transfer, dimensions, padding, descriptor)
    buffer: SSAValue = descriptor.buffer.buffer
    return DMABDOp.with_dimensions(
        buffer=buffer,
        static_offset=descriptor.offset,
        static_len=descriptor.length,
        dimensions=dimensions,
        pad_dimensions=padding,
        location=transfer.end.location,
    )


def _check_dimensions(
    state: FifoState,
    transfer: Transfer,
    dimensions: BDDimLayoutArrayAttr,
    padding: BDPadLayoutArrayAttr | None,
    descriptor: Descriptor,
) -> None:
    """Stricter than aie-opt: a fifo's dimensions move all that its descriptors do, no more."""
    own_bytes = element_bytes(descriptor.buffer.buffer_type)
    kind = kind_of(transfer.end.producer_tile_op)
    if covers(dimensions, padding, descriptor.length, own_bytes, kind):
        return
    _, how = moved(dimensions, padding)
    sends = transfer.direction is DMAChannelDir.MM2S
    word = "dimensionsToStream" if sends else "dimensionsFromStream"
    padded = " with their padding" if padding is not None else ""
    owner, type = state.owner(transfer.end), descriptor.buffer.buffer_type
    whole = descriptor.length == element_count(type)
    object = f"{'an object' if whole else 'a part of an object'} of {state.name(owner)}, {type}"
    raise design_error(
        transfer.end,
        f"{word} of {state.name(transfer.end)}{padded} moves {how} elements, but each descriptor "
        f"{'sends' if sends else 'receives'} {descriptor.length}: {object}",
        f"the sizes multiply to the {descriptor.length} elements of a descriptor",
    )
