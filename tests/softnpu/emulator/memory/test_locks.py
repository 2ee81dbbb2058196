"""Locks: semaphores that wake who waits, keep their range, and carry time along."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.scheduling.scheduler import Actor
from softnpu.errors import EmulatorError


class Someone(Actor):
    place = "someone"


def make() -> tuple[Lock, list[Actor]]:
    woken: list[Actor] = []
    return Lock((0, 2), 3, lambda actor, _: woken.append(actor)), woken


def test_a_negative_acquire_takes_when_there_is_enough() -> None:
    lock, _ = make()
    lock.set(2)
    assert not lock.acquire(-3, Someone())
    assert lock.acquire(-2, Someone())
    assert lock.value == 0


def test_a_positive_acquire_waits_for_equality_and_takes_nothing() -> None:
    lock, _ = make()
    lock.set(2)
    assert not lock.acquire(1, Someone())
    assert lock.acquire(2, Someone())
    assert lock.acquire(2, Someone())
    assert lock.value == 2


def test_who_was_refused_for_being_behind_an_acquire_that_takes_nothing_gets_the_lock() -> None:
    lock, woken = make()
    first, second = Someone(), Someone()
    assert not lock.acquire(2, first)
    lock.value = 2
    assert not lock.acquire(2, second)
    assert lock.acquire(2, first)
    assert woken == [second]
    assert lock.acquire(2, second)


def test_acquiring_equal_to_zero_leaves_the_lock() -> None:
    lock, _ = make()
    assert lock.acquire(0, Someone())
    assert lock.value == 0


def test_a_refused_actor_is_woken_by_each_change_until_it_has_the_lock() -> None:
    lock, woken = make()
    waiting = Someone()
    assert not lock.acquire(-2, waiting)
    assert not lock.acquire(-2, waiting)
    lock.release(1, Someone())
    assert woken == [waiting]
    lock.release(1, Someone())
    assert woken == [waiting, waiting]
    assert lock.acquire(-2, waiting)
    lock.release(1, Someone())
    assert woken == [waiting, waiting]


def test_nobody_passes_a_waiter_whose_turn_it_is() -> None:
    """Two channels share a semaphore: neither takes both units while the other waits."""
    lock, woken = make()
    first, second = Someone(), Someone()
    assert not lock.acquire(-1, first)
    assert not lock.acquire(-1, second)
    lock.release(2, Someone())
    assert lock.acquire(-1, first)
    assert not lock.acquire(-1, first), "the second is next"
    assert lock.acquire(-1, second)
    assert lock.value == 0
    assert woken


def test_a_waiter_that_wants_more_than_there_is_lets_others_pass() -> None:
    lock, _ = make()
    assert not lock.acquire(-3, Someone())
    lock.release(1, Someone())
    assert lock.acquire(-1, Someone())


def test_an_actor_that_was_reset_holds_up_nobody() -> None:
    lock, _ = make()
    gone = Someone()
    assert not lock.acquire(-1, gone)
    lock.forget(gone)
    lock.release(1, Someone())
    assert lock.acquire(-1, Someone())


def test_taking_wakes_those_who_wait_for_zero() -> None:
    lock, woken = make()
    lock.set(1)
    waiting = Someone()
    assert not lock.acquire(0, waiting)
    lock.acquire(-1, Someone())
    assert woken == [waiting]


@pytest.mark.parametrize(("start", "value"), [(63, 1), (0, -65), (-60, -5)])
def test_leaving_the_range_names_lock_and_actor(start: int, value: int) -> None:
    lock, _ = make()
    lock.set(start)
    with pytest.raises(EmulatorError, match=r"someone releases lock 3 of tile \(0,2\)"):
        lock.release(value, Someone())


def test_each_unit_carries_the_time_of_its_release() -> None:
    lock, _ = make()
    producer, consumer = Someone(), Someone()
    for clock in (10, 50):
        producer.clock = clock
        lock.release(1, producer)
    lock.acquire(-1, consumer)
    assert consumer.clock == 10, "the first unit was there at 10, although the second came at 50"
    lock.acquire(-1, consumer)
    assert consumer.clock == 50


def test_a_late_consumer_keeps_its_own_clock() -> None:
    lock, _ = make()
    producer, consumer = Someone(), Someone()
    producer.clock, consumer.clock = 10, 99
    lock.release(1, producer)
    lock.acquire(-1, consumer)
    assert consumer.clock == 99


class PlainLock:
    """What a lock is, without time: a number, and a queue of those who want some of it."""

    def __init__(self) -> None:
        self.value = 0
        self.queue: list[tuple[int, int]] = []
        self.granted: list[tuple[int, int]] = []

    def acquire(self, who: int, value: int) -> None:
        self.queue.append((who, value))
        self._serve()

    def release(self, value: int) -> bool:
        """False if the lock's six bits and sign cannot hold the sum; nothing changes then."""
        if not -64 <= self.value + value <= 63:
            return False
        self.set(self.value + value)
        return True

    def set(self, value: int) -> None:
        self.value = value
        self._serve()

    def leave(self, who: int) -> None:
        self.queue = [waiting for waiting in self.queue if waiting[0] != who]
        self._serve()

    def _serve(self) -> None:
        while (turn := self._whose_turn()) is not None:
            self.queue.remove(turn)
            self.granted.append(turn)
            self.value -= max(-turn[1], 0)

    def _whose_turn(self) -> tuple[int, int] | None:
        return next((waiting for waiting in self.queue if self._suits(waiting[1])), None)

    def _suits(self, value: int) -> bool:
        return self.value >= -value if value < 0 else self.value == value


SMALL, ANY = st.integers(-3, 3), st.integers(-64, 63)
WHO, AMOUNT = st.integers(0, 3), st.one_of(SMALL, ANY)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("acquire"), WHO, AMOUNT),
        st.tuples(st.just("release"), st.just(0), AMOUNT),
        st.tuples(st.just("set"), st.just(0), AMOUNT),
        st.tuples(st.just("leave"), WHO, st.just(0)),
    ),
    max_size=60,
)


@given(STEPS)
def test_a_lock_does_as_a_plain_number_with_a_queue(steps: list[tuple[str, int, int]]) -> None:
    """Both forms of acquire, signed releases, the range, who is served first."""
    lock, woken = make()
    plain = PlainLock()
    actors = [Someone() for _ in range(4)]
    wants: dict[int, int] = {}
    granted: list[tuple[int, int]] = []

    def attempt(who: int) -> None:
        if lock.acquire(wants[who], actors[who]):
            granted.append((who, wants.pop(who)))

    def settle() -> None:
        while woken:
            who = next(i for i, actor in enumerate(actors) if actor is woken[0])
            del woken[0]
            if who in wants:
                attempt(who)

    for what, who, value in steps:
        if what == "acquire" and who not in wants:
            wants[who] = value
            attempt(who)
            plain.acquire(who, value)
        elif what == "release" and plain.release(value):
            lock.release(value, Someone())
        elif what == "release":
            with pytest.raises(EmulatorError, match="would become"):
                lock.release(value, Someone())
        elif what == "set":
            lock.set(value)
            plain.set(value)
        elif what == "leave":
            lock.forget(actors[who])
            wants.pop(who, None)
            plain.leave(who)
        settle()
        assert lock.value == plain.value
        assert granted == plain.granted
        assert sorted(wants.items()) == sorted(plain.queue)
