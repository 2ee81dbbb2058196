"""Packets that may wait for each other for ever in the switches.

From its header to its last word a packet has the arbiters and slave ports that it has come to for
itself, and where it divides, all of its branches go on together. So one can hold what another
waits for, and wait for what that one holds. Whether they ever do depends on who comes first and
on how long the packets are; that they can follows from their ways alone (AM020, chapter 2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from softnpu.arch.ports import EndPoint
from softnpu.inspect.array import ConfiguredArray
from softnpu.inspect.streams import Place, Stream, behind
from softnpu.inspect.tile import Endpoint

MOST_PACKETS = 4
"""Packets in a circle of waits that is looked for."""


class ArbiterPlace(NamedTuple):
    """An arbiter of a tile's switch."""

    tile: tuple[int, int]
    arbiter: int


Resource = ArbiterPlace | Place
"""What one packet at a time has for itself."""

Sender = tuple[EndPoint, "int | None"]


class Hold(NamedTuple):
    """A packet that has one thing while it waits for another."""

    packet: Sender
    held: Resource
    awaited: Resource


@dataclass(frozen=True)
class _Way:
    """The way of a stream: each resource with the one before it, None for the first."""

    before: Mapping[Resource, Resource | None]

    def path(self, end: Resource) -> Iterator[Resource]:
        """What a packet has come through, from `end` backwards."""
        at: Resource | None = end
        while at is not None:
            yield at
            at = self.before[at]


def jam(array: ConfiguredArray, streams: Mapping[Sender, Stream]) -> list[Hold] | None:
    """A circle of packets that can wait for each other, as short as there is; None without any."""
    ways = {key: _way(array, stream) for key, stream in streams.items() if key[1] is not None}
    users: dict[Resource, list[Sender]] = defaultdict(list)
    for key, way in ways.items():
        for resource in way.before:
            users[resource].append(key)
    shared = {resource for resource, found in users.items() if len(found) > 1}
    holds = {key: _holds(key, way, shared) for key, way in ways.items()}
    for length in range(2, MOST_PACKETS + 1):
        for start in (hold for found in holds.values() for hold in found):
            circle = _circle([start], holds, users, ways, length)
            if circle is not None:
                return circle
    return None


def resource_name(resource: Resource) -> str:
    """What messages call it."""
    if isinstance(resource, ArbiterPlace):
        return f"arbiter {resource.arbiter} of tile {resource.tile}"
    tile, port = resource
    return f"{port.bundle.name} {port.channel} of tile {tile}"


def _way(array: ConfiguredArray, stream: Stream) -> _Way:
    before: dict[Resource, Resource | None] = {}
    for hop in stream.hops:
        slave: Resource = (hop.tile, hop.slave)
        before.setdefault(slave, None)
        at = slave
        if hop.rule is not None:
            at = ArbiterPlace(hop.tile, hop.rule.arbiter)
            before.setdefault(at, slave)
        following = behind(array.tiles, hop)
        if following is not None and not isinstance(following, Endpoint):
            before.setdefault(following, at)
    return _Way(before)


def _holds(key: Sender, way: _Way, shared: set[Resource]) -> list[Hold]:
    """All that a packet can have while it waits for something else, that others use, too."""
    mine = [resource for resource in way.before if resource in shared]
    return [
        Hold(key, held, awaited)
        for held in mine
        for passed in [set(way.path(held))]
        for awaited in mine
        if awaited not in passed
    ]


def _circle(
    chain: list[Hold],
    holds: Mapping[Sender, Sequence[Hold]],
    users: Mapping[Resource, Sequence[Sender]],
    ways: Mapping[Sender, _Way],
    length: int,
) -> list[Hold] | None:
    """The chain with more holds behind it, so many that its last waits for what its first has."""
    *_, last = chain
    if len(chain) == length:
        closed = last.awaited == chain[0].held
        return chain if closed and not _in_one_order(chain, ways) else None
    for packet in users[last.awaited]:
        if packet in (hold.packet for hold in chain):
            continue
        for hold in holds[packet]:
            if hold.held == last.awaited:
                found = _circle([*chain, hold], holds, users, ways, length)
                if found is not None:
                    return found
    return None


def _in_one_order(circle: Sequence[Hold], ways: Mapping[Sender, _Way]) -> bool:
    """Whether all meet in one place only: then who is first there is first everywhere behind it."""
    behind = [*circle[1:], circle[0]]
    roots = {
        _meeting(ways[hold.packet], ways[other.packet], other.held)
        for hold, other in zip(circle, behind, strict=True)
    }
    return len(roots) == 1


def _meeting(way: _Way, other: _Way, end: Resource) -> Resource:
    """Where two ways that both come to `end` came together before."""
    met = end
    for one, another in zip(way.path(end), other.path(end)):  # noqa: B905 - to the shorter's start
        if one != another:
            break
        met = one
    return met
