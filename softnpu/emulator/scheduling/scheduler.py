"""Who runs next: of the actors that are ready, the one whose clock is behind all others.

An actor (a core, a DMA channel, the controller, a control port) runs until it must wait or has
had a fair share, then returns. What changes a lock, a stream or a queue wakes those that wait for
it. Nothing here depends on wall time, so the same artifact and inputs always run in the same
order. A seed shuffles that order and shortens turns, to hunt for races: what locks and streams
order right comes out the same.

Cores that are ready one behind the other and share no memory have their turns together: their
code executes on as many host threads as there are, up to what each asks for; that is then done in
the order of their clocks. Who has turns together does not depend on the number of threads, and
neither can anything else.

Every actor carries a clock in cycles. Clocks follow causes (a lock released, a word passed), so
they estimate the hardware's timing; running the one that is behind first makes contended locks go
to those who would ask for them first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random

from softnpu.emulator.scheduling.threads import Threads
from softnpu.errors import EmulatorError

Tiles = frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Wait:
    """Why an actor does not move; a class of its own for each reason (see `waits`)."""

    actor: Actor


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


class Worker(Actor):
    """An actor that executes native code: it can have its turn together with others.

    Attributes:
        reach: the tiles whose memory its code may touch.
    """

    reach: Tiles = frozenset()

    @property
    def joins(self) -> bool:
        """Whether a turn together with others is allowed, and worth it."""
        raise NotImplementedError

    def begin(self) -> bool:
        """Begins a turn; whether there is something to execute."""
        raise NotImplementedError

    def execute(self) -> bool:
        """Executes a part of its turn, on any thread; whether more of it is to be executed: not
        when it asks for something, or the turn is over."""
        raise NotImplementedError

    def follow(self) -> bool:
        """Does what it asked for; whether its turn goes on. Ends the turn otherwise.

        Raises:
            EmulatorError: what its code, or what it asked for, ended in.
        """
        raise NotImplementedError


class Scheduler:
    """The ready queue.

    Args:
        seed: shuffles the order of ready actors, and how much they do in a turn; None runs them by
            their clocks. Each has its turn alone then.
        threads: host threads for turns together; None for as many as the host has.

    Attributes:
        latest: who had the latest turn, the first of those who had it together.
    """

    def __init__(self, seed: int | None = None, threads: int | None = None) -> None:
        self._threads = Threads(threads)
        self._ready: list[tuple[float, int, Actor]] = []
        self._count = 0
        self._random = None if seed is None else Random(seed)
        self._stopping = False
        self.latest: Actor | None = None

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

    @property
    def shuffled(self) -> bool:
        """Whether the order is a random one."""
        return self._random is not None

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

    @property
    def earliest(self) -> int:
        """The earliest clock of those who are ready; later than all if nobody is."""
        return min((actor.clock for _, _, actor in self._ready), default=1 << 62)

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
            self.latest = actor
            if isinstance(actor, Worker) and self._random is None and actor.joins:
                self._run_together(actor)
            else:
                actor.run()
            if self._stopping:
                return False
        return True

    def _run_together(self, first: Worker) -> None:
        """The turn of a worker, and of those behind it that share no memory with it."""
        going = self._beginning(first)
        error: EmulatorError | None = None
        while going and error is None:
            self._threads.run([worker.execute for worker in going])
            asking, going = sorted(going, key=_clock), []
            for worker in asking:
                try:
                    if worker.follow():
                        going.append(worker)
                except EmulatorError as raised:
                    error = error or raised
        if error is not None:
            for worker in going:
                self.wake(worker)
            raise error

    def _beginning(self, first: Worker) -> list[Worker]:
        """Begins the turns of `first` and of ready workers behind it, as far as no other actor
        comes between and no memory is reached twice."""
        ready = self._ready
        begun = [first] if first.begin() else []
        reach = first.reach
        passed = []
        while ready and isinstance(worker := ready[0][2], Worker) and worker.joins:
            entry = heappop(ready)
            if not reach.isdisjoint(worker.reach):
                passed.append(entry)
                continue
            worker.queued = False
            if worker.begin():
                begun.append(worker)
                reach |= worker.reach
        for entry in passed:
            heappush(ready, entry)
        return begun


def _clock(actor: Actor) -> int:
    return actor.clock
