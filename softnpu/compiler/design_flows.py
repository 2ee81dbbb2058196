"""The flows of a design as plain data, for the check of what was made of them."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from softnpu.arch.ports import Bundle, EndPoint, Port
from softnpu.dialects.aie import (
    CascadeDir,
    ConfigureCascadeOp,
    ConnectOp,
    DeviceOp,
    FlowOp,
    PacketDestOp,
    PacketFlowOp,
    PacketRulesOp,
    PacketSourceOp,
    SwitchboxOp,
    WireBundle,
    tile_behind,
)
from softnpu.dialects.source import location_of
from softnpu.errors import DesignError
from softnpu.inspect.flows import CascadeSetting, DesignFlows, Flow
from softnpu.inspect.streams import Place
from softnpu.inspect.tile import Cascade
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import devices


def of_module(module: ModuleOp) -> dict[str, DesignFlows]:
    """The flows of each device of a design that is not routed yet, by the device's name."""
    return {device.sym_name: of_device(device) for device in devices(module)}


def of_device(device: DeviceOp) -> DesignFlows:
    """The flows of a device that is not routed yet."""
    ops: list[FlowOp | PacketFlowOp] = [
        *of_type(device, FlowOp),
        *of_type(device, PacketFlowOp),
    ]
    return DesignFlows(
        tuple(flow for op in ops for flow in of_op(op)),
        tuple(_cascades(device)),
        _own_ports(device),
    )


def check_ends(flows: DesignFlows) -> None:
    """A circuit has its ports to itself: no other source's words, and no packets.

    Raises:
        DesignError: two flows share a port that cannot serve both; where, and which.
    """
    destinations: dict[EndPoint, Flow] = {}
    sources: dict[EndPoint, Flow] = {}
    for flow in flows.flows:
        _claim(flow, destinations.setdefault(flow.destination, flow), flow.destination)
        _claim(flow, sources.setdefault(flow.source, flow), flow.source)


def _claim(flow: Flow, first: Flow, port: EndPoint) -> None:
    """Refuses a flow at a port that another one has had before."""
    circuits = [one.packet_id is None for one in (flow, first)]
    if not any(circuits) or (all(circuits) and flow.source == first.source):
        return
    raise DesignError(
        f"{flow} and {first} share {port}, where a circuit lets nothing else in",
        flow.location,
        (
            f"the other one is at {first.location}",
            "lead one of them to another channel, or make both packet flows (aie.packet_flow)",
        ),
    )


def of_op(op: FlowOp | PacketFlowOp) -> Iterator[Flow]:
    """The flows that an op between placed tiles asks for."""
    if isinstance(op, FlowOp):
        source = _end(op.source, op.source_bundle, op.source_channel)
        destination = _end(op.dest, op.dest_bundle, op.dest_channel)
        yield Flow(source, destination, location=location_of(op))
        return
    inside = list(op.ports.block.ops)
    for begin in (end for end in inside if isinstance(end, PacketSourceOp)):
        source = _end(begin.tile, begin.bundle, begin.channel)
        for dest in (end for end in inside if isinstance(end, PacketDestOp)):
            end = _end(dest.tile, dest.bundle, dest.channel)
            yield Flow(source, end, op.id, op.keep_pkt_header, location_of(op))


def _cascades(device: DeviceOp) -> Iterator[CascadeSetting]:
    for op in of_type(device, ConfigureCascadeOp):
        ways = Cascade(_side(op.input_dir), _side(op.output_dir))
        yield CascadeSetting(op.tile_op.position, ways, location_of(op))


def _side(direction: CascadeDir) -> Bundle:
    return Bundle[direction.name]


def _own_ports(device: DeviceOp) -> dict[Place, frozenset[Port]]:
    """The slave ports that the design's own switchboxes lead somewhere."""
    own: dict[Place, frozenset[Port]] = {}
    for switch in of_type(device, SwitchboxOp):
        for op in switch.connections.block.ops:
            if isinstance(op, (ConnectOp, PacketRulesOp)):
                slave = (switch.position, _port(*op.source_port))
                masters = {_port(*op.dest_port)} if isinstance(op, ConnectOp) else ()
                own[slave] = own.get(slave, frozenset()).union(masters)
    return own


def _port(bundle: WireBundle, channel: int) -> Port:
    return Port(Bundle(bundle.value), channel)


def _end(tile: SSAValue, bundle: WireBundle, channel: int) -> EndPoint:
    return EndPoint(tile_behind(tile).position, Bundle(bundle.value), channel)
