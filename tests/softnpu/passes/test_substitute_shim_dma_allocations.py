"""Channels for the names of shim DMAs."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.substitute_shim_dma_allocations import SubstituteShimDMAAllocationsPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import SHIM, design, steps_of

LOWER = SubstituteShimDMAAllocationsPass()
PACKETS = "aie.shim_dma_allocation @sent(%shim, MM2S, 1, <pkt_type = 0, pkt_id = 4>)"


def task_for(name: str) -> str:
    steps = f"""%t = aiex.dma_configure_task_for @{name} {{
      aie.dma_bd(%a : memref<1024xi32>, 0, 8)
      aie.end
    }} {{issue_token = true}}
    aiex.dma_start_task(%t)"""
    return design(steps, before=SHIM + PACKETS)


def test_a_task_gets_tile_direction_and_channel(lower: Lower) -> None:
    assert steps_of(lower(task_for("out"), LOWER)) == [
        "%0 = aiex.dma_configure_task(%shim_noc_tile_0_0, S2MM, 1) {",
        "aie.dma_bd(%arg0 : memref<1024xi32> offset = 0 len = 8)",
        "aie.end",
        "} {issue_token = true}",
        "aiex.dma_start_task(%0)",
    ]


def test_the_packet_header_of_the_allocation_comes_along(lower: Lower) -> None:
    assert "MM2S, 1, <pkt_type = 0, pkt_id = 4>)" in steps_of(lower(task_for("sent"), LOWER))[0]


def test_how_often_a_task_is_repeated_may_be_known_at_run_time_only(lower: Lower) -> None:
    text = task_for("out").replace("@out {", "@out repeat %n : i32 {")
    text = text.replace("%t = ", "%n = arith.constant 3 : i32\n%t = ")
    configured = steps_of(lower(text, LOWER))[1]
    assert "(%shim_noc_tile_0_0, S2MM, 1) repeat %c3_i32 : i32 {" in configured


def test_an_objectfifo_must_be_lowered_first(lower: Lower) -> None:
    fifo = """
      %memory = aie.tile(0, 1)
      aie.objectfifo @ouf(%memory, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    """
    text = task_for("ouf").replace(PACKETS, fifo)
    with pytest.raises(DesignError) as error:
        lower(text, LOWER)
    assert "'@ouf' is no shim DMA allocation, it is aie.objectfifo" in str(error.value)
    assert "did you mean '@out'?" in str(error.value)
