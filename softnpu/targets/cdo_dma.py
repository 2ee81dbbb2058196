"""DMA programs in a CDO: descriptors written, channels started.

Sources: mlir-aie, AIERT.cpp (`addInitConfig`, `pushToBdQueueAndEnable`), and aie-rt, xaie_dma.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.ir import Block, Operation, Region

from softnpu.arch import registers
from softnpu.arch.address import tile_address
from softnpu.arch.device import Device
from softnpu.arch.dma import MAXIMUM_REPEAT, Direction
from softnpu.arch.register import Module
from softnpu.dialects.aie import (
    DMABDOp,
    DMAChannelDir,
    DMAOp,
    DMAStartOp,
    MemOp,
    MemTileDMAOp,
    ShimDMAOp,
)
from softnpu.dialects.source import design_error
from softnpu.formats import operations as ops
from softnpu.formats.records import word_bytes
from softnpu.targets.cdo_bd import Position, descriptor_words
from softnpu.targets.steps import Step, steps_for

DmaProgram = MemOp | MemTileDMAOp | ShimDMAOp
PROGRAM_ORDER: tuple[type[DmaProgram], ...] = (MemOp, MemTileDMAOp, ShimDMAOp)
"""The order in which a CDO holds the programs of the three kinds of tile."""

CHANNEL_ENABLE = (0, 1)
"""(mask, value) of aie-rt's channel enable: AIE2 has no such bit, so the mask is empty."""


def program_steps(program: DmaProgram, device: Device) -> Iterator[Step]:
    """Steps that write a tile's descriptors and start its channels.

    Raises:
        DesignError: a descriptor that the tile's DMA cannot do, or one without an id.
    """
    tile = program.position
    channels = [op for block in program.body.blocks for op in block.ops if isinstance(op, DMAOp)]
    if channels:
        blocks = [region.blocks[0] for channel in channels for region in channel.bds]
    else:
        blocks = chain_of_blocks(program.body)
    for block in blocks:
        if (bd := first_bd(block)) is not None:
            yield Step(_write_descriptor(block, bd, device, tile), bd)
    for start in channels or _starts(blocks):
        # As in AIERT.cpp, an aie.dma_start is said to come from where its descriptor does.
        source = start if isinstance(start, DMAOp) else _first_of(start)
        yield from steps_for(source, _start_channel(start, device, tile))


def chain_of_blocks(region: Region) -> list[Block]:
    """The blocks that control reaches, in mlir-aie's order (`getOrderedChainOfBlocks`).

    A block's successors are numbered together, then the last one is followed first.
    """
    order = [region.blocks[0]]
    pending = [region.blocks[0]]
    while pending:
        last = pending.pop().last_op
        for successor in last.successors if last is not None else ():
            if not any(successor is known for known in order):
                order.append(successor)
                pending.append(successor)
    return order


def first_bd(block: Block) -> DMABDOp | None:
    """The descriptor in a block, if it has one."""
    return next((op for op in block.ops if isinstance(op, DMABDOp)), None)


def _starts(blocks: list[Block]) -> list[DMAStartOp]:
    return [op for block in blocks for op in block.ops if isinstance(op, DMAStartOp)]


def _write_descriptor(block: Block, bd: DMABDOp, device: Device, tile: Position) -> ops.Operation:
    engine = device.dma(*tile)
    number = _bd_id(bd)
    if not 0 <= number < engine.bds:
        raise design_error(bd, f"BD id {number}: a {engine.kind.value} tile has {engine.bds} BDs")
    words = descriptor_words(block, bd, device, tile)
    return ops.BlockWrite(tile_address(*tile, engine.bd_address(number)), word_bytes(words))


def _bd_id(bd: DMABDOp) -> int:
    if bd.bd_id is None:
        raise design_error(bd, "the descriptor has no id yet", "run aie-assign-bd-ids")
    return bd.bd_id


def _first_of(start: DMAStartOp | DMAOp) -> DMABDOp:
    """The descriptor that a channel starts with."""
    block = start.bds[0].blocks[0] if isinstance(start, DMAOp) else start.dest
    bd = first_bd(block)
    if bd is None:
        raise design_error(start, "the channel starts with a block that has no aie.dma_bd")
    return bd


def _start_channel(
    start: DMAStartOp | DMAOp, device: Device, tile: Position
) -> Iterator[ops.Operation]:
    """The task into the channel's queue; a shim's S2MM channel gives a token when it is done."""
    engine = device.dma(*tile)
    direction = Direction(start.channel_dir.value)
    channel = start.channel_index
    bd = _bd_id(_first_of(start))
    _check_start(start, device, tile, bd)
    token = device.is_shim(*tile) and start.channel_dir is DMAChannelDir.S2MM
    task = {
        "start_bd_id": bd,
        "repeat_count": start.repeat_count,
        "enable_token_issue": int(token),
    }
    if start.pad_value:
        yield ops.Write(_pad_register(start, device, tile), start.pad_value & 0xFFFF_FFFF)
    queue = tile_address(*tile, engine.queue_address(direction, channel))
    control = tile_address(*tile, engine.control_address(direction, channel))
    mask, value = CHANNEL_ENABLE
    yield ops.Write(queue, engine.queue.pack(task)[0])
    yield ops.MaskWrite(control, mask, value)


def _pad_register(start: DMAStartOp | DMAOp, device: Device, tile: Position) -> int:
    """Where a memory tile's channel has the value that it pads with."""
    name = f"DMA_MM2S_{start.channel_index}_Constant_Pad_Value"
    found = registers.lookup(Module.MEMORY_TILE, name, device.generation)
    if found is None or not device.is_memory_tile(*tile) or start.channel_dir.name != "MM2S":
        raise design_error(
            start,
            f"pad_value = {start.pad_value}: only channels that send from a memory tile of the "
            "second generation (npu2) have a value to pad with; others pad with zeros",
        )
    return tile_address(*tile, registers.address(found))


def _check_start(start: DMAStartOp | DMAOp, device: Device, tile: Position, bd: int) -> None:
    engine = device.dma(*tile)
    channel = start.channel_index
    if channel >= engine.channels:
        raise design_error(
            start,
            f"channel {channel}: a {engine.kind.value} tile has {engine.channels} channels "
            "in each direction",
        )
    if not engine.can_use(bd, channel):
        raise design_error(
            start,
            f"channel {channel} of a memory tile cannot run BD {bd}",
            "even channels run BDs 0 to 23, odd channels 24 to 47",
        )
    if not 0 <= start.repeat_count <= MAXIMUM_REPEAT:
        raise design_error(
            start, f"repeat_count = {start.repeat_count} is not within 0 to {MAXIMUM_REPEAT}"
        )


def programs(body: Block) -> Iterator[DmaProgram]:
    """The DMA programs of a device, in the order in which a CDO holds them."""
    found: list[Operation] = list(body.ops)
    for kind in PROGRAM_ORDER:
        yield from (op for op in found if isinstance(op, kind))
