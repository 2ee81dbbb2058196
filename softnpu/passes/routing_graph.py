"""A device's stream switches as a graph: ports are nodes, possible connections are edges.

As in mlir-aie (AIEPathFinder.cpp, `Pathfinder::initialize` and `dijkstraShortestPaths`), a port
of a tile is one node, whether the switch sees it as a slave or as a master. So a path can go
into a master port and on as if it were a slave, which no switch does; a graph with two sides has
a node for each. A shim's DMA, NOC and PLIO stand behind its mux, yet are ports of its switch here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import product

from softnpu.arch.device import Device
from softnpu.arch.ports import STEPS, Bundle, EndPoint, Tile

BEHIND_SHIM_MUX = (Bundle.DMA, Bundle.NOC, Bundle.PLIO)

_CHANNELS = 8
"""The most channels of any bundle (a shim's south, and PLIO)."""
_PORTS = len(Bundle) * _CHANNELS
_BUNDLES = tuple(Bundle)


@dataclass(eq=False, slots=True)
class Edge:
    """A connection that can be made, and what is known of its use.

    Attributes:
        source, destination: nodes.
        inside: it is one of a switch, not a wire from a master to a slave port.
        row, column: what it shares with the other connections of its slave and master port.
        demand: its price.
        over: in how many rounds it carried too much.
        used: streams on it in this round.
        packets: packet flows on it that share a stream not yet counted in `used`.
        priority: the last flow on it was a priority flow.
    """

    source: int
    destination: int
    inside: bool
    row: PortUse
    column: PortUse
    demand: float = 1.0
    over: int = 0
    used: int = 0
    packets: int = 0
    priority: bool = False


@dataclass(eq=False, slots=True)
class PortUse:
    """Which packet group took a slave or master port last, and when; group -1 if none did.

    Attributes:
        ids: of the packet flows that have taken it.
    """

    group: int = -1
    time: int = 0
    ids: set[int] = field(default_factory=set)


@dataclass
class _Ports:
    """The sides of one tile's switch, built when a path first comes near."""

    slaves: dict[int, PortUse] = field(default_factory=dict)
    masters: dict[int, PortUse] = field(default_factory=dict)
    taken: set[tuple[int, int]] = field(default_factory=set)


class RoutingGraph:
    """Nodes are numbered in the order of their end points; edges are made as they are asked for.

    Attributes:
        two_sided: whether a port's slave and master side are nodes of their own.
    """

    def __init__(self, device: Device, *, two_sided: bool = False) -> None:
        self.two_sided = two_sided
        self._device = device
        self._tiles: dict[Tile, _Ports] = {}
        self._leaving: dict[int, list[Edge]] = {}
        self._count = device.columns * device.rows * _PORTS

    @property
    def size(self) -> int:
        """One more than the largest node."""
        return self._count * (1 + self.two_sided)

    def node(self, end: EndPoint) -> int:
        """The node of a port, of its slave side if there are two: where a flow begins."""
        (col, row), bundle, channel = end
        return (col * self._device.rows + row) * _PORTS + bundle * _CHANNELS + channel

    def target(self, end: EndPoint) -> int:
        """The node of a port, of its master side if there are two: where a flow ends."""
        return self.node(end) + self._count * self.two_sided

    def end_point(self, node: int) -> EndPoint:
        """The port of a node."""
        tile, port = divmod(node % self._count, _PORTS)
        bundle, channel = divmod(port, _CHANNELS)
        return EndPoint(divmod(tile, self._device.rows), _BUNDLES[bundle], channel)

    def leaving(self, node: int) -> list[Edge]:
        """All edges from a node, in the order of their destinations."""
        edges = self._leaving.get(node)
        if edges is None:
            edges = self._leaving[node] = self._edges_from(node)
        return edges

    def take(self, source: EndPoint, destination: EndPoint) -> bool:
        """Keep a connection from all flows, since the design makes it itself.

        Others of its slave port stay open, as they do in mlir-aie. False if the switch cannot
        make that connection or it is taken already.
        """
        ports = self._ports(source.tile)
        pair = self.node(source), self.target(destination)
        ends = source.bundle, source.channel, destination.bundle, destination.channel
        legal = pair not in ports.taken and _is_legal(self._device, source.tile, *ends)
        ports.taken.add(pair)
        return legal

    def close_slave(self, end: EndPoint) -> None:
        """Keep a slave port from all flows."""
        self._ports(end.tile).slaves.pop(self.node(end), None)

    def close_master(self, end: EndPoint) -> None:
        """Keep a master port from all flows."""
        self._ports(end.tile).masters.pop(self.target(end), None)

    def _edges_from(self, node: int) -> list[Edge]:
        end = self.end_point(node)
        edges = self._inside(node, end)
        if (across := self._across(node, end)) is not None:
            edges.append(across)
        return sorted(edges, key=lambda edge: edge.destination)

    def _inside(self, node: int, end: EndPoint) -> list[Edge]:
        """Connections of the tile's own switch that start at a slave port."""
        ports = self._ports(end.tile)
        row = ports.slaves.get(node)
        if row is None:
            return []
        reach = _reach(self._device, _alike(self._device)[end.tile], node % _PORTS)
        return [
            Edge(node, master, True, row, column)
            for master, column in ports.masters.items()
            if master % _PORTS in reach and (node, master) not in ports.taken
        ]

    def _across(self, node: int, end: EndPoint) -> Edge | None:
        """The wire from a master port to the next tile; the switch's FIFO leads back into it.

        With one node a port, the FIFO needs no wire.
        """
        if node not in self._ports(end.tile).masters:
            return None
        if end.bundle is Bundle.FIFO:
            return self._wire(node, end) if self.two_sided else None
        step = STEPS.get(end.bundle)
        if step is None:
            return None
        tile = (end.tile[0] + step[0], end.tile[1] + step[1])
        if not self._device.is_valid_tile(*tile):
            return None
        return self._wire(node, EndPoint(tile, end.bundle.opposite, end.channel))

    def _wire(self, node: int, beyond: EndPoint) -> Edge:
        return Edge(node, self.node(beyond), False, PortUse(), PortUse())

    def _ports(self, tile: Tile) -> _Ports:
        ports = self._tiles.get(tile)
        if ports is None:
            ports = self._tiles[tile] = self._build(tile)
        return ports

    def _build(self, tile: Tile) -> _Ports:
        ports, alike = _Ports(), _alike(self._device)[tile]
        for bundle, slaves, masters in _bundles(self._device, alike):
            for channel in range(slaves):
                ports.slaves[self.node(EndPoint(tile, bundle, channel))] = PortUse()
            for channel in range(masters):
                ports.masters[self.target(EndPoint(tile, bundle, channel))] = PortUse()
        return ports


@cache
def _alike(device: Device) -> dict[Tile, Tile]:
    """For each tile the first one whose switch can make the same connections."""
    first: dict[tuple[object, ...], Tile] = {}
    found = {}
    for col, row in product(range(device.columns), range(device.rows)):
        edges = (col == 0, col == device.columns - 1, row == device.rows - 1)
        place = (device.kind(col, row), device.is_shim_noc(col, row), *edges)
        found[col, row] = first.setdefault(place, (col, row))
    return found


@cache
def _bundles(device: Device, tile: Tile) -> list[tuple[Bundle, int, int]]:
    """How many slave and how many master ports of each bundle a tile's switch and mux have."""
    found = []
    for bundle in Bundle:
        slaves = device.num_source_switchbox_connections(*tile, bundle)
        slaves = slaves or device.num_source_shim_mux_connections(*tile, bundle)
        masters = device.num_dest_switchbox_connections(*tile, bundle)
        masters = masters or device.num_dest_shim_mux_connections(*tile, bundle)
        found.append((bundle, slaves, masters))
    return found


@cache
def _reach(device: Device, tile: Tile, slave: int) -> frozenset[int]:
    """The master ports to which a tile's switch, or its mux, can connect a slave port.

    Ports are numbered by bundle and channel, as they are within a tile's nodes.
    """
    bundle, channel = divmod(slave, _CHANNELS)
    return frozenset(
        to * _CHANNELS + number
        for to, _, masters in _bundles(device, tile)
        for number in range(masters)
        if _is_legal(device, tile, _BUNDLES[bundle], channel, to, number)
    )


def _is_legal(
    device: Device, tile: Tile, source: Bundle, channel: int, to: Bundle, number: int
) -> bool:
    """Whether a tile's switch, or its mux, can connect two ports that exist."""
    if device.is_legal_tile_connection(*tile, source, channel, to, number):
        return True
    return device.is_shim(*tile) and (source in BEHIND_SHIM_MUX or to in BEHIND_SHIM_MUX)
