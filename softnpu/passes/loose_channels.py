"""DMA channels and flows that do not meet, in a design as its author wrote it.

A channel that is started and that no flow reaches never moves a word; what a flow brings to a
channel that nothing starts stays in the stream. aie-opt asks neither.
"""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from softnpu.dialects.aie import (
    DeviceOp,
    DMAOp,
    DMAStartOp,
    FlowOp,
    MemOp,
    MemTileDMAOp,
    PacketDestOp,
    PacketSourceOp,
    SwitchboxOp,
    TileOp,
)
from softnpu.dialects.aiex import (
    BPDestOp,
    BroadcastPacketOp,
    ConfigureOp,
    DMAConfigureTaskOp,
    DMAStartBdChainOp,
    MulticastOp,
    MultiDestOp,
    NpuBlockWriteOp,
    NpuControlPacketOp,
    NpuLoadPdiOp,
    NpuMaskWrite32Op,
    NpuPushQueueOp,
    NpuWrite32Op,
)
from softnpu.dialects.enums import DMAChannelDir, WireBundle
from softnpu.dialects.source import design_warning
from softnpu.dialects.walking import ops_of
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import devices, sequences

Channel = tuple[tuple[int, int], DMAChannelDir, int]
"""(tile, direction, channel)."""

ANYTHING = (
    *(NpuWrite32Op, NpuMaskWrite32Op, NpuBlockWriteOp, NpuPushQueueOp, NpuLoadPdiOp),
    *(NpuControlPacketOp, ConfigureOp),
)
"""Ops of a sequence that may start any channel."""

SENDERS = (PacketSourceOp, MulticastOp, BroadcastPacketOp)
RECEIVERS = (PacketDestOp, MultiDestOp, BPDestOp)


def channel_warnings(module: ModuleOp) -> Iterator[str]:
    """The warnings for all devices of a design; none for one with switchboxes of its own."""
    for device in devices(module):
        if any(True for _ in of_type(device, SwitchboxOp)):
            continue
        led, started = dict(_in_flows(device)), dict(_in_programs(device))
        yield from (_unled(op, channel) for channel, op in started.items() if channel not in led)
        if _may_start_anything(device):
            continue
        started |= _in_sequences(device)
        yield from (
            _unstarted(op, channel)
            for channel, op in led.items()
            if channel[0][1] and channel not in started
        )


def _in_flows(device: DeviceOp) -> Iterator[tuple[Channel, Operation]]:
    """The DMA channels at which flows begin and end."""
    for op in ops_of(device, FlowOp, *SENDERS, *RECEIVERS):
        ends: list[tuple[SSAValue, WireBundle, int, DMAChannelDir]] = []
        if isinstance(op, FlowOp):
            ends.append((op.source, op.source_bundle, op.source_channel, DMAChannelDir.MM2S))
            ends.append((op.dest, op.dest_bundle, op.dest_channel, DMAChannelDir.S2MM))
        elif isinstance(op, SENDERS):
            ends.append((op.tile, op.bundle, op.channel, DMAChannelDir.MM2S))
        elif isinstance(op, RECEIVERS):
            ends.append((op.tile, op.bundle, op.channel, DMAChannelDir.S2MM))
        for value, bundle, number, direction in ends:
            tile = value.owner
            if bundle is WireBundle.DMA and isinstance(tile, TileOp):
                yield (tile.position, direction, number), op


def _in_programs(device: DeviceOp) -> Iterator[tuple[Channel, Operation]]:
    """The channels that core and memory tiles start by themselves."""
    for program in device.body.ops:
        if isinstance(program, (MemOp, MemTileDMAOp)):
            for op in program.walk():
                if isinstance(op, (DMAStartOp, DMAOp)):
                    yield (program.position, op.channel_dir, op.channel_index), op


def _in_sequences(device: DeviceOp) -> dict[Channel, Operation]:
    """The channels that get tasks from a runtime sequence."""
    found: dict[Channel, Operation] = {}
    for sequence in sequences(device):
        tasks: list[DMAConfigureTaskOp | DMAStartBdChainOp]
        tasks = ops_of(sequence, DMAConfigureTaskOp, DMAStartBdChainOp)
        found |= {(op.position, op.direction, op.channel): op for op in tasks}
    return found


def _may_start_anything(device: DeviceOp) -> bool:
    controlled = any(op.bundle is WireBundle.TileControl for op in ops_of(device, PacketDestOp))
    return controlled or any(ops_of(sequence, *ANYTHING) for sequence in sequences(device))


def _name(channel: Channel) -> str:
    tile, direction, number = channel
    return f"{direction.name} {number} of tile {tile}"


def _unled(op: Operation, channel: Channel) -> str:
    sends = channel[1] is DMAChannelDir.MM2S
    what = (
        "leads from it: what it sends goes nowhere" if sends else "leads to it: it waits for ever"
    )
    return design_warning(
        op,
        f"{_name(channel)} is started here, and no flow {what}",
        "add an aie.flow or aie.packet_flow for this channel, or start the one that has a flow",
    )


def _unstarted(op: Operation, channel: Channel) -> str:
    sends = channel[1] is DMAChannelDir.MM2S
    what = "comes from" if sends else "leads to"
    return design_warning(
        op,
        f"this flow {what} {_name(channel)}, which nothing starts",
        "start it in the tile's DMA program (aie.mem, aie.memtile_dma) or by a task of the "
        "runtime sequence",
    )
