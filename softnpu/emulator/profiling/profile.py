"""Where cycles went, in the author's names: functions, lines, locks and streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, TypeVar

from softnpu.arch.ports import Bundle
from softnpu.arch.standin import STANDIN_ISA, Service
from softnpu.emulator.dma.channels import Channel
from softnpu.emulator.explaining import routes
from softnpu.emulator.observing.recorder import Calls, Cause, Recorder
from softnpu.errors import FormatError
from softnpu.isa import table
from softnpu.isa.codec import codec
from softnpu.isa.model import InstructionSet
from softnpu.isa.text import notation

if TYPE_CHECKING:
    from softnpu.emulator.array.array import Array
    from softnpu.emulator.cores.core import Core
    from softnpu.emulator.naming.names import Names
    from softnpu.emulator.naming.source_lines import SourceLines
    from softnpu.emulator.scheduling.scheduler import Actor
    from softnpu.emulator.streams.streams import Target

_Key = TypeVar("_Key")

RV32 = "RV32"
BANKS = "stalls at memory banks"


@dataclass(frozen=True)
class Spent:
    """Cycles in one line of one function, called in one way.

    Attributes:
        stack: functions, outermost first; the last is the one that the line is in.
        line: e.g. "scale.c:14"; an address with its bundle where nothing is known of lines.
        why: what held it up; "" for what was executed.
        cycles: in all.
    """

    stack: tuple[str, ...]
    line: str
    why: str
    cycles: int


@dataclass(frozen=True)
class Profile:
    """What one core's program has spent.

    Attributes:
        core: e.g. "core (0,2)".
        code: AIE2 or AIE2P, whose bundles take a cycle each; or RV32, whose instructions do here.
        spent: the largest first.
    """

    core: str
    code: str
    spent: tuple[Spent, ...]

    @property
    def cycles(self) -> int:
        """In all."""
        return sum(one.cycles for one in self.spent)

    def why(self) -> list[tuple[str, int]]:
        """Cycles by what held it up, the largest first."""
        return _summed((one.why, one.cycles) for one in self.spent if one.why)

    def functions(self) -> list[tuple[str, int, int]]:
        """(function, cycles in itself, cycles with what it calls), the largest of its own first;
        waits count."""
        own = Counter[str]()
        whole = Counter[str]()
        for one in self.spent:
            own[one.stack[-1]] += one.cycles
            for function in set(one.stack):
                whole[function] += one.cycles
        ordered = sorted(whole, key=lambda name: (-own[name], -whole[name]))
        return [(name, own[name], whole[name]) for name in ordered]

    def lines(self) -> list[tuple[str, str, int]]:
        """(function, line, cycles), the largest first; waits do not count."""
        found = Counter[tuple[str, str]]()
        for one in self.spent:
            if one.why in ("", BANKS):
                found[one.stack[-1], one.line] += one.cycles
        return [(function, line, cycles) for (function, line), cycles in _largest(found)]


def _summed(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    found = Counter[str]()
    for name, cycles in pairs:
        found[name] += cycles
    return _largest(found)


def _largest(counter: Counter[_Key]) -> list[tuple[_Key, int]]:
    return sorted(counter.items(), key=lambda item: -item[1])


class _Places:
    """What the addresses of a program are called.

    Args:
        source: the debug information of its ELF file.
        function: a function by an address in it, for programs without; "" if it is not known.
        told: what to call an address that no line is known of.
    """

    def __init__(
        self,
        source: SourceLines | None,
        function: Callable[[int], str],
        told: Callable[[int], str],
    ) -> None:
        self._source = source
        self._function = function
        self._told = told
        self.at = cache(self._at)

    def _at(self, address: int, entry: int) -> tuple[tuple[str, ...], str]:
        """The functions that are inlined at an address, outermost first, and its line.

        Args:
            entry: of the function that was called last.
        """
        frames = self._source.frames(address) if self._source is not None else []
        while len(frames) > 1 and frames[0][1] is not None and frames[0][1].runtime:
            frames = frames[1:]
        names = tuple(name for name, _ in reversed(frames) if name)
        if not names:
            names = (self._function(address) or f"function at {entry:#x}",)
        line = frames[0][1] if frames else None
        if line is None or self._source is None:
            return names, self._told(address)
        return names, self._source.generated.told(line)


def of_recorder(
    core: str,
    recorder: Recorder,
    code: str,
    source: SourceLines | None = None,
    *,
    function: Callable[[int], str] = lambda address: "",  # noqa: ARG005
    cause: Callable[[Cause], str] = lambda cause: f"waits: {cause[0].name.lower()}",
) -> Profile:
    """What a recorder has seen.

    Args:
        core: what the profile is called.
        code: the instruction set's name in capitals, or RV32.
        source, function: names for addresses.
        cause: names for waits.
    """
    instructions = None if code == RV32 else table.load(code.lower())
    size = partial(_bundle_size, instructions) if instructions else _instruction_size
    told = _bundle_text(instructions, recorder.code) if instructions else hex
    places = _Places(source, function, told)
    found = Counter[tuple[tuple[str, ...], str, str]]()

    @cache
    def outer(calls: Calls) -> tuple[str, ...]:
        """The functions that call."""
        if not calls:
            return ()
        return outer(calls[:-1]) + places.at(calls[-1][0], entered(calls[:-1]))[0]

    def entered(calls: Calls) -> int:
        return calls[-1][1] if calls else recorder.entry

    def add(calls: Calls, address: int, why: str, cycles: int) -> None:
        functions, line = places.at(address, entered(calls))
        found[outer(calls) + functions, line, why] += cycles

    for one in recorder.executed(size):
        add(one.calls, one.address, "", one.times)
        if one.stalls:
            add(one.calls, one.address, BANKS, one.stalls)
    for waited in recorder.waited():
        if waited.cycles:
            add(waited.calls, waited.address, cause(waited.cause), waited.cycles)
    return Profile(core, code, tuple(Spent(*key, cycles) for key, cycles in _largest(found)))


def of_array(array: Array, names: Names) -> list[Profile]:
    """What the cores of an array have spent that was profiled, core by core."""
    code = RV32 if array.core_isa == STANDIN_ISA else array.device.generation.upper()
    found = []
    for core in array.cores():
        for (pdi, _), recorder in core.recorders.items():
            named = names.of(pdi)
            which = f", PDI {pdi}" if len(core.recorders) > 1 else ""
            source = named.programs.get(core.tile)
            causes = _Causes(array, core, named)
            found.append(
                of_recorder(f"{core.place}{which}", recorder, code, source, cause=causes.told)
            )
    return found


class _Causes:
    """What a core waited for, in the author's names."""

    def __init__(self, array: Array, core: Core, names: Names) -> None:
        self._array = array
        self._core = core
        self._names = names

    def told(self, cause: Cause) -> str:
        """E.g. "waits for lock in_cons_cons_lock_0 (lock 1 of tile (0,2), objectfifo in)"."""
        service, number = cause
        tile = self._array.core_tile(*self._core.tile)
        if service is Service.ACQUIRE:
            lock = tile.core_locks()[number]
            assert lock is not None
            return f"waits for {self._names.lock(lock.tile, lock.index)}"
        if service is Service.GET_STREAM:
            sink = self._array.network.sinks[self._core.tile, Bundle.Core, 0]
            return f"waits for words{self._ends('from', routes.sources_of(self._array, sink))}"
        if service is Service.GET_CASCADE:
            source = tile.cascade_source()
            return f"waits for the cascade{self._ends('from', [source] if source else [])}"
        if service is Service.PUT_CASCADE:
            to = tile.cascade_destination()
            return f"waits for room in the cascade{self._ends('to', [to] if to else [])}"
        ends = routes.ends(self._core.stream_out)
        return f"waits for room in the stream{self._ends('to', ends)}"

    def _ends(self, preposition: str, ends: Iterable[Actor | Target]) -> str:
        told = ", ".join(
            self._names.channel(end.tile, end.direction.name, end.number)
            if isinstance(end, Channel)
            else end.place
            for end in ends
        )
        return f" {preposition} {told}" if told else ""


def _instruction_size(code: bytes, address: int) -> int:
    return 4 if code[address] & 3 == 3 else 2


def _bundle_size(instructions: InstructionSet, code: bytes, address: int) -> int:
    try:
        return codec(instructions).decode(code, address).size
    except FormatError:
        return 2


def _bundle_text(instructions: InstructionSet, code: bytes) -> Callable[[int], str]:
    """An address with what lies there."""

    def told(address: int) -> str:
        try:
            bundle = codec(instructions).decode(code, address)
        except FormatError:
            return f"{address:#x}"
        return f"{address:#x}: {notation(instructions).write_bundle(bundle)}"

    return told
