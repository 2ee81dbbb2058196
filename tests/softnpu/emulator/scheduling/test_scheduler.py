"""The scheduler runs whoever is behind, and nobody twice."""

from __future__ import annotations

from softnpu.emulator.scheduling.scheduler import Actor, Scheduler


class Recorder(Actor):
    def __init__(self, log: list[str], name: str, clock: int = 0) -> None:
        self.log, self.place, self.clock = log, name, clock

    def run(self) -> None:
        self.log.append(self.place)


def test_the_actor_whose_clock_is_behind_runs_first() -> None:
    log: list[str] = []
    scheduler = Scheduler()
    for name, clock in (("c", 30), ("a", 10), ("b", 20)):
        scheduler.wake(Recorder(log, name, clock))
    assert scheduler.run()
    assert log == ["a", "b", "c"]


def test_equal_clocks_run_in_the_order_of_waking() -> None:
    log: list[str] = []
    scheduler = Scheduler()
    for name in "xyz":
        scheduler.wake(Recorder(log, name))
    scheduler.run()
    assert log == ["x", "y", "z"]


def test_the_time_of_waking_counts_when_it_is_later() -> None:
    log: list[str] = []
    scheduler = Scheduler()
    scheduler.wake(Recorder(log, "woken late", clock=1), time=50)
    scheduler.wake(Recorder(log, "ready", clock=10))
    scheduler.run()
    assert log == ["ready", "woken late"]


def test_waking_twice_runs_once() -> None:
    log: list[str] = []
    scheduler = Scheduler()
    actor = Recorder(log, "a")
    scheduler.wake(actor)
    scheduler.wake(actor)
    scheduler.run()
    assert log == ["a"]


def test_a_seed_shuffles_and_repeats() -> None:
    def order(seed: int) -> list[str]:
        log: list[str] = []
        scheduler = Scheduler(seed)
        for name in "abcdefgh":
            scheduler.wake(Recorder(log, name))
        scheduler.run()
        return log

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(5)}) > 1
    assert sorted(order(3)) == list("abcdefgh")


def test_a_condition_stops_between_turns_and_loses_nobody() -> None:
    log: list[str] = []
    scheduler = Scheduler()
    for name in "ab":
        scheduler.wake(Recorder(log, name))
    assert not scheduler.run(lambda: len(log) == 1)
    assert log == ["a"]
    assert scheduler.run()
    assert log == ["a", "b"]


def test_an_actor_can_end_the_run() -> None:
    log: list[str] = []
    scheduler = Scheduler()

    class Stopper(Recorder):
        def run(self) -> None:
            super().run()
            scheduler.stop()

    scheduler.wake(Stopper(log, "stopper"))
    scheduler.wake(Recorder(log, "later", clock=5))
    assert not scheduler.run()
    assert log == ["stopper"]
    assert not scheduler.idle
