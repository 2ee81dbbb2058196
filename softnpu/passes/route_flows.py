"""The flows of a device, routed: from ops to the path finder, and its failures in their terms."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from softnpu.arch.ports import Bundle
from softnpu.dialects.aie import (
    ConnectOp,
    DeviceOp,
    FlowOp,
    PacketDestOp,
    PacketFlowOp,
    PacketSourceOp,
    SwitchboxOp,
    TileOp,
)
from softnpu.dialects.enums import WireBundle
from softnpu.dialects.source import design_error, design_warning, location_of
from softnpu.errors import DesignError
from softnpu.passes.device_ops import of_type
from softnpu.passes.packet_switching import PacketFlow
from softnpu.passes.pathfinder import CongestionError, Connection, Pathfinder, Route
from softnpu.passes.routing_graph import EndPoint
from softnpu.passes.sequence_ops import model_of

_log = logging.getLogger(__name__)

LISTED_FLOWS = 8
"""Flows that an error lists before it only counts them."""


@dataclass
class Routing:
    """What the path finder found.

    Attributes:
        routes: by source.
        packet_flows, packet_flow_ops: the device's packet flows, as data and as ops.
        circuits: the sources of the flows that have been made circuits.
    """

    routes: dict[EndPoint, Route]
    packet_flows: list[PacketFlow]
    packet_flow_ops: list[PacketFlowOp]
    circuits: set[EndPoint] = field(default_factory=set)


def find_routes(device: DeviceOp) -> Routing:
    """Routes for all flows of a device; raises DesignError where there is none."""
    packet_flow_ops = list(of_type(device, PacketFlowOp))
    packet_flows = [packet_flow_of(op) for op in packet_flow_ops]
    finder = Pathfinder(model_of(device))
    for flow in packet_flows:
        for destination in flow.destinations:
            finder.add_flow(flow.source, destination, packet=True, priority=flow.priority)
    finder.sort_flows()
    for circuit in of_type(device, FlowOp):
        finder.add_flow(flow_source(circuit), flow_destination(circuit), packet=False)
    fixed: dict[EndPoint, ConnectOp] = {}
    for switch in of_type(device, SwitchboxOp):
        fixed |= _keep_fixed(switch, finder)
    try:
        routes = finder.find_paths()
    except CongestionError as congestion:
        raise _explained(congestion, device) from congestion
    _warn_of_mixed_streams(device, routes, fixed)
    return Routing(routes, packet_flows, packet_flow_ops)


def end_point(tile: SSAValue, bundle: WireBundle, channel: int) -> EndPoint:
    """A port of a tile op."""
    owner = tile.owner
    assert isinstance(owner, TileOp)
    return EndPoint(owner.position, Bundle(bundle.value), channel)


def flow_source(flow: FlowOp) -> EndPoint:
    """Where a flow starts."""
    return end_point(flow.source, flow.source_bundle, flow.source_channel)


def flow_destination(flow: FlowOp) -> EndPoint:
    """Where a flow ends."""
    return end_point(flow.dest, flow.dest_bundle, flow.dest_channel)


def packet_flow_of(op: PacketFlowOp) -> PacketFlow:
    """A packet flow as data; DesignError if it has no source."""
    ends = op.ports.block.ops
    sources = [
        end_point(end.tile, end.bundle, end.channel)
        for end in ends
        if isinstance(end, PacketSourceOp)
    ]
    destinations = tuple(
        end_point(end.tile, end.bundle, end.channel)
        for end in ends
        if isinstance(end, PacketDestOp)
    )
    if not sources:
        raise design_error(op, f"packet flow {op.id} has no aie.packet_source")
    return PacketFlow(
        id=op.id,
        source=sources[-1],
        destinations=destinations,
        keep_header=op.keep_pkt_header,
        priority=bool(op.priority_route),
    )


def _keep_fixed(switch: SwitchboxOp, finder: Pathfinder) -> dict[EndPoint, ConnectOp]:
    """Keep the connections that the design makes itself from the flows; their slave ports."""
    fixed: dict[EndPoint, ConnectOp] = {}
    for connect in switch.connections.block.ops:
        if not isinstance(connect, ConnectOp):
            continue
        source = end_point(switch.tile, connect.source_bundle, connect.source_channel)
        dest = end_point(switch.tile, connect.dest_bundle, connect.dest_channel)
        if not finder.add_fixed_connection(Connection(source, dest)):
            raise design_error(
                connect,
                f"the switch of tile {switch.position} cannot connect {source.bundle.name} "
                f"{source.channel} to {dest.bundle.name} {dest.channel}",
                "it has no such connection, or another aie.connect makes it already",
            )
        fixed[source] = connect
    return fixed


def _warn_of_mixed_streams(
    device: DeviceOp, routes: dict[EndPoint, Route], fixed: dict[EndPoint, ConnectOp]
) -> None:
    """Say which flows enter a switch where a connection of the design's own starts too."""
    for source, route in routes.items():
        shared = {link.source for links in route.values() for link in links} & fixed.keys()
        for port in sorted(shared - {source}):
            _log.warning(
                design_warning(
                    _flow_from(device, source),
                    f"the flow from {source} comes through {port}, where a stream of "
                    "the design's own switches may come in",
                    f"an aie.connect from that port is at {location_of(fixed[port])}; aie-opt "
                    "routes so too, and the two streams get mixed",
                    "write the whole way of that stream as aie.flow",
                )
            )


def _explained(congestion: CongestionError, device: DeviceOp) -> DesignError:
    if congestion.flow is not None:
        source, destination = congestion.flow.source, congestion.destination
        return design_error(
            _flow_from(device, source),
            f"there is no way from {source} to {destination}",
            "a port must exist in its tile, and connections written in aie.switchbox may stand "
            "in the way",
        )
    if congestion.cut is not None:
        sources = [stream.source for stream in congestion.cut.streams]
        message = str(congestion.cut)
    else:
        (worst, streams), *_ = congestion.overused
        sources = congestion.users
        message = f"after many attempts {streams} streams still compete for {_describe(worst)}"
    users = [_flow_from(device, source) for source in sources]
    return design_error(
        users[0] if users else device,
        f"the flows cannot be routed: {message}",
        *[f"{_name(op)} at {location_of(op)}" for op in users[:LISTED_FLOWS]],
        *([f"and {len(users) - LISTED_FLOWS} more"] if len(users) > LISTED_FLOWS else []),
        "use other columns or tiles, combine streams in a memory tile, or let packet flows share "
        "a channel",
    )


def _describe(connection: Connection) -> str:
    source, destination = connection
    if source.tile == destination.tile:
        return (
            f"the switch of tile {source.tile}, {source.bundle.name} {source.channel} to "
            f"{destination.bundle.name} {destination.channel}"
        )
    return f"{source}, which leads to tile {destination.tile}"


def _flow_from(device: DeviceOp, source: EndPoint) -> Operation:
    """The flow or packet flow that starts at a port."""
    for op in device.body.ops:
        if isinstance(op, FlowOp) and flow_source(op) == source:
            return op
        if isinstance(op, PacketFlowOp) and packet_flow_of(op).source == source:
            return op
    return device


def _name(op: Operation) -> str:
    if isinstance(op, FlowOp):
        return f"flow from {flow_source(op)} to {flow_destination(op)}"
    if isinstance(op, PacketFlowOp):
        flow = packet_flow_of(op)
        return f"packet flow {flow.id} from {flow.source}"
    return op.name
