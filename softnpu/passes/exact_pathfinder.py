"""Routes that keep every stream apart from what it must not meet, where mlir-aie's do not.

The same negotiation over a graph whose ports have two sides, so that no path goes into a master
port and on as if it were a slave. And packets with one id, of whatever flows, share a wire only if
they share all the rest of their way: a switch cannot tell them apart. mlir-aie lets packet flows
to one destination share wires whatever their ids (2026-03), or not at all if their ids are alike
(1.4), and knows one id a source only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from softnpu.arch.device import Device
from softnpu.arch.ports import SLOTS, EndPoint
from softnpu.passes.packet_cover import covering_matches
from softnpu.passes.pathfinder import (
    CIRCUIT_GROUP,
    DEMAND_COEFFICIENT,
    Connection,
    Flow,
    Pathfinder,
    Route,
    shortest_paths,
)
from softnpu.passes.routing_cuts import Stream
from softnpu.passes.routing_graph import Edge

MAX_ITERATIONS = 250
"""Rounds after which a design counts as unroutable: with HISTORY, others take ten or twenty, and
seldom a hundred."""
HISTORY = 1.0
"""What a round of too much on a connection adds to its price. mlir-aie's 0.1 takes rounds by the
hundred where this takes ten."""
JOINING = 0.5
"""What a connection costs a flow whose like goes there already, against what it costs others: so
that one that joins the other's way keeps to it."""
AVOIDING = 8.0
"""What a connection costs a flow that is to keep apart from the one that goes there already."""

Ways = Mapping[int, frozenset[Edge]]
"""Where packets go on from a port: packet id -> edges."""


@dataclass(frozen=True, eq=False)
class _Routed:
    """A packet flow of this round, and where its packets go on from each node."""

    flow: Flow
    tree: tuple[Edge, ...]
    ways: Mapping[int, Ways]


class ExactPathfinder(Pathfinder):
    """Routes by which each flow arrives at its destinations and nowhere else.

    Args:
        apart: whether packet flows share connections only where they find no others.
    """

    history = HISTORY

    def __init__(self, device: Device, *, apart: bool = False) -> None:
        super().__init__(device, two_sided=True)
        self._apart = apart
        self._routed: list[_Routed] = []
        self._riders: dict[Edge, list[_Routed]] = {}

    def add_fixed_connection(self, connection: Connection) -> bool:
        """Keep both ports of a connection from all flows, but for one that starts there."""
        fits = super().add_fixed_connection(connection)
        if connection.source not in (flow.source for flow in self.flows):
            self._graph.close_slave(connection.source)
        self._graph.close_master(connection.destination)
        return fits

    def find_paths(
        self, max_iterations: int = MAX_ITERATIONS, possible: Callable[[], bool] | None = None
    ) -> dict[EndPoint, Route]:
        """As there; packet flows that meet at a destination, at whatever remove, are one group."""
        members: dict[EndPoint, list[Flow]] = {}
        for number, flow in enumerate(f for f in self.flows if f.group != CIRCUIT_GROUP):
            flow.group = number
            met = [f for end in flow.destinations for f in members.get(end, ())]
            joined = list({id(f): f for f in (flow, *met)}.values())
            for other in joined:
                other.group = number
                members |= dict.fromkeys(other.destinations, joined)
        return super().find_paths(max_iterations, possible)

    def _streams(self) -> list[Stream]:
        """Packets with one id may share a wire."""
        return [stream._replace(id=None) for stream in super()._streams()]

    def _start_round(self) -> None:
        super()._start_round()
        self._routed.clear()
        self._riders.clear()

    def _find(self, flow: Flow, source: int, targets: list[int]) -> dict[int, Edge]:
        """Cheapest paths at prices of the flow's own: it is drawn to those that it may join, and
        put off by those that it must not meet."""
        prices: dict[Edge, float] = {}
        for routed in self._routed:
            if routed.flow.group == flow.group and (factor := self._attraction(flow, routed.flow)):
                for edge in routed.tree:
                    prices.setdefault(edge, edge.demand)
                    edge.demand = prices[edge] * factor
        arrivals = shortest_paths(self._graph, source, targets)
        for edge, demand in prices.items():
            edge.demand = demand
        return arrivals

    def _attraction(self, flow: Flow, other: Flow) -> float:
        """By what another flow's way is dearer or cheaper for a flow; 0: it is all the same."""
        if flow.ids == other.ids:
            return JOINING
        if self._apart:
            return AVOIDING
        ids, others = (set().union(*each.ids.values()) for each in (flow, other))
        return 0 if ids.isdisjoint(others) else DEMAND_COEFFICIENT

    def _take(self, tree: list[Edge], flow: Flow) -> None:
        if flow.ids:
            routed = _Routed(flow, tuple(tree), self._ways(tree, flow))
            self._routed.append(routed)
        super()._take(tree, flow)
        for edge in tree:
            self._riders.setdefault(edge, []).extend(self._routed[-1:] if flow.ids else ())

    def _ways(self, tree: list[Edge], flow: Flow) -> dict[int, Ways]:
        arrival = {edge.destination: edge for edge in tree}
        ways: dict[int, dict[int, frozenset[Edge]]] = defaultdict(dict)
        for end, ids in flow.ids.items():
            edge = arrival.get(self._graph.target(end))
            while edge is not None:
                here = ways[edge.source]
                here |= {id: here.get(id, frozenset()) | {edge} for id in ids}
                edge = arrival.get(edge.source)
        return dict(ways)

    def _may_share(self, edge: Edge, flow: Flow) -> bool:
        """Only with flows of its group; and those of their packets that have an id of its own must
        go on from there as its own do, and the port must have rules for all that go apart."""
        if edge.used:
            return False
        others = self._riders.get(edge, [])
        if any(other.flow.group != flow.group for other in others):
            return False
        ways = [r.ways.get(edge.destination, {}) for r in (*others, self._routed[-1])]
        *earlier, new = ways
        if any(way[id] != new[id] for way in earlier for id in way.keys() & new.keys()):
            return False
        return edge.inside or _rules(ways) <= SLOTS


def _rules(ways: Iterable[Ways]) -> int:
    """How many rules a slave port needs to send packets these ways."""
    going: dict[frozenset[Edge], set[int]] = defaultdict(set)
    for way in ways:
        for id, edges in way.items():
            going[edges].add(id)
    every = set().union(*going.values())
    if len(every) <= SLOTS:
        return len(every)
    return sum(len(covering_matches(sorted(ids), every - ids)) for ids in going.values())
