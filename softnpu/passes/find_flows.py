"""`aie-find-flows`: the flows that the contents of switches, muxes and wires amount to.

From every core and DMA port of a tile along the wires and through the switches to the tiles at
the other end. Packet flows get the id that their rules agree on (mlir-aie, AIEFindFlows.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.arch.ports import Bundle
from softnpu.dialects.aie import (
    ConnectOp,
    CoreOp,
    DeviceOp,
    FlowOp,
    MasterSetOp,
    MemOp,
    MemTileDMAOp,
    PacketDestOp,
    PacketFlowOp,
    PacketRuleOp,
    PacketRulesOp,
    PacketSourceOp,
    ShimDMAOp,
    ShimMuxOp,
    SwitchboxOp,
    TileOp,
    WireOp,
)
from softnpu.dialects.enums import WireBundle
from softnpu.passes.device_ops import append, of_type, region_of
from softnpu.passes.sequence_ops import devices, model_of

Port = tuple[WireBundle, int]

_END_POINTS = (TileOp, CoreOp, MemOp, MemTileDMAOp, ShimDMAOp)


@dataclass(frozen=True)
class FindFlowsPass(ModulePass):
    """Add a flow op for every flow that the switches make."""

    name = "aie-find-flows"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            wires = _Wires(device)
            for tile in of_type(device, TileOp):
                append(device, *_flows_from(tile, wires, model_of(device)))


class _Match(NamedTuple):
    """The packets with `id & mask == value`; mask 0: a circuit."""

    mask: int
    value: int

    def narrowed(self, rule: _Match) -> _Match | None:
        """What of these a further rule lets through, None if nothing."""
        if (self.value ^ rule.value) & self.mask & rule.mask:
            return None
        return _Match(self.mask | rule.mask, self.value | (rule.mask & rule.value))


class _Visit(NamedTuple):
    """Packets that come to an op by one of its ports."""

    op: Operation
    port: Port
    match: _Match


class _Wires:
    """What the ports of tiles, switches and muxes are wired to."""

    def __init__(self, device: DeviceOp) -> None:
        self._ends: dict[tuple[Operation, WireBundle], tuple[Operation, WireBundle]] = {}
        for wire in of_type(device, WireOp):
            source = (_owner(wire.source.owner), wire.source_bundle)
            dest = (_owner(wire.dest.owner), wire.dest_bundle)
            self._ends.setdefault(source, dest)
            self._ends.setdefault(dest, source)

    def follow(self, op: Operation, port: Port, match: _Match) -> _Visit | None:
        """Where the wire of a port leads, None if it has none."""
        end = self._ends.get((op, port[0]))
        return None if end is None else _Visit(end[0], (end[1], port[1]), match)


def _owner(owner: object) -> Operation:
    assert isinstance(owner, Operation)
    return owner


def _flows_from(tile: TileOp, wires: _Wires, model: Device) -> Iterator[Operation]:
    for bundle in (WireBundle.Core, WireBundle.DMA):
        for channel in range(_outputs(tile, bundle, model)):
            for visit in _ends_of(tile, (bundle, channel), wires):
                yield _flow(tile, (bundle, channel), visit)


def _outputs(tile: TileOp, bundle: WireBundle, model: Device) -> int:
    """How many streams a tile can send by a bundle."""
    counted = Bundle(bundle.value)
    if tile.row == 0:
        return model.num_dest_shim_mux_connections(*tile.position, counted)
    return model.num_dest_switchbox_connections(*tile.position, counted)


def _ends_of(tile: TileOp, port: Port, wires: _Wires) -> list[_Visit]:
    """Where everything that leaves a tile by a port arrives."""
    start = wires.follow(tile, port, _Match(0, 0))
    pending = [] if start is None else [start]
    ends: list[_Visit] = []
    while pending:
        visit = pending.pop()
        if isinstance(visit.op, _END_POINTS):
            ends.append(visit)
        elif isinstance(visit.op, (SwitchboxOp, ShimMuxOp)):
            pending.extend(_through(visit, visit.op, wires))
    return ends


def _through(visit: _Visit, switch: SwitchboxOp | ShimMuxOp, wires: _Wires) -> Iterator[_Visit]:
    for port, rule in _exits(switch, visit.port):
        match = visit.match.narrowed(rule)
        if match is not None and (further := wires.follow(switch, port, match)) is not None:
            yield further


def _exits(switch: SwitchboxOp | ShimMuxOp, port: Port) -> Iterator[tuple[Port, _Match]]:
    """The master ports by which packets from a slave port leave, and which of them do."""
    ops = list(switch.connections.block.ops)
    for connect in ops:
        if isinstance(connect, ConnectOp) and connect.source_port == port:
            yield connect.dest_port, _Match(0, 0)
    for rules in ops:
        if not isinstance(rules, PacketRulesOp) or rules.source_port != port:
            continue
        rule_ops = [rule for rule in rules.rules.block.ops if isinstance(rule, PacketRuleOp)]
        for master in ops:
            if isinstance(master, MasterSetOp):
                for select in master.amsels:
                    for rule in rule_ops:
                        if rule.amsel is select:
                            yield master.dest_port, _Match(rule.mask, rule.value)


def _flow(tile: TileOp, port: Port, end: _Visit) -> Operation:
    destination = end.op.results[0]
    if end.match.mask == 0:
        return FlowOp(
            source=tile.result,
            source_bundle=port[0],
            source_channel=port[1],
            dest=destination,
            dest_bundle=end.port[0],
            dest_channel=end.port[1],
            location=tile.location,
        )
    return PacketFlowOp(
        id=end.match.value,
        location=tile.location,
        ports=region_of(
            PacketSourceOp(tile=tile.result, bundle=port[0], channel=port[1]),
            PacketDestOp(tile=destination, bundle=end.port[0], channel=end.port[1]),
        ),
    )
