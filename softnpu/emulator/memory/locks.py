"""Locks: semaphores with a signed acquire and a signed release.

Sources: AM025 (Lock_Acq_Value: "V<0: acq_ge; V>=0: acq_eq"), aie-rt, xaie_locks_aieml.c
(LockValUpperBound 63, LockValLowerBound -64). An acquire *greater or equal* takes |V| away; one
*equal* leaves the lock as it is (AMD's UG1583, `acquire_equal`; mlir-aie's scale_shift, whose
result on an NPU tells the two apart).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from softnpu.arch.tiles import LOCK_MAXIMUM, LOCK_MINIMUM
from softnpu.emulator.scheduling.scheduler import Actor
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.observing.observer import Observer


class Lock:
    """One lock of a tile.

    Attributes:
        place: what reports call it, e.g. "lock 3 of tile (0,2)".
        value: -64 to 63.
        given: the value that its register was set to last.
        changed: the clock of the last change.
        waiters: (actor, value) of acquires that were refused, in their order. All are woken by
            the next change; nobody passes one whose turn it is, since the lock's arbiter would
            have granted it first.
        releasers: actors that have released it; reports name them as those who might again.
    """

    __slots__ = (
        "_wake",
        "changed",
        "given",
        "index",
        "observers",
        "place",
        "releasers",
        "stamps",
        "tile",
        "value",
        "waiters",
    )

    def __init__(
        self,
        tile: tuple[int, int],
        index: int,
        wake: Callable[[Actor, int], None],
        observers: Sequence[Observer] = (),
    ) -> None:
        self.tile = tile
        self.index = index
        self.place = f"lock {index} of tile ({tile[0]},{tile[1]})"
        self.value = self.given = 0
        self.changed = 0
        self.waiters: list[tuple[Actor, int]] = []
        self.releasers: dict[Actor, None] = {}
        self.stamps: deque[int] = deque()
        """When each unit of the value came in, oldest first; shorter than the value if unknown."""
        self._wake = wake
        self.observers = observers

    def acquire(self, value: int, actor: Actor) -> bool:
        """Tries to acquire; False leaves `actor` waiting for the next change.

        Moves the actor's clock to when the units that it took had been released.
        """
        taken = max(-value, 0)
        if not self.grants(value) or (self.waiters and self._is_behind(actor)):
            self._enqueue(actor, value)
            return False
        if self.waiters:
            self.waiters = [waiter for waiter in self.waiters if waiter[0] is not actor]
        if taken:
            self._take(taken, actor)
        elif self.changed > actor.clock:
            actor.clock = self.changed
        if self.waiters:  # one of them may have been refused for being behind this one
            self._wake_all()
        for observer in self.observers:
            observer.lock_changed(self, actor, -taken, actor.clock, equal=value >= 0)
        return True

    def grants(self, value: int) -> bool:
        """Whether the lock's value allows an acquire of `value`."""
        return self.value >= -value if value < 0 else self.value == value

    def _is_behind(self, actor: Actor) -> bool:
        """Whether another waiter, ahead of `actor`, could have the lock now."""
        for other, value in self.waiters:
            if other is actor:
                return False
            if self.grants(value):
                return True
        return False

    def _enqueue(self, actor: Actor, value: int) -> None:
        if all(waiter[0] is not actor for waiter in self.waiters):
            self.waiters.append((actor, value))

    def forget(self, actor: Actor) -> None:
        """`actor` does not wait any more: it was reset."""
        self.waiters = [waiter for waiter in self.waiters if waiter[0] is not actor]

    def _take(self, units: int, actor: Actor) -> None:
        self.value -= units
        stamps = self.stamps
        since = self.changed if len(stamps) < units else 0
        for _ in range(min(units, len(stamps))):
            since = max(since, stamps.popleft())
        if since > actor.clock:
            actor.clock = since

    def release(self, value: int, actor: Actor) -> None:
        """Adds `value`, which can be negative, and wakes the waiters.

        Raises:
            EmulatorError: the value leaves -64 to 63; hardware would clamp it and go on wrong.
        """
        total = self.value + value
        if not LOCK_MINIMUM <= total <= LOCK_MAXIMUM:
            raise EmulatorError(
                f"{actor.place} releases {self.place} by {value}: its value would become {total}, "
                f"outside {LOCK_MINIMUM} to {LOCK_MAXIMUM} (now {self.value})"
            )
        self.value = total
        self.changed = max(self.changed, actor.clock)
        if value > 0:
            self.stamps.extend([actor.clock] * value)
        else:
            self.stamps.clear()
        self.releasers[actor] = None
        for observer in self.observers:
            observer.lock_changed(self, actor, value, actor.clock)
        self._wake_all()

    def set(self, value: int, clock: int = 0) -> None:
        """Sets the value, as a write of the lock's register does, and wakes the waiters."""
        self.value = self.given = value
        self.changed = max(self.changed, clock)
        self.stamps.clear()
        self.stamps.extend([self.changed] * max(value, 0))
        for observer in self.observers:
            observer.lock_changed(self, None, value, self.changed)
        self._wake_all()

    def clear(self) -> None:
        """As after a reset: 0, and nobody waits."""
        self.waiters.clear()
        self.releasers.clear()
        self.set(0)

    def _wake_all(self) -> None:
        for waiter, _ in self.waiters:
            self._wake(waiter, self.changed)
