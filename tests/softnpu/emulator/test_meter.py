"""Instructions are counted, whatever their size."""

from __future__ import annotations

import numpy as np

from softnpu.emulator.meter import instruction_counts
from tests.softnpu.emulator.running import (
    LEFT,
    Compile,
    run,
)
from tests.softnpu.emulator.wiring import make_array


def test_instructions_are_counted(compile_core: Compile) -> None:
    source = "void program(void) { for (volatile int i = 0; i < 1000; i++) {} }"
    core = run(make_array(), {LEFT: compile_core(source)}).core_tile(*LEFT).core
    assert 3000 < core.counts.instructions < 10_000
    assert core.clock == core.counts.instructions


def test_the_count_table_knows_short_and_long_instructions() -> None:
    program = np.frombuffer(bytes.fromhex("0100 13000000 0100 13000000".replace(" ", "")), np.uint8)
    assert instruction_counts(program).tolist() == [0, 1, 2, 2, 3, 4, 4]
