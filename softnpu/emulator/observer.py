"""Who looks on while an array runs: timelines and trace units.

Observers are told what actors have done, and when; nothing that they do can change it. They are
told in the order of turns, not of times: an actor's times go up, those of two actors do not.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from softnpu.arch.standin import Service
    from softnpu.emulator.core import Core
    from softnpu.emulator.descriptors import Descriptor
    from softnpu.emulator.dma import Channel
    from softnpu.emulator.locks import Lock
    from softnpu.emulator.scheduler import Actor
    from softnpu.formats.operations import Operation


class Held(Enum):
    """What holds up a channel."""

    LOCK = "lock"
    STREAM = "stream"


class Observer:
    """Does nothing with what it is told; times are in cycles, ends are exclusive.

    Attributes:
        wants_steps: whether cores shall tell what they execute, run by run.
    """

    wants_steps = False

    def core_switched(self, core: Core, running: bool, time: int) -> None:
        """A core was enabled, or has ended or was stopped."""

    def core_ran(self, core: Core, begin: int, end: int) -> None:
        """A core has executed without waiting."""

    def core_stepped(self, core: Core, steps: NDArray[np.uint64], end: int) -> None:
        """What a core has executed up to `end`, one after the other (Recorder.steps)."""

    def core_asked(self, core: Core, service: Service, first: int, second: int) -> None:
        """A core's code asks for something, at the core's clock."""

    def core_waited(self, core: Core, service: Service, first: int, begin: int, end: int) -> None:
        """A core has waited in what it asked for."""

    def task_began(self, channel: Channel) -> None:
        """A channel takes a task from its queue."""

    def task_ended(self, channel: Channel) -> None:
        """A channel is done with a task."""

    def descriptor_ran(
        self, channel: Channel, descriptor: Descriptor, begin: int, end: int
    ) -> None:
        """A channel has moved a descriptor's words, from when it had its lock on."""

    def channel_waited(self, channel: Channel, cause: Held, begin: int, end: int) -> None:
        """A channel was held up, with a descriptor loaded."""

    def lock_changed(
        self, lock: Lock, actor: Actor | None, value: int, time: int, *, equal: bool = False
    ) -> None:
        """A lock's value has changed by `value`, or was set (by no actor).

        Args:
            equal: an acquire that waited for a value, not for at least so much.
        """

    def operation(self, controller: Actor, operation: Operation, begin: int, end: int) -> None:
        """The controller has run an operation that took time."""
