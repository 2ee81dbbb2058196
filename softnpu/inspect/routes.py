"""The routes that a configured array's connections add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from softnpu.arch.ports import STEPS, Bundle, Port
from softnpu.arch.tiles import TileKind
from softnpu.inspect.array import ConfiguredArray, Connection, Endpoint, Position, Route

_PACKET_IDS = range(32)

Outgoing = Mapping[tuple[Position, Port], list[Connection]]


def routes(array: ConfiguredArray) -> tuple[Route, ...]:
    """Every route, by source tile and port.

    Packets of one source with different ids may go different ways: each way is a route of its
    own. A rule's mask may let ids through that no later rule takes, because several ids share it;
    such ways without an end are left out as long as another one has an end.
    """
    outgoing: dict[tuple[Position, Port], list[Connection]] = defaultdict(list)
    for tile in array.tiles.values():
        for connection in tile.connections:
            outgoing[tile.position, connection.slave].append(connection)
    found = [
        route
        for place, port in sorted(outgoing, key=lambda key: (key[0], key[1].bundle, key[1].channel))
        if _is_source(array, place, port)
        for route in _routes_from(array, outgoing, place, port)
    ]
    taken = {hop for route in found for hop in route.hops}
    rest = [c for connections in outgoing.values() for c in connections if c not in taken]
    return (*found, *_without_source(array, outgoing, rest))


def _is_source(array: ConfiguredArray, place: Position, port: Port) -> bool:
    """Whether a slave port is fed from the tile itself or from outside the array."""
    if port.bundle is Bundle.South and array.tiles[place].kind is TileKind.SHIM:
        return True
    return port.bundle not in STEPS and port.bundle is not Bundle.FIFO


def _without_source(
    array: ConfiguredArray, outgoing: Outgoing, rest: list[Connection]
) -> Iterator[Route]:
    """Routes of connections that nothing feeds: they begin at the port where they are first seen.

    A connection that another of them leads to is part of that one's route.
    """
    ways = {c: list(_routes_from(array, outgoing, c.tile, c.slave)) for c in rest}
    inner = {hop for c, way in ways.items() for r in way for hop in r.hops if hop.slave != c.slave}
    begun = set()
    for connection, way in ways.items():
        start = (connection.tile, connection.slave)
        if connection not in inner and start not in begun:
            begun.add(start)
            yield from way


@dataclass
class _Way:
    """Where packets with one id go from a source."""

    hops: list[Connection] = field(default_factory=list)
    sinks: list[Endpoint] = field(default_factory=list)


def _routes_from(
    array: ConfiguredArray, outgoing: Outgoing, place: Position, port: Port
) -> Iterator[Route]:
    ways: dict[tuple[tuple[Connection, ...], tuple[Endpoint, ...]], list[int]] = {}
    for id in _PACKET_IDS:
        way = _Way()
        _follow(array, outgoing, place, port, id, way)
        if way.hops:
            ways.setdefault((tuple(way.hops), tuple(way.sinks)), []).append(id)
    ended = {key: ids for key, ids in ways.items() if key[1]}
    source = array.tiles[place].source(port)
    for (hops, sinks), ids in (ended or ways).items():
        packets = any(hop.rule is not None for hop in hops)
        yield Route(source, sinks, hops, tuple(ids) if packets else ())


def _follow(
    array: ConfiguredArray, outgoing: Outgoing, place: Position, port: Port, id: int, way: _Way
) -> None:
    for connection in _chosen(outgoing.get((place, port), []), id):
        if connection in way.hops:
            continue
        way.hops.append(connection)
        beyond = _beyond(array, connection)
        if isinstance(beyond, Endpoint):
            way.sinks.append(beyond)
        elif beyond is not None:
            _follow(array, outgoing, *beyond, id, way)


def _chosen(connections: list[Connection], id: int) -> list[Connection]:
    """The connections that a word takes: all circuits, or those of the first rule that matches."""
    circuits = [c for c in connections if c.rule is None]
    rules = [c for c in connections if c.rule is not None and c.rule.matches(id)]
    first = min((c.rule.slot for c in rules if c.rule is not None), default=-1)
    return circuits + [c for c in rules if c.rule is not None and c.rule.slot == first]


def _beyond(
    array: ConfiguredArray, connection: Connection
) -> Endpoint | tuple[Position, Port] | None:
    """What lies behind a connection's master port: an end, another switch's port, or nothing."""
    (column, row), port = connection.tile, connection.master
    tile = array.tiles[connection.tile]
    if port.bundle is Bundle.FIFO:
        return connection.tile, port
    if port.bundle not in STEPS or (port.bundle is Bundle.South and tile.kind is TileKind.SHIM):
        return tile.sink(port)
    step = STEPS[port.bundle]
    other = (column + step[0], row + step[1])
    return (other, Port(port.bundle.opposite, port.channel)) if other in array.tiles else None
