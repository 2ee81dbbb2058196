"""`aie-create-pathfinder-flows`: routes for all flows, as contents of the stream switches.

Circuit-switched flows become connections, packet flows arbiters, master sets and rules; shim
DMAs are reached through the shim's mux. Then come the wires between the switches
(mlir-aie, AIECreatePathFindFlows.cpp). The packet flows stay in the design, for the CDO and for
flows.json; of several flows from one source all but the first stay too.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import LocationAttr, ModuleOp
from xdsl.passes import ModulePass

from softnpu.arch.ports import SHIM_MM2S_PORTS, SHIM_S2MM_PORTS, Bundle, EndPoint
from softnpu.dialects.aie import DeviceOp, FlowOp
from softnpu.dialects.enums import WireBundle
from softnpu.passes.packet_switch_ops import create_packet_switches
from softnpu.passes.pathfinder import Connection, Route
from softnpu.passes.route_flows import Routing, find_routes, flow_source
from softnpu.passes.routing_graph import BEHIND_SHIM_MUX
from softnpu.passes.sequence_ops import devices
from softnpu.passes.switch_ops import Port, SwitchOps, connect, wire_bundle


@dataclass(frozen=True)
class CreatePathfinderFlowsPass(ModulePass):
    """Route the flows of each device.

    Attributes:
        route_circuit: make connections of circuit-switched flows.
        route_packet: make master sets and rules of packet flows.
        exact: where mlir-aie's routes would not do what the flows say, make such that do.
        apart: such in which packets share ports only where they must.
    """

    name = "aie-create-pathfinder-flows"
    route_circuit: bool = True
    route_packet: bool = True
    exact: bool = False
    apart: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            routing = find_routes(device, exact=self.exact, apart=self.apart)
            switches = SwitchOps(device)
            if self.route_circuit:
                _create_circuits(device, routing, switches)
            if self.route_packet:
                create_packet_switches(device, routing, switches)
            switches.add_wires()


def _create_circuits(device: DeviceOp, routing: Routing, switches: SwitchOps) -> None:
    for flow in [op for op in device.body.ops if isinstance(op, FlowOp)]:
        source = flow_source(flow)
        if source in routing.circuits:
            continue
        routing.circuits.add(source)
        create = _create_exact_circuit if routing.exact else _create_circuit
        create(source, routing.routes[source], switches, flow.location)
        device.body.erase_op(flow)


def _create_circuit(
    source: EndPoint, route: Route, switches: SwitchOps, location: LocationAttr
) -> None:
    """Make the connections of one flow; what leaves a shim comes out of its mux.

    As in mlir-aie, all connections in the shim that a flow leaves begin there.
    """
    for tile, connections in route.items():
        switch = switches.switch(tile)
        entry: Port | None = None
        if tile == source.tile and tile[1] == 0:
            entry = _enter_by_mux(source, switches, location)
        for connection in connections:
            start, end = _ports(connection)
            if entry is not None:
                connect(switch, entry, end, location)
            elif tile[1] == 0 and connection.destination.bundle in BEHIND_SHIM_MUX:
                end = _leave_by_mux(connection.destination, switches, location)
                connect(switch, start, end, location)
            else:
                connect(switch, start, end, location)


def _create_exact_circuit(
    source: EndPoint, route: Route, switches: SwitchOps, location: LocationAttr
) -> None:
    """Make the connections of one flow; a shim's mux is at either end of it, or at neither."""
    entry: Port | None = None
    if source.tile[1] == 0 and source.bundle in BEHIND_SHIM_MUX:
        entry = _enter_by_mux(source, switches, location)
    for tile, connections in route.items():
        switch = switches.switch(tile)
        for connection in connections:
            start, end = _ports(connection)
            if entry is not None and connection.source == source:
                start = entry
            if tile[1] == 0 and connection.destination.bundle in BEHIND_SHIM_MUX:
                end = _leave_by_mux(connection.destination, switches, location)
            connect(switch, start, end, location)


def _enter_by_mux(source: EndPoint, switches: SwitchOps, location: LocationAttr) -> Port:
    """Lead a source behind a shim's mux to its switch; the port where it comes in."""
    channel = _mux_output(source)
    origin = (wire_bundle(source.bundle), source.channel)
    connect(switches.shim_mux(source.tile), origin, (WireBundle.North, channel), location)
    return WireBundle.South, channel


def _leave_by_mux(destination: EndPoint, switches: SwitchOps, location: LocationAttr) -> Port:
    """Lead a shim's switch to a destination behind its mux; the port where it goes out."""
    channel = _mux_input(destination)
    end = (wire_bundle(destination.bundle), destination.channel)
    connect(switches.shim_mux(destination.tile), (WireBundle.North, channel), end, location)
    return WireBundle.South, channel


def _ports(connection: Connection) -> tuple[Port, Port]:
    source, destination = connection
    return (
        (wire_bundle(source.bundle), source.channel),
        (wire_bundle(destination.bundle), destination.channel),
    )


def _mux_output(source: EndPoint) -> int:
    """The south port of the shim's switch at which a source behind the mux comes in."""
    if source.bundle is Bundle.DMA:
        return SHIM_MM2S_PORTS[0 if source.channel == 0 else 1]
    if source.bundle is Bundle.NOC:
        return source.channel + (4 if source.channel >= 2 else 2)
    return source.channel


def _mux_input(destination: EndPoint) -> int:
    """The south port of the shim's switch that leads to a destination behind the mux."""
    if destination.bundle is Bundle.DMA:
        return SHIM_S2MM_PORTS[0 if destination.channel == 0 else 1]
    if destination.bundle is Bundle.NOC:
        return destination.channel + 2
    return destination.channel
