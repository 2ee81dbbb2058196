"""Why something does not move, as data: one class a reason.

They hold the array's own objects, so that `explain` can follow a chain of them and name things as
the author did. Each is made when asked for; nothing is kept while the array runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softnpu.emulator.cascade import Cascade
    from softnpu.emulator.control_port import ControlPort
    from softnpu.emulator.core import Core
    from softnpu.emulator.dma import Channel, SendChannel
    from softnpu.emulator.dma_receive import ReceiveChannel
    from softnpu.emulator.locks import Lock
    from softnpu.emulator.scheduler import Actor
    from softnpu.emulator.streams import Link
    from softnpu.formats.operations import MergeSync


@dataclass(frozen=True)
class LockWait:
    """`actor` waits until `lock` is at least -value (value < 0) or equal to value."""

    actor: Actor
    lock: Lock
    value: int


@dataclass(frozen=True)
class DataWait:
    """`actor` waits for words; `link` is the stream that leads to it, None if none ever has."""

    actor: ReceiveChannel | Core
    link: Link | None


@dataclass(frozen=True)
class SpaceWait:
    """`actor` waits for room in the stream that begins with `link`."""

    actor: SendChannel | Core | ControlPort
    link: Link


@dataclass(frozen=True)
class CascadeWait:
    """`actor` waits for a value from the cascade (`reading`) or for room in it."""

    actor: Core
    cascade: Cascade
    reading: bool


@dataclass(frozen=True)
class TokenWait:
    """The controller waits for a task-complete token of `channel`."""

    actor: Actor
    channel: Channel


@dataclass(frozen=True)
class ColumnsWait:
    """The controller waits for task-complete tokens of whole columns."""

    actor: Actor
    sync: MergeSync


@dataclass(frozen=True)
class QueueWait:
    """The controller waits for room in the task queue of `channel`."""

    actor: Actor
    channel: Channel


@dataclass(frozen=True)
class PollWait:
    """The controller waits for a register to take a value."""

    actor: Actor
    address: int
    mask: int
    value: int


@dataclass(frozen=True)
class NoTask:
    """A channel has nothing to do: its queue is empty."""

    actor: Channel


@dataclass(frozen=True)
class AboutToBegin:
    """A channel stands between two descriptors; its turn has not come yet."""

    actor: Channel


@dataclass(frozen=True)
class Paused:
    """A channel is paused by its control register."""

    actor: Channel


@dataclass(frozen=True)
class Runs:
    """A core runs and waits for nothing that the array knows of."""

    actor: Core


@dataclass(frozen=True)
class Ended:
    """A core's program has ended."""

    actor: Core


@dataclass(frozen=True)
class Halted:
    """A core has a program but is not enabled, or held in reset."""

    actor: Core


@dataclass(frozen=True)
class InReset:
    """A channel is held in reset by its control register."""

    actor: Channel


Wait = (
    LockWait
    | DataWait
    | SpaceWait
    | CascadeWait
    | TokenWait
    | ColumnsWait
    | QueueWait
    | PollWait
    | NoTask
    | AboutToBegin
    | Paused
    | Runs
    | Ended
    | Halted
    | InReset
)
