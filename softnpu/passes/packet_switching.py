"""Arbiters, master selects and slot rules for packet flows whose routes are known.

In a tile's switch a rule of a slave port sends packets whose id matches it to a select (one
of four) of an arbiter (one of six that are handed out); a master port takes the packets of
any selects of one arbiter. All choices, and the order of everything that comes out, are those
of mlir-aie (AIECreatePathFindFlows.cpp, `runOnPacketFlow`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from softnpu.arch.ports import MSELS, SLOTS, STEPS
from softnpu.passes.pathfinder import Connection, Route
from softnpu.passes.routing_graph import EndPoint, Tile

ARBITERS = 6
"""Arbiters that packet flows are given; the switch has two more."""
ID_BITS = 5
"""Bits of a packet id that a rule can look at."""

Select = int
"""An arbiter and one of its master selects as one number: arbiter + 6 * msel."""
Stream = tuple[EndPoint, int]
"""The packets with one id that come in through one slave port."""


@dataclass(frozen=True)
class PacketFlow:
    """A packet flow of the design.

    Attributes:
        keep_header: whether its destinations get the packet header too; None: the default.
        priority: a control flow, which takes arbiters from the top.
    """

    id: int
    source: EndPoint
    destinations: tuple[EndPoint, ...]
    keep_header: bool | None
    priority: bool


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
        cut_off: (packet id, master port, its arbiter) where packets do not come out, though
            they should: another arbiter than theirs has the port. mlir-aie says nothing.
    """

    selects: list[tuple[int, int]] = field(default_factory=list)
    masters: list[tuple[EndPoint, tuple[Select, ...], bool | None]] = field(default_factory=list)
    rules: dict[EndPoint, list[Rule]] = field(default_factory=dict)
    cut_off: list[tuple[int, EndPoint, int]] = field(default_factory=list)


@dataclass(eq=False)
class SwitchingError(Exception):
    """A switch cannot tell apart, or keep apart, what the routes send through it.

    Attributes:
        tile: where.
        message: what there is too much of.
        ids: packet ids of the flows concerned.
        remedy: what to change.
    """

    tile: Tile
    message: str
    ids: tuple[int, ...]
    remedy: str


def select_of(arbiter: int, msel: int) -> Select:
    """The number of an arbiter's master select."""
    return arbiter + ARBITERS * msel


def arbiter_of(select: Select) -> int:
    """The arbiter that a select belongs to."""
    return select % ARBITERS


def plan_packet_switches(
    flows: Iterable[PacketFlow],
    routes: Mapping[EndPoint, Route],
    circuits: Container[EndPoint] = (),
) -> dict[Tile, SwitchPlan]:
    """The packet-switched contents of every switch that a packet flow crosses.

    `circuits`: sources that circuit-switched flows have taken already.
    The tiles come in the order in which their streams were given selects.
    """
    streams = _Streams(list(flows), routes, circuits)
    selects = _assign_selects(streams)
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
        plan.masters = [
            (master, tuple(masters[master]), streams.keep_header.get(master))
            for master in sorted(here)
        ]
    for id, master, arbiter in selects.cut_off:
        plans[master.tile].cut_off.append((id, master, arbiter))
    for group in _slave_groups(streams):
        _add_rule(plans[group[0][0].tile], group, selects.of_stream)
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
    ) -> None:
        self.control: dict[Stream, list[EndPoint]] = {}
        self.normal: dict[Stream, list[EndPoint]] = {}
        self.order: list[Stream] = []
        self.keep_header: dict[EndPoint, bool | None] = {}
        self._switches: dict[Tile, dict[tuple[Connection, int], None]] = {}
        self._priority: dict[Stream, bool] = {}
        for flow in flows:
            for destination in flow.destinations:
                self.keep_header[destination] = flow.keep_header
                if flow.source not in circuits:
                    self._add(flow, destination, routes[flow.source])
        for _, connections in sorted(self._switches.items()):
            for connection, id in connections:
                self._sort_in(connection, id)

    def _add(self, flow: PacketFlow, destination: EndPoint, route: Route) -> None:
        """Note the connections that lead a flow to one destination, and no others of its tree."""
        for tile, connections in route.items():
            for connection in connections:
                if _leads_to(route, connection.destination, destination):
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


def _leads_to(route: Route, port: EndPoint, destination: EndPoint) -> bool:
    """Whether what leaves a switch at `port` comes to `destination` by a route."""
    if port == destination:
        return True
    step = STEPS.get(port.bundle)
    if step is None:
        return False
    tile = (port.tile[0] + step[0], port.tile[1] + step[1])
    entry = EndPoint(tile, port.bundle.opposite, port.channel)
    return any(
        _leads_to(route, connection.destination, destination)
        for connection in route.get(tile, ())
        if connection.source == entry
    )


class _Selects:
    """The selects handed out so far."""

    def __init__(self) -> None:
        self.of_stream: dict[Stream, Select] = {}
        self.cut_off: list[tuple[int, EndPoint, int]] = []
        self._ports: dict[Tile, dict[Select, list[EndPoint]]] = {}
        self._arbiters: dict[EndPoint, int] = {}

    def masters(self) -> dict[EndPoint, list[Select]]:
        """Master port -> its selects in ascending order."""
        masters: dict[EndPoint, list[Select]] = {}
        for _, selects in sorted(self._ports.items()):
            for select, ports in sorted(selects.items()):
                for port in ports:
                    masters.setdefault(port, []).append(select)
        return masters

    def assign(self, stream: Stream, masters: list[EndPoint], *, priority: bool) -> None:
        """Give a stream a select that reaches all its master ports.

        One that reaches exactly these if there is one; else a new one, of the arbiter that one
        of the ports is bound to already.
        """
        tile = stream[0].tile
        bound = next((self._arbiters[m] for m in masters if m in self._arbiters), None)
        found = self._overlapping(tile, masters, bound)
        if found is None:
            if bound is None:
                select = self._new(tile, stream, from_top=priority)
            else:
                select = self._new_of_arbiter(tile, stream, bound)
        elif sorted(self._ports[tile][found]) == sorted(masters):
            self.of_stream[stream] = found
            return
        else:
            select = self._new_of_arbiter(tile, stream, arbiter_of(found))
        self._bind(stream, select, masters)

    def _overlapping(self, tile: Tile, masters: list[EndPoint], bound: int | None) -> Select | None:
        """The first select of the tile that reaches any of these ports."""
        for select, ports in sorted(self._ports.get(tile, {}).items()):
            if bound in (None, arbiter_of(select)) and any(port in ports for port in masters):
                return select
        return None

    def _new(self, tile: Tile, stream: Stream, *, from_top: bool) -> Select:
        taken = self._ports.get(tile, {})
        all_selects = range(ARBITERS * MSELS)
        order = reversed(all_selects) if from_top else all_selects
        select = next((select for select in order if select not in taken), None)
        if select is None:
            raise self._exhausted(stream, f"all {len(all_selects)} arbiter and msel pairs are used")
        return select

    def _new_of_arbiter(self, tile: Tile, stream: Stream, arbiter: int) -> Select:
        taken = self._ports.get(tile, {})
        order = (select_of(arbiter, msel) for msel in range(MSELS))
        select = next((select for select in order if select not in taken), None)
        if select is None:
            raise self._exhausted(stream, f"all {MSELS} msels of arbiter {arbiter} are used")
        return select

    def _bind(self, stream: Stream, select: Select, masters: list[EndPoint]) -> None:
        arbiter = arbiter_of(select)
        reached = []
        for master in masters:
            other = self._arbiters.setdefault(master, arbiter)
            if other == arbiter:
                reached.append(master)
            else:
                self.cut_off.append((stream[1], master, other))
        self._ports.setdefault(stream[0].tile, {})[select] = reached
        self.of_stream[stream] = select

    def _exhausted(self, stream: Stream, message: str) -> SwitchingError:
        (tile, bundle, channel), id = stream
        sharing = sorted({id, *(i for (port, i) in self.of_stream if port.tile == tile)})
        return SwitchingError(
            tile,
            f"packet id {id} coming from {bundle.name} {channel} cannot be switched: {message}",
            tuple(sharing),
            "let fewer packet flows with different sets of destinations cross this tile",
        )


def _assign_selects(streams: _Streams) -> _Selects:
    selects = _Selects()
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


def _mask(ids: list[int]) -> int:
    """Ones in the bits that all ids have alike."""
    differing = 0
    for id in ids:
        differing |= id ^ ids[0]
    return ~differing & ((1 << ID_BITS) - 1)


def _add_rule(plan: SwitchPlan, group: list[Stream], of_stream: Mapping[Stream, Select]) -> None:
    slave, id = group[0]
    mask = _mask([member for _, member in group])
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
    if len(rules) == SLOTS:
        raise SwitchingError(
            slave.tile,
            f"the packet flows coming from {slave.bundle.name} {slave.channel} need more than "
            f"the {SLOTS} rules that a port has",
            (id,),
            "let flows with the same destinations have ids that differ in few bits, or use "
            "another DMA channel for some of them",
        )
    rules.append(Rule(slave, mask, id & mask, of_stream[group[0]]))
