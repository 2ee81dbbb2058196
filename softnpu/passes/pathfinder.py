"""Negotiated-congestion routing through the stream switches, on plain data.

Every flow takes the cheapest path at the time; what is used twice gets dearer, and all flows
are routed anew until nothing is used twice (mlir-aie, AIEPathFinder.cpp). Which of several
equally cheap paths wins is decided by the order in which a 4-ary heap hands out ports of
equal distance, so the heap, the order of all loops and the floating-point arithmetic are
those of mlir-aie: its routes and these are the same, port by port.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from softnpu.arch.device import Device
from softnpu.arch.ports import EndPoint, Tile
from softnpu.passes.routing_cuts import Cut, Stream, worst_cut
from softnpu.passes.routing_graph import Edge, RoutingGraph

MAX_ITERATIONS = 1000
"""Rounds of rip-up and re-route before a design counts as unroutable."""
DOUBTFUL_ITERATION = 8
"""The round after which to look for a proof that there is no routing."""
LATE_ITERATION = 50
"""The round after which to ask whether another way of routing finds one: of designs that can be
routed most are by then, but of those some take hundreds."""

OVER_CAPACITY_COEFFICIENT = 0.1
USED_CAPACITY_COEFFICIENT = 0.02
DEMAND_COEFFICIENT = 1.1
DEMAND_BASE = 1.0
PRIORITY_COEFFICIENT = float(2**31 - 1)
"""What a connection of a priority flow costs the flows that come after it."""

CIRCUIT_CAPACITY = 1
"""Streams that one connection carries."""
PACKET_CAPACITY = 32
"""Packet flows of one group that together count as one stream."""

CIRCUIT_GROUP = -1
"""The group of all circuit-switched flows: they share nothing."""

ARITY = 4
_FAR = 1.7976931348623157e308
_WHITE, _GRAY, _BLACK = 0, 1, 2


class Connection(NamedTuple):
    """One connection inside a tile's switch, from a slave port to a master port."""

    source: EndPoint
    destination: EndPoint


@dataclass
class Flow:
    """All that leaves one port: a tree from `source` to every one of `destinations`.

    Attributes:
        group: packet flows of one group may share connections.
        priority: routed before the others, and its connections kept from them.
        ids: of the packets to each destination; none for circuits.
        first_id: of the packet flow that came first; -1 for a circuit.
    """

    group: int
    priority: bool
    source: EndPoint
    destinations: list[EndPoint]
    ids: dict[EndPoint, set[int]] = field(default_factory=dict)
    first_id: int = -1


Route = dict[Tile, list[Connection]]
"""What one flow needs of each tile's switch, tiles in order."""


@dataclass(eq=False)
class CongestionError(Exception):
    """No legal routing: `flow` found no way to `destination`, or all but what is `overused` did.

    Attributes:
        overused: (connection, streams on it) of the last attempt, the worst first.
        users: the sources of the flows that meet there.
        cut: the proof that there is none, where one was found.
    """

    flow: Flow | None = None
    destination: EndPoint | None = None
    overused: list[tuple[Connection, int]] = field(default_factory=list)
    users: list[EndPoint] = field(default_factory=list)
    cut: Cut | None = None


class Pathfinder:
    """Routes flows through a device's switches.

    Attributes:
        history: how much dearer a connection gets with each round in which it carried too much.
    """

    history = OVER_CAPACITY_COEFFICIENT

    def __init__(self, device: Device, *, two_sided: bool = False) -> None:
        self.flows: list[Flow] = []
        self._device = device
        self._graph = RoutingGraph(device, two_sided=two_sided)
        self._touched: set[Edge] = set()
        self._time = 0

    def add_flow(
        self,
        source: EndPoint,
        destination: EndPoint,
        *,
        packet_id: int | None = None,
        priority: bool = False,
    ) -> None:
        """Ask for a route; flows from the same source become one tree.

        Args:
            packet_id: of the packets that take it, None for a circuit.
        """
        flow = next((flow for flow in self.flows if flow.source == source), None)
        if flow is None:
            group = CIRCUIT_GROUP if packet_id is None else self._group_of(destination)
            first_id = -1 if packet_id is None else packet_id
            flow = Flow(group, priority, source, [destination], first_id=first_id)
            self.flows.append(flow)
        else:
            flow.priority |= priority
            flow.destinations.append(destination)
        if packet_id is not None:
            flow.ids.setdefault(destination, set()).add(packet_id)

    def _group_of(self, destination: EndPoint) -> int:
        """The group of a new packet flow: that of a flow that it meets at its destination.

        As in mlir-aie, a larger group of a flow further on wins over it.
        """
        group, found = -1, False
        for flow in self.flows:
            if destination in flow.destinations:
                group, found = flow.group, True
            group = max(group, flow.group)
        return group if found else group + 1

    def sort_flows(self) -> None:
        """Priority flows, packet flows, circuits, each in the order of their sources, so that the
        order in which the design has them is all the same."""
        for flow in self.flows:
            flow.destinations.sort()
        self.flows.sort(key=lambda f: (not f.priority, f.group == CIRCUIT_GROUP, f.source))

    def add_fixed_connection(self, connection: Connection) -> bool:
        """Keep a connection from all flows.

        False if the switch has no such connection, or it is taken already.
        """
        return self._graph.take(connection.source, connection.destination)

    def find_paths(
        self, max_iterations: int = MAX_ITERATIONS, possible: Callable[[], bool] | None = None
    ) -> dict[EndPoint, Route]:
        """A route for every flow, by its source; raises CongestionError if there is none.

        To be called once.

        Args:
            possible: asked when it takes long whether there are any; if not, it is given up.
        """
        groups: dict[int, list[Flow]] = {}
        for flow in self.flows:
            groups.setdefault(flow.group, []).append(flow)
        routes: dict[EndPoint, Route] = {}
        for iteration in range(max_iterations):
            self._start_round()
            routes = {}
            for flows in groups.values():
                for flow in flows:
                    routes[flow.source] = self._route(flow)
                self._end_group()
            if not self._count_overused():
                return routes
            if iteration == DOUBTFUL_ITERATION:
                self._give_up_if_impossible(routes)
            if iteration == LATE_ITERATION and possible is not None and not possible():
                break
        raise self._congestion(routes)

    def _route(self, flow: Flow) -> Route:
        graph = self._graph
        source = graph.node(flow.source)
        targets = [graph.target(end) for end in flow.destinations]
        arrivals = self._find(flow, source, targets)
        settings: Route = {}
        tree: list[Edge] = []
        done = {source}
        for target in targets:
            if target == source:
                loop = Connection(flow.source, flow.source)
                settings.setdefault(flow.source.tile, []).append(loop)
            current = target
            while current not in done:
                edge = arrivals.get(current)
                if edge is None:
                    raise CongestionError(flow=flow, destination=graph.end_point(target))
                tree.append(edge)
                if edge.inside:
                    origin, end = graph.end_point(edge.source), graph.end_point(current)
                    settings.setdefault(end.tile, []).append(Connection(origin, end))
                done.add(current)
                current = edge.source
        self._take(tree, flow)
        return dict(sorted(settings.items()))

    def _find(self, flow: Flow, source: int, targets: list[int]) -> dict[int, Edge]:  # noqa: ARG002
        """The edges by which a flow's cheapest paths arrive."""
        return shortest_paths(self._graph, source, targets)

    def _take(self, tree: list[Edge], flow: Flow) -> None:
        """Put a flow on all connections of its tree, given from its destinations backwards."""
        for edge in tree:
            self._use(edge, flow)

    def _start_round(self) -> None:
        """Price by history and by the last round's congestion, then rip up all routes."""
        for edge in self._touched:
            history = DEMAND_BASE + self.history * edge.over
            congestion = DEMAND_BASE + USED_CAPACITY_COEFFICIENT * edge.used
            edge.demand = history * congestion
            edge.used = edge.packets = 0
            for port in (edge.row, edge.column):
                port.group = -1
                port.ids.clear()

    def _use(self, edge: Edge, flow: Flow) -> None:
        """Put a flow on a connection, and make that dearer if it is full."""
        self._touched.add(edge)
        edge.priority = flow.priority
        if flow.group >= 0 and self._may_share(edge, flow):
            self._time += 1
            for port in (edge.row, edge.column):
                port.group, port.time = flow.group, self._time
                port.ids.add(flow.first_id)
            edge.packets += 1
            if edge.packets >= PACKET_CAPACITY:
                edge.packets = 0
                edge.used += 1
        else:
            edge.used += 1
        _make_dearer(edge)

    def _may_share(self, edge: Edge, flow: Flow) -> bool:
        """Whether a packet flow may go where others go already: those of its group, with other
        ids. As in mlir-aie, a flow's first id stands for all of them."""
        if flow.first_id in edge.row.ids or flow.first_id in edge.column.ids:
            return False
        return _group_on(edge) in (-1, flow.group)

    def _end_group(self) -> None:
        """Count what is left of shared packet streams, and make all full connections dearer."""
        for edge in self._touched:
            if edge.packets:
                edge.packets = 0
                edge.used += 1
            _make_dearer(edge)

    def _count_overused(self) -> int:
        """How many connections carry too much; each remembers it."""
        overused = [edge for edge in self._touched if edge.used > CIRCUIT_CAPACITY]
        for edge in overused:
            edge.over += 1
        return len(overused)

    def _give_up_if_impossible(self, routes: dict[EndPoint, Route]) -> None:
        """Raise if more streams have to cross a border than ports do."""
        cut = worst_cut(self._device, self._streams())
        if cut is not None:
            error = self._congestion(routes)
            error.cut = cut
            raise error

    def _streams(self) -> list[Stream]:
        """The flows as a proof sees them."""
        return [
            Stream(flow.source, tuple(flow.destinations), flow.group, flow.first_id)
            if flow.group >= 0
            else Stream(flow.source, tuple(flow.destinations), -number)
            for number, flow in enumerate(self.flows, 1)
        ]

    def _congestion(self, routes: dict[EndPoint, Route]) -> CongestionError:
        worst = sorted(
            (edge for edge in self._touched if edge.used > CIRCUIT_CAPACITY),
            key=lambda edge: (-edge.used, edge.source, edge.destination),
        )
        at = self._graph.end_point
        overused = [(Connection(at(e.source), at(e.destination)), e.used) for e in worst]
        ports = {port for connection, _ in overused for port in connection}
        users = [
            source
            for source, route in routes.items()
            if any(not ports.isdisjoint(link) for links in route.values() for link in links)
        ]
        return CongestionError(overused=overused, users=users)


def _group_on(edge: Edge) -> int:
    """The packet group that took the connection's slave or master port last, -1 if none."""
    later = edge.row if edge.row.time >= edge.column.time else edge.column
    return later.group


def _make_dearer(edge: Edge) -> None:
    if edge.used >= CIRCUIT_CAPACITY:
        edge.demand *= PRIORITY_COEFFICIENT if edge.priority else DEMAND_COEFFICIENT


def shortest_paths(graph: RoutingGraph, source: int, targets: Iterable[int]) -> dict[int, Edge]:
    """The edge by which each port on a cheapest path from `source` is reached.

    Ends as soon as all targets are settled: what is settled never changes. A port that was
    met with a dearer path first keeps its place in the heap when a cheaper one turns up, and
    a source that is wired to itself enters the heap twice; both are mlir-aie's.
    """
    distance = [_FAR] * graph.size
    distance[source] = 0.0
    color = bytearray(graph.size)
    arrivals: dict[int, Edge] = {}
    heap = [source]
    unsettled = set(targets)
    while heap and unsettled:
        node = _pop(heap, distance)
        here = distance[node]
        for edge in graph.leaving(node):
            there = edge.destination
            state = color[there]
            if state == _BLACK:
                continue
            cost = here + edge.demand
            if cost < distance[there]:
                distance[there] = cost
                arrivals[there] = edge
                color[there] = _GRAY
            if state == _WHITE:
                _push(heap, distance, there)
        color[node] = _BLACK
        unsettled.discard(node)
    return arrivals


def _push(heap: list[int], distance: list[float], node: int) -> None:
    """Add a node to the 4-ary heap (mlir-aie, d_ary_heap.h, `push`)."""
    index = len(heap)
    heap.append(node)
    own = distance[node]
    while index:
        parent = (index - 1) // ARITY
        above = heap[parent]
        if not own < distance[above]:
            break
        heap[index] = above
        index = parent
    heap[index] = node


def _pop(heap: list[int], distance: list[float]) -> int:
    """Take the nearest node off the 4-ary heap (mlir-aie, d_ary_heap.h, `top` and `pop`)."""
    top = heap[0]
    moved = heap.pop()
    if not heap:
        return top
    size = len(heap)
    own = distance[moved]
    index = 0
    while (first := index * ARITY + 1) < size:
        smallest = first
        nearest = distance[heap[first]]
        for child in range(first + 1, min(first + ARITY, size)):
            near = distance[heap[child]]
            if near < nearest:
                smallest, nearest = child, near
        if not nearest < own:
            break
        heap[index] = heap[smallest]
        index = smallest
    heap[index] = moved
    return top
