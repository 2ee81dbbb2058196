"""Streams followed through a configured array, as its switches pass them on.

Nothing is taken for granted: where a stream ends, divides, comes to a port twice or runs into one
that does not take it, that is what is told. Who routed the array plays no part.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from softnpu.arch.ports import STEPS, Bundle, Port
from softnpu.arch.tiles import TileKind
from softnpu.inspect.tile import Connection, Endpoint, Position, Rule, Tile, Tiles

Place = tuple[Position, Port]
"""A port of a tile's switch."""


@dataclass(frozen=True)
class Arrival:
    """Where a stream ends, and whether its packets still have their header there."""

    end: Endpoint
    header: bool


@dataclass(frozen=True)
class Fault:
    """A slave or master port where a stream does not go on as a stream should, and why."""

    tile: Position
    port: Port
    why: str

    def __str__(self) -> str:
        return f"tile {self.tile}, {self.port.bundle.name} {self.port.channel}: {self.why}"


@dataclass
class Stream:
    """What becomes of the words that enter the switches at one port.

    Attributes:
        hops: the connections on their way, each once.
        arrivals: every end, twice if the words arrive there twice.
    """

    hops: list[Connection] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def follow(
    tiles: Tiles,
    tile: Position,
    slave: Port,
    packet_id: int | None = None,
    ends: Collection[Place] = (),
    leave_out: Collection[Port] = (),
) -> Stream:
    """The way of the words that enter the switch of `tile` at `slave`.

    Args:
        packet_id: of the packets that they are, None for words without headers.
        ends: master ports where the stream counts as arrived, though wires lead on.
        leave_out: master ports of `tile` by which `slave` leads to what is of no interest.
    """
    walk = _Walk(tiles, packet_id, {(tile, master) for master in leave_out}, ends)
    walk.enter(tile, slave, packet_id is not None)
    return walk.stream


class _Walk:
    def __init__(
        self,
        tiles: Tiles,
        packet_id: int | None,
        left_out: Collection[Place],
        ends: Collection[Place],
    ) -> None:
        self.stream = Stream()
        self._tiles = tiles
        self._id = packet_id
        self._left_out = left_out
        self._ends = ends
        self._seen: set[Place] = set()
        self._path: list[Place] = []

    def enter(self, position: Position, slave: Port, header: bool) -> None:
        """Words come in at a slave port; `header`: as packets with their header."""
        place = (position, slave)
        if place in self._seen:
            again = "runs in a circle" if place in self._path else "comes here by two ways"
            self._fault(place, f"the stream {again}")
            return
        self._seen.add(place)
        self._path.append(place)
        for connection in self._taken(self._tiles[position], slave, header):
            if len(self._path) == 1 and (position, connection.master) in self._left_out:
                continue
            self.stream.hops.append(connection)
            self._leave(connection, header and not connection.drops_header)
        self._path.pop()

    def _taken(self, tile: Tile, slave: Port, header: bool) -> list[Connection]:
        """The connections that words at a slave port go by."""
        place = (tile.position, slave)
        here = [c for c in tile.connections if c.slave == slave]
        rules = tile.packet_ports.get(slave)
        if rules is None:
            if not here:
                self._fault(place, "the switch connects this port to nothing")
            return here
        if not header:
            self._fault(place, "the port takes the first word for a packet header")
            return []
        rule = next((rule for rule in rules if rule.matches(self._id or 0)), None)
        if rule is None:
            self._fault(place, f"no rule takes packets with id {self._id} ({_listed(rules)})")
            return []
        taken = [c for c in here if c.rule == rule]
        if not taken:
            select = f"arbiter {rule.arbiter}, msel {rule.msel}"
            self._fault(place, f"packets with id {self._id} go to {select}, which leads nowhere")
        return taken

    def _leave(self, connection: Connection, header: bool) -> None:
        beyond = behind(self._tiles, connection, self._ends)
        if isinstance(beyond, Endpoint):
            self.stream.arrivals.append(Arrival(beyond, header))
        elif beyond is None:
            self._fault((connection.tile, connection.master), "the array ends here")
        else:
            self.enter(*beyond, header)

    def _fault(self, place: Place, why: str) -> None:
        self.stream.faults.append(Fault(*place, why))


def _listed(rules: tuple[Rule, ...]) -> str:
    listed = ", ".join(f"{rule.id} under mask {rule.mask:#x}" for rule in rules)
    return f"its rules: {listed}" if rules else "it has none"


def behind(
    tiles: Tiles, connection: Connection, ends: Collection[Place] = ()
) -> Endpoint | Place | None:
    """What lies behind a connection's master port: an end, a switch's slave port, or nothing."""
    (column, row), port = connection.tile, connection.master
    tile = tiles[connection.tile]
    if (connection.tile, port) in ends:
        return Endpoint(connection.tile, port)
    if port.bundle is Bundle.FIFO:
        return connection.tile, port
    if port.bundle not in STEPS or (port.bundle is Bundle.South and tile.kind is TileKind.SHIM):
        return tile.sink(port)
    step = STEPS[port.bundle]
    other = (column + step[0], row + step[1])
    return (other, Port(port.bundle.opposite, port.channel)) if other in tiles else None
