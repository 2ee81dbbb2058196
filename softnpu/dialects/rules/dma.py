"""Rules of DMA programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from xdsl.ir import Block

from softnpu.arch.device import TileKind
from softnpu.dialects.aie.dma import DMABDOp, DMAOp, DMAStartOp, MemTileDMAOp, NextBDOp
from softnpu.dialects.aie.tiles import EndOp, TileElement, UseLockOp
from softnpu.dialects.enums import DMAChannelDir
from softnpu.dialects.rules.common import kind_of, model_of, title, where
from softnpu.dialects.source import design_error, location_of

LOCAL_ONLY_CHANNEL = 4
"""Memory-tile channels from this one on reach the tile's own memory and locks only."""


def check_program(op: TileElement) -> None:
    """Blocks end as they may, channels exist, descriptors are as many as the tile has."""
    body = op.regions[0]
    if not body.blocks:
        raise design_error(op, f"{title(op)} has no body: end it with aie.end at least")
    for block in body.blocks:
        last = block.last_op
        if last is not None and not isinstance(last, (DMAStartOp, NextBDOp, EndOp)):
            raise design_error(
                last,
                f"'{last.name}' cannot end a block of {title(op)}",
                "a block ends with aie.dma_start, aie.next_bd or aie.end",
            )
    _check_descriptors(op)
    _check_channels(op)
    if isinstance(op, MemTileDMAOp):
        for start in _starts(op):
            _check_local_channel(op, start)


def _starts(program: TileElement) -> Iterator[DMAStartOp]:
    for block in program.regions[0].blocks:
        yield from (op for op in block.ops if isinstance(op, DMAStartOp))


def _check_descriptors(program: TileElement) -> None:
    model = model_of(program)
    most = model.num_bds(*program.position) if model else 0
    count = 0
    for block in program.regions[0].blocks:
        bds = [op for op in block.ops if isinstance(op, DMABDOp)]
        if not bds:
            continue
        count += 1
        if count > most:
            raise design_error(
                bds[0],
                f"{title(program)} has more than {most} buffer descriptors, which is all that "
                f"{where(program.tile_op)} has",
            )
        if len(bds) > 1:
            raise design_error(
                bds[1], f"a block holds one aie.dma_bd, this one {len(bds)}: give each a block"
            )
        _check_lock_count(block)


def _check_lock_count(block: Block) -> None:
    uses = [op for op in block.ops if isinstance(op, UseLockOp)]
    for release in (False, True):
        same = [use for use in uses if use.release is release]
        if len(same) > 1:
            verb = "release" if release else "acquire"
            raise design_error(
                same[1], f"a descriptor can {verb} one lock, this one has {len(same)} of them"
            )


def _check_channels(program: TileElement) -> None:
    """Stricter than aie-opt, which counts channels but takes any number for one."""
    model = model_of(program)
    channels = model.facts_at(*program.position).channels if model else 0
    ops = [op for block in program.regions[0].blocks for op in block.ops]
    for op in ops:
        if isinstance(op, (DMAStartOp, DMAOp)) and op.pad_value:
            _check_pad_value(op, program)
        if isinstance(op, (DMAStartOp, DMAOp)) and op.channel_index >= channels:
            raise design_error(
                op,
                f"{where(program.tile_op)} has {op.channel_dir.name} channels 0 to "
                f"{channels - 1}, found {op.channel_index}",
            )


def _check_pad_value(op: DMAStartOp | DMAOp, program: TileElement) -> None:
    model = model_of(program)
    if kind_of(program.tile_op) is not TileKind.MEMORY or op.channel_dir is not DMAChannelDir.MM2S:
        raise design_error(op, "pad_value is for MM2S channels of memory tiles, which pad")
    if model is not None and not model.has_pad_value:
        raise design_error(op, f"{model.name} pads with 0 alone: remove pad_value")


def _check_local_channel(program: MemTileDMAOp, start: DMAStartOp) -> None:
    if start.channel_index < LOCAL_ONLY_CHANNEL:
        return
    for block in _reachable(start.dest):
        for op in block.ops:
            if isinstance(op, DMABDOp) and op.buffer_op is not None:
                target: TileElement | None = op.buffer_op
            else:
                target = op.lock_op if isinstance(op, UseLockOp) else None
            if target is not None and target.tile_op is not program.tile_op:
                raise design_error(
                    op,
                    f"channel {start.channel_index} of a memory tile reaches its own memory and "
                    f"locks only; {title(target)} is in {where(target.tile_op)}",
                    f"the channel starts at {location_of(start)}; use one of channels 0 to 3",
                )


def _reachable(first: Block) -> list[Block]:
    found = [first]
    for block in found:
        last = block.last_op
        found.extend(b for b in (last.successors if last else ()) if b not in found)
    return found


def check_dma(op: DMAOp) -> None:
    """Each region of `aie.dma` is one block with a descriptor and two locks."""
    parent = op.parent_op()
    assert parent is not None
    if len(parent.regions[0].blocks) > 1:
        raise design_error(op, "aie.dma stands in a DMA program of one block")
    if any(isinstance(other, DMAStartOp) for other in parent.regions[0].blocks[0].ops):
        raise design_error(op, "a DMA program has either aie.dma or aie.dma_start, not both")
    for region in op.bds:
        if len(region.blocks) != 1:
            raise design_error(op, "each region of aie.dma has one block")
        ops = list(region.blocks[0].ops)
        if sum(isinstance(inner, DMABDOp) for inner in ops) != 1:
            raise design_error(op, "each region of aie.dma has one aie.dma_bd")
        if sum(isinstance(inner, UseLockOp) for inner in ops) != 2:
            raise design_error(op, "each region of aie.dma has two aie.use_lock")


RULES: dict[str, Callable[[Any], None]] = {
    "aie.dma": check_dma,
    "aie.mem": check_program,
    "aie.memtile_dma": check_program,
    "aie.shim_dma": check_program,
}
