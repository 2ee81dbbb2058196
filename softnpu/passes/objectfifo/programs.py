"""DMA programs: the chain of buffer descriptors that fills or drains a fifo's objects."""

from __future__ import annotations

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
from softnpu.dialects.sizes import element_count
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import append, of_type, region_of
from softnpu.passes.objectfifo.state import FifoState, describe

Program = MemOp | MemTileDMAOp | ShimDMAOp


@dataclass(frozen=True)
class Transfer:
    """One end of a fifo, as its DMA channel sees it."""

    end: ObjectFifoCreateOp
    direction: DMAChannelDir
    channel: int
    dimensions: BDDimLayoutArrayAttr
    padding: BDPadLayoutArrayAttr | None = None
    packet: PacketInfoAttr | None = None


@dataclass(frozen=True)
class Descriptor:
    """One buffer descriptor: which elements, between which locks, how often they are taken."""

    buffer: BufferOp | ExternalBufferOp
    offset: int
    length: int
    pair: int = 0
    locks: int = 1


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
    if chain:
        _append(state, _program_of(state, tile, kind, transfer.end), transfer, chain)


# what is moved


def _core_tile_chain(state: FifoState, transfer: Transfer) -> list[Descriptor]:
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
    length = element_count(end.element_type)
    return [
        Descriptor(buffer, 0, length, locks=locks)
        for buffer in buffers[: end.size()]
        for _ in range(end.repeat_count or 1)
    ]


def _shim_chain(state: FifoState, transfer: Transfer) -> list[Descriptor]:
    buffers = state.external.get(transfer.end, [])
    return [Descriptor(buffer, 0, element_count(buffer.buffer_type)) for buffer in buffers]


def _memory_tile_chain(state: FifoState, transfer: Transfer) -> list[Descriptor]:
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
    return [
        Descriptor(buffer, offset, size, pair, locks)
        for buffer in buffers
        for _ in range(end.repeat_count or 1)
        for offset, size, pair in parts
    ]


def _repeats_of(link: ObjectFifoLinkOp) -> int:
    return next((f.repeat_count for f in link.output_object_fifos if f.repeat_count), 1)


def _parts(
    link: ObjectFifoLinkOp, owner: ObjectFifoCreateOp, end: ObjectFifoCreateOp
) -> list[tuple[int, int, int]]:
    """(offset, length, lock pair) of each part of an object that one of a link's fifos moves."""
    if not (link.is_join or link.is_distribute):
        return [(0, element_count(owner.element_type), 0)]
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


def _append(
    state: FifoState, program: Program, transfer: Transfer, chain: list[Descriptor]
) -> None:
    location = transfer.end.location
    final = _final_block(program)
    start, first = Block(), Block()
    region = program.body
    region.insert_block_before([start, first], final)
    start.add_op(
        DMAStartOp(
            channel_dir=transfer.direction,
            channel_index=transfer.channel,
            dest=first,
            repeat_count=_task_count(state, transfer),
            chain=final,
            location=location,
        )
    )
    _chain_behind_last(region, start, final)
    blocks = [first, *(Block() for _ in chain[1:])]
    region.insert_block_before(blocks[1:], final)
    following = [*blocks[1:], _after_last(state, transfer, region, first, final)]
    for block, successor, descriptor in zip(blocks, following, chain, strict=True):
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


def _chain_behind_last(region: Region, start: Block, final: Block) -> None:
    """Has the channel that was the program's last go on to the new one."""
    for block in region.blocks:
        last = block.last_op
        if block is not start and isinstance(last, DMAStartOp) and last.chain is final:
            last.chain = start


def _counts_tasks(state: FifoState, transfer: Transfer) -> bool:
    return transfer.end.iter_count is not None and state.is_memory_tile(
        transfer.end.producer_tile_op
    )


def _task_count(state: FifoState, transfer: Transfer) -> int:
    """`repeat_count` of the channel's start: how often the chain runs again."""
    count = transfer.end.iter_count
    return 0 if count is None or not _counts_tasks(state, transfer) else count - 1


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
    ops.append(_descriptor_op(transfer, descriptor))
    locks = state.locks.get(state.owner(transfer.end), [])
    if not locks:
        return ops
    free, full = locks[2 * descriptor.pair : 2 * descriptor.pair + 2]
    before, after = (free, full) if transfer.direction is DMAChannelDir.S2MM else (full, free)
    acquire = _use_lock(transfer, before, LockAction.AcquireGreaterEqual, descriptor.locks)
    return [acquire, *ops, _use_lock(transfer, after, LockAction.Release, descriptor.locks)]


def _use_lock(transfer: Transfer, lock: LockOp, action: LockAction, value: int) -> UseLockOp:
    return UseLockOp(lock=lock.result, action=action, value=value, location=transfer.end.location)


def _descriptor_op(transfer: Transfer, descriptor: Descriptor) -> DMABDOp:
    dimensions = transfer.dimensions if len(transfer.dimensions) else None
    buffer: SSAValue = descriptor.buffer.buffer
    return DMABDOp(
        buffer=buffer,
        offset=descriptor.offset,
        len=descriptor.length,
        dimensions=dimensions,
        # As in mlir-aie, padding needs dimensions to be padded.
        pad_dimensions=None if dimensions is None else transfer.padding,
        location=transfer.end.location,
    )
