"""A trace buffer, read: which event was on when, by tile and module.

What the packets' slots mean is told by the operations that set the trace units up: those of the
instruction stream, or of the configuration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from softnpu.arch.address import split_address
from softnpu.arch.device import ROWS
from softnpu.arch.register import MODULES, Module
from softnpu.arch.registers import find
from softnpu.arch.tiles import TileKind
from softnpu.errors import FormatError
from softnpu.formats import trace
from softnpu.formats.event_settings import KEPT, Settings
from softnpu.formats.operations import BlockWrite, Operation, Write
from softnpu.formats.records import Bytes, word_bytes, words
from softnpu.formats.trace import PACKET_WORDS, Source
from softnpu.formats.trace_frames import (
    LONGEST,
    SLOTS,
    Event,
    EventPc,
    Frame,
    Mode,
    Repeat,
    Start,
    Stop,
    Sync,
    decode,
)

Place = tuple[int, int]

_MODULE = {
    "core": Module.CORE,
    "memory": Module.MEMORY,
    "shim": Module.SHIM,
    "memory tile": Module.MEMORY_TILE,
}
_CORE_MODULE = 0x30000
_COLUMNS: int = 8
_GAP = 2 * PACKET_WORDS
"""Words of zeros that part what two channels wrote into one buffer."""


@dataclass(frozen=True)
class Seen:
    """An event that was on.

    Attributes:
        slot: which of the eight that a unit looks at.
        name: as aie-rt calls it.
        begin, end: cycles of the tile's timer; in event-PC mode, which has no times, the number of
            the cycle among those in which something was on.
        pc: where the core's program was, in event-PC mode.
    """

    slot: int
    name: str
    begin: int
    end: int
    pc: int | None = None

    @property
    def cycles(self) -> int:
        """For how many it was on."""
        return self.end - self.begin


@dataclass(frozen=True)
class UnitTrace:
    """What one unit has traced.

    Attributes:
        place: its tile, counted in the partition.
        seen: by begin.
        begin, end: the timer where the trace begins and where it was stopped, or its last event.
        stopped: whether it was: the trace is whole then, unless something was `lost`.
        lost: how often it went on after a loss.
    """

    place: Place
    module: Module
    source: Source
    mode: Mode
    settings: Settings
    seen: tuple[Seen, ...]
    begin: int
    end: int
    stopped: bool
    lost: int


def read(data: Bytes, operations: Iterable[Operation]) -> tuple[UnitTrace, ...]:
    """What the units of a trace buffer saw, in the order in which their packets first came.

    Args:
        data: the buffer, binary; zeros may part what several channels wrote.
        operations: that have set the units up.

    Raises:
        FormatError: no trace; packets of a unit that nothing has set up.
    """
    payloads: dict[Source, bytearray] = {}
    for part in _parts(bytes(data)):
        for packet in trace.parse(part):
            payload = b"".join(word.to_bytes(4, "big") for word in packet.payload)
            payloads.setdefault(packet.source, bytearray()).extend(payload)
    if not payloads:
        raise FormatError("the trace is empty: nothing but zeros")
    settings = configured(operations)
    shift = _shift(payloads, settings)
    return tuple(_unit(s, bytes(p), settings, shift) for s, p in payloads.items())


def configured(operations: Iterable[Operation]) -> dict[tuple[Place, Module], Settings]:
    """The modules whose trace units look at something, by what was written to their registers."""
    found: dict[tuple[Place, Module], Settings] = {}
    for address, value in _writes(operations):
        col, row, offset = split_address(address)
        if row >= ROWS:
            continue
        kind = TileKind.SHIM if row == 0 else TileKind.MEMORY if row == 1 else TileKind.CORE
        match = find(kind, offset)
        if match is not None and KEPT.fullmatch(match.name):
            modules = MODULES[kind]
            module = modules[-1] if offset < _CORE_MODULE else modules[0]
            found.setdefault(((col, row), module), Settings(module)).write(match.name, value)
    return {key: settings for key, settings in found.items() if any(settings.traced)}


def _writes(operations: Iterable[Operation]) -> Iterator[tuple[int, int]]:
    for operation in operations:
        if isinstance(operation, Write):
            yield operation.address, operation.value
        elif isinstance(operation, BlockWrite) and len(operation.data) <= _GAP * 4:
            for n, value in enumerate(words(operation.data)):
                yield operation.address + 4 * n, value


def _parts(data: bytes) -> Iterator[bytes]:
    """What the channels that shared the buffer wrote, without the zeros between."""
    part: list[int] = []
    zeros = 0
    for word in (*words(data[: len(data) // 4 * 4]), *[0] * _GAP):
        part.append(word)
        zeros = 0 if word else zeros + 1
        if zeros >= _GAP:
            whole = -(-(len(part) - zeros) // PACKET_WORDS) * PACKET_WORDS
            if whole:
                yield word_bytes(part[:whole])
            part, zeros = [], 0


def _shift(sources: Collection[Source], settings: Collection[tuple[Place, Module]]) -> int:
    """Columns from the partition's to the whole array's, which packets have: what makes units that
    are set up of all of them, or of the first."""
    traced = [place[0] for place, _ in settings]
    if not traced:
        return 0
    likely: int = min(source.column for source in sources) - min(traced)
    shifts: tuple[int, ...] = (likely, *range(_COLUMNS))
    for shift in shifts:
        wanted = (((s.column - shift, s.row), _MODULE[s.module]) for s in sources)
        if all(one in settings for one in wanted):
            return shift
    return likely


def _unit(
    source: Source, payload: bytes, settings: dict[tuple[Place, Module], Settings], shift: int
) -> UnitTrace:
    place, module = (source.column - shift, source.row), _MODULE[source.module]
    found = settings.get((place, module))
    if found is None:
        raise FormatError(
            f"the trace has packets of tile ({place[0]},{place[1]}), {source.module} "
            f"(column {source.column} of the whole array), which nothing has set up: it is another "
            "design's, or another instruction stream's"
        )
    reading = _Reading(found)
    mode = Mode(payload[0] & 3) if payload[0] & 0xF8 == 0xF0 else found.mode
    for frame in decode(payload, mode):
        reading.take(frame)
    return UnitTrace(
        place,
        module,
        source,
        mode,
        found,
        reading.finished(),
        reading.begin or 0,
        reading.time,
        reading.stopped,
        reading.lost,
    )


@dataclass
class _Reading:
    """The frames of one unit, one after the other."""

    settings: Settings
    begin: int | None = None
    time: int = 0
    stopped: bool = False
    lost: int = 0
    _last: Event | EventPc | None = None
    _open: dict[int, Seen] = field(default_factory=dict)
    _seen: list[Seen] = field(default_factory=list)

    def take(self, frame: Frame) -> None:
        """Goes on by a frame."""
        match frame:
            case Start(timer, _, again):
                self.lost += again
                if not again:
                    self.time = timer
                    self.begin = timer if self.begin is None else self.begin
                self._last, self.stopped = None, False
            case Event() | EventPc():
                self._last = frame
                self._happen(frame, 1)
            case Repeat(count) if self._last is not None:
                self._repeat(self._last, count)
            case Sync():
                self.time += LONGEST
            case Stop(cycles):
                self.time += cycles + 1
                self.stopped = True

    def _repeat(self, frame: Event | EventPc, count: int) -> None:
        """A frame behind another at once goes on; one that is some cycles behind comes anew."""
        if isinstance(frame, EventPc) or not frame.cycles:
            self._happen(frame, count)
            return
        for _ in range(count):
            self._happen(frame, 1)

    def _happen(self, frame: Event | EventPc, cycles: int) -> None:
        begin = self.time + 1
        if isinstance(frame, Event):
            begin += frame.cycles if cycles == 1 else 0
        end = begin + cycles
        pc = frame.pc if isinstance(frame, EventPc) else None
        for slot in range(SLOTS):
            if frame.mask >> slot & 1:
                self._on(slot, begin, end, pc)
        self.time = end - 1

    def _on(self, slot: int, begin: int, end: int, pc: int | None) -> None:
        before = self._open.get(slot)
        if before is not None and before.end == begin and before.pc == pc:
            begin = before.begin
        elif before is not None:
            self._seen.append(before)
        name = _name(self.settings, self.settings.traced[slot])
        self._open[slot] = Seen(slot, name, begin, end, pc)

    def finished(self) -> tuple[Seen, ...]:
        """All that was seen."""
        seen = [*self._seen, *self._open.values()]
        return tuple(sorted(seen, key=lambda one: (one.begin, one.slot)))


def _name(settings: Settings, event: int) -> str:
    return next((name for name, number in settings.number.items() if number == event), str(event))


def text_words(text: str) -> Sequence[int]:
    """The words of a trace as mlir-aie's hosts write it: one a line, hexadecimal.

    Raises:
        FormatError: something else.
    """
    try:
        return [int(line, 16) for line in text.split()]
    except ValueError as error:
        raise FormatError(f"no trace as text, a hexadecimal word a line: {error}") from error
