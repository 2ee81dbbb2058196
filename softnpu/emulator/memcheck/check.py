"""The memory check of an array."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.device import WINDOW_SIZE, WINDOWS
from softnpu.emulator.memcheck import seen
from softnpu.emulator.memcheck.core import CoreCheck
from softnpu.emulator.memcheck.owned import OwnedCheck
from softnpu.emulator.memcheck.seen import StandinProgram
from softnpu.emulator.memcheck.surroundings import CheckedTile
from softnpu.emulator.memcheck.tagged import TaggedCheck
from softnpu.emulator.naming.names import Names, Place


class MemoryCheck:
    """The memory check of an array.

    Args:
        names: what the array's design calls what.
        limit: accesses of all cores together that are checked, of each the same share and the first
            ones; 0 for all.

    Attributes:
        unchecked: what it has not checked, and why, in the order of occurrence.
    """

    def __init__(self, names: Names, limit: int = 0) -> None:
        self._names = names
        self._limit = limit
        self.unchecked: dict[str, None] = {}
        self._cores: list[CoreCheck] = []
        self._written: dict[Place, NDArray[np.uint8]] = {}

    def of_core(self, tile: CheckedTile) -> CoreCheck | None:
        """The check of a tile's core that starts; None where its program is not known."""
        names = self._names.of(tile.array.pdi)
        program = seen.read(names, tile.place)
        if program is None or not program.is_loaded(tile.program):
            self._leave_out(tile, "there is no file of its program")
            return None
        seen_there = tile.seen()
        accounts = [
            self.written(seen_there[window]) if window in seen_there else None
            for window in sorted(WINDOWS.values())
        ]
        share = -(-self._limit // max(len(names.programs), 1))
        check: CoreCheck
        if not isinstance(program, StandinProgram):
            check = OwnedCheck(program, tile, names, accounts, share)
        elif program.keeps_relocations:
            check = TaggedCheck(program, tile, names, accounts, share)
        else:
            why = "the file of its program does not tell where it names which buffer"
            self._leave_out(tile, why)
            return None
        self._cores.append(check)
        return check

    def _leave_out(self, tile: CheckedTile, why: str) -> None:
        self.unchecked.setdefault(f"{tile.core.place} is not checked: {why}")
        for place in tile.reach():
            self.written(place)[:] = 1

    def written(self, tile: Place) -> NDArray[np.uint8]:
        """By byte of a core tile's data memory: 1 where it was ever written, or may have been."""
        if tile not in self._written:
            self._written[tile] = np.zeros(WINDOW_SIZE, np.uint8)
        return self._written[tile]

    def summary(self) -> str:
        """What was checked, in a line; "" if nothing was."""
        checked = sum(core.checked for core in self._cores)
        ended = sum(core.spent for core in self._cores)
        if not self._cores:
            return "; ".join(self.unchecked)
        told = f"{checked:,} accesses of {len(self._cores)} cores' code held"
        early = f", the first ones of {ended} cores alone" if ended else ""
        return "; ".join([told + early, *self.unchecked])
