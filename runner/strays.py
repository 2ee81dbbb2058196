"""Writes behind a buffer's end: a kernel's index that ran too far, into memory that nothing uses.

Such a run can end well, here and on the NPU, and its outputs be right: buffers lie in different
banks, with room between them. It ends badly when something is placed there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from runner.compare import POISON
from softnpu.arch.standin import STACK_BASE
from softnpu.emulator.array.array import Array
from softnpu.emulator.naming.names import Names, Place
from softnpu.errors import ToolError
from softnpu.targets.linking.elf import Elf
from softnpu.targets.linking.layout import DATA_MEMORY

WORD = 4


@dataclass(frozen=True)
class Gap:
    """Bytes `start` to `end` of a core tile's memory, unused, right behind a buffer."""

    tile: Place
    buffer: str
    start: int
    end: int


def gaps(names: Names) -> Iterator[Gap]:
    """The gaps of all tiles whose core's program is known.

    None of designs that load several PDIs: in one's gaps lie the other's buffers.
    """
    if names.pdis:
        return
    for tile, buffers in names.buffers.items():
        if tile not in names.programs:
            continue
        try:
            program = Elf(names.programs[tile].path)
        except (OSError, ToolError):
            continue
        held = [(b.address, b.address + b.size, b.name) for b in buffers]
        for section in program.sections:
            if section.allocated and section.address >= STACK_BASE:
                held.append((section.address - STACK_BASE, 0, ""))
        held = [*sorted(held), (DATA_MEMORY, 0, "")]
        for (_, end, name), (start, _, _) in pairwise(held):
            if name and start > end:
                yield Gap(tile, name, end, start)


class Strays:
    """Looks at the gaps of an array after each run, and tells once of each that was written into.

    Gaps are zero at first, as all memory. Each look fills them with `POISON`: a kernel that reads
    a zero too many and writes a zero too many is found by the next run. What it only reads is not
    seen here, but then it computes with the poison.
    """

    def __init__(self, names: Names) -> None:
        self._gaps = list(gaps(names))
        self._filled_with = 0

    def found(self, array: Array) -> Iterator[str]:
        """What is new since the last look."""
        before, self._filled_with = self._filled_with, POISON
        for gap in list(self._gaps):
            memory = array.tile(*gap.tile).memory[gap.start : gap.end]
            written = np.flatnonzero(memory != before)
            memory[:] = POISON
            if written.size:
                self._gaps.remove(gap)
                yield _told(gap, int(written[-1]))


def _told(gap: Gap, last: int) -> str:
    count = (last // WORD + 1) * WORD
    return (
        f"{count} bytes or more behind the end of buffer {gap.buffer} of tile"
        f" ({gap.tile[0]},{gap.tile[1]}) were written to, where nothing has its place: a kernel's"
        " index or a DMA's length goes too far"
    )
