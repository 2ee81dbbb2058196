"""The cascade carries 512 bits from core to core."""

from __future__ import annotations

import numpy as np

from softnpu.arch.address import tile_address
from softnpu.emulator import waits
from softnpu.emulator.streams.cascade import CASCADE_DEPTH
from tests.softnpu.emulator.running import (
    ABOVE,
    LEFT,
    RIGHT,
    Compile,
    fault_of,
    run,
)
from tests.softnpu.emulator.wiring import make_array

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
