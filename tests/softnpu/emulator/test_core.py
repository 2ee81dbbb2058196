"""Cores: stand-in code on the tiles' memories, its services, and what it may not do."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from softnpu.arch.address import tile_address
from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle
from softnpu.emulator import waits
from softnpu.emulator.array import Array
from softnpu.emulator.cascade import CASCADE_DEPTH
from softnpu.emulator.core import CoreError
from softnpu.emulator.meter import instruction_counts
from softnpu.emulator.tile import CORE_CONTROL, CORE_PROCESSOR_BUS, CORE_STATUS
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.programs import Segments, loads
from tests.softnpu.emulator.wiring import connect, describe, make_array, settle, start

Compile = Callable[..., Segments]
LEFT, RIGHT, ABOVE = (0, 2), (1, 2), (0, 3)
DONE = 1 << 20


def load(array: Array, tile: tuple[int, int], program: Segments) -> None:
    for operation in loads({tile: program}):
        array.write_block(operation.address, operation.data)


def enable(array: Array, *tiles: tuple[int, int]) -> None:
    for tile in tiles:
        array.write(tile_address(*tile, CORE_CONTROL), 1)


def run(array: Array, programs: dict[tuple[int, int], Segments]) -> Array:
    for tile, program in programs.items():
        load(array, tile, program)
    enable(array, *programs)
    settle(array)
    return array


def fault_of(array: Array, tile: tuple[int, int], program: Segments) -> str:
    with pytest.raises(CoreError) as caught:
        run(array, {tile: program})
    assert caught.value.fault.tile == tile
    return str(caught.value)


def test_a_program_runs_on_its_tiles_memory_and_ends(compile_core: Compile) -> None:
    source = "void program(void) { for (int i = 0; i < 5; i++) ((int *)0x70400)[i] = i * i; }"
    array = run(make_array(), {LEFT: compile_core(source)})
    assert array.tile(*LEFT).words[0x100:0x105].tolist() == [0, 1, 4, 9, 16]
    assert array.read(tile_address(*LEFT, CORE_STATUS)) == DONE | 1


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


CASCADE_SENDER = """
void program(void) {
  int value[16];
  for (int i = 0; i < COUNT; i++) {
    for (int j = 0; j < 16; j++) value[j] = 100 * i + j;
    put_cascade(value);
    *(volatile int *)0x70400 = i + 1;
  }
}
"""


def test_the_cascade_holds_four_values(compile_core: Compile) -> None:
    array = make_array()
    run(array, {ABOVE: compile_core("#define COUNT 9\n" + CASCADE_SENDER)})
    assert array.tile(*ABOVE).words[0x100] == CASCADE_DEPTH
    core = array.core_tile(*ABOVE).core
    assert isinstance(core.wait(), waits.CascadeWait)
    receiver = """
    void program(void) {
      for (int i = 0; i < 9; i++) get_cascade((char *)0x70800 + 64 * i);
    }
    """
    run(array, {LEFT: compile_core(receiver)})
    got = array.tile(*LEFT).words[0x200 : 0x200 + 9 * 16].reshape(9, 16)
    assert (got == 100 * np.arange(9)[:, None] + np.arange(16)).all()


def test_the_cascade_can_go_east(compile_core: Compile) -> None:
    array = make_array()
    array.write(tile_address(*LEFT, 0x36060), 2)
    array.write(tile_address(*RIGHT, 0x36060), 1)
    receiver = "void program(void) { get_cascade((void *)0x70800); }"
    sender = compile_core("#define COUNT 1\n" + CASCADE_SENDER)
    run(array, {LEFT: sender, RIGHT: compile_core(receiver)})
    assert array.tile(*RIGHT).words[0x200:0x210].tolist() == list(range(16))


def test_a_cascade_without_a_taker_is_a_fault(compile_core: Compile) -> None:
    program = compile_core("#define COUNT 1\n" + CASCADE_SENDER)
    assert "writes the cascade to the south, where no core takes it" in fault_of(
        make_array(), LEFT, program
    )


def test_events_and_debug_values_are_kept(compile_core: Compile) -> None:
    source = "void program(void) { event(0); debug(-5); event(1); }"
    core = run(make_array(), {LEFT: compile_core(source)}).core_tile(*LEFT).core
    assert [number for _, number in core.events] == [0, 1]
    assert core.messages == [-5]


def test_floating_point_works(compile_core: Compile) -> None:
    source = """
    void program(void) {
      volatile float x = 2.0f;
      *(float *)0x70400 = x / 3.0f;
    }
    """
    array = run(make_array(), {LEFT: compile_core(source)})
    assert array.tile(*LEFT).memory[0x400:0x404].view(np.float32)[0] == np.float32(2) / np.float32(
        3
    )


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


def test_instructions_are_counted(compile_core: Compile) -> None:
    source = "void program(void) { for (volatile int i = 0; i < 1000; i++) {} }"
    core = run(make_array(), {LEFT: compile_core(source)}).core_tile(*LEFT).core
    assert 3000 < core.counts.instructions < 10_000
    assert core.clock == core.counts.instructions


def test_the_count_table_knows_short_and_long_instructions() -> None:
    program = np.frombuffer(bytes.fromhex("0100 13000000 0100 13000000".replace(" ", "")), np.uint8)
    assert instruction_counts(program).tolist() == [0, 1, 2, 2, 3, 4, 4]


def test_the_processor_bus_reaches_the_tiles_registers(compile_core: Compile) -> None:
    source = """
    void program(void) {
      volatile int *locks = (int *)(0x80000 + 0x1F080);
      for (int i = 0; i < 4; i++) ((int *)0x70400)[i] = locks[4 * i];
      *(volatile int *)(0x80000 + 0x1F000) = 9;
    }
    """
    array = make_array()
    array.write(tile_address(*LEFT, CORE_PROCESSOR_BUS), 1)
    for i in range(4):
        array.tile(*LEFT).locks[8 + i].set(42 + i)
    run(array, {LEFT: compile_core(source)})
    assert array.tile(*LEFT).words[0x100:0x104].tolist() == [42, 43, 44, 45]
    assert array.tile(*LEFT).locks[0].value == 9


# faults


def test_an_access_outside_the_windows_names_address_and_pc(compile_core: Compile) -> None:
    program = compile_core("void program(void) { *(volatile short *)0x81234 = 1; }")
    text = fault_of(make_array(), LEFT, program)
    assert re.search(r"core \(0,2\) writes to 0x81234 \(2 bytes\).*no memory \(pc 0x", text)


def test_a_window_without_a_neighbour_is_no_memory(compile_core: Compile) -> None:
    program = compile_core("void program(void) { *(volatile int *)0x40400; }")
    assert "reads from 0x40400" in fault_of(make_array(), LEFT, program)


def test_program_memory_cannot_be_written(compile_core: Compile) -> None:
    program = compile_core("void program(void) { *(volatile int *)0x100 = 1; }")
    assert "writes to 0x100 (4 bytes), which is program memory" in fault_of(
        make_array(), LEFT, program
    )


DEEP = """
int deep(int n) { volatile int here[32]; here[0] = n; return n ? deep(n - 1) + here[0] : 0; }
void program(void) { debug(deep(100)); }
"""


def test_a_stack_that_is_too_small_is_told_by_its_name(compile_core: Compile) -> None:
    text = fault_of(make_array(), LEFT, compile_core(DEEP))
    assert "runs out of stack" in text
    assert "give the core a larger stack_size" in text


def test_the_northern_neighbours_last_page_can_still_be_used(compile_core: Compile) -> None:
    source = "void program(void) { *(volatile int *)0x6FFF0 = 5; }"
    array = run(make_array(), {LEFT: compile_core(source)})
    assert array.tile(*ABOVE).words[0xFFF0 // 4] == 5


def test_a_core_without_a_program_is_told() -> None:
    array = make_array()
    enable(array, LEFT)
    with pytest.raises(CoreError, match="its program memory is empty: no program was loaded"):
        settle(array)


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


@pytest.mark.parametrize(
    ("isa", "message"), [(None, "does not say what code it holds"), ("aie2", "aie2 code")]
)
def test_code_that_is_not_stand_in_code_is_refused(
    compile_core: Compile, isa: str | None, message: str
) -> None:
    array = make_array()
    array.core_isa = isa
    with pytest.raises(EmulatorError, match=message):
        run(array, {LEFT: compile_core("void program(void) {}")})


def test_an_unmodelled_register_is_refused_by_name() -> None:
    with pytest.raises(
        EmulatorError, match=r"tile \(0,2\): write of 0x5 to Debug_Control1 .0x32014"
    ):
        make_array().write(tile_address(*LEFT, 0x32014), 5)


def test_a_register_that_may_be_ignored_keeps_its_value() -> None:
    array = make_array()
    array.write(tile_address(*LEFT, 0x34000), 0x1234)
    assert array.read(tile_address(*LEFT, 0x34000)) == 0x1234
