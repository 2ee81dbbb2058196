"""Channels that no flow reaches, and flows to channels that nothing starts."""

from __future__ import annotations

import pytest
from xdsl.context import Context

from softnpu.dialects.text import parse_text
from softnpu.passes.loose_channels import channel_warnings

PROGRAM = """
    %data = aie.buffer(%b) {sym_name = "data"} : memref<8xi32>
    %mem = aie.mem(%b) {
      %0 = aie.dma_start(S2MM, CHANNEL, ^bd, ^end)
    ^bd:
      aie.dma_bd(%data : memref<8xi32>, 0, 8)
      aie.next_bd ^end
    ^end:
      aie.end
    }
"""
FLOW = "    aie.flow(%s, DMA : 0, %b, DMA : 0)\n"


def warnings(mlir: Context, *ops: str, sequence: str = "") -> list[str]:
    body = "".join(ops)
    text = f"""module {{ aie.device(npu1_1col) {{
    %s = aie.tile(0, 0)
    %a = aie.tile(0, 1)
    %b = aie.tile(0, 2)
{body}    aie.runtime_sequence(%x: memref<8xi32>) {{ {sequence} }}
    }} }}"""
    return list(channel_warnings(parse_text(text, "design.mlir", mlir)))


def test_a_channel_with_a_flow_and_a_program_is_as_it_should_be(mlir: Context) -> None:
    assert warnings(mlir, FLOW, PROGRAM.replace("CHANNEL", "0")) == []


def test_a_program_of_another_channel_than_the_flows_is_told_of_twice(mlir: Context) -> None:
    started, led = warnings(mlir, FLOW, PROGRAM.replace("CHANNEL", "1"))
    assert started.startswith(
        "design.mlir:9:12: warning: S2MM 1 of tile (0, 2) is started here, and no flow leads to it:"
        " it waits for ever"
    )
    assert led.startswith(
        "design.mlir:5:5: warning: this flow leads to S2MM 0 of tile (0, 2), which nothing starts"
    )


@pytest.mark.parametrize(
    "flow",
    [
        "aie.packet_flow(3) { aie.packet_source<%s, DMA : 0>\n aie.packet_dest<%b, DMA : 0> }\n",
        "aiex.multicast(%s, DMA : 0) { aiex.multi_dest<%b, DMA : 0> }\n",
        "aiex.broadcast_packet(%s, DMA : 0) { aiex.bp_id(3) { aiex.bp_dest<%b, DMA : 0> } }\n",
    ],
)
def test_every_way_to_write_a_flow_counts(mlir: Context, flow: str) -> None:
    assert warnings(mlir, flow, PROGRAM.replace("CHANNEL", "0")) == []


@pytest.mark.parametrize(
    "step",
    [
        "%t = aiex.dma_configure_task(%a, MM2S, 0) { aie.end }",
        "aiex.npu.write32 {address = 0 : ui32, value = 0 : ui32}",
        "aiex.npu.push_queue(0, 1, MM2S : 0) "
        "{issue_token = false, repeat_count = 0 : i32, bd_id = 1 : i32}",
    ],
)
def test_a_sequence_that_may_start_the_channel_is_believed(mlir: Context, step: str) -> None:
    flow = "    aie.flow(%a, DMA : 0, %s, DMA : 0)\n"
    (told,) = warnings(mlir, flow)
    assert "comes from MM2S 0 of tile (0, 1), which nothing starts" in told
    assert warnings(mlir, flow, sequence=step) == []


def test_a_design_with_switchboxes_of_its_own_is_left_alone(mlir: Context) -> None:
    switch = "    %w = aie.switchbox(%b) { aie.connect<South : 0, DMA : 1> }\n"
    assert warnings(mlir, switch, PROGRAM.replace("CHANNEL", "1")) == []
