"""The machine below a core: what it can reach, and how it says what it cannot."""

from __future__ import annotations

import re

import numpy as np

from softnpu.arch.address import tile_address
from softnpu.emulator.array.core_tile import CORE_PROCESSOR_BUS
from tests.softnpu.emulator.running import (
    ABOVE,
    LEFT,
    Compile,
    enable,
    fault_of,
    run,
)
from tests.softnpu.emulator.wiring import make_array, settle


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


LEAP = """
__attribute__((noinline)) int far(int n) { volatile int here[5000]; here[n] = n; return here[n]; }
void program(void) { debug(far(3)); }
"""


def test_a_frame_that_leaps_over_the_last_page_is_told_too(compile_core: Compile) -> None:
    array = make_array()
    assert "runs out of stack" in fault_of(array, LEFT, compile_core(LEAP))
    assert not array.tile(*ABOVE).words.any(), "the neighbour's memory is as it was"


def test_a_neighbour_in_use_leaves_the_last_page_on_guard(compile_core: Compile) -> None:
    source = DEEP.replace("{ debug", "{ *(volatile int *)0x60400 = 5; debug")
    assert "runs out of stack" in fault_of(make_array(), LEFT, compile_core(source))


def test_the_northern_neighbours_last_page_can_still_be_used(compile_core: Compile) -> None:
    source = "void program(void) { *(volatile int *)0x6FFF0 = 5; }"
    array = run(make_array(), {LEFT: compile_core(source)})
    assert array.tile(*ABOVE).words[0xFFF0 // 4] == 5


def test_a_core_without_a_program_does_nothing_and_is_told() -> None:
    array = make_array()
    enable(array, LEFT)
    settle(array)
    assert array.tile(*LEFT).core.done
    (note,) = array.hazards
    assert "is enabled, but no program was loaded into it" in note
