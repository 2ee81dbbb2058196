"""`aie-assign-bd-ids`: numbers for buffer descriptors, and of those that follow them.

Descriptors of a tile's DMA program take the lowest free number that their channel can use, in
the order of the program; then each learns the number of the next in its chain
(mlir-aie, AIEAssignBufferDescriptorIDs.cpp).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.dialects.aie import (
    DeviceOp,
    DMABDOp,
    DMAOp,
    DMAStartOp,
    EndOp,
    MemOp,
    MemTileDMAOp,
    ObjectFifoRearmBindingOp,
    ShimDMAOp,
)
from softnpu.dialects.source import design_error, location_of
from softnpu.dialects.walking import all_ops
from softnpu.errors import DesignError
from softnpu.passes.concerns import Concerns
from softnpu.passes.sequence_ops import devices, model_of
from softnpu.passes.tile_memory import fifo_of

LISTED = 4
"""So many objectfifos are told with the descriptors that they take."""

DmaProgram = MemOp | MemTileDMAOp | ShimDMAOp


@dataclass(frozen=True)
class AssignBufferDescriptorIDsPass(ModulePass):
    """Number the buffer descriptors of the tiles' DMA programs."""

    name = "aie-assign-bd-ids"
    concerns: ClassVar[Concerns] = (
        MemOp,
        MemTileDMAOp,
        ShimDMAOp,
        ObjectFifoRearmBindingOp,
    )

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for program in dma_programs(device):
                channels = _channels_of_blocks(program)
                _assign(program, channels, BdIds(program, model_of(device)))
                _link(program)
            _complete_bindings(device)


def _complete_bindings(device: DeviceOp) -> None:
    """Tell what arms a fifo anew where each of its channels begins, and how often it repeats."""
    starts = {
        (program.tile, start.channel_dir.value, start.channel_index): start
        for program in dma_programs(device)
        if not isinstance(program, ShimDMAOp)
        for start in all_ops(program)
        if isinstance(start, DMAStartOp)
    }
    for binding in device.body.ops:
        if not isinstance(binding, ObjectFifoRearmBindingOp) or binding.head_bd_ids is not None:
            continue
        keys = zip(
            binding.channel_tiles, binding.channel_dirs, binding.channel_indices, strict=True
        )
        heads = [_head(starts.get(key)) for key in keys]
        known = [head for head in heads if head is not None]
        if len(known) == len(heads):
            binding.head_bd_ids = tuple(number for number, _ in known)
            binding.repeat_counts = tuple(repeats for _, repeats in known)


def _head(start: DMAStartOp | None) -> tuple[int, int] | None:
    """The first descriptor of a channel, and its repeat count."""
    first = next((op for op in start.dest.ops if isinstance(op, DMABDOp)), None) if start else None
    if start is None or first is None or first.bd_id is None:
        return None
    return first.bd_id, start.repeat_count


def dma_programs(device: DeviceOp) -> Iterator[DmaProgram]:
    """The DMA programs of a device: of core tiles, then of memory tiles, then of the shim."""
    for kind in (MemOp, MemTileDMAOp, ShimDMAOp):
        for op in device.body.ops:
            if isinstance(op, kind):
                yield op


class BdIds:
    """The descriptor numbers of one tile, and which of them are taken."""

    def __init__(self, program: DmaProgram, model: Device) -> None:
        self._program = program
        self._position = program.position
        self._model = model
        self._taken: dict[int, DMABDOp] = {}
        for bd in program.walk():
            if isinstance(bd, DMABDOp) and bd.bd_id is not None:
                self._reserve(bd, bd.bd_id)

    def _reserve(self, bd: DMABDOp, number: int) -> None:
        count = self._model.num_bds(*self._position)
        if not 0 <= number < count:
            raise design_error(
                bd, f"bd_id {number} of tile {self._position} is not among 0 to {count - 1}"
            )
        if (first := self._taken.setdefault(number, bd)) is not bd:
            raise design_error(
                bd,
                f"bd_id {number} of tile {self._position} is given twice",
                f"first at {location_of(first)}",
            )

    def take(self, bd: DMABDOp, channel: int) -> int:
        """The lowest free number that a channel can use."""
        for number in self._usable(channel):
            if number not in self._taken:
                self._taken[number] = bd
                return number
        raise self._exhausted(bd, channel)

    def _usable(self, channel: int) -> list[int]:
        usable = self._model.is_bd_channel_accessible
        count = self._model.num_bds(*self._position)
        return [number for number in range(count) if usable(*self._position, number, channel)]

    def _exhausted(self, bd: DMABDOp, channel: int) -> DesignError:
        usable = self._usable(channel)
        return design_error(
            bd,
            f"tile {self._position} has {len(usable)} buffer descriptors that channel {channel} "
            f"can use ({usable[0]} to {usable[-1]}), and all are taken",
            f"the tile's DMA program has {self._counted()}: make objectfifos shallower, or spread "
            "them over more tiles or channels",
        )

    def _counted(self) -> str:
        """How many descriptors there are, and of what, the most first."""
        bds = [op for op in all_ops(self._program) if isinstance(op, DMABDOp)]
        names = Counter(fifo_of(bd.buffer_op) for bd in bds if bd.buffer_op is not None)
        told = ", ".join(f"{count} for {name}" for name, count in names.most_common(LISTED))
        return f"{len(bds)} descriptors ({told}{', …' if len(names) > LISTED else ''})"


def _dma_ops(program: DmaProgram) -> list[DMAOp]:
    return [op for block in program.body.blocks for op in block.ops if isinstance(op, DMAOp)]


def bd_of(block: Block) -> DMABDOp | None:
    """The buffer descriptor that a block describes, if it does."""
    return next((op for op in block.ops if isinstance(op, DMABDOp)), None)


def _channels_of_blocks(program: DmaProgram) -> dict[Block, int]:
    """The channel that runs each block of a program written with `aie.dma_start`."""
    channels: dict[Block, int] = {}
    for block in program.body.blocks:
        for start in block.ops:
            if isinstance(start, DMAStartOp):
                channels[block] = start.channel_index
                _follow(start, channels)
    return channels


def _follow(start: DMAStartOp, channels: dict[Block, int]) -> None:
    block: Block = start.dest
    while True:
        channels[block] = start.channel_index
        following = _successor(block)
        if following is None or following in channels:
            return
        block = following


def _successor(block: Block) -> Block | None:
    last = block.last_op
    return last.successors[0] if last is not None and last.successors else None


def _assign(program: DmaProgram, channels: dict[Block, int], ids: BdIds) -> None:
    for bd, channel in _descriptors(program, channels):
        if bd.bd_id is None:
            bd.bd_id = ids.take(bd, channel)


def _descriptors(program: DmaProgram, channels: dict[Block, int]) -> Iterator[tuple[DMABDOp, int]]:
    """Each descriptor of a program in order, with its channel."""
    dmas = _dma_ops(program)
    for dma in dmas:
        for region in dma.bds:
            if (bd := bd_of(region.blocks[0])) is not None:
                yield bd, dma.channel_index
    if dmas:
        return
    for block in program.body.blocks:
        if (bd := bd_of(block)) is None:
            continue
        if block not in channels:
            raise design_error(
                bd,
                "no DMA channel runs this descriptor",
                "an aie.dma_start must lead to its block, or to one whose aie.next_bd does",
            )
        yield bd, channels[block]


def _link(program: DmaProgram) -> None:
    """Tell each descriptor the number of the one that follows it."""
    dmas = _dma_ops(program)
    for dma in dmas:
        bds = [bd for region in dma.bds if (bd := bd_of(region.blocks[0])) is not None]
        following = [*bds[1:], bds[0] if dma.loop else None]
        for bd, after in zip(bds, following, strict=True):
            bd.next_bd_id = None if after is None else after.bd_id
    if dmas:
        return
    for block in program.body.blocks:
        bd, after_block = bd_of(block), _successor(block)
        if bd is None or after_block is None:
            continue
        following_bd = bd_of(after_block)
        if following_bd is None and not isinstance(after_block.first_op, EndOp):
            raise design_error(
                bd,
                "the block that follows this descriptor has none",
                "aie.next_bd must lead to a block with an aie.dma_bd, or to one with aie.end only",
            )
        bd.next_bd_id = None if following_bd is None else following_bd.bd_id
