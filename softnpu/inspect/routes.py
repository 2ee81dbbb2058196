"""The routes that a configured array's connections add up to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from softnpu.arch.ports import STEPS, Bundle, Port
from softnpu.arch.tiles import TileKind
from softnpu.inspect.streams import follow
from softnpu.inspect.tile import Connection, Endpoint, Position, Route, Tiles

_PACKET_IDS = range(32)


def routes(tiles: Tiles) -> tuple[Route, ...]:
    """Every route, by source tile and port.

    Packets of one source with different ids may go different ways: each way is a route of its
    own. A rule's mask may let ids through that no later rule takes, because several ids share it;
    such ways without an end are left out as long as another one has an end.
    """
    connections = [c for tile in tiles.values() for c in tile.connections]
    starts = {(c.tile, c.slave) for c in connections}
    found = [
        route
        for place, port in sorted(starts)
        if is_source(tiles, place, port)
        for route in _routes_from(tiles, place, port)
    ]
    taken = {hop for route in found for hop in route.hops}
    return (*found, *_without_source(tiles, [c for c in connections if c not in taken]))


def is_source(tiles: Tiles, place: Position, port: Port) -> bool:
    """Whether a slave port is fed from the tile itself or from outside the array."""
    if port.bundle is Bundle.South and tiles[place].kind is TileKind.SHIM:
        return True
    return port.bundle not in STEPS and port.bundle is not Bundle.FIFO


def _without_source(tiles: Tiles, rest: Sequence[Connection]) -> Iterator[Route]:
    """Routes of connections that nothing feeds: they begin at the port where they are first seen.

    A connection that another of them leads to is part of that one's route.
    """
    ways = {c: list(_routes_from(tiles, c.tile, c.slave)) for c in rest}
    inner = {hop for c, way in ways.items() for r in way for hop in r.hops if hop.slave != c.slave}
    begun = set()
    for connection, way in ways.items():
        start = (connection.tile, connection.slave)
        if connection not in inner and start not in begun:
            begun.add(start)
            yield from way


def _routes_from(tiles: Tiles, place: Position, port: Port) -> Iterator[Route]:
    ways: dict[tuple[tuple[Connection, ...], tuple[Endpoint, ...]], list[int]] = {}
    for id in _PACKET_IDS:
        stream = follow(tiles, place, port, id)
        if stream.hops:
            sinks = tuple(dict.fromkeys(arrival.end for arrival in stream.arrivals))
            ways.setdefault((tuple(stream.hops), sinks), []).append(id)
    ended = {key: ids for key, ids in ways.items() if key[1]}
    source = tiles[place].source(port)
    for (hops, sinks), ids in (ended or ways).items():
        packets = any(hop.rule is not None for hop in hops)
        yield Route(source, sinks, hops, tuple(ids) if packets else ())
