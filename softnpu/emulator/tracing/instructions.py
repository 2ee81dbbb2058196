"""The events of single instructions: which cores are followed for them, and what is seen there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.events import events
from softnpu.arch.register import Module
from softnpu.arch.registers import address, lookup
from softnpu.arch.standin import STANDIN_ISA
from softnpu.emulator.observing.observer import SeenCore
from softnpu.emulator.tracing.modelled import INSTRUCTIONS
from softnpu.emulator.tracing.steps import Kind, Steps, stretches
from softnpu.emulator.tracing.unit import Unit
from softnpu.formats.event_settings import Settings
from softnpu.formats.trace_frames import Mode

_KINDS = {
    "INSTR_VECTOR": Kind.VECTOR,
    "INSTR_LOAD": Kind.LOAD,
    "INSTR_STORE": Kind.STORE,
    "INSTR_CALL": Kind.CALL,
    "INSTR_RETURN": Kind.RETURN,
    "MEMORY_STALL": Kind.HELD,
}
_PCS = 4
_REGISTERS = {
    address(match): name
    for name in ("Trace_Control0", "Trace_Event0", "Trace_Event1")
    if (match := lookup(Module.CORE, name))
}
_NAMES = {number: name for name, number in events(Module.CORE).items()}


def needs_steps(offset: int, value: int) -> bool:
    """Whether a value written to a core tile's register asks for a core's single instructions."""
    register = _REGISTERS.get(offset)
    if register is None:
        return False
    if register == "Trace_Control0":
        return value & 3 == Mode.EVENT_PC
    names = (_NAMES.get(value >> 8 * n & 0x7F, "") for n in range(4))
    return any(is_of_instruction(name) for name in names)


def is_of_instruction(event: str) -> bool:
    """Whether an event of a core tells of single instructions."""
    return re.fullmatch(INSTRUCTIONS, event) is not None


def happens(event: str, core: SeenCore, isa: str | None) -> bool:
    """Whether an event of single instructions happens in a core as it is: of one that has begun
    before anybody wanted to follow it none does, and stand-in code has no vector instructions."""
    vector = event == "INSTR_VECTOR" and isa == STANDIN_ISA
    return not vector and (core.follows or not core.begun)


class Follower:
    """Follows one core, instruction by instruction.

    Args:
        isa: what its programs are, see cores.processor.
        generation: of the NPU.
    """

    def __init__(self, isa: str | None, generation: str) -> None:
        self._isa = isa
        self._generation = generation
        self._code = b""
        self._steps: Steps | None = None

    def seen(
        self, core: SeenCore, unit: Unit, steps: NDArray[np.uint64], end: int
    ) -> Iterator[tuple[int, int, int]]:
        """(event, begin, end) of what the core has executed up to `end`."""
        if self._steps is None or core.code != self._code:
            self._code = core.code
            self._steps = Steps(self._code, self._isa, self._generation)
        addresses, kinds = self._steps.cycles(steps)
        begin = end - len(addresses)
        unit.along(begin, addresses)
        for name, on in _events(unit.settings, addresses, kinds):
            event = unit.settings.number[name]
            if event in unit.settings.wanted:
                for first, last in stretches(on):
                    yield event, begin + first, begin + last


def _events(
    settings: Settings, addresses: NDArray[np.uint32], kinds: NDArray[np.uint8]
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Events by name, each with the cycles in which it is on."""
    executed = kinds & Kind.HELD == 0
    for name, kind in _KINDS.items():
        yield name, kinds & kind != 0
    at = [settings.field(f"PC_Event{n}", "PC_Address") for n in range(_PCS)]
    valid = [settings.field(f"PC_Event{n}", "Valid") for n in range(_PCS)]
    for n, pc in enumerate(at):
        if valid[n]:
            yield f"PC_{n}", (addresses == pc) & executed
    for low, high in ((0, 1), (2, 3)):
        if valid[low] and valid[high]:
            inside = (addresses >= at[low]) & (addresses <= at[high])
            yield f"PC_RANGE_{low}_{high}", inside & executed
