"""What a sequence moves by a shim channel in all, beside what the channel's other end takes.

A descriptor in the array waits until it has received, or sent, its whole length. A sequence that
ends within one leaves it waiting: a hang, or the next run begins with the rest. aie-opt does not
ask; a host may send the rest in the next run, so that this warns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation

from softnpu.dialects.aie import (
    DeviceOp,
    DMABDOp,
    DMAStartOp,
    FlowOp,
    MemOp,
    MemTileDMAOp,
    NextBDOp,
    RuntimeSequenceOp,
    ShimDMAAllocationOp,
    TileOp,
)
from softnpu.dialects.aiex import (
    DMAConfigureTaskForOp,
    DMAConfigureTaskOp,
    DMAStartTaskOp,
    NpuDmaMemcpyNdOp,
)
from softnpu.dialects.enums import DMAChannelDir, WireBundle
from softnpu.dialects.source import design_warning
from softnpu.dialects.walking import all_ops, classes_in, ops_of
from softnpu.errors import DesignError
from softnpu.passes import memcpy_descriptors
from softnpu.passes.access_pattern import bits_of
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import Symbols, devices, sequences

Channel = tuple[tuple[int, int], DMAChannelDir, int]
"""(tile, direction, channel)."""

NOT_ADDED_UP = ("aiex.dma_start_bd_chain", "aiex.dma_start_bd_chain_for", "aiex.run", "scf.for")
"""Ops that move what is known only when the sequence is lowered."""

MOST_DIMENSIONS = 3
"""Dimensions that a task's length counts; a fourth repeats the descriptor."""


@dataclass(frozen=True)
class Moved:
    """What a sequence moves by one channel: bytes, the first transfer, and what it is called."""

    bytes: int
    first: Operation
    name: str


@dataclass(frozen=True)
class Chain:
    """The descriptors of a channel in the array.

    Attributes:
        lengths: bytes of each, in their order.
        again: where the chain goes on behind the last; None where it ends.
        runs: how often a chain that ends is run.
    """

    lengths: tuple[int, ...]
    again: int | None
    runs: int

    def then(self, other: Chain) -> Chain:
        """The channel runs `other` behind this one, if this one ever ends."""
        if self.again is not None:
            return self
        done = self.lengths * self.runs
        if other.again is not None:
            return Chain((*done, *other.lengths), len(done) + other.again, other.runs)
        return Chain((*done, *other.lengths * other.runs), None, 1)

    @property
    def most(self) -> int | None:
        """Bytes that it moves at most; None for a chain that goes round."""
        return sum(self.lengths) * self.runs if self.again is None else None

    def within(self, total: int) -> tuple[int, int] | None:
        """(bytes done, length) of the descriptor within which a total ends; None between two."""
        rest, index = total, 0
        if self.again is not None and rest >= sum(self.lengths):
            rest -= sum(self.lengths)
            index = self.again
            rest %= sum(self.lengths[index:])
        elif self.again is None:
            rest %= sum(self.lengths)
        for length in self.lengths[index:]:
            if rest < length:
                return (rest, length) if rest else None
            rest -= length
        return None


def sum_warnings(module: ModuleOp) -> Iterator[str]:
    """The warnings for a design whose objectfifos have become DMA programs and flows."""
    for device in devices(module):
        chains = _chains(device)
        ends = _ends(device)
        for sequence in sequences(device):
            for channel, moved in _sums(device, sequence).items():
                for end in ends.get(channel, ()):
                    if (chain := chains.get(end)) is not None:
                        yield from _compare(moved, channel, end, chain)


def _compare(moved: Moved, channel: Channel, end: Channel, chain: Chain) -> Iterator[str]:
    sends = channel[1] is DMAChannelDir.MM2S
    verb, other = ("sends", "receives") if sends else ("takes", "sends")
    total = f"the sequence {verb} {moved.bytes:,} bytes by {moved.name}"
    where = f"tile {end[0]} {other}"
    remedy = (
        "sizes in a sequence count elements of its memrefs, all transfers of a channel together"
    )
    if chain.most is not None and moved.bytes > chain.most:
        yield design_warning(
            moved.first,
            f"{total}, but {where} no more than {chain.most:,} ({end[1].name} channel {end[2]}): "
            "the transfer waits for the rest",
            remedy,
        )
    elif (part := chain.within(moved.bytes)) is not None:
        done, length = part
        last = (
            f"the last has {done:,} of its {length:,} and waits for the others"
            if sends
            else f"{length - done:,} bytes of the last, of {length:,}, stay for what comes next"
        )
        yield design_warning(
            moved.first,
            f"{total}, which ends within a descriptor: {where} them by {end[1].name} channel "
            f"{end[2]}, and {last}",
            remedy,
        )


# what a sequence moves


def _sums(device: DeviceOp, sequence: RuntimeSequenceOp) -> dict[Channel, Moved]:
    """By each shim channel; those that cannot be added up are left out."""
    symbols = Symbols(device)
    sums: dict[Channel, Moved] = {}
    unknown: set[Channel] = set()
    if any(cls.name in NOT_ADDED_UP for cls in classes_in(sequence)):
        return {}
    for op in ops_of(sequence, NpuDmaMemcpyNdOp, DMAStartTaskOp):
        found = _transfer(op, symbols)
        if found is None:
            continue
        channel, name, size = found
        if size is None:
            unknown.add(channel)
        else:
            before = sums.get(channel, Moved(0, op, name))
            sums[channel] = Moved(before.bytes + size, before.first, before.name)
    return {channel: moved for channel, moved in sums.items() if channel not in unknown}


def _transfer(op: Operation, symbols: Symbols) -> tuple[Channel, str, int | None] | None:
    """The channel of a transfer that starts here, what it is called, and its bytes if known."""
    if isinstance(op, NpuDmaMemcpyNdOp):
        named = _allocation(op.metadata, symbols)
        return (*named, _memcpy_bytes(op)) if named else None
    if not isinstance(op, DMAStartTaskOp):
        return None
    task = op.task.owner
    if isinstance(task, DMAConfigureTaskForOp):
        named = _allocation(task.alloc, symbols)
        return (*named, _task_bytes(task)) if named else None
    if isinstance(task, DMAConfigureTaskOp) and task.tile_op.row == 0:
        channel = task.position, task.direction, task.channel
        return channel, f"{task.direction.name} channel {task.channel}", _task_bytes(task)
    return None


def _allocation(name: str, symbols: Symbols) -> tuple[Channel, str] | None:
    root = name.partition("::@")[0]
    found = symbols.get(root)
    if not isinstance(found, ShimDMAAllocationOp):
        return None
    channel = found.tile_op.position, found.channel_dir, found.channel_index
    return channel, f"@{root.removesuffix('_shim_alloc')}"


def _memcpy_bytes(op: NpuDmaMemcpyNdOp) -> int | None:
    try:
        sizes = memcpy_descriptors.constants(op, op.mixed_sizes)
        return prod(sizes) * bits_of(op, op.memref.type) // 8
    except DesignError:
        return None  # refused when the sequence is lowered


def _task_bytes(task: DMAConfigureTaskForOp | DMAConfigureTaskOp) -> int | None:
    """Of a task's chain, as often as it runs."""
    bds = [op for op in all_ops(task) if isinstance(op, DMABDOp)]
    if any(len(bd.dimensions or ()) > MOST_DIMENSIONS or bd.length <= 0 for bd in bds):
        return None
    return sum(bd.len_in_bytes for bd in bds) * (task.repeat_count + 1)


# what the array moves


def _ends(device: DeviceOp) -> dict[Channel, list[Channel]]:
    """The channels at the other ends of the circuits of each shim channel."""
    found: dict[Channel, list[Channel]] = {}
    for flow in of_type(device, FlowOp):
        source, dest = flow.source.owner, flow.dest.owner
        if not isinstance(source, TileOp) or not isinstance(dest, TileOp):
            continue
        if (flow.source_bundle, flow.dest_bundle) != (WireBundle.DMA, WireBundle.DMA):
            continue
        sending = source.position, DMAChannelDir.MM2S, flow.source_channel
        receiving = dest.position, DMAChannelDir.S2MM, flow.dest_channel
        if source.row == 0:
            found.setdefault(sending, []).append(receiving)
        if dest.row == 0:
            found.setdefault(receiving, []).append(sending)
    return found


def _chains(device: DeviceOp) -> dict[Channel, Chain]:
    """The descriptors of each channel that a DMA program in the array starts."""
    found: dict[Channel, Chain] = {}
    for program in device.body.ops:
        if not isinstance(program, (MemOp, MemTileDMAOp)):
            continue
        for block in program.body.blocks:
            start = block.last_op
            if isinstance(start, DMAStartOp) and (chain := _chain(start)) is not None:
                channel = program.position, start.channel_dir, start.channel_index
                found[channel] = found[channel].then(chain) if channel in found else chain
    return found


def _chain(start: DMAStartOp) -> Chain | None:
    blocks: list[Block] = []
    block: Block | None = start.dest
    while block is not None and block not in blocks:
        bd = _descriptor(block)
        if bd is None:
            break
        blocks.append(block)
        last = block.last_op
        block = last.dest if isinstance(last, NextBDOp) else None
    lengths = tuple(bd.len_in_bytes for b in blocks if (bd := _descriptor(b)) is not None)
    again = blocks.index(block) if block in blocks else None
    return Chain(lengths, again, start.repeat_count + 1) if any(lengths) else None


def _descriptor(block: Block) -> DMABDOp | None:
    return next((op for op in block.ops if isinstance(op, DMABDOp)), None)
