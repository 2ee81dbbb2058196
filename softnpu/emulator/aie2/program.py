"""A core's program, translated to C."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from softnpu.emulator.aie2.flights import InFlight, Key
from softnpu.emulator.aie2.regions import LONGEST, Region, RegionWriter
from softnpu.errors import FormatError
from softnpu.isa.codec import Bundle, Instruction, codec
from softnpu.isa.flow import reach
from softnpu.isa.model import InstructionSet

_UNIT = 480
"""Bundles that are compiled together at most: on several processors, parts of a program are so at
the same time."""
_DRAIN = 16
"""Bundles behind the program's end: as long as the longest instruction is on its way."""


@dataclass(frozen=True)
class _Ways:
    """Where control may go besides straight on.

    Attributes:
        targets: addresses that begin a region: of branches and of loops.
        loop_ends, loop_starts: of hardware loops.
        returns: addresses behind calls.
    """

    targets: frozenset[int]
    loop_ends: frozenset[int]
    loop_starts: tuple[int, ...]
    returns: frozenset[int]


class Program:
    """A program's bundles, and where its loops and branches lead.

    Behind program memory stand bundles that do nothing and one that ends the core: `halt` is
    where a function that is called from outside returns to, so that what is in flight lands.

    Attributes:
        entries: where it is entered; what is reached from there is known beforehand.
        longest: bundles of a region at most; 1 lets a debugger stop at each of them.
        last: the bundle behind `halt` that ends the core.
    """

    def __init__(
        self,
        instructions: InstructionSet,
        code: bytes,
        entries: tuple[int, ...] = (0,),
        base: int = 0,
        longest: int = LONGEST,
    ) -> None:
        self.longest = longest
        self.instructions = instructions
        self.code = code
        self.entries = entries
        self.base = base
        self.codec = codec(instructions)
        self.halt = instructions.program_memory
        nothing = self.codec.bundle([])
        done = self.codec.bundle([Instruction(instructions.opcodes["DONE"])])
        self._bundles: dict[int, Bundle | None] = {}
        self.last = self.halt + _DRAIN * nothing.size
        self._bundles = {self.halt + n * nothing.size: nothing for n in range(_DRAIN)}
        self._bundles[self.last] = done

    def entered_at(self, address: int) -> Program:
        """The same program, entered at one more address."""
        entries = (*self.entries, address)
        return Program(self.instructions, self.code, entries, self.base, self.longest)

    @cached_property
    def _ways(self) -> _Ways:
        found = reach(self.codec, self.code, self.entries, self.base)
        loops: dict[str, set[int]] = {"ls": set(), "le": set()}
        calls = set()
        for at, bundle in found.bundles.items():
            for instruction in bundle.instructions:
                if "call" in instruction.opcode.effects:
                    calls.add(at)
                _loop_register(instruction, loops)
        return _Ways(
            frozenset(found.targets) - loops["le"] | loops["ls"],
            frozenset(loops["le"]),
            tuple(sorted(loops["ls"])),
            frozenset({self.after(at) for at in calls} | {self.halt}),
        )

    @property
    def targets(self) -> frozenset[int]:
        """Addresses that a branch or a loop names."""
        return self._ways.targets

    @property
    def loop_ends(self) -> frozenset[int]:
        """The last bundles of hardware loops."""
        return self._ways.loop_ends

    @property
    def returns(self) -> frozenset[int]:
        """Where functions return to."""
        return self._ways.returns

    def bundle(self, address: int) -> Bundle | None:
        """The bundle at an address; None for bits that are none, or beyond the program."""
        if address not in self._bundles:
            self._bundles[address] = self._decode(address)
        return self._bundles[address]

    def _decode(self, address: int) -> Bundle | None:
        offset = address - self.base
        if not 0 <= offset < len(self.code):
            return None
        try:
            return self.codec.decode(self.code, offset)
        except FormatError:
            return None

    def after(self, address: int) -> int:
        """The address behind the bundle at `address` and its delay slots."""
        for _ in range(1 + self.instructions.delay_slots):
            bundle = self.bundle(address)
            if bundle is None:
                return address
            address += bundle.size
        return address

    def loop_start(self, end: int) -> int | None:
        """Where the loop most likely begins that ends with the bundle at `end`."""
        return max((start for start in self._ways.loop_starts if start <= end), default=None)


def _loop_register(instruction: Instruction, loops: dict[str, set[int]]) -> None:
    """Notes an address that goes straight into a register of a hardware loop."""
    numbers = [value for value in instruction.operands if isinstance(value, int)]
    for value in instruction.operands:
        if isinstance(value, str) and value in loops and numbers:
            loops[value].add(numbers[0])


@dataclass(frozen=True)
class Translation:
    """A program as C.

    Attributes:
        sources: C files, each of regions that are compiled together, behind runtime.h.
        regions: number by region, of those that these hold.
        flights: what is in flight, by number.
    """

    sources: list[str]
    regions: dict[Key, int]
    flights: tuple[tuple[InFlight, ...], ...]


def translate(
    program: Program,
    entries: Iterable[Key],
    known: Mapping[Key, int] = MappingProxyType({}),
    known_flights: Iterable[tuple[InFlight, ...]] = (),
) -> Translation:
    """All regions that are reached from `entries`, but for those that are known, as C."""
    numbers = dict(known)
    flights = {flying: number for number, flying in enumerate(known_flights)}
    waiting: list[Key] = []
    regions: list[Region] = []

    def number(key: Key) -> int:
        if key not in numbers:
            numbers[key] = len(numbers)
            waiting.append(key)
        return numbers[key]

    def flight(flying: tuple[InFlight, ...]) -> int:
        if flying not in flights:
            flights[flying] = len(flights)
        return flights[flying]

    for key in entries:
        number(key)
    while waiting:
        key = waiting.pop()
        writer = RegionWriter(program, key, number, flight)
        regions.append(writer.write())
        for flying in writer.returning:
            for address in program.returns:
                number(Key(address, flying))
    made = {key: number for key, number in numbers.items() if key not in known}
    return Translation(_sources(program, regions, numbers, flights), made, tuple(flights))


def _sources(
    program: Program,
    regions: list[Region],
    numbers: dict[Key, int],
    flights: dict[tuple[InFlight, ...], int],
) -> list[str]:
    ordered = sorted(regions, key=lambda region: numbers[region.key])
    functions = [f"region_{numbers[region.key]}" for region in ordered]
    units: list[list[str]] = [[]]
    bundles = 0
    for function, region in zip(functions, ordered, strict=True):
        bundles += region.bundles
        if bundles > _UNIT:
            units.append([])
            bundles = region.bundles
        body = "\n".join(f"    {line}" for line in region.lines)
        units[-1].append(f"int32_t {function}(npu_core *restrict s)\n{{\n{body}\n}}")
    units[-1] += [
        "NPU_EXPORT int32_t npu_find(npu_core *s, uint32_t target, uint32_t flight)\n{\n"
        "    switch ((uint64_t)flight << 32 | (target & NPU_ADDRESS)) {",
        *(
            f"    case {flights[key.flight]}ull << 32 | {key.address:#x}: return {number};"
            for key, number in numbers.items()
            if not key.granted and key.flight in flights
        ),
        "    }\n    s->pc = target; s->flight = flight; s->request = NPU_UNKNOWN;\n"
        "    return -1;\n}",
        "void npu_loop_ends(npu_core *s, uint32_t pc)\n{\n    switch (s->le) {",
        *(f"    case {end:#x}: return;" for end in sorted(program.loop_ends)),
        "    }\n    npu_fail(s, NPU_FAULT_LOOP, pc, s->le);\n}",
        *(f"int32_t {function}(npu_core *);" for function in functions),
        f"NPU_EXPORT npu_region *const npu_regions[] = {{{', '.join(functions)}}};",
        f"NPU_EXPORT const npu_shape npu_shapes[] = {{{', '.join(map(_shape, ordered))}}};",
        '#include "run.h"',
    ]
    return ["\n".join(unit) + "\n" for unit in units]


def _shape(region: Region) -> str:
    """What the recorder has to know of a region: `npu_shape`."""
    kind = "NPU_CALLS" if region.call is not None else "NPU_RETURNS" if region.returns else "0"
    return f"{{{region.key.address:#x}, {region.end:#x}, {region.call or 0:#x}, {kind}}}"
