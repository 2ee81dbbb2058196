"""Packet flows as ops: arbiters, master sets and rules in the switches, and the shim's mux."""

from __future__ import annotations

from xdsl.ir import Operation, OpResult

from softnpu.arch.ports import SHIM_MM2S_PORTS, SHIM_S2MM_PORTS
from softnpu.dialects.aie import (
    AMSelOp,
    DeviceOp,
    MasterSetOp,
    PacketRuleOp,
    PacketRulesOp,
    ShimMuxOp,
    SwitchboxOp,
    TileOp,
)
from softnpu.dialects.enums import WireBundle
from softnpu.dialects.source import design_error
from softnpu.errors import DesignError
from softnpu.passes.device_ops import append_to, of_type, region_of
from softnpu.passes.packet_selects import Select, SwitchingError, select_of
from softnpu.passes.packet_switching import SwitchPlan, plan_packet_switches
from softnpu.passes.route_flows import Routing
from softnpu.passes.switch_ops import SwitchOps, connect_op, wire_bundle


def create_packet_switches(device: DeviceOp, routing: Routing, switches: SwitchOps) -> None:
    """Make what the device's packet flows need of each switch; every tile gets a switch."""
    try:
        plans = plan_packet_switches(
            routing.packet_flows, routing.routes, routing.circuits, exact=routing.exact
        )
    except SwitchingError as error:
        raise _explained(error, device, routing) from error
    for position in plans:
        switches.tile(position)
    for position, tile in sorted(switches.tiles.items()):
        switch = switches.switch(position, after=tile)
        if position in plans:
            contents = _contents(plans[position])
            for op in (inner for one in contents for inner in one.walk()):
                op.location = tile.location
            append_to(switch.connections.block, *contents)
    for switch in of_type(device, SwitchboxOp):
        if switch.position[1] == 0:
            _lead_through_mux(switch, switches)


def _contents(plan: SwitchPlan) -> list[Operation]:
    ops: list[Operation] = []
    selects: dict[Select, OpResult] = {}
    for arbiter, msel in plan.selects:
        amsel = AMSelOp(arbiter_id=arbiter, msel=msel)
        selects[select_of(arbiter, msel)] = amsel.result
        ops.append(amsel)
    for master, used, keep_header in plan.masters:
        ops.append(
            MasterSetOp(
                dest_bundle=wire_bundle(master.bundle),
                dest_channel=master.channel,
                amsels=tuple(selects[select] for select in used),
                keep_pkt_header=keep_header,
                is_ctrl_pkt_overlay=master in plan.overlay,
            )
        )
    for slave, rules in plan.rules.items():
        rule_ops = [
            PacketRuleOp(mask=rule.mask, value=rule.value, amsel=selects[rule.select])
            for rule in rules
        ]
        ops.append(
            PacketRulesOp(
                source_bundle=wire_bundle(slave.bundle),
                source_channel=slave.channel,
                rules=region_of(*rule_ops),
                is_ctrl_pkt_overlay=slave in plan.overlay,
            )
        )
    return ops


def _lead_through_mux(switch: SwitchboxOp, switches: SwitchOps) -> None:
    """Turn the DMA ports of a shim's switch into the south ports that its mux joins to them.

    The mux's connections for packet flows stand before the others, the last made first.
    """
    for op in list(switch.connections.block.ops):
        if isinstance(op, PacketRulesOp) and op.source_bundle is WireBundle.DMA:
            dma, port = op.source_port, (WireBundle.South, SHIM_MM2S_PORTS[op.source_channel])
            op.source_bundle, op.source_channel = port
            north, location = (WireBundle.North, port[1]), switch.tile_op.location
            _prepend(_mux_of(switch, switches), connect_op(dma, north, location))
        elif isinstance(op, MasterSetOp) and op.dest_bundle is WireBundle.DMA:
            dma, port = op.dest_port, (WireBundle.South, SHIM_S2MM_PORTS[op.dest_channel])
            op.dest_bundle, op.dest_channel = port
            north, location = (WireBundle.North, port[1]), switch.tile_op.location
            _prepend(_mux_of(switch, switches), connect_op(north, dma, location))


def _mux_of(switch: SwitchboxOp, switches: SwitchOps) -> ShimMuxOp:
    return switches.shim_mux(switch.position, after=switch.tile_op)


def _prepend(mux: ShimMuxOp, op: Operation) -> None:
    block = mux.connections.block
    assert block.first_op is not None
    block.insert_op_before(op, block.first_op)


def _explained(error: SwitchingError, device: DeviceOp, routing: Routing) -> DesignError:
    """The error in the design's terms: the flow concerned, and the others of its switch."""
    here = next((t for t in of_type(device, TileOp) if t.position == error.tile), None)
    op: Operation = next(
        (flow for flow in routing.packet_flow_ops if flow.id == error.ids[0]), here or device
    )
    return design_error(
        op,
        f"in the stream switch of tile {error.tile}, {error.message}",
        f"packet ids in that switch: {', '.join(map(str, error.ids))}",
        error.remedy,
    )
