"""Cores on several host threads: what comes out is the same on one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import pytest

from softnpu.arch.device import device
from softnpu.arch.ports import Bundle
from softnpu.emulator.array.array import Array
from softnpu.emulator.cores.core import FIRST_TURN, INSTRUCTIONS_PER_TURN, LONGEST_TURN
from softnpu.emulator.observing.observer import Observer, SeenCore
from softnpu.emulator.scheduling.scheduler import Actor, Scheduler, Worker
from softnpu.emulator.scheduling.threads import Threads
from softnpu.emulator.timelines.timeline import Timeline
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.machine_code import assembled
from tests.softnpu.emulator.programs import Segments
from tests.softnpu.emulator.running import Compile, run
from tests.softnpu.emulator.wiring import FOREVER, connect

Programs = Mapping[tuple[int, int], Segments]
ALL = [(column, row) for column in range(4) for row in range(2, 6)]


def run_on(
    threads: int,
    programs: Programs,
    wire: Callable[[Array], None] = lambda array: None,  # noqa: ARG005
    core_isa: str | None = None,
) -> dict[str, Any]:
    """All that can be seen of an array when nothing moves any more."""
    array = Array(device("npu1"), core_isa=core_isa, threads=threads)
    array.set_deadline(FOREVER, settling=False)
    array.timeline = Timeline()
    wire(array)
    error = ""
    try:
        run(array, dict(programs))
    except EmulatorError as raised:
        error = str(raised)
    tiles = array.tiles.values()
    return {
        "error": error,
        "memory": [tile.memory.tobytes() for tile in tiles],
        "locks": [[lock.value for lock in tile.locks] for tile in tiles],
        "clocks": [core.clock for core in array.cores()],
        "counts": [asdict(core.counts) for core in array.cores()],
        "waits": [type(core.wait()) for core in array.cores()],
        "timeline": array.timeline.as_json(),
        "hazards": list(array.hazards),
    }


def same_on_all(*given: Any, **options: Any) -> dict[str, Any]:
    alone = run_on(1, *given, **options)
    for threads in (2, 3):
        assert run_on(threads, *given, **options) == alone
    return alone


def handing_on(row: int) -> str:
    """Counts on from what it holds, as often as its memory tells, then writes the sum into its
    northern neighbour's memory, whose lock it releases."""
    first = "" if row == 2 else "mova r1, #-1\nacq #48, r1\n"
    north = "" if row == 5 else "movxm p1, #0x60400\n@\nst r0, [p1, #0]\nmova r1, #1\nrel #32, r1\n"
    return f"""
    {first}
    movxm p0, #0x70400
    @
    lda r0, [p0, #0]
    lda r3, [p0, #8]
    @
again:
    add r3, r3, #-1
    add r0, r0, #1
    jnz r3, #again
    nop
    nop
    nop
    nop
    nop
    st r0, [p0, #4]
    {north}
    @
    done
"""


def trips(column: int, row: int) -> int:
    return 2_000 + 700 * column + 300 * row


def give_trips(array: Array) -> None:
    for column, row in ALL:
        array.tile(column, row).words[0x102] = trips(column, row)


def word(found: dict[str, Any], column: int, row: int, address: int) -> int:
    memory = found["memory"][list(device("npu1").tiles()).index((column, row))]
    return int.from_bytes(memory[address : address + 4], "little")


def test_locks_and_memory_shared_by_neighbours() -> None:
    code = {row: assembled(handing_on(row)) for row in range(2, 6)}
    found = same_on_all({(c, r): code[r] for c, r in ALL}, give_trips)
    for column in range(4):
        assert word(found, column, 5, 0x404) == sum(trips(column, row) for row in range(2, 6))


def test_stand_in_cores(compile_core: Compile) -> None:
    """Each counts on from what it holds, hands that on to the north, and asks often at the end."""
    source = """
    void program(void) {
      volatile int *own = (int *)0x70400;
      acquire(48, -1);
      for (int i = 0; i < 10 * own[2]; i++) own[1] += i ^ own[0];
      if (own[3]) ((volatile int *)0x60400)[0] = own[1];
      release(own[3] ? 32 : 49, 1);
      for (int i = 0; i < 40; i++) { own[2] += i; event(i & 1); }
    }
    """
    program = compile_core(source)

    def wire(array: Array) -> None:
        give_trips(array)
        for column, row in ALL:
            array.tile(column, row).words[0x103] = row < 5
            array.tile(column, 2).locks[0].set(1)

    found = same_on_all(dict.fromkeys(ALL, program), wire, core_isa="rv32")
    value = 0
    for row in range(2, 6):
        value = sum(i ^ value for i in range(10 * trips(1, row))) & 0xFFFFFFFF
        assert word(found, 1, row, 0x404) == value


SENDER = """
    movxm r3, #900
next:
    mov ms, r3
    add r3, r3, #-1
    jnz r3, #next
    @
    mov.tlast ms, r3
    done
"""
RECEIVER = """
    movxm p0, #0x70400
next:
    mov r0, SS
    @
    mov r1, srSS0
    st r0, [p0], #4
    @
    jz r1, #next
    nop
    nop
    nop
    nop
    nop
    done
"""


def test_streams() -> None:
    """Two pairs that ask for every word, a core that computes beside them."""

    def wire(array: Array) -> None:
        give_trips(array)
        for row in (2, 5):
            connect(array, (0, row), (Bundle.Core, 0), (Bundle.East, 0))
            connect(array, (1, row), (Bundle.West, 0), (Bundle.Core, 0))

    pairs = {(c, r): assembled((SENDER, RECEIVER)[c]) for c in (0, 1) for r in (2, 5)}
    busy = {(3, 2): assembled(handing_on(2))}
    found = same_on_all(pairs | busy, wire)
    assert found["error"] == ""
    assert sum(core["stream_wait"] for core in found["counts"]) > 0


def test_the_cascade() -> None:
    loop = "movxm lc, #200\nmovxm ls, #one\nmovxm le, #end\n@\none:\n{}\n@\nend:\nnop\ndone"
    sends, takes = loop.format("vmov MCD, x0"), loop.format("vmov x1, SCD")
    programs = {(c, r): assembled((takes, sends)[r % 2]) for c in range(4) for r in (2, 3)}
    found = same_on_all(programs)
    assert found["error"] == ""


def test_the_fault_that_comes_first_is_told() -> None:
    """Both in one turn; the core that is later in the array is the earlier in time."""
    faulty = assembled(handing_on(2).replace("#0x60400", "#0x30000"))
    programs = {(0, 2): faulty, (2, 2): faulty, (0, 4): assembled(handing_on(2))}

    def wire(array: Array) -> None:
        give_trips(array)
        array.tile(0, 2).words[0x102] = 5_000

    found = same_on_all(programs, wire)
    assert found["error"].startswith("core (2,2) writes to 0x30000, where there is no memory")


class Counter(Worker):
    """Executes its turn in parts; `log` has what happened in order."""

    joins = True

    def __init__(
        self,
        log: list[str],
        name: str,
        reach: int,
        meet: Callable[[], Any] | None = None,
        parts: int = 1,
    ) -> None:
        self.log, self.place, self.reach = log, name, frozenset({(reach, 0)})
        self.meet, self.parts = meet, parts

    def begin(self) -> bool:
        return True

    def execute(self) -> bool:
        self.log.append(self.place)
        if self.meet is not None:
            self.meet()
        self.parts -= 1
        return self.parts > 0

    def follow(self) -> bool:
        self.log.append(f"{self.place} done")
        return False


class Other(Actor):
    def __init__(self, log: list[str]) -> None:
        self.log = log

    def run(self) -> None:
        self.log.append("other")


def test_workers_that_share_no_memory_execute_at_the_same_time() -> None:
    """Each waits for the other, so that one after the other would break the barrier."""
    barrier = threading.Barrier(2, timeout=30)
    scheduler = Scheduler(threads=2)
    log: list[str] = []
    for name, reach in (("a", 1), ("b", 2)):
        scheduler.wake(Counter(log, name, reach, barrier.wait))
    assert scheduler.run()
    assert log[2:] == ["a done", "b done"]


def test_what_remains_of_turns_together_is_executed_in_turns() -> None:
    scheduler = Scheduler(threads=1)
    log: list[str] = []
    for name, reach, parts in (("a", 1, 1), ("b", 2, 3), ("c", 3, 2)):
        scheduler.wake(Counter(log, name, reach, parts=parts))
    assert scheduler.run()
    assert log == [*"abcbcb", "a done", "b done", "c done"]


def turns_of(source: str) -> list[int]:
    """How long the turns are of one core that counts to 700,000, in cycles."""
    array = Array(device("npu1"))
    array.set_deadline(FOREVER, settling=False)
    turns = Turns()
    array.observers.append(turns)
    array.tile(0, 2).words[0x102] = 700_000
    run(array, {(0, 2): assembled(source)})
    return turns.lengths


def test_turns_grow_while_a_core_asks_for_nothing() -> None:
    """The first is short: others whose data come a little later have theirs together with it."""
    expected = [FIRST_TURN, 4 * FIRST_TURN, INSTRUCTIONS_PER_TURN, LONGEST_TURN]
    assert turns_of(handing_on(2))[:4] == [pytest.approx(length, abs=100) for length in expected]


ASKING = """
    movxm r4, #20
next:
    movxm r3, #35000
again:
    add r3, r3, #-1
    jnz r3, #again
    @
    event #0
    add r4, r4, #-1
    jnz r4, #next
    @
    done
"""


def test_turns_stay_as_they_are_while_a_core_asks_for_something() -> None:
    found = turns_of(ASKING)
    assert sum(found) > LONGEST_TURN
    assert max(found) == pytest.approx(INSTRUCTIONS_PER_TURN, abs=100)


class Turns(Observer):
    """How long the turns of cores are, in cycles."""

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def core_ran(self, core: SeenCore, since: int, until: int) -> None:
        self.lengths.append(until - since)


@pytest.mark.parametrize("threads", [1, 2])
def test_who_shares_memory_or_comes_behind_another_actor_has_a_turn_of_its_own(
    threads: int,
) -> None:
    log: list[str] = []
    scheduler = Scheduler(threads=threads)
    for name, reach in (("a", 1), ("b", 1), ("c", 2)):
        scheduler.wake(Counter(log, name, reach))
    scheduler.wake(Other(log))
    scheduler.wake(Counter(log, "d", 3))
    scheduler.run()
    assert log == ["a", "c", "a done", "c done", "b", "b done", "other", "d", "d done"] or (
        threads == 2
        and log == ["c", "a", "a done", "c done", "b", "b done", "other", "d", "d done"]
    )


def test_an_interrupted_call_waits_for_what_is_in_progress() -> None:
    begun, done = threading.Event(), threading.Event()

    def long() -> bool:
        begun.set()
        assert not done.wait(0.05)
        done.set()
        return False

    def interrupted() -> bool:
        assert begun.wait(30)
        raise KeyboardInterrupt

    caller = threading.current_thread()
    jobs = [lambda: (interrupted if threading.current_thread() is caller else long)()] * 2
    with pytest.raises(KeyboardInterrupt):
        Threads(2).run(jobs)
    assert done.is_set()
