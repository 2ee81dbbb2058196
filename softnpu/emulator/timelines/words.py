"""What the slices and rows of a timeline are called, in the names of the design."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass

from softnpu.arch.dma import Direction
from softnpu.emulator.naming.names import Names, Place

RUNS = "runs"


@dataclass(frozen=True)
class Function:
    """A function of a core's program."""

    name: str


@dataclass(frozen=True)
class Runs:
    """A core's program, of which no functions are known."""


@dataclass(frozen=True)
class Acquire:
    """A wait for a lock, for an acquire of `value` (below 0: at least so much)."""

    tile: Place
    index: int
    value: int


@dataclass(frozen=True)
class Waits:
    """Another wait."""

    what: str


@dataclass(frozen=True)
class Object:
    """What a channel moves by one descriptor, counted from 1."""

    direction: Direction
    number: int


@dataclass(frozen=True)
class Operation:
    """What the controller does, and the channel that it waits for."""

    kind: str
    tile: Place | None = None
    direction: Direction = Direction.S2MM
    number: int = 0


_PRODUCERS = re.compile(r".*_prod_lock(_\d+)?$")
"""Locks that an objectfifo's producer waits for: they count what is free."""


class Words:
    """Names things.

    Args:
        fifos: by channel, the objectfifo that it moves objects of, as its locks tell.
    """

    def __init__(self, names: Names, fifos: dict[tuple[Place, Direction, int], str]) -> None:
        self._names = names
        self._fifos = fifos

    def told(self, what: Hashable) -> str:
        """What a slice is called."""
        match what:
            case Function(name):
                return f"{name}()"
            case Runs():
                return RUNS
            case Acquire():
                return self._acquire(what)
            case Waits(what=text):
                return text
            case Object(direction, number):
                return f"DMA {'in' if direction is Direction.S2MM else 'out'} object {number}"
            case Operation(kind, tile, direction, number) if tile is not None:
                return f"{kind} {self.channel(tile, direction, number)}"
            case Operation(kind):
                return kind
        return str(what)

    def _acquire(self, wait: Acquire) -> str:
        name, fifo = self._names.locks.get((wait.tile, wait.index), ("", ""))
        count = abs(wait.value)
        if not fifo:
            where = name or f"lock {wait.index} of tile ({wait.tile[0]},{wait.tile[1]})"
            return f"acquire {where} ({'at least ' if wait.value < 0 else ''}{count})"
        other = "consumer" if _PRODUCERS.match(name) else "producer"
        return f"acquire @{fifo}[{count}] (waits for @{fifo} {other})"

    def channel(self, tile: Place, direction: Direction, number: int) -> str:
        """E.g. "tile (0,2) S2MM 0 [in]"."""
        told = self._names.channel(tile, direction.name, number)
        fifo = self._fifos.get((tile, direction, number))
        return told if told.endswith("]") or not fifo else f"{told} [{fifo}]"

    def level(self, tile: Place, index: int) -> str | None:
        """The fifo whose objects a lock counts, and where; None for another lock."""
        name, fifo = self._names.locks.get((tile, index), ("", ""))
        if not fifo or _PRODUCERS.match(name):
            return None
        return f"@{fifo} at ({tile[0]},{tile[1]})"


def is_wait(what: Hashable) -> bool:
    """Whether a slice is one of waiting."""
    return isinstance(what, Acquire | Waits | Operation)
