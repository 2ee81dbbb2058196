"""What operations leave in an array's registers, tile by tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from softnpu.arch.address import MOST_COLUMNS, OFFSET_LIMIT, split_address
from softnpu.arch.device import MEMORY_TILE_ROWS, ROWS
from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.ports import (
    CASCADE_CONTROL_REGISTER,
    SHIM_DEMUX_REGISTER,
    SHIM_MUX_REGISTER,
    SLOTS,
    STREAM_SWITCHES,
    Bundle,
    Port,
    ShimSource,
    StreamSwitch,
)
from softnpu.arch.register import MODULES
from softnpu.arch.registers import address, lookup
from softnpu.arch.tiles import LOCK_STRIDE, TILE_FACTS, TileKind
from softnpu.errors import FormatError
from softnpu.formats.operations import (
    AddressPatch,
    BlockSet,
    BlockWrite,
    MaskWrite,
    Operation,
    Write,
)
from softnpu.formats.records import words
from softnpu.inspect.tile import (
    Cascade,
    Connection,
    Descriptor,
    HostAddress,
    Lock,
    Position,
    Rule,
    Span,
    Task,
    Tile,
    Tiles,
    shim_choices,
)

_CORE_CONTROL = 0x32000
_CORE_ENABLE = 1
_ENABLED = 1 << 31
_PACKETS = 1 << 30
_DROP_HEADER = 1 << 7
_SLOT_ENABLED = 1 << 8
_LOCK_BITS = 6
_TRACE_CONTROL = "Trace_Control1"


class Written:
    """Collects operations; `array` tells what they add up to."""

    def __init__(self) -> None:
        self._tiles: dict[Position, TileWritten] = {}

    def apply(self, operation: Operation) -> None:
        """Takes one more operation; those that change no register change nothing here."""
        match operation:
            case Write(address, value):
                self._write(address, [value])
            case MaskWrite(address, mask, value):
                self._write(address, [value], mask)
            case BlockWrite(address, data):
                self._write(address, words(data))
            case BlockSet(address, value, count):
                fitting = (OFFSET_LIMIT - split_address(address)[2]) // 4
                self._write(address, [value] * min(count, fitting))
            case AddressPatch(address, argument):
                tile, place = self._at(address)
                tile.patch(place, HostAddress(argument, operation.start))

    def _write(self, address: int, values: Sequence[int], mask: int = 0xFFFFFFFF) -> None:
        tile, offset = self._at(address)
        tile.write(offset, values, mask)

    def _at(self, address: int) -> tuple[TileWritten, int]:
        column, row, offset = split_address(address)
        if column >= MOST_COLUMNS:
            raise FormatError(f"something is written to {address:#x}, outside of any array")
        place = (column, row)
        if place not in self._tiles:
            self._tiles[place] = TileWritten(place)
        return self._tiles[place], offset

    def tiles(self, columns: int | None = None) -> Tiles:
        """The tiles as they now are, of at least so many columns."""
        width = max([columns or 1, *(column + 1 for column, _ in self._tiles)])
        height = max([ROWS, *(row + 1 for _, row in self._tiles)])
        places = [(column, row) for column in range(width) for row in range(height)]
        return {p: self._tiles.get(p, TileWritten(p)).tile() for p in places}


class TileWritten:
    """The registers and memories of one tile."""

    def __init__(self, position: Position) -> None:
        self.position = position
        self.kind = _kind(position[1])
        self._engine = DMA_ENGINES[self.kind]
        self._facts = TILE_FACTS[self.kind]
        self._registers: dict[int, int] = {}
        self._data: list[Span] = []
        self._program: list[Span] = []
        self._patches: dict[int, HostAddress] = {}
        self._tasks: list[Task] = []
        self._descriptors: dict[tuple[int, tuple[int, ...], HostAddress | None], Descriptor] = {}
        self._meanings: dict[int, tuple[int | None, tuple[Direction, int] | None]] = {}
        """Of each register that was written: the descriptor that begins there, and the channel
        whose task queue it is."""

    def write(self, offset: int, values: Sequence[int], mask: int) -> None:
        """Words from byte `offset` on."""
        if offset < self._facts.data_memory:
            self._data.append(Span(offset, 4 * len(values)))
        elif 0 <= offset - self._facts.program_base < self._facts.program_memory:
            self._program.append(Span(offset - self._facts.program_base, 4 * len(values)))
        else:
            for index, value in enumerate(values):
                self._set(offset + 4 * index, value, mask)

    def patch(self, offset: int, host: HostAddress) -> None:
        """A descriptor is pointed at a host buffer."""
        found = self._engine.bd_at(offset)
        if found is not None:
            self._patches[found[0]] = host

    def _set(self, offset: int, value: int, mask: int) -> None:
        self._registers[offset] = self._registers.get(offset, 0) & ~mask | value & mask
        if offset not in self._meanings:
            self._meanings[offset] = self._meaning(offset)
        descriptor, channel = self._meanings[offset]
        if descriptor is not None:
            self._patches.pop(descriptor, None)
        if channel is not None:
            self._start(*channel, value)

    def _meaning(self, offset: int) -> tuple[int | None, tuple[Direction, int] | None]:
        descriptor, channel = self._engine.bd_at(offset), self._engine.channel_at(offset)
        return (
            descriptor[0] if descriptor is not None and descriptor[1] == 0 else None,
            (channel[0], channel[1]) if channel is not None and channel[2] else None,
        )

    def _start(self, direction: Direction, channel: int, command: int) -> None:
        fields = self._engine.queue.unpack([command])
        chain = tuple(self._chain(fields["start_bd_id"]))
        runs, token = fields["repeat_count"] + 1, bool(fields["enable_token_issue"])
        self._tasks.append(Task(direction, channel, runs, token, chain))

    def _chain(self, first: int) -> Iterator[Descriptor]:
        seen: set[int] = set()
        number: int | None = first
        while number is not None and number not in seen and number < self._engine.bds:
            seen.add(number)
            descriptor = self._descriptor(number)
            yield descriptor
            number = descriptor.next

    def _descriptor(self, number: int) -> Descriptor:
        start = self._engine.bd_address(number)
        stored = tuple(self._registers.get(start + 4 * n, 0) for n in range(self._engine.bd.words))
        key = (number, stored, self._patches.get(number))
        if key not in self._descriptors:
            fields = self._engine.bd.unpack(stored)
            self._descriptors[key] = Descriptor(number, self.kind, stored, fields, key[2])
        return self._descriptors[key]

    def tile(self) -> Tile:
        """The tile as it now is."""
        numbers = {
            found[0]
            for offset in self._registers
            if (found := self._engine.bd_at(offset)) is not None
        }
        packet_ports = dict(self._packet_ports())
        return Tile(
            self.position,
            self.kind,
            program=sum(span.size for span in _merged(self._program)),
            runs=self._core_runs(),
            descriptors=tuple(self._descriptor(number) for number in sorted(numbers)),
            tasks=tuple(self._tasks),
            locks=tuple(self._locks()),
            memory=_merged(self._data),
            connections=tuple(self._connections(packet_ports)),
            packet_ports=packet_ports,
            cascade=self._cascade(),
            mux=self._shim_choices(SHIM_MUX_REGISTER),
            demux=self._shim_choices(SHIM_DEMUX_REGISTER),
            trace_ids=dict(self._trace_ids()),
        )

    def _core_runs(self) -> bool:
        control = self._registers.get(_CORE_CONTROL, 0)
        return self.kind is TileKind.CORE and bool(control & _CORE_ENABLE)

    def _locks(self) -> Iterator[Lock]:
        for number in range(self._facts.locks):
            value = self._registers.get(self._facts.lock_base + LOCK_STRIDE * number)
            if value is not None:
                yield Lock(number, _signed(value, _LOCK_BITS))

    def _cascade(self) -> Cascade | None:
        value = self._registers.get(CASCADE_CONTROL_REGISTER)
        if value is None or self.kind is not TileKind.CORE:
            return None
        return Cascade(
            Bundle.West if value & 1 else Bundle.North,
            Bundle.East if value & 2 else Bundle.South,
        )

    def _shim_choices(self, register: int) -> dict[int, ShimSource]:
        if self.kind is not TileKind.SHIM:
            return {}
        return shim_choices(register, self._registers.get(register, 0))

    def _connections(self, packet_ports: Mapping[Port, tuple[Rule, ...]]) -> Iterator[Connection]:
        """What each slave port that is switched on is joined to, circuits and packet rules."""
        switch = STREAM_SWITCHES[self.kind]
        for index, slave in enumerate(switch.slaves):
            if slave in packet_ports:
                for rule in packet_ports[slave]:
                    yield from self._ruled(switch, slave, rule)
            elif self._register(switch.slave_base, index) & _ENABLED:
                for master, _ in self._masters(
                    switch, _ENABLED | index, _ENABLED | _PACKETS | 0x7F
                ):
                    yield Connection(self.position, slave, master)

    def _ruled(self, switch: StreamSwitch, slave: Port, rule: Rule) -> Iterator[Connection]:
        """A rule names an arbiter and a master select; a master port listens to one arbiter, under
        a mask of master selects (AM025; see emulator/streams/switch.py for the fields).
        """
        listens = _ENABLED | _PACKETS | 1 << 3 + rule.msel
        for master, value in self._masters(switch, listens | rule.arbiter, listens | 7):
            drops = bool(value & _DROP_HEADER)
            yield Connection(self.position, slave, master, rule, drops)

    def _masters(self, switch: StreamSwitch, wanted: int, mask: int) -> Iterator[tuple[Port, int]]:
        """The master ports whose configuration is `wanted` under `mask`, and all of it."""
        for index, master in enumerate(switch.masters):
            value = self._register(switch.master_base, index)
            if value & mask == wanted:
                yield master, value

    def _packet_ports(self) -> Iterator[tuple[Port, tuple[Rule, ...]]]:
        switch = STREAM_SWITCHES[self.kind]
        for index, slave in enumerate(switch.slaves):
            mode = self._register(switch.slave_base, index)
            if mode & _ENABLED and mode & _PACKETS:
                slots = (self._register(switch.slot_base, SLOTS * index + n) for n in range(SLOTS))
                yield (
                    slave,
                    tuple(
                        Rule(
                            slot, value >> 24 & 0x1F, value >> 16 & 0x1F, value & 7, value >> 4 & 3
                        )
                        for slot, value in enumerate(slots)
                        if value & _SLOT_ENABLED
                    ),
                )

    def _register(self, base: int, index: int) -> int:
        return self._registers.get(base + 4 * index, 0)

    def _trace_ids(self) -> Iterator[tuple[int, int]]:
        """What the trace units that were set up put into the headers of their packets."""
        for port, module in enumerate(MODULES[self.kind]):
            control = lookup(module, _TRACE_CONTROL)
            assert control is not None
            value = self._registers.get(address(control), 0)
            if value:  # 0 is how a trace unit is after a reset, too
                yield port, control.register.field("id").extract(value)


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    """The spans in order, those that touch or overlap as one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda s: s.offset):
        last = merged[-1] if merged else None
        if last is not None and span.offset <= last.offset + last.size:
            end = max(last.offset + last.size, span.offset + span.size)
            merged[-1] = Span(last.offset, end - last.offset)
        else:
            merged.append(span)
    return tuple(merged)


def _kind(row: int) -> TileKind:
    if row == 0:
        return TileKind.SHIM
    return TileKind.MEMORY if row <= MEMORY_TILE_ROWS else TileKind.CORE


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value
