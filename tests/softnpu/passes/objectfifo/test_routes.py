"""Flows, packet ids, and the names by which the runtime sequence knows a shim's channels."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError

BROADCAST = """
    %s = aie.tile(0, 0)
    %a = aie.tile(0, 2)
    %b = aie.tile(1, 3)
    aie.objectfifo @of(%s, {%a, %b}, 2 : i32) ATTRIBUTES : !aie.objectfifo<memref<16xi32>>
"""


def test_a_broadcast_has_one_flow_for_each_consumer(lower_fifos) -> None:
    lowered = lower_fifos(BROADCAST.replace("ATTRIBUTES", ""))
    assert lowered.matching(r"aie\.flow") == [
        "aie.flow(%shim_noc_tile_0_0, DMA : 0, %tile_1_3, DMA : 0)",
        "aie.flow(%shim_noc_tile_0_0, DMA : 0, %tile_0_2, DMA : 0)",
    ]


def test_the_runtime_sequence_comes_to_name_the_shims_channel(lower_fifos) -> None:
    lowered = lower_fifos(
        BROADCAST.replace("ATTRIBUTES", "")
        + """
    aie.runtime_sequence(%x: memref<64xi32>) {
      aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1])
          {id = 0 : i64, metadata = @of} : memref<64xi32>
      aiex.npu.dma_wait {symbol = @of}
    }
    """
    )
    assert "aie.shim_dma_allocation @of_shim_alloc(%shim_noc_tile_0_0, MM2S, 0)" in lowered.lines
    assert "aiex.npu.dma_wait {symbol = @of_shim_alloc}" in lowered.lines
    assert lowered.matching(r"metadata = @of_shim_alloc")


def test_packet_switched_fifos_share_one_flow_and_mark_their_packets(lower_fifos) -> None:
    taken = """
    aie.packet_flow(3) {
      aie.packet_source<%a, DMA : 1>
      aie.packet_dest<%b, DMA : 1>
    }
    aie.objectfifo @back(%a, {%s}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
    """
    lowered = lower_fifos(BROADCAST.replace("ATTRIBUTES", "") + taken, packet_sw_objfifos=True)
    assert lowered.part("aie.packet_flow(4)") == [
        "aie.packet_source<%shim_noc_tile_0_0, DMA : 0>",
        "aie.packet_dest<%tile_1_3, DMA : 0>",
        "aie.packet_dest<%tile_0_2, DMA : 0>",
    ]
    assert "aie.dma_bd_packet(0, 5)" in lowered.part("%mem_0_2")
    assert lowered.matching(r"shim_dma_allocation @of_shim_alloc.*<pkt_type = 0, pkt_id = 4>")


def test_packet_ids_run_out_at_31(lower_fifos) -> None:
    with pytest.raises(DesignError, match="no packet id is left for objectfifo @of"):
        lower_fifos(
            BROADCAST.replace("ATTRIBUTES", "")
            + """
    aie.packet_flow(31) {
      aie.packet_source<%a, DMA : 1>
      aie.packet_dest<%b, DMA : 1>
    }
    """,
            packet_sw_objfifos=True,
        )


def test_plio_ends_are_not_dma_ends(lower_fifos) -> None:
    lowered = lower_fifos(BROADCAST.replace("ATTRIBUTES", "{plio = true}"))
    assert "aie.flow(%shim_noc_tile_0_0, PLIO : 0, %tile_0_2, DMA : 0)" in lowered.lines


def test_plio_leaves_no_stream_port(lower_fifos) -> None:
    lowered = lower_fifos("""
    %s = aie.tile(0, 0)
    %a = aie.tile(0, 2)
    aie.objectfifo @of(%a, {%s}, 2 : i32)
      {aie_stream = 0 : i32, aie_stream_port = 1 : i32, plio = true}
      : !aie.objectfifo<memref<16xi32>>
    """)
    flows = lowered.matching(r"aie\.flow")
    assert flows == ["aie.flow(%tile_0_2, DMA : 1, %shim_noc_tile_0_0, PLIO : 0)"]
