"""The controller's table of values: what a host changes between runs without another stream.

A stream fetches the table from a buffer of the host's, the scratchpad, changes it, and adds its
values to pairs of registers. Source: mlir-aie, AIEX.td (`npu.create_scratchpad`,
`npu.update_from_scratchpad`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from softnpu.emulator.memory.host_memory import WORD, HostBuffer
from softnpu.errors import EmulatorError
from softnpu.formats.operations import (
    STATE_FUNCTIONS,
    CreateScratchpad,
    UpdateRegister,
    UpdateScratchpad,
    UpdateState,
)

if TYPE_CHECKING:
    from softnpu.emulator.array.array import Array

STATE_ENTRIES = 32
"""Words that the table holds at most."""

StateOperation = CreateScratchpad | UpdateState | UpdateRegister | UpdateScratchpad

_WORD_MASK = 0xFFFFFFFF
_LOW_MASK, _HIGH_BITS = 0xFFFFFFFC, 16


class StateTable:
    """The table, empty until a stream fetches it."""

    def __init__(self, array: Array) -> None:
        self._array = array
        self._words: list[int] = []
        self._scratchpad: HostBuffer | None = None

    def begin(self, scratchpad: HostBuffer | None) -> None:
        """A run begins that has this scratchpad; it fetches its table itself."""
        self._words = []
        self._scratchpad = scratchpad

    def apply(self, operation: StateOperation) -> None:
        """Runs one operation on the table.

        Raises:
            EmulatorError: there is no scratchpad, it is too small, or no such entry or function.
        """
        match operation:
            case CreateScratchpad():
                self._fetch(operation)
            case UpdateState(index):
                self._words[index] = self._value(operation) & _WORD_MASK
            case UpdateRegister(address):
                self._add(address, self._value(operation))
            case UpdateScratchpad():
                words = self._source().words
                words[: len(self._words)] = np.array(self._words, np.uint32)

    def _source(self) -> HostBuffer:
        if self._scratchpad is None:
            raise EmulatorError(
                "the instruction stream fetches the values of scratchpad parameters, and the run "
                "has no scratchpad: XRT makes one for a kernel of a full ELF alone, not of an "
                "xclbin; here, Context.run(..., scratchpad=...) takes one"
            )
        return self._scratchpad

    def _fetch(self, operation: CreateScratchpad) -> None:
        size = operation.size
        if operation.usage or size % WORD or size > STATE_ENTRIES * WORD:
            raise EmulatorError(
                f"a scratchpad of {size} bytes for usage {operation.usage}; a table of at most "
                f"{STATE_ENTRIES} words, usage 0, is known"
            )
        source = self._source()
        if size > source.size:
            raise EmulatorError(
                f"the instruction stream fetches {size} bytes of {source.name}, which has "
                f"{source.size}"
            )
        self._words = source.words[: size // WORD].tolist()

    def _value(self, operation: UpdateState | UpdateRegister) -> int:
        index, function, argument = operation.index, operation.function, operation.argument
        if index >= len(self._words):
            raise EmulatorError(
                f"the instruction stream uses entry {index} of the state table, which has "
                f"{len(self._words)} (CREATE_SCRATCHPAD fetches it)"
            )
        entry = self._words[index]
        known = dict(enumerate(STATE_FUNCTIONS))
        match known.get(function):
            case "mul":
                return entry * argument
            case "incr":
                return entry + argument
            case "decr":
                return entry - argument
        raise EmulatorError(f"function {function} of the state table is not known; {known} are")

    def _add(self, address: int, value: int) -> None:
        """Adds to a descriptor's address: 48 bits in two registers, without the lowest two."""
        array = self._array
        low, high = array.read(address) & _LOW_MASK, array.read(address + WORD)
        upper = high >> _HIGH_BITS << _HIGH_BITS
        total = ((high ^ upper) << 32 | low) + value
        array.write(address, total & _LOW_MASK)
        array.write(address + WORD, upper | total >> 32 & (1 << _HIGH_BITS) - 1)
