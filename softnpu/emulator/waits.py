"""Why something does not move, as data: one class a reason.

They hold the array's own objects, so that `explain` can follow a chain of them and name things as
the author did. Each is made when asked for; nothing is kept while the array runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.scheduling.scheduler import Actor, Wait
from softnpu.emulator.streams.cascade import Cascade
from softnpu.emulator.streams.streams import Link
from softnpu.formats.operations import MergeSync


@dataclass(frozen=True)
class LockWait(Wait):
    """`actor` waits until `lock` is at least -value (value < 0) or equal to value."""

    lock: Lock
    value: int


@dataclass(frozen=True)
class DataWait(Wait):
    """`actor` waits for words; `link` is the stream that leads to it, None if none ever has."""

    link: Link | None


@dataclass(frozen=True)
class SpaceWait(Wait):
    """`actor` waits for room in the stream that begins with `link`."""

    link: Link


@dataclass(frozen=True)
class CascadeWait(Wait):
    """`actor` waits for a value from the cascade (`reading`) or for room in it."""

    cascade: Cascade
    reading: bool


@dataclass(frozen=True)
class TokenWait(Wait):
    """The controller waits for a task-complete token of `channel`."""

    channel: Actor


@dataclass(frozen=True)
class ColumnsWait(Wait):
    """The controller waits for task-complete tokens of whole columns."""

    sync: MergeSync


@dataclass(frozen=True)
class QueueWait(Wait):
    """The controller waits for room in the task queue of `channel`."""

    channel: Actor


@dataclass(frozen=True)
class PollWait(Wait):
    """The controller waits for a register to take a value."""

    address: int
    mask: int
    value: int


@dataclass(frozen=True)
class NoTask(Wait):
    """A channel has nothing to do: its queue is empty."""


@dataclass(frozen=True)
class AboutToBegin(Wait):
    """A channel stands between two descriptors; its turn has not come yet."""


@dataclass(frozen=True)
class Paused(Wait):
    """A channel is paused by its control register."""


@dataclass(frozen=True)
class Runs(Wait):
    """A core runs and waits for nothing that the array knows of."""


@dataclass(frozen=True)
class Ended(Wait):
    """A core's program has ended."""


@dataclass(frozen=True)
class Halted(Wait):
    """A core has a program but is not enabled, or held in reset."""


@dataclass(frozen=True)
class InReset(Wait):
    """A channel is held in reset by its control register."""
