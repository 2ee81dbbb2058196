"""flows.json: how busy each stream switch is, and the switches that each flow runs through.

What `aie-translate --aie-flows-to-json` writes (mlir-aie, AIEFlowsToJSON.cpp), its layout and
its habits included: a route lists every switch with the directions in which the flow leaves it,
of several packet rules on one port only the last destination, and ends where a switch is missing.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from softnpu.arch.ports import STEPS, Bundle, EndPoint, Tile
from softnpu.dialects.aie import (
    ConnectOp,
    DeviceOp,
    FlowOp,
    MasterSetOp,
    PacketFlowOp,
    PacketRuleOp,
    PacketRulesOp,
    ShimMuxOp,
    SwitchboxOp,
)
from softnpu.dialects.enums import WireBundle
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import of_type
from softnpu.passes.route_flows import flow_destination, flow_source, packet_flow_of
from softnpu.passes.sequence_ops import devices

COMPASS = {
    "northbound": WireBundle.North,
    "eastbound": WireBundle.East,
    "southbound": WireBundle.South,
    "westbound": WireBundle.West,
}

Port = tuple[WireBundle, int]


def emit(module: ModuleOp, device_name: str = "main") -> str:
    """The text of flows.json for one device of a routed design.

    Raises:
        DesignError: there is no such device.
    """
    for device in devices(module):
        if device.sym_name == device_name:
            return _device_json(device)
    raise design_error(module, f"the file has no device called '{device_name}'")


def _device_json(device: DeviceOp) -> str:
    network = _Network.of(device)
    parts = ["{\n", *_switches(device, network)]
    routes = [*_circuit_routes(device, network), *_packet_routes(device, network)]
    parts += [f'"route{number}": [ {route} ],\n' for number, route in enumerate(routes)]
    parts.append('"route_all": [],\n\n"end json": 0\n}')
    return "".join(parts)


@dataclass(frozen=True)
class _Network:
    """The switches and shim muxes of a device, by tile."""

    switches: dict[Tile, SwitchboxOp]
    muxes: dict[Tile, ShimMuxOp]

    @staticmethod
    def of(device: DeviceOp) -> _Network:
        switches = {op.position: op for op in of_type(device, SwitchboxOp)}
        return _Network(switches, {op.position: op for op in of_type(device, ShimMuxOp)})

    def entry(self, source: EndPoint) -> Port:
        """The port by which what starts at `source` comes into its tile's switch."""
        start = (WireBundle(source.bundle.value), source.channel)
        mux = self.muxes.get(source.tile)
        for connect in _connections(mux) if mux is not None else ():
            if connect.source_port == start:
                return _opposite(connect.dest_bundle), connect.dest_channel
        return start


def _opposite(bundle: WireBundle) -> WireBundle:
    return WireBundle(Bundle(bundle.value).opposite.value)


def _connections(interconnect: SwitchboxOp | ShimMuxOp) -> list[ConnectOp]:
    return [op for op in interconnect.connections.block.ops if isinstance(op, ConnectOp)]


def _masters(switch: SwitchboxOp) -> list[MasterSetOp]:
    return [op for op in switch.connections.block.ops if isinstance(op, MasterSetOp)]


def _switches(device: DeviceOp, network: _Network) -> Iterator[str]:
    """One entry a switch, then the length of all routes together."""
    sources, destinations = _end_counts(device)
    length = 0
    for tile, switch in network.switches.items():
        ports = {op.dest_port for op in _connections(switch)}
        ports |= {op.dest_port for op in _masters(switch)}
        bound = Counter(bundle for bundle, _ in ports)
        demand = {name: bound[bundle] for name, bundle in COMPASS.items()}
        entry = {
            "col": tile[0],
            "row": tile[1],
            "source_count": sources[tile],
            "destination_count": destinations[tile],
            **demand,
        }
        fields = ",\n".join(f'"{name}": {value}' for name, value in entry.items())
        yield f'"switchbox{tile[0]}{tile[1]}": {{\n{fields}\n}},\n'
        length += sum(demand.values()) - _mux_entries(network.muxes.get(tile))
    yield f'"total_path_length": {length},\n'


def _end_counts(device: DeviceOp) -> tuple[Counter[Tile], Counter[Tile]]:
    """How many flows start and end in each tile."""
    sources: Counter[Tile] = Counter()
    destinations: Counter[Tile] = Counter()
    for flow in of_type(device, FlowOp):
        sources[flow_source(flow).tile] += 1
        destinations[flow_destination(flow).tile] += 1
    for op in of_type(device, PacketFlowOp):
        packet_flow = packet_flow_of(op)
        sources.update(end.tile for end in packet_flow.sources)
        destinations.update(end.tile for end in packet_flow.destinations)
    return sources, destinations


def _mux_entries(mux: ShimMuxOp | None) -> int:
    """How many ports lead from a shim's switch into its mux."""
    if mux is None:
        return 0
    ports = {op.source_port for op in _connections(mux)}
    return sum(bundle is WireBundle.North for bundle, _ in ports)


Exits = Callable[[SwitchboxOp, Port], list[Port]]
"""The master ports by which what comes in at a slave port leaves a switch."""


def _circuit_routes(device: DeviceOp, network: _Network) -> Iterator[str]:
    sources = dict.fromkeys(flow_source(flow) for flow in of_type(device, FlowOp))
    return (_trace(source, network, _circuit_exits) for source in sources)


def _packet_routes(device: DeviceOp, network: _Network) -> Iterator[str]:
    flows = (packet_flow_of(op) for op in of_type(device, PacketFlowOp))
    sources = dict.fromkeys(flow.sources[-1] for flow in flows)
    return (_trace(source, network, _packet_exits) for source in sources)


def _circuit_exits(switch: SwitchboxOp, port: Port) -> list[Port]:
    return [op.dest_port for op in _connections(switch) if op.source_port == port]


def _packet_exits(switch: SwitchboxOp, port: Port) -> list[Port]:
    return [
        exit_port
        for rules in switch.connections.block.ops
        if isinstance(rules, PacketRulesOp)
        and rules.source_port == port
        and (exit_port := _last_destination(switch, rules)) is not None
    ]


def _last_destination(switch: SwitchboxOp, rules: PacketRulesOp) -> Port | None:
    """The last master port of a switch that any of the rules leads to."""
    selects = {rule.amsel for rule in rules.rules.block.ops if isinstance(rule, PacketRuleOp)}
    reached = [op.dest_port for op in _masters(switch) if not selects.isdisjoint(op.amsels)]
    return reached[-1] if reached else None


def _trace(source: EndPoint, network: _Network, exits: Exits) -> str:
    """The switches on the way of a flow, breadth first."""
    text = ""
    switch = network.switches.get(source.tile)
    port = network.entry(source)
    ports: deque[Port] = deque()
    switches: deque[SwitchboxOp] = deque()
    while switch is not None:
        left = exits(switch, port)
        for bundle, channel in left:
            if _is_end(switch, bundle):
                continue
            ports.append((_opposite(bundle), channel))
            if (following := network.switches.get(_beyond(switch, bundle))) is not None:
                switches.append(following)
        if left:
            directions = ", ".join(f'"{bundle.name}"' for bundle, _ in left)
            text += f"[[{switch.position[0]}, {switch.position[1]}], [{directions}]], "
        if not ports or not switches:
            break
        port, switch = ports.popleft(), switches.popleft()
    return text + "[]"


def _is_end(switch: SwitchboxOp, bundle: WireBundle) -> bool:
    """Whether a flow is at its end when it leaves a switch by this bundle."""
    south_of_shim = switch.position[1] == 0 and bundle is WireBundle.South
    return south_of_shim or bundle in (WireBundle.DMA, WireBundle.Core)


def _beyond(switch: SwitchboxOp, bundle: WireBundle) -> Tile:
    step = STEPS.get(Bundle(bundle.value), (0, 0))
    return switch.position[0] + step[0], switch.position[1] + step[1]
