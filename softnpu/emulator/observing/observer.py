"""Who looks on while an array runs: timelines and trace units.

Observers are told what actors have done, and when; nothing that they do can change it. They are
told in the order of turns, not of times: an actor's times go up, those of two actors do not.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.dma import Direction
from softnpu.arch.standin import Service
from softnpu.formats.operations import Operation

Place = tuple[int, int]


class Held(Enum):
    """What holds up a channel."""

    LOCK = "lock"
    STREAM = "stream"


class SeenLock(Protocol):
    """A lock, as observers see it."""

    tile: Place
    index: int
    value: int


class SeenDescriptor(Protocol):
    """A descriptor: its locks, and for what value it waits."""

    @property
    def acquire(self) -> SeenLock | None: ...
    @property
    def acquire_value(self) -> int: ...
    @property
    def release(self) -> SeenLock | None: ...


class SeenChannel(Protocol):
    """A DMA channel: what it has loaded, whether and since when the lock is held, the words moved
    so far."""

    clock: int
    tile: Place
    number: int
    direction: Direction
    acquired: bool
    began: int
    position: int

    @property
    def descriptor(self) -> SeenDescriptor | None: ...


class SeenCore(Protocol):
    """A core, see core.Core."""

    clock: int
    place: str
    tile: Place
    pending: tuple[Service, int, int] | None

    @property
    def running(self) -> bool: ...
    @property
    def begun(self) -> bool: ...
    @property
    def follows(self) -> bool: ...
    @property
    def code(self) -> bytes: ...
    @property
    def isa(self) -> tuple[str | None, str]: ...
    def lock(self, number: int) -> SeenLock: ...


class Observer:
    """Does nothing with what it is told; times are in cycles, ends are exclusive.

    Attributes:
        wants_steps: whether cores shall tell what they execute, run by run.
    """

    wants_steps = False

    def core_switched(self, core: SeenCore, running: bool, time: int) -> None:
        """A core was enabled, or has ended or was stopped."""

    def core_ran(self, core: SeenCore, begin: int, end: int) -> None:
        """A core has executed without waiting."""

    def core_stepped(self, core: SeenCore, steps: NDArray[np.uint64], end: int) -> None:
        """What a core has executed up to `end`, one after the other (Recorder.steps)."""

    def core_asked(self, core: SeenCore, service: Service, first: int, second: int) -> None:
        """A core's code asks for something, at the core's clock."""

    def core_waited(
        self, core: SeenCore, service: Service, first: int, begin: int, end: int
    ) -> None:
        """A core has waited in what it asked for."""

    def task_began(self, channel: SeenChannel) -> None:
        """A channel takes a task from its queue."""

    def task_ended(self, channel: SeenChannel) -> None:
        """A channel is done with a task."""

    def descriptor_ran(
        self, channel: SeenChannel, descriptor: SeenDescriptor, begin: int, end: int
    ) -> None:
        """A channel has moved a descriptor's words, from when it had its lock on."""

    def channel_waited(self, channel: SeenChannel, cause: Held, begin: int, end: int) -> None:
        """A channel was held up, with a descriptor loaded."""

    def lock_changed(
        self, lock: SeenLock, actor: object | None, value: int, time: int, *, equal: bool = False
    ) -> None:
        """A lock's value has changed by `value`, or was set (by no actor).

        Args:
            equal: an acquire that waited for a value, not for at least so much.
        """

    def operation(self, operation: Operation, begin: int, end: int) -> None:
        """The controller has run an operation that took time."""
