from __future__ import annotations

from softnpu.passes.lower_multicast import LowerMulticastPass
from tests.softnpu.passes.conftest import Lower


def test_each_destination_becomes_a_flow_from_the_same_port(lower: Lower) -> None:
    text = lower(
        """
        aie.device(npu1) {
          %shim = aie.tile(0, 0)
          %a = aie.tile(0, 2)
          %b = aie.tile(1, 3)
          aiex.multicast(%shim, DMA : 1) {
            aiex.multi_dest<%b, DMA : 0>
            aiex.multi_dest<%a, Core : 0>
          }
        }
        """,
        LowerMulticastPass(),
    )
    assert [line.strip() for line in text.splitlines() if "flow" in line or "multi" in line] == [
        "aie.flow(%shim_noc_tile_0_0, DMA : 1, %tile_1_3, DMA : 0)",
        "aie.flow(%shim_noc_tile_0_0, DMA : 1, %tile_0_2, Core : 0)",
    ]
