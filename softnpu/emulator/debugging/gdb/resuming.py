"""How far a core goes that gdb lets go on: one instruction, or out of a range of them."""

from __future__ import annotations

import re

from softnpu.emulator.debugging.stepping import Kind, Plan
from softnpu.emulator.debugging.view import CoreView

_RANGE = re.compile(rb"r(?P<begin>[0-9a-f]+),(?P<end>[0-9a-f]+)")


class Range(Plan):
    """Goes on until the program counter leaves [begin, end)."""

    def __init__(self, view: CoreView, begin: int, end: int) -> None:
        super().__init__(Kind.INSTRUCTION, view)
        self._range = range(begin, end)
        size = len(view.array.core_tile(*view.core.tile).program)
        self.everywhere = False
        self.places = [at for at in range(0, size, 2) if at not in self._range]

    def done(self, view: CoreView, pc: int) -> bool:  # noqa: ARG002
        """As `Plan.done`."""
        return pc not in self._range


def resumption(action: bytes, view: CoreView) -> Plan | None:
    """The step that an action of vCont asks for; None to go on."""
    if action[:1] in (b"s", b"S"):
        return Plan(Kind.INSTRUCTION, view)
    found = _RANGE.match(action)
    if found is not None:
        return Range(view, int(found["begin"], 16), int(found["end"], 16))
    return None
