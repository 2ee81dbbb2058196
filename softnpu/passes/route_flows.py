"""The flows of a device, routed: from ops to the path finder, and its failures in their terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from softnpu.arch.ports import Bundle, EndPoint
from softnpu.dialects.aie import (
    ConnectOp,
    DeviceOp,
    FlowOp,
    PacketDestOp,
    PacketFlowOp,
    PacketSourceOp,
    SwitchboxOp,
    tile_behind,
)
from softnpu.dialects.enums import WireBundle
from softnpu.dialects.source import design_error, location_of
from softnpu.errors import DesignError
from softnpu.passes.device_ops import of_type
from softnpu.passes.exact_pathfinder import ExactPathfinder
from softnpu.passes.packet_switching import PacketFlow
from softnpu.passes.pathfinder import CongestionError, Connection, Pathfinder, Route
from softnpu.passes.sequence_ops import model_of

LISTED_FLOWS = 8
"""Flows that an error lists before it only counts them."""


class NoRoutesError(DesignError):
    """The flows of a design have no room in the array's switches, or one has no way at all.

    Attributes:
        whatever: not by mlir-aie's way of routing nor by the exact one.
    """

    whatever = False


@dataclass
class Routing:
    """What the path finder found.

    Attributes:
        routes: by source.
        packet_flows, packet_flow_ops: the device's packet flows, as data and as ops.
        exact: whether they are not mlir-aie's, but such that each flow arrives as it says.
        circuits: the sources of the flows that have been made circuits.
    """

    routes: dict[EndPoint, Route]
    packet_flows: list[PacketFlow]
    packet_flow_ops: list[PacketFlowOp]
    exact: bool = False
    circuits: set[EndPoint] = field(default_factory=set)


def find_routes(device: DeviceOp, *, exact: bool = False, apart: bool = False) -> Routing:
    """Routes for all flows of a device; raises NoRoutesError where there is none.

    Args:
        exact: not those of mlir-aie, but such that each flow arrives where it says, and only there.
        apart: of such, those in which packets share ports only where they must.
    """
    packet_flow_ops = list(of_type(device, PacketFlowOp))
    packet_flows = [packet_flow_of(op) for op in packet_flow_ops]
    asked: list[bool] = []

    def possible() -> bool:
        asked.append(_is_possible(device, packet_flows))
        return asked[-1]

    finder = _finder(device, packet_flows, exact=exact, apart=apart)
    try:
        routes = finder.find_paths(possible=None if exact else possible)
    except CongestionError as congestion:
        error = _explained(congestion, device)
        error.whatever = asked == [False]
        raise error from congestion
    return Routing(routes, packet_flows, packet_flow_ops, exact=exact)


def _finder(
    device: DeviceOp, packet_flows: Iterable[PacketFlow], *, exact: bool, apart: bool = False
) -> Pathfinder:
    """A path finder that knows all flows of a device, and what its switches are set to already."""
    model = model_of(device)
    finder = ExactPathfinder(model, apart=apart) if exact else Pathfinder(model)
    for flow in packet_flows:
        for source, destination in flow.pairs:
            finder.add_flow(source, destination, packet_id=flow.id, priority=flow.priority)
    for circuit in of_type(device, FlowOp):
        finder.add_flow(flow_source(circuit), flow_destination(circuit))
    finder.sort_flows()
    for switch in of_type(device, SwitchboxOp):
        _keep_fixed(switch, finder)
    return finder


def _is_possible(device: DeviceOp, packet_flows: Iterable[PacketFlow]) -> bool:
    """Whether there are routes by which each flow arrives; mlir-aie's could be no others."""
    try:
        _finder(device, packet_flows, exact=True).find_paths()
    except CongestionError:
        return False
    return True


def end_point(tile: SSAValue, bundle: WireBundle, channel: int) -> EndPoint:
    """A port of a tile op."""
    return EndPoint(tile_behind(tile).position, Bundle(bundle.value), channel)


def flow_source(flow: FlowOp) -> EndPoint:
    """Where a flow starts."""
    return end_point(flow.source, flow.source_bundle, flow.source_channel)


def flow_destination(flow: FlowOp) -> EndPoint:
    """Where a flow ends."""
    return end_point(flow.dest, flow.dest_bundle, flow.dest_channel)


def packet_flow_of(op: PacketFlowOp) -> PacketFlow:
    """A packet flow as data; DesignError if it has no source."""
    ends = op.ports.block.ops
    sources = tuple(
        end_point(end.tile, end.bundle, end.channel)
        for end in ends
        if isinstance(end, PacketSourceOp)
    )
    destinations = tuple(
        end_point(end.tile, end.bundle, end.channel)
        for end in ends
        if isinstance(end, PacketDestOp)
    )
    if not sources:
        raise design_error(op, f"packet flow {op.id} has no aie.packet_source")
    return PacketFlow(
        id=op.id,
        sources=sources,
        destinations=destinations,
        keep_header=op.keep_pkt_header,
        priority=bool(op.priority_route),
    )


def _keep_fixed(switch: SwitchboxOp, finder: Pathfinder) -> None:
    """Keep the connections that the design makes itself from the flows."""
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


def _explained(congestion: CongestionError, device: DeviceOp) -> NoRoutesError:
    if congestion.flow is not None:
        source, destination = congestion.flow.source, congestion.destination
        return _no_routes(
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
    return _no_routes(
        users[0] if users else device,
        f"the flows cannot be routed: {message}",
        *[f"{_name(op)} at {location_of(op)}" for op in users[:LISTED_FLOWS]],
        *([f"and {len(users) - LISTED_FLOWS} more"] if len(users) > LISTED_FLOWS else []),
        "use other columns or tiles, combine streams in a memory tile, or let packet flows share "
        "a channel",
    )


def _no_routes(op: Operation, message: str, *notes: str) -> NoRoutesError:
    return NoRoutesError(message, location_of(op), notes)


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
        if isinstance(op, PacketFlowOp) and source in packet_flow_of(op).sources:
            return op
    return device


def _name(op: Operation) -> str:
    if isinstance(op, FlowOp):
        return f"flow from {flow_source(op)} to {flow_destination(op)}"
    if isinstance(op, PacketFlowOp):
        flow = packet_flow_of(op)
        return f"packet flow {flow.id} from {' and '.join(map(str, flow.sources))}"
    return op.name
