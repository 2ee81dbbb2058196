"""What a core's program does in each cycle, for the events of single instructions.

The recorder (emulator.profiling) keeps what was executed, run by run; here each run becomes its
cycles: an address and what the instruction or bundle there is. AIE2: AM020, chapter 4, for what a
bundle holds; RV32: the RISC-V instruction set manual, chapters on loads, stores and compressed
instructions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntFlag
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.standin import STANDIN_ISA
from softnpu.emulator.cores.meter import transfers
from softnpu.emulator.observing.recorder import HELD_UP
from softnpu.errors import FormatError
from softnpu.isa import table
from softnpu.isa.codec import Bundle, Codec, codec


class Kind(IntFlag):
    """What happens in a cycle, named as the event without its INSTR_.

    Which instructions an NPU takes for vector instructions is not published; here they are those of
    the vector unit (v...) that neither load nor store.
    """

    VECTOR = 1
    LOAD = 2
    STORE = 4
    CALL = 8
    RETURN = 16
    HELD = 32
    """A memory bank holds the bundle up."""


Cycles = tuple[NDArray[np.uint32], NDArray[np.uint8]]
"""By cycle: the address, and the kinds."""


class Program(Protocol):
    """Tells what lies at an address."""

    def at(self, address: int) -> tuple[int, int]:
        """Bytes of the instruction or bundle there, and its kinds."""


class Steps:
    """Turns the runs of one program into cycles.

    Args:
        isa: of its code, see cores.processor.
        generation: of the NPU, for its own code.
    """

    def __init__(self, code: bytes, isa: str | None, generation: str) -> None:
        standin = isa == STANDIN_ISA
        self._program: Program = _Rv32(code) if standin else _Bundles(code, generation)
        self._runs: dict[tuple[int, int], Cycles] = {}
        halfwords = len(code) // 2 + 1
        self._ends = np.zeros(halfwords, np.int64)
        """By where a run begins, where it ended last, and its cycles."""
        self._lengths = np.zeros(halfwords, np.int64)

    def cycles(self, steps: NDArray[np.uint64]) -> Cycles:
        """The cycles of what `Recorder.steps` gives, one behind the other."""
        parts = list(self._parts(_pairs(steps)))
        if not parts:
            return np.zeros(0, np.uint32), np.zeros(0, np.uint8)
        addresses, kinds = zip(*parts, strict=True)
        return np.concatenate(addresses), np.concatenate(kinds)

    def lengths(self, steps: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The address of each step, and its cycles; a stall is a step of its own."""
        first, second = (steps >> 32).astype(np.int64), (steps & 0xFFFFFFFF).astype(np.int64)
        held = first >= HELD_UP
        address = np.where(held, first - HELD_UP, first)
        known = self._ends[address >> 1] == second
        for n in np.flatnonzero(~(known | held)).tolist():
            run = int(first[n]), int(second[n])
            if self._ends[run[0] >> 1] == run[1]:
                continue
            self._ends[run[0] >> 1], self._lengths[run[0] >> 1] = run[1], len(self._run(run)[0])
        cycles = np.where(held, second, self._lengths[address >> 1])
        for n in np.flatnonzero(~held & (self._ends[address >> 1] != second)).tolist():
            cycles[n] = len(self._run((int(first[n]), int(second[n])))[0])
        return address, cycles

    def _parts(self, steps: Sequence[tuple[int, int]]) -> Iterator[Cycles]:
        run: tuple[int, int] | None = None
        held: list[tuple[int, int]] = []
        for first, second in (*steps, (0, 0)):
            if first & HELD_UP:
                held.append((first & ~HELD_UP, second))
                continue
            if run is not None:
                yield self._held_up(self._run(run), held) if held else self._run(run)
            run, held = (first, second), []

    def _run(self, run: tuple[int, int]) -> Cycles:
        if run not in self._runs:
            begin, end = run
            addresses, kinds = [], []
            while begin < end:
                size, kind = self._program.at(begin)
                addresses.append(begin)
                kinds.append(kind)
                begin += size
            self._runs[run] = np.array(addresses, np.uint32), np.array(kinds, np.uint8)
        return self._runs[run]

    def _held_up(self, cycles: Cycles, held: list[tuple[int, int]]) -> Cycles:
        addresses, kinds = cycles
        for address, count in held:
            (found,) = np.nonzero((addresses == address) & (kinds & Kind.HELD == 0))
            if len(found):
                at = int(found[0])
                addresses = np.insert(addresses, at, np.full(count, address, np.uint32))
                kinds = np.insert(kinds, at, np.full(count, Kind.HELD, np.uint8))
        return addresses, kinds


def _pairs(steps: NDArray[np.uint64]) -> list[tuple[int, int]]:
    return list(zip((steps >> 32).tolist(), (steps & 0xFFFFFFFF).tolist(), strict=True))


class _Bundles:
    """The NPU's own code. What a call or return does happens with its bundle, before the delay
    slots."""

    def __init__(self, code: bytes, generation: str) -> None:
        self._code = code
        self._codec: Codec = codec(table.load(generation))

    def at(self, address: int) -> tuple[int, int]:
        """As `Program.at`."""
        try:
            bundle = self._codec.decode(self._code, address)
        except FormatError:
            return 2, 0
        return bundle.size, _kind(bundle)


def _kind(bundle: Bundle) -> int:
    kind = Kind(0)
    for instruction in bundle.instructions:
        opcode = instruction.opcode
        kind |= Kind.LOAD if opcode.load else Kind(0)
        kind |= Kind.STORE if opcode.store else Kind(0)
        kind |= Kind.CALL if "call" in opcode.effects else Kind(0)
        kind |= Kind.RETURN if "return" in opcode.effects else Kind(0)
        moves = opcode.load or opcode.store
        kind |= Kind.VECTOR if opcode.mnemonic.startswith("v") and not moves else Kind(0)
    return int(kind)


_LOADS = {(3, 0x03), (3, 0x07), (0, 1), (0, 2), (0, 3), (2, 1), (2, 2), (2, 3)}
_STORES = {(3, 0x23), (3, 0x27), (0, 5), (0, 6), (0, 7), (2, 5), (2, 6), (2, 7)}
"""RV32's: (lowest two bits, opcode, or of compressed ones the upper three bits)."""
_ATOMIC = (3, 0x2F)


class _Rv32:
    """Stand-in code; it has no vector instructions."""

    def __init__(self, code: bytes) -> None:
        self._code = code
        self._calls, self._returns = transfers(np.frombuffer(code, np.uint8))

    def at(self, address: int) -> tuple[int, int]:
        """As `Program.at`."""
        low = int.from_bytes(self._code[address : address + 2], "little")
        wide = low & 3 == 3
        form = (low & 3, low & 0x7F if wide else low >> 13)
        kind = Kind.LOAD if form in _LOADS or form == _ATOMIC else Kind(0)
        kind |= Kind.STORE if form in _STORES or form == _ATOMIC else Kind(0)
        kind |= Kind.CALL if self._calls[address >> 1] else Kind(0)
        kind |= Kind.RETURN if self._returns[address >> 1] else Kind(0)
        return 4 if wide else 2, int(kind)


def stretches(on: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The runs of cycles in which something is on: (begin, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], on, [False])).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]
