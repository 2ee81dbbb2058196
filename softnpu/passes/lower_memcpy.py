"""`aie-lower-memcpy`: a copy between two tiles as a flow and a descriptor at each end.

(mlir-aie, AIELowerMemcpy.cpp, which lets a second copy at a tile take the first one's channel;
here each copy has a channel of its own at both ends.)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, SSAValue
from xdsl.passes import ModulePass

from softnpu.dialects.aie import (
    DMABDOp,
    DMAChannelDir,
    DMAStartOp,
    FlowOp,
    LockAction,
    MemOp,
    NextBDOp,
    TileOp,
    memory_dma,
    tile_behind,
)
from softnpu.dialects.aiex import MemcpyOp, UseTokenOp
from softnpu.dialects.enums import WireBundle
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import of_type
from softnpu.passes.rewriting.ir import erase, insert_before
from softnpu.passes.sequence_ops import devices, model_of


@dataclass(frozen=True)
class LowerMemcpyPass(ModulePass):
    """Lower `aiex.memcpy`; the tokens that it takes and gives go to both descriptors."""

    name = "aie-lower-memcpy"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            channels = model_of(device).facts_at
            used: Counter[tuple[TileOp, DMAChannelDir]] = Counter()
            for copy in of_type(device, MemcpyOp):
                ends = (
                    (tile_behind(copy.src_tile), DMAChannelDir.MM2S),
                    (tile_behind(copy.dst_tile), DMAChannelDir.S2MM),
                )
                for tile, direction in ends:
                    if used[tile, direction] >= channels(*tile.position).channels:
                        raise design_error(
                            copy,
                            f"tile {tile.position} has {channels(*tile.position).channels} "
                            f"{direction.name} channels, and more copies than those",
                        )
                _lower(copy, *(used[end] for end in ends))
                used.update(ends)


def _lower(copy: MemcpyOp, source_channel: int, dest_channel: int) -> None:
    flow = FlowOp(
        source=copy.src_tile,
        source_bundle=WireBundle.DMA,
        source_channel=source_channel,
        dest=copy.dst_tile,
        dest_bundle=WireBundle.DMA,
        dest_channel=dest_channel,
    )
    insert_before(copy, flow)
    out = _descriptor(copy, copy.src_buf, copy.src_offset, copy.src_len)
    _add(_program(copy, copy.src_tile), copy, out, DMAChannelDir.MM2S, source_channel)
    into = _descriptor(copy, copy.dst_buf, copy.dst_offset, copy.dst_len)
    _add(_program(copy, copy.dst_tile), copy, into, DMAChannelDir.S2MM, dest_channel)
    erase(copy)


def _program(copy: MemcpyOp, tile: SSAValue) -> MemOp:
    found = memory_dma(tile_behind(tile))
    if found is None:
        raise design_error(
            copy,
            f"tile {tile_behind(tile).position} has no aie.mem for the copy's descriptor",
            "run aie-create-cores first, or write one: aie.mem(%tile) { aie.end }",
        )
    return found


def _descriptor(copy: MemcpyOp, buffer: SSAValue, offset: int, length: int) -> Block:
    def token(value: int, action: LockAction) -> UseTokenOp:
        return UseTokenOp(
            token_name=copy.token_name, value=value, action=action, location=copy.location
        )

    bd = DMABDOp.with_dimensions(
        buffer=buffer, static_offset=offset, static_len=length, location=copy.location
    )
    acquire = token(copy.acq_value, LockAction.Acquire)
    return Block([acquire, bd, token(copy.rel_value, LockAction.Release)])


def _add(
    mem: MemOp, copy: MemcpyOp, descriptor: Block, direction: DMAChannelDir, channel: int
) -> None:
    """Start a channel where the program ended, and end it behind that."""
    end, start = mem.body.blocks[-1], Block()
    for block in mem.body.blocks:
        if isinstance(block.last_op, DMAStartOp) and block.last_op.chain is end:
            block.last_op.chain = start
    mem.body.insert_block([start, descriptor], len(mem.body.blocks) - 1)
    start.add_op(
        DMAStartOp(
            channel_dir=direction,
            channel_index=channel,
            dest=descriptor,
            chain=end,
            location=copy.location,
        )
    )
    descriptor.add_op(NextBDOp(dest=end, location=copy.location))
