"""Who runs next: of the actors that are ready, the one whose clock is behind all others.

An actor (a core, a DMA channel, the controller, a control port) runs until it must wait or has
had a fair share, then returns. What changes a lock, a stream or a queue wakes those that wait for
it. Nothing here depends on wall time, so the same artifact and inputs always run in the same
order. A seed shuffles that order and shortens turns, to hunt for races: what locks and streams
order right comes out the same.

Every actor carries a clock in cycles. Clocks follow causes (a lock released, a word passed), so
they estimate the hardware's timing; running the one that is behind first makes contended locks go
to those who would ask for them first.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
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
        seed: shuffles the order of ready actors, and how much they do in a turn; None runs them by
            their clocks.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._ready: list[tuple[float, int, Actor]] = []
        self._count = 0
        self._random = None if seed is None else Random(seed)
        self._stopping = False

    def wake(self, actor: Actor, time: int = 0) -> None:
        """Makes `actor` ready unless it is; `time` is when it was woken, if that is known."""
        if not actor.queued:
            actor.queued = True
            self._count += 1
            clock = actor.clock
            order: float = clock if clock > time else time
            if self._random is not None:
                order = self._random.random()
            heappush(self._ready, (order, self._count, actor))

    def portion(self, count: int) -> int:
        """How much of `count` (words, instructions) to do in one turn: all, unless shuffled."""
        if self._random is None:
            return count
        return min(count, int(2 ** self._random.uniform(0, count.bit_length())))

    def let_pass(self, actor: Actor) -> Actor:
        """Makes `actor` ready again after whoever is next, which it returns: `actor` looks on."""
        order, _, following = self._ready[0]
        actor.queued = True
        self._count += 1
        heappush(self._ready, (order, self._count, actor))
        return following

    def clear(self) -> None:
        """Forgets all who are ready."""
        for _, _, actor in self._ready:
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
            actor = heappop(ready)[2]
            actor.queued = False
            actor.run()
            if self._stopping:
                return False
        return True
