"""Who runs next: actors that are ready, one after the other, until nothing can move.

An actor (a core, a DMA channel, the controller, a control port) runs until it must wait, then
returns. What changes a lock, a stream or a queue wakes those that wait for it. Nothing here
depends on wall time, so the same artifact and inputs always run in the same order. A seed
shuffles that order, to hunt for races: what locks and streams order right comes out the same.

Every actor carries a clock in cycles. Clocks only follow causes (a lock released, a word
passed), never the order in which Python happens to run the actors, so they are an estimate of
the hardware's timing that does not depend on the schedule.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softnpu.emulator.waits import Wait


class Actor:
    """Base of all that runs.

    Attributes:
        clock: cycles since the array was configured, as far as this actor's work tells.
        queued: whether the scheduler has it in its ready queue.
        place: what reports call it, e.g. "core (0,2)".
    """

    clock = 0
    queued = False
    place = ""

    def run(self) -> None:
        """Does all that can be done now; returns when it must wait or after a fair share."""
        raise NotImplementedError

    def wait(self) -> Wait | None:
        """Why it does not run; None when it has nothing to do."""
        raise NotImplementedError


class Scheduler:
    """The ready queue.

    Args:
        seed: shuffles the order of ready actors; None runs them first come, first served.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._ready: deque[Actor] = deque()
        self._random = None if seed is None else Random(seed)
        self._stopping = False

    def wake(self, actor: Actor) -> None:
        """Puts `actor` in the ready queue unless it is there already."""
        if not actor.queued:
            actor.queued = True
            self._ready.append(actor)

    def clear(self) -> None:
        """Forgets all who are ready."""
        for actor in self._ready:
            actor.queued = False
        self._ready.clear()

    @property
    def idle(self) -> bool:
        """Whether nobody is ready."""
        return not self._ready

    def stop(self) -> None:
        """Ends `run` after the turn in progress; those who are ready stay so."""
        self._stopping = True

    def run(self, until: Callable[[], bool] | None = None) -> bool:
        """Runs ready actors until nobody is ready, `stop` is called, or `until()` holds.

        Returns:
            Whether it ended because nobody was ready.
        """
        ready = self._ready
        self._stopping = False
        while ready:
            if until is not None and until():
                return False
            if self._random is not None:
                ready.rotate(-self._random.randrange(len(ready)))
            actor = ready.popleft()
            actor.queued = False
            actor.run()
            if self._stopping:
                return False
        return True
