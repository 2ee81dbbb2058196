"""Arbiters, master selects and slot rules for packet flows whose routes are known.

In a tile's switch a rule of a slave port sends packets whose id matches it to a select of an
arbiter, and so to master ports. All choices, and the order of everything that comes out, are those
of mlir-aie (AIECreatePathFindFlows.cpp, `runOnPacketFlow`), unless exactness is asked for: then
each packet goes where its flow says, where mlir-aie's choices would not have it so.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from softnpu.arch.ports import MSELS, SLOTS, STEPS, Bundle, EndPoint, Tile
from softnpu.passes.packet_cover import ID_BITS, Match, covering_matches
from softnpu.passes.packet_selects import (
    ARBITERS,
    ExactSelects,
    Select,
    Selects,
    Stream,
    SwitchingError,
    select_of,
)
from softnpu.passes.pathfinder import Connection, Route

IDS = 1 << ID_BITS
"""Packet ids that there are."""


@dataclass(frozen=True)
class PacketFlow:
    """A packet flow of the design.

    Attributes:
        keep_header: whether its destinations get the packet header too; None: the default.
        priority: a control flow, which takes arbiters from the top.
    """

    id: int
    sources: tuple[EndPoint, ...]
    destinations: tuple[EndPoint, ...]
    keep_header: bool | None
    priority: bool

    @property
    def pairs(self) -> Iterator[tuple[EndPoint, EndPoint]]:
        """Every source with every destination."""
        return ((source, end) for end in self.destinations for source in self.sources)


@dataclass(frozen=True)
class Rule:
    """Packets from `slave` with `id & mask == value` go to `select`."""

    slave: EndPoint
    mask: int
    value: int
    select: Select


@dataclass
class SwitchPlan:
    """What one tile's switch needs for its packet flows, in mlir-aie's order.

    Attributes:
        selects: (arbiter, msel) in use.
        masters: (master port, its selects, whether it keeps packet headers).
        rules: slave port -> rules, in the order of the slots.
        overlay: the ports that control flows go through; slave ports where these come first.
    """

    selects: list[tuple[int, int]] = field(default_factory=list)
    masters: list[tuple[EndPoint, tuple[Select, ...], bool | None]] = field(default_factory=list)
    rules: dict[EndPoint, list[Rule]] = field(default_factory=dict)
    overlay: set[EndPoint] = field(default_factory=set)


def plan_packet_switches(
    flows: Iterable[PacketFlow],
    routes: Mapping[EndPoint, Route],
    circuits: Container[EndPoint] = (),
    *,
    exact: bool = False,
) -> dict[Tile, SwitchPlan]:
    """The packet-switched contents of every switch that a packet flow crosses.

    The tiles come in the order in which their streams were given selects.

    Args:
        circuits: sources that circuit-switched flows have taken already.
        exact: not as mlir-aie, but so that each packet goes where its flow says.
    """
    streams = _Streams(list(flows), routes, circuits, exact=exact)
    selects = _assign_selects(streams, exact=exact)
    masters = selects.masters()
    plans: dict[Tile, SwitchPlan] = {}
    for tile in dict.fromkeys(port.tile for port, _ in selects.of_stream):
        plan = plans[tile] = SwitchPlan()
        here = [master for master in masters if master.tile == tile]
        used = {select for master in here for select in masters[master]}
        plan.selects = [
            (arbiter, msel)
            for msel in range(MSELS)
            for arbiter in range(ARBITERS)
            if select_of(arbiter, msel) in used
        ]
        plan.overlay = {m for m in here if any(streams.is_priority(m, id) for id in range(IDS))}
        plan.masters = [
            (master, tuple(masters[master]), streams.keep_header.get(master))
            for master in sorted(here)
        ]
    on_port: dict[EndPoint, set[int]] = {}
    for slave, id in streams.order:
        on_port.setdefault(slave, set()).add(id)
    for group in _slave_groups(streams):
        slave, ids = group[0][0], [id for _, id in group]
        others = on_port[slave] - set(ids)
        plan = plans[slave.tile]
        if slave not in plan.rules and group[0] in streams.control:
            plan.overlay.add(slave)
        _add_rules(plan, group[0], covering_matches(ids, others), selects.of_stream[group[0]])
    return plans


class _Streams:
    """Which master ports each stream leads to, in every switch.

    Attributes:
        control, normal: stream -> master ports, for priority flows and for the others.
        order: every stream, once for each of its master ports, tile by tile.
        keep_header: destination -> whether packets keep their header there.
    """

    def __init__(
        self,
        flows: list[PacketFlow],
        routes: Mapping[EndPoint, Route],
        circuits: Container[EndPoint],
        *,
        exact: bool,
    ) -> None:
        self._exact = exact
        self.control: dict[Stream, list[EndPoint]] = {}
        self.normal: dict[Stream, list[EndPoint]] = {}
        self.order: list[Stream] = []
        self.keep_header: dict[EndPoint, bool | None] = {}
        self._switches: dict[Tile, dict[tuple[Connection, int], None]] = {}
        self._priority: dict[Stream, bool] = {}
        for flow in flows:
            for source, destination in flow.pairs:
                if not exact or flow.keep_header is not None:
                    self.keep_header[destination] = flow.keep_header
                if source not in circuits:
                    self._add(flow, destination, routes[source])
        for _, connections in sorted(self._switches.items()):
            for connection, id in connections:
                self._sort_in(connection, id)

    def _add(self, flow: PacketFlow, destination: EndPoint, route: Route) -> None:
        """Note the connections that lead a flow to one destination, and no others of its tree."""
        for tile, connections in route.items():
            for connection in connections:
                if _leads_to(route, connection.destination, destination, fifo=self._exact):
                    self._switches.setdefault(tile, {})[connection, flow.id] = None
                    self._priority[connection.destination, flow.id] = flow.priority

    def _sort_in(self, connection: Connection, id: int) -> None:
        stream = (connection.source, id)
        kind = self.control if self.is_priority(connection.destination, id) else self.normal
        kind.setdefault(stream, []).append(connection.destination)
        self.order.append(stream)

    def is_priority(self, master: EndPoint, id: int) -> bool:
        """Whether the packets with that id on a master port are a priority flow's."""
        return self._priority.get((master, id), False)

    def masters(self, stream: Stream) -> list[EndPoint]:
        """The master ports of a stream."""
        return self.normal[stream] if stream in self.normal else self.control[stream]


def _leads_to(route: Route, port: EndPoint, destination: EndPoint, *, fifo: bool) -> bool:
    """Whether what leaves a switch at `port` comes to `destination` by a route.

    mlir-aie does not see that a stream comes back out of the switch's FIFO; `fifo`: it does.
    """
    if port == destination:
        return True
    if fifo and port.bundle is Bundle.FIFO:
        entry = port
    elif (step := STEPS.get(port.bundle)) is not None:
        tile = (port.tile[0] + step[0], port.tile[1] + step[1])
        entry = EndPoint(tile, port.bundle.opposite, port.channel)
    else:
        return False
    return any(
        _leads_to(route, connection.destination, destination, fifo=fifo)
        for connection in route.get(entry.tile, ())
        if connection.source == entry
    )


def _assign_selects(streams: _Streams, *, exact: bool) -> Selects:
    selects = ExactSelects({**streams.control, **streams.normal}) if exact else Selects()
    for kind in (streams.control, streams.normal):
        for stream, masters in sorted(kind.items()):
            priority = any(streams.is_priority(master, stream[1]) for master in masters)
            selects.assign(stream, masters, priority=priority)
    return selects


def _slave_groups(streams: _Streams) -> list[list[Stream]]:
    """Streams of one slave port with the same destinations: one rule can serve them.

    The streams are taken from the last to the first.
    """
    groups: list[list[Stream]] = []
    by_port: dict[tuple[EndPoint, frozenset[EndPoint]], list[Stream]] = {}
    for stream in reversed(streams.order):
        key = (stream[0], frozenset(streams.masters(stream)))
        if key not in by_port:
            by_port[key] = []
            groups.append(by_port[key])
        by_port[key].append(stream)
    return groups


def _add_rules(plan: SwitchPlan, stream: Stream, matches: list[Match], select: Select) -> None:
    """Add the rules that take a stream, and those that go its way, to the rules of its port."""
    slave, id = stream
    rules = plan.rules.setdefault(slave, [])
    for rule in rules:
        if id & rule.mask == rule.value:
            raise SwitchingError(
                slave.tile,
                f"packet id {id} coming from {slave.bundle.name} {slave.channel} is caught by the "
                f"rule for other flows there (mask {rule.mask}, id {rule.value})",
                (id,),
                f"use another packet id instead of {id}",
            )
    if len(rules) + len(matches) > SLOTS:
        raise SwitchingError(
            slave.tile,
            f"the packet flows coming from {slave.bundle.name} {slave.channel} need more than "
            f"the {SLOTS} rules that a port has",
            (id,),
            "let flows with the same destinations have ids that differ in few bits, or use "
            "another DMA channel for some of them",
        )
    rules += [Rule(slave, match.mask, match.value, select) for match in matches]
