"""Locks: semaphores that wake who waits, keep their range, and carry time along."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.emulator.locks import Lock
from softnpu.emulator.scheduler import Actor
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


def test_a_positive_acquire_waits_for_equality_and_takes() -> None:
    lock, _ = make()
    lock.set(2)
    assert not lock.acquire(1, Someone())
    assert lock.acquire(2, Someone())
    assert lock.value == 0


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


@given(st.lists(st.integers(-8, 8), max_size=60))
def test_the_value_is_what_was_released_less_what_was_taken(changes: list[int]) -> None:
    """Negative numbers acquire so much, positive ones release."""
    lock, _ = make()
    value = 0
    for change in changes:
        if change < 0:
            someone = Someone()
            granted = lock.acquire(change, someone)
            lock.forget(someone)
            assert granted == (value >= -change)
            value += change if granted else 0
        elif value + change <= 63:
            lock.release(change, Someone())
            value += change
        assert lock.value == value >= 0
