"""What a configured tile holds: its program, descriptors, locks, tasks and connections.

Pure data, from the artifact alone; `array` puts the tiles together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.ports import (
    SHIM_DEMUX_FIELDS,
    SHIM_DEMUX_REGISTER,
    SHIM_MM2S_PORTS,
    SHIM_MUX_FIELDS,
    SHIM_MUX_REGISTER,
    SHIM_S2MM_PORTS,
    Bundle,
    Port,
    ShimSource,
)
from softnpu.arch.tiles import TileKind

Position = tuple[int, int]
"""(column, row)."""


@dataclass(frozen=True)
class HostAddress:
    """A place in a host buffer: byte `offset` of kernel buffer `argument`, counted from 0."""

    argument: int
    offset: int


@dataclass(frozen=True)
class Descriptor:
    """A buffer descriptor as it was written.

    Attributes:
        fields: by lower-case name, as the registers hold them (see arch.dma).
        host: where a runtime sequence pointed it, None where it has an address of its own.
    """

    number: int
    kind: TileKind
    words: tuple[int, ...]
    fields: Mapping[str, int] = field(compare=False)
    host: HostAddress | None = None

    @property
    def valid(self) -> bool:
        """Whether a channel would run it."""
        return bool(self.fields["valid_bd"])

    @property
    def bytes(self) -> int:
        """How much one run of it moves."""
        return 4 * self.fields["buffer_length"]

    @property
    def address(self) -> int:
        """Byte address as the tile's DMA counts (see `DmaEngine.address_fields`)."""
        return DMA_ENGINES[self.kind].byte_address(self.fields)

    @property
    def next(self) -> int | None:
        """The descriptor that follows, None at the end of a chain."""
        return self.fields["next_bd"] if self.fields["use_next_bd"] else None

    @property
    def packet_id(self) -> int | None:
        """The id of the packets that it sends, None for a plain stream."""
        return self.fields["packet_id"] if self.fields["enable_packet"] else None

    @property
    def locks(self) -> tuple[int, ...]:
        """The locks that it takes and gives, as the tile's DMA numbers them."""
        taken = (self.fields["lock_acq_id"],) if self.fields["lock_acq_enable"] else ()
        given = (self.fields["lock_rel_id"],) if self.fields["lock_rel_value"] else ()
        return tuple(dict.fromkeys(taken + given))


@dataclass(frozen=True)
class Task:
    """A task pushed into a DMA channel's queue, with the descriptors as they then were.

    Attributes:
        runs: how often the chain runs.
        token: whether its end is told to the controller.
        chain: the descriptors in the order that they run; a chain that is a ring stands once.
    """

    direction: Direction
    channel: int
    runs: int
    token: bool
    chain: tuple[Descriptor, ...]


@dataclass(frozen=True)
class Lock:
    """A lock and the value that it was given."""

    number: int
    value: int


@dataclass(frozen=True)
class Span:
    """Bytes of a memory that were written."""

    offset: int
    size: int


@dataclass(frozen=True)
class Rule:
    """What sends packets of a slave port to a select of an arbiter, and so to master ports."""

    slot: int
    id: int
    mask: int
    arbiter: int
    msel: int

    def matches(self, id: int) -> bool:
        """Whether the rule takes packets with this id."""
        return id & self.mask == self.id & self.mask


@dataclass(frozen=True)
class Connection:
    """A stream switch joins a slave port to a master port; `rule` is None for circuits.

    Attributes:
        drops_header: whether the master port takes the header off the packets.
    """

    tile: Position
    slave: Port
    master: Port
    rule: Rule | None = None
    drops_header: bool = False


@dataclass(frozen=True)
class Endpoint:
    """Where a route begins or ends.

    Attributes:
        direction: of the DMA channel behind the port, None where there is none.
        channel: that DMA channel.
    """

    tile: Position
    port: Port
    direction: Direction | None = None
    channel: int = 0

    def __str__(self) -> str:
        place = f"({self.tile[0]},{self.tile[1]})"
        if self.direction is not None:
            return f"{place} {self.direction.name} {self.channel}"
        return f"{place} {self.port}"


@dataclass(frozen=True)
class Route:
    """A stream through the array: one source, one or more sinks.

    Attributes:
        hops: the connections on its way, from the source on.
        packet_ids: the packets that take it, empty for a circuit.
    """

    source: Endpoint
    sinks: tuple[Endpoint, ...]
    hops: tuple[Connection, ...]
    packet_ids: tuple[int, ...] = ()

    @property
    def is_control(self) -> bool:
        """Whether it carries task-complete tokens or control packets, not data."""
        ends = (self.source, *self.sinks)
        return any(end.port.bundle is Bundle.TileControl for end in ends)

    @property
    def is_trace(self) -> bool:
        """Whether it carries a trace."""
        return self.source.port.bundle is Bundle.Trace


@dataclass(frozen=True)
class Cascade:
    """Which way a core's cascade was set: where it takes from, where it gives to."""

    source: Bundle
    destination: Bundle


@dataclass(frozen=True)
class Tile:
    """What was written to one tile.

    Attributes:
        program: bytes of program memory written.
        runs: whether the core was enabled.
        memory: the parts of its data memory that were filled.
        packet_ports: the slave ports of the switch that read packet headers, each with its rules
            in the order in which they are tried.
        mux: shim only, south slave port of the switch -> what feeds it.
        demux: shim only, south master port of the switch -> what it feeds.
        trace_ids: the ids of the packets that the trace units send, by trace port; of those that
            were set up.
    """

    position: Position
    kind: TileKind
    program: int = 0
    runs: bool = False
    descriptors: tuple[Descriptor, ...] = ()
    tasks: tuple[Task, ...] = ()
    locks: tuple[Lock, ...] = ()
    memory: tuple[Span, ...] = ()
    connections: tuple[Connection, ...] = ()
    packet_ports: Mapping[Port, tuple[Rule, ...]] = field(default_factory=dict)
    cascade: Cascade | None = None
    mux: Mapping[int, ShimSource] = field(default_factory=dict)
    demux: Mapping[int, ShimSource] = field(default_factory=dict)
    trace_ids: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_used(self) -> bool:
        """Whether more than streams on their way to other tiles concerns it."""
        return bool(
            self.program or self.descriptors or self.tasks or self.memory or self.mux or self.demux
        )

    def channel_tasks(self, direction: Direction, channel: int) -> tuple[Task, ...]:
        """The tasks of one DMA channel, in order."""
        return tuple(
            task for task in self.tasks if (task.direction, task.channel) == (direction, channel)
        )

    def source(self, port: Port) -> Endpoint:
        """What sends into a slave port of the tile's switch."""
        if self.kind is TileKind.SHIM and port.bundle is Bundle.South:
            if self.mux.get(port.channel) is ShimSource.DMA:
                return self._dma_end(port, Direction.MM2S, SHIM_MM2S_PORTS.index(port.channel))
        elif port.bundle is Bundle.DMA:
            return self._dma_end(port, Direction.MM2S, port.channel)
        return Endpoint(self.position, port)

    def sink(self, port: Port) -> Endpoint:
        """What takes from a master port of the tile's switch."""
        if self.kind is TileKind.SHIM and port.bundle is Bundle.South:
            if self.demux.get(port.channel) is ShimSource.DMA:
                return self._dma_end(port, Direction.S2MM, SHIM_S2MM_PORTS.index(port.channel))
        elif port.bundle is Bundle.DMA:
            return self._dma_end(port, Direction.S2MM, port.channel)
        return Endpoint(self.position, port)

    def _dma_end(self, port: Port, direction: Direction, channel: int) -> Endpoint:
        return Endpoint(self.position, port, direction, channel)


Tiles = Mapping[Position, Tile]
"""All tiles of an array, those too that nothing was written to."""


def shim_choices(register: int, value: int) -> dict[int, ShimSource]:
    """What a shim's mux or demux register selects, by south port; PLIO, the reset value, not."""
    fields = {SHIM_MUX_REGISTER: SHIM_MUX_FIELDS, SHIM_DEMUX_REGISTER: SHIM_DEMUX_FIELDS}[register]
    chosen = {port: value >> lsb & 3 for port, lsb in fields.items()}
    return {port: ShimSource(c) for port, c in chosen.items() if c in (1, 2)}
