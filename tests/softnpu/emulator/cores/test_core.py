"""Cores: stand-in code on the tiles' memories, its services, and what it may not do."""

from __future__ import annotations

import pytest

from softnpu.arch.address import tile_address
from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle
from softnpu.emulator import waits
from softnpu.emulator.array.core_tile import CORE_CONTROL, CORE_STATUS
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.running import (
    ABOVE,
    DONE,
    LEFT,
    RIGHT,
    Compile,
    enable,
    fault_of,
    load,
    run,
)
from tests.softnpu.emulator.wiring import connect, describe, make_array, settle, start


def test_a_program_runs_on_its_tiles_memory_and_ends(compile_core: Compile) -> None:
    source = "void program(void) { for (int i = 0; i < 5; i++) ((int *)0x70400)[i] = i * i; }"
    array = run(make_array(), {LEFT: compile_core(source)})
    assert array.tile(*LEFT).words[0x100:0x105].tolist() == [0, 1, 4, 9, 16]
    assert array.read(tile_address(*LEFT, CORE_STATUS)) == DONE


def test_windows_show_the_neighbours_memories(compile_core: Compile) -> None:
    """South, west, north and own, each a different tile seen from (1,3)."""
    source = """
    void program(void) {
      for (int window = 4; window < 8; window++) ((int *)(window << 16))[0x400] = window;
    }
    """
    array = run(make_array(), {(1, 3): compile_core(source)})
    places = {(1, 2): 4, (0, 3): 5, (1, 4): 6, (1, 3): 7}
    for place, value in places.items():
        assert array.tile(*place).words[0x400] == value


def test_locks_are_numbered_south_west_north_own(compile_core: Compile) -> None:
    source = "void program(void) { for (int i = 0; i < 4; i++) release(16 * i + 5, i + 1); }"
    array = run(make_array(), {(1, 3): compile_core(source)})
    places = {(1, 2): 1, (0, 3): 2, (1, 4): 3, (1, 3): 4}
    assert {place: array.tile(*place).locks[5].value for place in places} == places


def test_a_core_waits_for_a_lock_and_goes_on(compile_core: Compile) -> None:
    source = "void program(void) { acquire(50, -2); *(int *)0x70400 = 7; release(51, 3); }"
    array = run(make_array(), {LEFT: compile_core(source)})
    tile = array.core_tile(*LEFT)
    assert tile.core.wait() == waits.LockWait(tile.core, tile.locks[2], -2)
    assert tile.words[0x100] == 0
    array.write(tile_address(*LEFT, 0x1F020), 2)
    settle(array)
    assert (tile.words[0x100], tile.locks[2].value, tile.locks[3].value) == (7, 0, 3)


def test_streams_carry_words_and_tlast_between_cores(compile_core: Compile) -> None:
    sender = "void program(void) { for (int i = 0; i < 40; i++) put_stream(i * 3, i == 39); }"
    receiver = """
    void program(void) {
      int last = 0, *to = (int *)0x70400;
      while (!last) *to++ = get_stream(&last);
    }
    """
    array = make_array()
    connect(array, LEFT, (Bundle.Core, 0), (Bundle.East, 0))
    connect(array, RIGHT, (Bundle.West, 0), (Bundle.Core, 0))
    run(array, {LEFT: compile_core(sender), RIGHT: compile_core(receiver)})
    assert array.tile(*RIGHT).words[0x100:0x128].tolist() == [3 * i for i in range(40)]


def test_a_core_feeds_a_dma_with_packets(compile_core: Compile) -> None:
    source = "void program(void) { put_packet_header(4, 1); put_stream(77, 1); }"
    array = make_array()
    connect(array, LEFT, (Bundle.Core, 0), (Bundle.DMA, 0))
    describe(array, LEFT, 0, base_address=0x1000, buffer_length=2)
    start(array, LEFT, Direction.S2MM, 0, bd=0)
    run(array, {LEFT: compile_core(source)})
    header, word = array.tile(*LEFT).words[0x1000:0x1002].tolist()
    assert (header & 0x1F, header >> 12 & 7, word) == (4, 1, 77)


def test_a_stream_that_nobody_takes_holds_the_core(compile_core: Compile) -> None:
    source = "void program(void) { for (;;) put_stream(1, 0); }"
    array = make_array()
    connect(array, LEFT, (Bundle.Core, 0), (Bundle.East, 0))
    run(array, {LEFT: compile_core(source)})
    core = array.core_tile(*LEFT).core
    assert core.wait() == waits.SpaceWait(core, core.stream_out)


def test_events_and_debug_values_are_kept(compile_core: Compile) -> None:
    source = "void program(void) { event(0); debug(-5); event(1); }"
    array = run(make_array(), {LEFT: compile_core(source)})
    assert [number for _, number in array.core_tile(*LEFT).core.events] == [0, 1]
    assert [line.text for line in array.printed] == ["debug_i32 -5"]


def test_a_reset_starts_the_program_again(compile_core: Compile) -> None:
    source = "void program(void) { ++*(volatile int *)0x70400; }"
    array = run(make_array(), {LEFT: compile_core(source)})
    for value in (2, 0, 1):
        array.write(tile_address(*LEFT, CORE_CONTROL), value)
    settle(array)
    assert array.tile(*LEFT).words[0x100] == 2


def test_a_new_program_is_what_runs_next(compile_core: Compile) -> None:
    source = "void program(void) { *(volatile int *)0x70400 = VALUE; acquire(48, -1); }"
    array = run(make_array(), {LEFT: compile_core("#define VALUE 1\n" + source)})
    array.write(tile_address(*LEFT, CORE_CONTROL), 2)
    run(array, {LEFT: compile_core("#define VALUE 2\n" + source)})
    assert array.tile(*LEFT).words[0x100] == 2


def test_a_core_that_polls_memory_does_not_hold_up_the_others(compile_core: Compile) -> None:
    """It waits without a lock; the neighbour's later write ends it."""
    poller = """
    void program(void) {
      while (*(volatile int *)0x70400 == 0) {}
      release(48, 1);
    }
    """
    writer = "void program(void) { acquire(48, -1); *(volatile int *)0x40400 = 1; }"
    array = make_array()
    load(array, LEFT, compile_core(poller))
    load(array, ABOVE, compile_core(writer))
    enable(array, LEFT, ABOVE)
    assert not array.scheduler.run(lambda: array.core_tile(*LEFT).core.clock > 20_000_000)
    array.tile(*ABOVE).locks[0].set(1)
    settle(array)
    assert array.tile(*LEFT).locks[0].value == 1


def test_an_unknown_service_is_a_fault(compile_core: Compile) -> None:
    program = compile_core("void program(void) { service(99, 0, 0); }")
    assert "asks for service 99, which does not exist" in fault_of(make_array(), LEFT, program)


def test_a_lock_out_of_reach_is_a_fault(compile_core: Compile) -> None:
    program = compile_core("void program(void) { acquire(3, -1); }")
    assert "uses lock 3, which it does not reach" in fault_of(make_array(), LEFT, program)


def test_a_lock_over_its_range_is_an_error(compile_core: Compile) -> None:
    program = compile_core("void program(void) { release(48, 60); release(48, 60); }")
    with pytest.raises(EmulatorError, match=r"core \(0,2\) releases lock 0 .* would become 120"):
        run(make_array(), {LEFT: program})
