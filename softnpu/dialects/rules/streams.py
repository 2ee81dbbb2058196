"""Rules of stream switches, packet flows and cascades."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.ir import Operation, SSAValue

from softnpu.arch.device import Device, TileKind
from softnpu.dialects.aie.streams import (
    AMSelOp,
    CascadeFlowOp,
    ConfigureCascadeOp,
    ConnectOp,
    FlowOp,
    GetCascadeOp,
    MasterSetOp,
    PacketDestOp,
    PacketFlowOp,
    PacketRuleOp,
    PacketRulesOp,
    PacketSourceOp,
    Port,
    PutCascadeOp,
    ShimMuxOp,
    ShimSwitchboxOp,
    SwitchboxOp,
)
from softnpu.dialects.aie.tiles import EndOp, TileOp
from softnpu.dialects.aiex.streams import (
    BPDestOp,
    BPIDOp,
    BroadcastPacketOp,
    MulticastOp,
    MultiDestOp,
)
from softnpu.dialects.enums import CascadeDir, WireBundle
from softnpu.dialects.rules.common import kind_of, model_of, where
from softnpu.dialects.sizes import element_bits
from softnpu.dialects.source import design_error, location_of

CASCADE_INPUTS = (CascadeDir.North, CascadeDir.West)
CASCADE_OUTPUTS = (CascadeDir.South, CascadeDir.East)

SLOTS = 4
"""Rules that a port of a switch can hold."""


def port_name(port: Port) -> str:
    """`DMA : 0`"""
    return f"{port[0].name} : {port[1]}"


def check_switchbox(op: SwitchboxOp) -> None:
    """Ports exist, no destination is driven twice, and the switch can connect what it is told."""
    model = model_of(op)
    assert model is not None
    destinations: dict[Port, Operation] = {}
    sources: set[Port] = set()
    for inner in op.connections.block.ops:
        if isinstance(inner, ConnectOp):
            sources.add(inner.source_port)
            _claim(inner, inner.dest_port, destinations)
            _check_source(inner, inner.source_port, op.tile_op, model)
            _check_dest(inner, inner.dest_port, op.tile_op, model)
            _check_legal(inner, inner.source_port, inner.dest_port, op.tile_op, model)
        elif isinstance(inner, MasterSetOp):
            _claim(inner, inner.dest_port, destinations)
            _check_dest(inner, inner.dest_port, op.tile_op, model)
            _check_arbiter(inner)
        elif isinstance(inner, PacketRulesOp):
            if inner.source_port in sources:
                raise design_error(
                    inner,
                    f"port {port_name(inner.source_port)} of {where(op.tile_op)} already feeds a "
                    "connection or other packet rules",
                )
            sources.add(inner.source_port)
        elif isinstance(inner, AMSelOp):
            _check_amsel(inner, op.tile_op, model)
        elif not isinstance(inner, EndOp):
            raise design_error(inner, f"'{inner.name}' cannot stand in a switchbox")


def _claim(op: Operation, port: Port, destinations: dict[Port, Operation]) -> None:
    if (other := destinations.get(port)) is not None:
        raise design_error(
            op,
            f"destination {port_name(port)} is driven twice",
            f"the other is at {location_of(other)}",
        )
    destinations[port] = op


def _check_source(op: Operation, port: Port, tile: TileOp, model: Device) -> None:
    _check_port(op, "source", port, tile, model.num_source_switchbox_connections)


def _check_dest(op: Operation, port: Port, tile: TileOp, model: Device) -> None:
    _check_port(op, "destination", port, tile, model.num_dest_switchbox_connections)


def _check_port(
    op: Operation,
    side: str,
    port: Port,
    tile: TileOp,
    count: Callable[[int, int, WireBundle], int],
) -> None:
    bundle, channel = port
    most = count(*tile.position, bundle)
    if most == 0:
        raise design_error(op, f"the switch of {where(tile)} has no {side} ports {bundle.name}")
    if channel >= most:
        raise design_error(
            op,
            f"the switch of {where(tile)} has {side} ports {bundle.name} : 0 to {most - 1}, "
            f"found {channel}",
        )


def _check_legal(op: Operation, source: Port, dest: Port, tile: TileOp, model: Device) -> None:
    if not model.is_legal_tile_connection(*tile.position, *source, *dest):
        raise design_error(
            op,
            f"the switch of {where(tile)} cannot connect {port_name(source)} to {port_name(dest)}",
        )


def _check_arbiter(op: MasterSetOp) -> None:
    owners = [amsel.owner for amsel in op.amsels]
    arbiters = sorted({owner.arbiter_id for owner in owners if isinstance(owner, AMSelOp)})
    if len(arbiters) > 1:
        raise design_error(
            op,
            f"a master port takes from one arbiter, this one from {', '.join(map(str, arbiters))}",
        )


def _check_amsel(op: AMSelOp, tile: TileOp, model: Device) -> None:
    users = [use.operation for use in op.result.uses]
    masters = [user for user in users if isinstance(user, MasterSetOp)]
    rules = [user.parent_op() for user in users if isinstance(user, PacketRuleOp)]
    for master in masters:
        for rule in rules:
            if isinstance(rule, PacketRulesOp):
                _check_legal(master, rule.source_port, master.dest_port, tile, model)


def check_connections(op: ShimMuxOp | ShimSwitchboxOp) -> None:
    """Only connections, and no destination twice."""
    destinations: dict[Port, Operation] = {}
    for inner in op.connections.block.ops:
        if isinstance(inner, ConnectOp):
            _claim(inner, inner.dest_port, destinations)
        elif not isinstance(inner, EndOp):
            raise design_error(inner, f"'{inner.name}' cannot stand in '{op.name}'")


def check_packet_rules(op: PacketRulesOp) -> None:
    """A port holds four rules. (aie-opt finds out when it writes the registers.)"""
    rules = [inner for inner in op.rules.block.ops if isinstance(inner, PacketRuleOp)]
    if len(rules) > SLOTS:
        raise design_error(
            rules[SLOTS], f"a port holds {SLOTS} packet rules, this one {len(rules)}"
        )


def check_packet_flow(op: PacketFlowOp) -> None:
    """At least one source and one destination."""
    inner_ops = list(op.ports.block.ops)
    for inner in inner_ops:
        if not isinstance(inner, (PacketSourceOp, PacketDestOp, EndOp)):
            raise design_error(inner, f"'{inner.name}' cannot stand in a packet flow")
    sources = sum(isinstance(inner, PacketSourceOp) for inner in inner_ops)
    if not sources:
        raise design_error(op, f"packet flow {op.id} has no aie.packet_source")
    if not any(isinstance(inner, PacketDestOp) for inner in inner_ops):
        raise design_error(op, f"packet flow {op.id} has no destination")
    if not 0 <= op.id < 32:
        raise design_error(op, f"a packet id is 0 to 31, found {op.id}")


def check_packet_end(op: PacketSourceOp | PacketDestOp) -> None:
    """A port that can exist."""
    _check_end(op, op.tile, op.port)


def check_flow(op: FlowOp) -> None:
    """Ports that can exist. (aie-opt finds out when it routes.)"""
    _check_end(op, op.source, op.source_port)
    _check_end(op, op.dest, op.dest_port)


_MOST_PORTS = 8
"""Ports of one bundle that a switch has at most: the shim's in the south."""


def _check_end(op: Operation, tile: SSAValue, port: Port) -> None:
    model, owner = model_of(op), tile.owner
    if model is not None and port[0] is WireBundle.DMA and isinstance(owner, TileOp):
        channels = model.facts_at(*owner.position).channels
        if port[1] >= channels:
            raise design_error(
                op, f"{where(owner)} has DMA channels 0 to {channels - 1}, found {port[1]}"
            )
    if not 0 <= port[1] < _MOST_PORTS:
        raise design_error(op, f"no tile has a port {port_name(port)}")


def check_port(op: BPDestOp | MultiDestOp) -> None:
    """A port that can exist."""
    _check_end(op, op.tile, op.port)


def check_multicast(op: MulticastOp) -> None:
    """Only destinations inside."""
    _check_end(op, op.tile, op.port)
    _check_members(op, (MultiDestOp, EndOp))


def check_broadcast(op: BroadcastPacketOp) -> None:
    """Only packet ids inside."""
    _check_end(op, op.tile, op.port)
    _check_members(op, (BPIDOp, EndOp))


def _check_members(op: Operation, allowed: tuple[type[Operation], ...]) -> None:
    for inner in op.regions[0].block.ops:
        if not isinstance(inner, allowed):
            raise design_error(inner, f"'{inner.name}' cannot stand in '{op.name}'")


def check_cascade_flow(op: CascadeFlowOp) -> None:
    """Between cores that lie next to each other."""
    for tile in (op.source_tile_op, op.dest_tile_op):
        _check_has_cascade(op, tile)
    columns = abs(op.source_tile_op.col - op.dest_tile_op.col)
    rows = abs(op.source_tile_op.row - op.dest_tile_op.row)
    if columns + rows != 1:
        raise design_error(
            op,
            f"a cascade goes to a neighbour; {where(op.source_tile_op)} and "
            f"{where(op.dest_tile_op)} are none",
        )


def _check_has_cascade(op: Operation, tile: TileOp) -> None:
    if kind_of(tile) is not TileKind.CORE:
        raise design_error(op, f"{where(tile)} has no cascade: only cores have")


def check_configure_cascade(op: ConfigureCascadeOp) -> None:
    """In from the north or west, out to the south or east."""
    _check_has_cascade(op, op.tile_op)
    if op.input_dir not in CASCADE_INPUTS:
        raise design_error(
            op, f"a cascade comes from North or West on an NPU, not from {op.input_dir.name}"
        )
    if op.output_dir not in CASCADE_OUTPUTS:
        raise design_error(
            op, f"a cascade goes to South or East on an NPU, not to {op.output_dir.name}"
        )


def check_cascade_value(op: PutCascadeOp | GetCascadeOp) -> None:
    """The cascade carries 512 bits at a time."""
    model = model_of(op)
    type = (op.operands or op.results)[0].type
    bits = element_bits(type)
    if model is not None and bits != model.accumulator_cascade_size:
        raise design_error(
            op,
            f"the cascade carries {model.accumulator_cascade_size} bits at a time, {type} has "
            f"{bits}",
            "vector<16xi32> fits",
        )


RULES: dict[str, Callable[[Any], None]] = {
    "aie.cascade_flow": check_cascade_flow,
    "aie.configure_cascade": check_configure_cascade,
    "aie.flow": check_flow,
    "aie.get_cascade": check_cascade_value,
    "aie.packet_dest": check_packet_end,
    "aie.packet_flow": check_packet_flow,
    "aie.packet_rules": check_packet_rules,
    "aie.packet_source": check_packet_end,
    "aie.put_cascade": check_cascade_value,
    "aie.shim_mux": check_connections,
    "aie.shim_switchbox": check_connections,
    "aie.switchbox": check_switchbox,
    "aiex.bp_dest": check_port,
    "aiex.broadcast_packet": check_broadcast,
    "aiex.multi_dest": check_port,
    "aiex.multicast": check_multicast,
}
