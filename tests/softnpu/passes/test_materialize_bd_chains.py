"""BD chains where they are started."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.materialize_bd_chains import MaterializeBDChainsPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import SHIM, design, steps_of

LOWER = MaterializeBDChainsPass()
CHAIN = (
    SHIM
    + """
  aie.bd_chain @pair(%x: memref<1024xi32>, %y: memref<1024xi32>) {
    aie.dma_bd(%x : memref<1024xi32>, 0, 8)
    aie.next_bd ^second
  ^second:
    aie.dma_bd(%y : memref<1024xi32>, 8, 8)
    aie.end
  }
"""
)
TYPES = "(memref<1024xi32>, memref<1024xi32>)"


def started(start: str) -> str:
    return design(f"%t = {start}\naiex.dma_await_task(%t)", before=CHAIN)


def test_a_started_chain_becomes_a_task_with_its_arguments(lower: Lower) -> None:
    start = (
        f"aiex.dma_start_bd_chain @pair(%b, %a) : {TYPES} on (%shim, S2MM, 1) "
        "{issue_token = true, repeat_count = 3 : i32}"
    )
    assert steps_of(lower(started(start), LOWER)) == [
        "%0 = aiex.dma_configure_task(%shim_noc_tile_0_0, S2MM, 1) {",
        "aie.dma_bd(%arg1 : memref<1024xi32> offset = 0 len = 8)",
        "aie.next_bd ^bb1",
        "^bb1:  // pred: ^bb0",
        "aie.dma_bd(%arg0 : memref<1024xi32> offset = 8 len = 8)",
        "aie.end",
        "} {issue_token = true, repeat_count = 3 : i32}",
        "aiex.dma_start_task(%0)",
        "aiex.dma_await_task(%0)",
    ]


def test_a_shim_dma_allocation_names_the_channel(lower: Lower) -> None:
    lowered = lower(started(f"aiex.dma_start_bd_chain_for @pair(%a, %a) : {TYPES} for @out"), LOWER)
    assert "aiex.dma_configure_task(%shim_noc_tile_0_0, S2MM, 1)" in lowered


def test_an_objectfifo_must_be_lowered_first(lower: Lower) -> None:
    fifo = """
      %memory = aie.tile(0, 1)
      aie.objectfifo @of(%memory, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    """
    start = f"aiex.dma_start_bd_chain_for @pair(%a, %a) : {TYPES} for @of"
    with pytest.raises(
        DesignError, match=r"'@of' is no shim DMA allocation, it is aie\.objectfifo"
    ):
        lower(design(f"%t = {start}", before=CHAIN + fifo), LOWER)
