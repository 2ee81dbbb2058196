"""Whether the switches of a configured array do what the design's flows say.

Each flow is followed from its source through the switches, whoever set them; what comes out must
be the flow, no less and no more. The check shares nothing with the router.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from softnpu.arch.dma import Direction
from softnpu.arch.ports import SHIM_MM2S_PORTS, STEPS, Bundle, EndPoint, Port, ShimSource
from softnpu.errors import SourceLocation
from softnpu.inspect.array import ConfiguredArray
from softnpu.inspect.flows import DesignFlows, Flow
from softnpu.inspect.packet_jams import Hold, jam, resource_name
from softnpu.inspect.routes import is_source
from softnpu.inspect.streams import Arrival, Fault, Place, Stream, follow
from softnpu.inspect.tile import Cascade, Endpoint

PACKET_IDS = range(32)

RESET_CASCADE = Cascade(Bundle.North, Bundle.South)
"""The ways of a core's cascade that nothing sets: its register is 0 (aie-rt, xaie_core_aieml.c)."""


@dataclass(frozen=True)
class Difference:
    """What an array does otherwise than its design says.

    Attributes:
        location: of the flow concerned, in the design.
        notes: what happens instead, and where.
    """

    message: str
    location: SourceLocation | None = None
    notes: tuple[str, ...] = ()


def differences(design: DesignFlows, array: ConfiguredArray) -> list[Difference]:
    """Everything that `array` does otherwise; empty if all streams do what the design says.

    `array` may hold what a runtime sequence writes, too: then the packets that it sends are held
    to the flows as well.
    """
    check = _Check(design, array)
    return [
        *check.streams(),
        *check.others(),
        *check.packet_ids(),
        *check.trace_ids(),
        *check.cascades(),
    ]


def doubts(design: DesignFlows, array: ConfiguredArray) -> list[Difference]:
    """What an array may do otherwise, depending on its data and on what comes first."""
    check = _Check(design, array)
    return [*check.without_header(), *check.jams()]


def jams(design: DesignFlows, array: ConfiguredArray) -> list[Difference]:
    """Packets that can wait for each other for ever, if any: one circle of them."""
    return list(_Check(design, array).jams())


def ways(design: DesignFlows, array: ConfiguredArray) -> list[str]:
    """The way of each stream, two lines each: its flows, then the connections that it takes."""
    return list(_Check(design, array).ways())


StreamKey = tuple[EndPoint, "int | None"]
"""The source of a stream, and the id of its packets."""


class _Check:
    def __init__(self, design: DesignFlows, array: ConfiguredArray) -> None:
        self._design = design
        self._array = array
        self._wanted: dict[StreamKey, dict[EndPoint, Flow]] = {}
        for flow in design.flows:
            ends = self._wanted.setdefault((flow.source, flow.packet_id), {})
            ends[flow.destination] = flow
        stops = frozenset(
            (flow.destination.tile, Port(flow.destination.bundle, flow.destination.channel))
            for flow in design.flows
            if flow.destination.bundle in STEPS
        )
        self._stated = {f.destination for f in design.flows if f.keeps_header is not None}
        self._found = {key: self._stream(*key, stops) for key in self._wanted}

    def _stream(self, source: EndPoint, packet_id: int | None, stops: frozenset[Place]) -> Stream:
        """The stream from a source, through the shim's mux if it is behind that.

        Where the design's own switchbox leads it besides is the author's affair.
        """
        (tile, port), behind_mux = _entry(source)
        if tile not in self._array.tiles:
            return Stream(faults=[Fault(tile, port, "nothing of that column is set up")])
        if behind_mux and self._array.tiles[tile].mux.get(port.channel) is not ShimSource.DMA:
            return Stream(faults=[Fault(tile, port, "the shim's mux does not lead the DMA to it")])
        own = self._design.own.get((tile, port), frozenset())
        return follow(self._array.tiles, tile, port, packet_id, stops, own)

    def streams(self) -> Iterator[Difference]:
        """Flows that do not arrive, or not as they should."""
        for key, wanted in self._wanted.items():
            stream = self._found[key]
            arrived = Counter(_end_of(arrival.end) for arrival in stream.arrivals)
            lost = [flow for end, flow in wanted.items() if end not in arrived]
            astray = [end for end in arrived if end not in wanted]
            for flow in lost:
                yield Difference(f"{flow} never arrives", flow.location, self._instead(key))
            anyone = next(iter(wanted.values()))
            if not lost:
                yield from self._too_far(key, astray, anyone)
            for end, count in arrived.items():
                if count > 1:
                    flow = wanted.get(end, anyone)
                    yield Difference(f"{flow} arrives {count} times at {end}", flow.location)
            yield from self._headers(stream.arrivals, wanted)

    def _headers(
        self, arrivals: list[Arrival], wanted: Mapping[EndPoint, Flow]
    ) -> Iterator[Difference]:
        """Packets that arrive with their header or without, against what the design says."""
        for arrival in arrivals:
            flow = wanted.get(_end_of(arrival.end))
            if flow is None or flow.packet_id is None:
                continue
            keeps = flow.keeps_header
            if keeps is None and flow.destination not in self._stated:
                keeps = _keeps_by_default(flow.destination)
            if keeps is not None and arrival.header != keeps:
                have, want = ("with", "without") if arrival.header else ("without", "with")
                yield Difference(
                    f"{flow} arrives {have} its packet header, and should {want}",
                    flow.location,
                    ("flows to one port must agree in keep_pkt_header: it is the port's",),
                )

    def ways(self) -> Iterator[str]:
        """What becomes of each stream."""
        for key, wanted in self._wanted.items():
            first, *others = wanted.values()
            yield ", ".join([str(first), *(f"to {flow.destination}" for flow in others)])
            yield "  " + ", ".join(
                f"({hop.tile[0]},{hop.tile[1]}) {hop.slave} -> {hop.master}"
                for hop in self._found[key].hops
            )

    def _instead(self, key: StreamKey) -> tuple[str, ...]:
        """What becomes of a stream that does not arrive."""
        stream, wanted = self._found[key], self._wanted[key]
        ends = dict.fromkeys(_end_of(arrival.end) for arrival in stream.arrivals)
        astray = [end for end in ends if end not in wanted]
        return (
            *(f"it arrives at {end} instead{self._shared_way(key, end)}" for end in astray),
            *(f"it is stuck at {fault}" for fault in stream.faults),
        )

    def _too_far(self, key: StreamKey, astray: list[EndPoint], flow: Flow) -> Iterator[Difference]:
        """Where a stream goes besides its destinations."""
        for end in astray:
            note = self._shared_way(key, end).removeprefix(": ")
            notes = (note,) if note else ()
            yield Difference(f"{flow} arrives at {end} as well", flow.location, notes)
        for fault in self._found[key].faults:
            yield Difference(
                f"{flow} divides, and a part of it is stuck",
                flow.location,
                (f"at {fault}", "the whole stream waits for that part"),
            )

    def _shared_way(self, key: StreamKey, end: EndPoint) -> str:
        """Whose way a stream takes to an end that is not its own, and from where on."""
        hops = self._found[key].hops
        for other, wanted in self._wanted.items():
            if other == key or end not in wanted:
                continue
            entered = {(hop.tile, hop.slave) for hop in self._found[other].hops}
            for hop in hops:
                if (hop.tile, hop.slave) in entered:
                    alike = f", both with id {key[1]}" if other[1] == key[1] is not None else ""
                    port = f"{hop.slave.bundle.name} {hop.slave.channel} of tile {hop.tile}"
                    return f": from {port} on it shares the way of {wanted[end]}{alike}"
        return ""

    def others(self) -> Iterator[Difference]:
        """Streams that arrive somewhere, and that no flow of the design speaks of."""
        known = {_entry(source)[0] for source, _ in self._wanted}
        places = {(c.tile, c.slave) for t in self._array.tiles.values() for c in t.connections}
        for place in sorted(places - known - self._design.own.keys()):
            if not is_source(self._array.tiles, *place):
                continue
            tile, port = place
            source = self._array.tiles[tile].source(port)
            for end in self._ends_from(place):
                yield Difference(f"{_end_of(source)} leads to {end}, and no flow says so")

    def _ends_from(self, place: Place) -> list[EndPoint]:
        """Where a stream without a flow arrives; nowhere if the design leads it there itself."""
        found: dict[EndPoint, None] = {}
        for packet_id in PACKET_IDS:
            stream = follow(self._array.tiles, *place, packet_id)
            if not any((hop.tile, hop.slave) in self._design.own for hop in stream.hops):
                found |= dict.fromkeys(_end_of(arrival.end) for arrival in stream.arrivals)
        return list(found)

    def _ids(self, source: EndPoint) -> tuple[list[int], SourceLocation | None]:
        """The ids of the packet flows from a port, and where one of them stands."""
        flows = [f for f in self._design.flows if f.source == source and f.packet_id is not None]
        ids = sorted({flow.packet_id for flow in flows if flow.packet_id is not None})
        return ids, flows[0].location if flows else None

    def packet_ids(self) -> Iterator[Difference]:
        """Packets that a DMA sends with an id that no flow from there has."""
        for tile in self._array.tiles.values():
            sent: dict[tuple[int, int], int] = {}
            for task in tile.tasks:
                for one in task.chain if task.direction is Direction.MM2S else ():
                    if one.packet_id is not None:
                        sent[task.channel, one.packet_id] = one.number
            for (channel, id), number in sent.items():
                source = EndPoint(tile.position, Bundle.DMA, channel)
                ids, location = self._ids(source)
                if ids and id not in ids:
                    yield Difference(
                        f"{source} sends packets with id {id} (BD {number}), and {_told(ids)}",
                        location,
                    )

    def without_header(self) -> Iterator[Difference]:
        """What a DMA sends into packet flows without a header: right only if the data have one."""
        for tile in self._array.tiles.values():
            bare: dict[int, int] = {}
            for task in tile.tasks:
                begins = True
                for one in task.chain if task.direction is Direction.MM2S else ():
                    if begins and one.packet_id is None:
                        bare.setdefault(task.channel, one.number)
                    begins = not one.fields["tlast_suppress"]
            for channel, number in bare.items():
                source = EndPoint(tile.position, Bundle.DMA, channel)
                ids, location = self._ids(source)
                if ids:
                    yield Difference(
                        f"{source} sends words without a packet header (BD {number}), and "
                        f"{_told(ids)}: the first word is taken for the header",
                        location,
                        (
                            f"write packet = <pkt_type = 0, pkt_id = {ids[0]}> to the transfer "
                            "unless its data begin with a header",
                        ),
                    )

    def jams(self) -> Iterator[Difference]:
        """Packets that the switches can bring to wait for each other."""
        circle = jam(self._array, self._found)
        if circle is not None:
            flows = [self._flow_of(hold) for hold in circle]
            yield Difference(
                f"packets can wait for each other for ever: those of {flows[0]} and of "
                + " and of ".join(map(str, flows[1:])),
                flows[0].location,
                (
                    *(
                        f"{flow} ({flow.location}) can have {resource_name(hold.held)} and wait "
                        f"for {resource_name(hold.awaited)}"
                        for flow, hold in zip(flows, circle, strict=True)
                    ),
                    "whether they do depends on who comes first and on their lengths: send them "
                    "one after the other, or one of them by a circuit (aie.flow), or from or to "
                    "other tiles",
                ),
            )

    def _flow_of(self, hold: Hold) -> Flow:
        return next(iter(self._wanted[hold.packet].values()))

    def trace_ids(self) -> Iterator[Difference]:
        """Packets that a trace unit sends with an id that no flow from there has."""
        for tile in self._array.tiles.values():
            for channel, id in tile.trace_ids.items():
                source = EndPoint(tile.position, Bundle.Trace, channel)
                ids, location = self._ids(source)
                if ids and id not in ids:
                    message = f"{source} sends packets with id {id}, and {_told(ids)}"
                    yield Difference(message, location)

    def cascades(self) -> Iterator[Difference]:
        """Cascades that are led another way."""
        for setting in self._design.cascades:
            tile = self._array.tiles.get(setting.tile)
            found = (tile and tile.cascade) or RESET_CASCADE
            if found != setting.ways:
                yield Difference(
                    f"the cascade of tile {setting.tile} leads {_ways(found)}, the design says "
                    f"{_ways(setting.ways)}",
                    setting.location,
                )


def _told(ids: list[int]) -> str:
    if len(ids) == 1:
        return f"the packet flow from there has id {ids[0]}"
    return f"the packet flows from there have ids {', '.join(map(str, ids))}"


def _ways(cascade: Cascade) -> str:
    return f"from {cascade.source.name} to {cascade.destination.name}"


def _keeps_by_default(end: EndPoint) -> bool:
    """DMAs get packets without their headers unless a flow says otherwise; what leaves a shim's
    switch southwards is taken for one (mlir-aie, AIERT.cpp, `configureSwitches`)."""
    return end.bundle is not Bundle.DMA and not (end.tile[1] == 0 and end.bundle is Bundle.South)


def _entry(source: EndPoint) -> tuple[Place, bool]:
    """The slave port by which a source enters its switch, and whether a shim's DMA is behind it."""
    tile, bundle, channel = source
    if tile[1] == 0 and bundle is Bundle.DMA:
        return (tile, Port(Bundle.South, SHIM_MM2S_PORTS[channel])), True
    return (tile, Port(bundle, channel)), False


def _end_of(end: Endpoint) -> EndPoint:
    if end.direction is not None:
        return EndPoint(end.tile, Bundle.DMA, end.channel)
    return EndPoint(end.tile, end.port.bundle, end.port.channel)
