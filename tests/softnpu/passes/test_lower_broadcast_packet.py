from __future__ import annotations

import re

from softnpu.passes.lower_broadcast_packet import LowerBroadcastPacketPass
from tests.softnpu.passes.conftest import Lower


def test_each_id_becomes_a_packet_flow_the_last_first(lower: Lower) -> None:
    text = lower(
        """
        aie.device(npu1) {
          %shim = aie.tile(0, 0)
          %a = aie.tile(0, 2)
          %b = aie.tile(1, 3)
          aiex.broadcast_packet(%shim, DMA : 0) {
            aiex.bp_id(0x4) {
              aiex.bp_dest<%a, DMA : 0>
              aiex.bp_dest<%b, DMA : 0>
            }
            aiex.bp_id(0x7) {
              aiex.bp_dest<%b, DMA : 1>
            }
          }
        }
        """,
        LowerBroadcastPacketPass(),
    )
    assert "broadcast" not in text
    flows = re.findall(r"aie\.packet_flow\((\d+)\) \{(.*?)\n    \}", text, re.DOTALL)
    assert [id for id, _ in flows] == ["7", "4"]
    assert all("aie.packet_source<%shim_noc_tile_0_0, DMA : 0>" in ends for _, ends in flows)
    assert re.findall(r"packet_dest<%(\w+), DMA : (\d)>", flows[1][1]) == [
        ("tile_0_2", "0"),
        ("tile_1_3", "0"),
    ]
