"""What can be told of streams from an artifact alone, without the flows that they were made of.

A DMA channel that an instruction stream starts and that no stream of the array serves has a task
that never ends: most often the stream was made for another array, of another size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from softnpu.arch.dma import Direction
from softnpu.arch.ports import SHIM_MM2S_PORTS, Bundle, Port, ShimSource
from softnpu.arch.tiles import TileKind
from softnpu.inspect.array import ConfiguredArray, of_operations
from softnpu.inspect.pdis import ConfiguredPdi
from softnpu.inspect.streams import Stream, follow
from softnpu.inspect.tile import Position, Tile

Channel = tuple[Direction, int]


@dataclass(frozen=True)
class Unserved:
    """A channel that is started and moves nothing, and why."""

    tile: Position
    direction: Direction
    channel: int
    why: str

    def __str__(self) -> str:
        column, row = self.tile
        return f"tile ({column},{row}) {self.direction.name} {self.channel}"


def unserved(pdi: ConfiguredPdi) -> list[Unserved]:
    """The channels that the sequence on a PDI starts, and that the array then does not serve.

    None where the sequence sends control packets, which may lead streams anywhere.

    Raises:
        FormatError: the PDI holds no CDO that is understood.
    """
    started = [
        (tile.position, (task.direction, task.channel))
        for tile in of_operations(pdi.sequence).tiles.values()
        for task in tile.tasks
    ]
    if not started:
        return []
    array = pdi.array
    served = {
        (end.tile, (end.direction, end.channel)) for route in array.routes for end in route.sinks
    }
    if any(_controls(array, *where) for where in started):
        return []
    return [
        Unserved(place, *channel, why)
        for place, channel in dict.fromkeys(started)
        if (why := _unserved(array, place, channel, (place, channel) in served))
    ]


def astray(pdi: ConfiguredPdi) -> list[str]:
    """What the tasks of an array send twice to one place, or to where it is stuck.

    Raises:
        FormatError: the PDI holds no CDO that is understood.
    """
    array = pdi.array
    channels = dict.fromkeys(
        (tile.position, (task.direction, task.channel))
        for tile in array.tiles.values()
        for task in tile.tasks
    )
    found: dict[str, None] = {}
    for place, channel in channels:
        sender = f"tile ({place[0]},{place[1]}) {channel[0].name} {channel[1]}"
        for stream in _sent(array.tiles[place], array, channel):
            ends = Counter(arrival.end for arrival in stream.arrivals)
            twice = [end for end, count in ends.items() if count > 1]
            found |= dict.fromkeys(f"what {sender} sends comes to {end} twice" for end in twice)
            if stream.arrivals:
                found |= dict.fromkeys(
                    f"a part of what {sender} sends is stuck at {fault}" for fault in stream.faults
                )
    return list(found)


def _controls(array: ConfiguredArray, place: Position, channel: Channel) -> bool:
    return any(
        arrival.end.port.bundle is Bundle.TileControl
        for stream in _sent(array.tiles[place], array, channel)
        for arrival in stream.arrivals
    )


def _unserved(array: ConfiguredArray, place: Position, channel: Channel, served: bool) -> str:
    """Why a channel moves nothing, "" if it may."""
    if channel[0] is Direction.S2MM:
        return "" if served else "no stream of the array leads there"
    for stream in _sent(array.tiles[place], array, channel):
        if not stream.arrivals:
            faults = "; ".join(map(str, stream.faults)) or "the shim's mux does not let it out"
            return f"what it sends arrives nowhere ({faults})"
    return ""


def _sent(tile: Tile, array: ConfiguredArray, channel: Channel) -> Iterator[Stream]:
    """The streams that the tasks of a channel send; one with each id, where they send packets.

    What is sent without a header into a port that reads headers may begin with one of its own:
    then it is followed with the ids that the port knows.
    """
    direction, number = channel
    if direction is Direction.S2MM:
        return
    port = Port(Bundle.DMA, number)
    if tile.kind is TileKind.SHIM:
        port = Port(Bundle.South, SHIM_MM2S_PORTS[number])
        if tile.mux.get(port.channel) is not ShimSource.DMA:
            yield Stream()
            return
    tasks = tile.channel_tasks(direction, number)
    ids = dict.fromkeys(one.packet_id for task in tasks for one in task.chain)
    for id in ids:
        if id is None and port in tile.packet_ports:
            known = [
                follow(array.tiles, tile.position, port, r.id) for r in tile.packet_ports[port]
            ]
            yield next((stream for stream in known if stream.arrivals), Stream())
        else:
            yield follow(array.tiles, tile.position, port, id)
