"""A reset channel whose locks are forgotten is told before the array hangs."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.verify_runtime_rearm import VerifyRuntimeRearmPass
from tests.softnpu.passes.conftest import Lower

PASS = VerifyRuntimeRearmPass()
RESET = "aiex.dma_channel_reset(%t, MM2S, 1)"
SET_FULL, SET_FREE = "aiex.set_lock(%full, 0)", "aiex.set_lock(%free, 2)"


def design(*steps: str, second: str = "", locks: bool = True, tile: str = "(1, 2)") -> str:
    program = "memtile_dma" if tile == "(1, 1)" else "mem"
    take = "aie.use_lock(%full, AcquireGreaterEqual, 1)" if locks else ""
    give = "aie.use_lock(%free, Release, 1)" if locks else ""
    return f"""aie.device(npu1_2col) {{
      %t = aie.tile{tile}
      %free = aie.lock(%t, 4) {{init = 2 : i32, sym_name = "free"}}
      %full = aie.lock(%t, 5) {{init = 0 : i32, sym_name = "full"}}
      %b = aie.buffer(%t) : memref<8xi32>
      %m = aie.{program}(%t) {{
        %0 = aie.dma_start(MM2S, 1, ^first, ^end)
      ^first:
        {take}
        aie.dma_bd(%b : memref<8xi32> offset = 0 len = 4)
        aie.next_bd ^second
      ^second:
        aie.dma_bd(%b : memref<8xi32> offset = 4 len = 4)
        {give}
        aie.next_bd ^first
      ^end:
        aie.end
      }}
      aie.runtime_sequence @one() {{ {" ".join(f"{step}{chr(10)}" for step in steps)} }}
      aie.runtime_sequence @two() {{ {second} }}
    }}"""


@pytest.mark.parametrize("tile", ["(1, 2)", "(1, 1)"])
def test_a_lock_of_any_descriptor_that_is_not_set_anew_is_named(lower: Lower, tile: str) -> None:
    with pytest.raises(DesignError, match=r"MM2S 1 of tile .* is reset, but this lock") as error:
        lower(design(RESET, SET_FULL, tile=tile), PASS)
    assert error.value.notes[0] == f"lock 4 'free' of tile {tile}, design.mlir:3"
    with pytest.raises(DesignError, match="these locks") as error:
        lower(design(RESET, tile=tile), PASS)
    assert [note.split("'")[1] for note in error.value.notes[:2]] == ["full", "free"]


def test_locks_that_are_set_anew_are_enough_in_whatever_sequence(lower: Lower) -> None:
    for text in (
        design(RESET, SET_FULL, SET_FREE),
        design(RESET, SET_FULL, second=SET_FREE),
        design(RESET, locks=False),
        design("aiex.dma_channel_reset(%t, S2MM, 1)"),
    ):
        assert "aiex.dma_channel_reset" in lower(text, PASS)
