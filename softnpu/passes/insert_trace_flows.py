"""`aie-insert-trace-flows`: how traces reach the host.

Each trace gets a packet id and a packet flow to the DMA of one shim tile; the runtime sequence
sets up that DMA, starts all trace units with one broadcast and ends them with another
(mlir-aie, AIEInsertTraceFlows.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.dialects.aie import (
    CoreOp,
    DeviceOp,
    FlowOp,
    PacketDestOp,
    PacketFlowOp,
    PacketSourceOp,
    ShimDMAAllocationOp,
    TileOp,
    TraceHostConfigOp,
    TraceOp,
    TracePacketOp,
    TraceStartConfigOp,
    tile_behind,
)
from softnpu.dialects.aiex import NpuAddressPatchOp, NpuWriteBdOp
from softnpu.dialects.enums import DMAChannelDir, TracePacketType, WireBundle
from softnpu.dialects.scalars import with_constants
from softnpu.dialects.source import design_error, location_of
from softnpu.dialects.walking import all_ops
from softnpu.passes.device_ops import append, region_of
from softnpu.passes.sequence_ops import devices, get_or_create_tile, model_of
from softnpu.passes.trace_setup import Setup
from softnpu.passes.traced_units import (
    START_EVENT,
    STOP_EVENT,
    Traced,
    buffer_of,
    check_units,
    host_config,
    listen_to_itself,
    packet_of,
    traced_unit,
)

MAX_PACKET_ID = 31
"""The packet id has five bits."""

SHIM_CHANNELS = (0, 1)
"""S2MM channels of a shim tile."""


@dataclass(frozen=True)
class Drain:
    """One channel of the shim's DMA and the part of the trace buffer that it fills."""

    channel: int
    bd_id: int
    offset: int


@dataclass(frozen=True)
class InsertTraceFlowsPass(ModulePass):
    """Route traces to a shim tile and set up its DMA.

    Attributes:
        shim_channel: the S2MM channel that takes the traces, if it is free.
        default_bd_id: its buffer descriptor.
        packet_id_start: where packet ids begin.
        burst_length: of the shim's DMA, in bytes.
        distribute_channels: take both channels, with twice the buffer.
        lateral_routing: go to a column without cores, if there is one.
        lateral_target_col: go to this column; -1 for the nearest.
    """

    name = "aie-insert-trace-flows"
    shim_channel: int = 1
    default_bd_id: int = 15
    packet_id_start: int = 1
    burst_length: int = 64
    distribute_channels: bool = False
    lateral_routing: bool = False
    lateral_target_col: int = -1

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            traces = [inner for inner in all_ops(device) if isinstance(inner, TraceOp)]
            if traces:
                self._insert(device, traces)

    def _insert(self, device: DeviceOp, traces: Sequence[TraceOp]) -> None:
        sequence, config = host_config(device, traces[0])
        size = config.buffer_size
        argument, offset = buffer_of(sequence, config)
        ids = self._packet_ids(device, traces)
        traced = [traced_unit(trace, ids[trace]) for trace in traces]
        check_units(traced)
        start = next((t.start for t in traced if t.start is not None), None)
        stop = next((t.stop for t in traced if t.stop is not None), None)
        shim, channel = self._shim(device, config)
        drains = self._drains(device, shim, channel, len(traced), offset, size)
        sequence.body.block.erase_op(config)
        for each in traced:
            if each.tile is shim:
                listen_to_itself(each)
        _add_flows(device, traced, shim, drains)
        setup = Setup(sequence, model_of(device), shim)
        ops = [
            *setup.timers(traced),
            *(op for drain in drains for op in self._drain(setup, drain, argument, size)),
            *([] if start is None else setup.fire(start, START_EVENT, timer=True)),
        ]
        _insert_behind_start(sequence.body.block, with_constants(*ops))
        if stop is not None:
            sequence.body.block.add_ops(with_constants(*setup.fire(stop, STOP_EVENT)))

    # packet ids

    def _packet_ids(self, device: DeviceOp, traces: Sequence[TraceOp]) -> dict[TraceOp, int]:
        """Ids that the author chose, and free ones for the others, column by column."""
        chosen: dict[int, TracePacketOp] = {}
        found: dict[TraceOp, int] = {}
        for trace in traces:
            packet = packet_of(trace)
            if packet is None or packet.id is None:
                continue
            if (other := chosen.get(packet.id)) is not None:
                raise design_error(
                    packet,
                    f"trace packet id {packet.id} is taken by another trace",
                    f"that one stands at {location_of(other)}",
                    "give each trace an id of its own, or leave ids out",
                )
            chosen[packet.id] = packet
            found[trace] = packet.id
        free = (id for id in count(self.packet_id_start) if id not in chosen)
        others = [trace for trace in traces if trace not in found]
        for trace in sorted(others, key=lambda trace: tile_behind(trace.tile).position):
            found[trace] = next(free)
            if found[trace] > MAX_PACKET_ID:
                raise design_error(
                    device,
                    f"{len(others)} traces need packet ids from {self.packet_id_start} on; ids end "
                    f"at {MAX_PACKET_ID} and {len(chosen)} are taken",
                    "trace fewer tiles, or begin with a lower id",
                )
        return found

    # the shim tile

    def _shim(self, device: DeviceOp, config: TraceHostConfigOp) -> tuple[TileOp, int]:
        """The shim tile that takes the traces, and its S2MM channel."""
        col = config.egress_shim_col
        _check_column(config, device, col, "egress_shim_col")
        get_or_create_tile(device, col, 0)
        active = {core.tile_op.col for core in all_ops(device) if isinstance(core, CoreOp)}
        if self.lateral_routing:
            target = self._lateral(device, col, active)
            col = col if target is None else target
        used = used_channels(device)
        free = [channel for channel in SHIM_CHANNELS if channel not in used.get(col, ())]
        if not free and self.lateral_routing:
            full = {other for other, taken in used.items() if len(taken) >= len(SHIM_CHANNELS)}
            spare = _nearest(model_of(device), col, active | full)
            if spare is not None:
                return get_or_create_tile(device, spare, 0), self.shim_channel
        if not free:
            raise design_error(
                device,
                f"both S2MM channels of shim tile ({col}, 0) are in use, none is left for traces",
                "choose another column: aie.trace.host_config {egress_shim_col = ...}",
            )
        shim = get_or_create_tile(device, col, 0)
        return shim, self.shim_channel if self.shim_channel in free else free[0]

    def _lateral(self, device: DeviceOp, col: int, active: set[int]) -> int | None:
        if self.lateral_target_col >= 0:
            _check_column(device, device, self.lateral_target_col, "lateral-target-col")
            return self.lateral_target_col
        return _nearest(model_of(device), col, active) if col in active else None

    def _drains(
        self, device: DeviceOp, shim: TileOp, channel: int, traces: int, offset: int, size: int
    ) -> list[Drain]:
        drains = [Drain(channel, self.default_bd_id, offset)]
        other = 0 if channel == 1 else 1
        if (
            self.distribute_channels
            and traces > 1
            and self.default_bd_id > 0
            and other not in used_channels(device).get(shim.col, ())
        ):
            drains.append(Drain(other, self.default_bd_id - 1, offset + size))
        return drains

    def _drain(self, setup: Setup, drain: Drain, argument: int, size: int) -> Iterator[Operation]:
        """The descriptor, the address of the host's buffer, and the start of the channel."""
        zero: dict[str, Any] = dict.fromkeys(
            (name for name in NpuWriteBdOp.attr_fields if name != "burst_length"), 0
        )
        described: dict[str, Any] = {
            "column": setup.shim.col,
            "bd_id": drain.bd_id,
            "buffer_length": size // 4,
            "enable_packet": 1,
            "valid_bd": 1,
            "burst_length": self.burst_length,
        }
        yield NpuWriteBdOp(**{**zero, **described}, location=setup.location)
        col, row = setup.shim.position
        bd = setup.model.dma_bd_address(col, row, drain.bd_id)
        yield NpuAddressPatchOp(
            addr=bd + setup.model.dma_bd_address_offset(col, row),
            arg_idx=argument,
            arg_plus=drain.offset,
            location=setup.location,
        )
        yield setup.controller(f"DMA_S2MM_{drain.channel}_Ctrl")
        yield setup.push(f"DMA_S2MM_{drain.channel}_Task_Queue", drain.bd_id)


def _check_column(op: Operation, device: DeviceOp, col: int, what: str) -> None:
    columns = model_of(device).columns
    if not 0 <= col < columns:
        raise design_error(
            op, f"{what} = {col}: {device.device.name} has columns 0 to {columns - 1}"
        )


def used_channels(device: DeviceOp) -> dict[int, set[int]]:
    """The S2MM channels of shim tiles that flows and allocations take, by column."""
    used: dict[int, set[int]] = {}
    for op in all_ops(device):
        if isinstance(op, FlowOp):
            tile, port = tile_behind(op.dest), op.dest_port
        elif isinstance(op, PacketDestOp):
            tile, port = op.tile_op, op.port
        elif isinstance(op, ShimDMAAllocationOp) and op.channel_dir is DMAChannelDir.S2MM:
            tile, port = op.tile_op, (WireBundle.DMA, op.channel_index)
        else:
            continue
        if tile.row == 0 and port[0] is WireBundle.DMA:
            used.setdefault(tile.col, set()).add(port[1])
    return used


def _nearest(model: Device, col: int, active: set[int]) -> int | None:
    spare = [other for other in range(model.columns) if other not in active and other != col]
    return min(spare, key=lambda other: (abs(other - col), other), default=None)


def _add_flows(
    device: DeviceOp, traced: Sequence[Traced], shim: TileOp, drains: Sequence[Drain]
) -> None:
    for index, each in enumerate(traced):
        channel = drains[index % len(drains)].channel
        port = int(each.type is TracePacketType.Mem)
        flow = PacketFlowOp(
            id=each.packet_id,
            keep_pkt_header=True,
            ports=region_of(
                PacketSourceOp(tile=each.tile.result, bundle=WireBundle.Trace, channel=port),
                PacketDestOp(tile=shim.result, bundle=WireBundle.DMA, channel=channel),
            ),
            location=each.op.location,
        )
        append(device, flow)


def _insert_behind_start(block: Block, ops: Sequence[Operation]) -> None:
    """Behind the last start of a trace configuration, or at the block's beginning."""
    starts = [op for op in block.ops if isinstance(op, TraceStartConfigOp)]
    if starts:
        block.insert_ops_after(ops, starts[-1])
    elif (first := block.first_op) is not None:
        block.insert_ops_before(ops, first)
