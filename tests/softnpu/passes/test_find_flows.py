from __future__ import annotations

import re

from softnpu.passes.create_pathfinder_flows import CreatePathfinderFlowsPass
from softnpu.passes.find_flows import FindFlowsPass
from tests.softnpu.passes.conftest import Lower

FLOWS = """
    aie.flow(%shim, DMA : 0, %a, DMA : 1)
    aie.flow(%a, Core : 0, %c, Core : 0)
    aie.flow(%b, DMA : 0, %shim, DMA : 1)
    aie.flow(%memory, DMA : 5, %b, DMA : 0)
"""
DESIGN = """
  aie.device(npu1) {{
    %shim = aie.tile(0, 0)
    %memory = aie.tile(1, 1)
    %a = aie.tile(0, 2)
    %b = aie.tile(1, 3)
    %c = aie.tile(3, 5)
    {flows}
  }}
"""


def circuits(text: str) -> set[tuple[str, ...]]:
    pattern = r"aie\.flow\(%(\w+), (\w+ : \d), %(\w+), (\w+ : \d)\)"
    return set(re.findall(pattern, text))


def test_what_has_been_routed_is_found_again(lower: Lower) -> None:
    before = circuits(lower(DESIGN.format(flows=FLOWS)))
    found = lower(DESIGN.format(flows=FLOWS), CreatePathfinderFlowsPass(), FindFlowsPass())
    assert len(before) == 4
    assert circuits(found) == before


def test_packet_flows_come_back_with_the_id_that_their_rules_agree_on(lower: Lower) -> None:
    flows = """
    aie.packet_flow(1) { aie.packet_source<%shim, DMA : 0>
      aie.packet_dest<%a, DMA : 0> }
    aie.packet_flow(2) { aie.packet_source<%shim, DMA : 0>
      aie.packet_dest<%c, DMA : 0> }
    """
    text = lower(DESIGN.format(flows=flows), CreatePathfinderFlowsPass(), FindFlowsPass())
    pattern = r"packet_flow\((\d)\) \{\s*aie\.packet_source<%(.*?)>\s*aie\.packet_dest<%(.*?)>"
    found = re.findall(pattern, text[text.index("aie.wire") :])
    assert sorted(found) == [
        ("1", "shim_noc_tile_0_0, DMA : 0", "tile_0_2, DMA : 0"),
        ("2", "shim_noc_tile_0_0, DMA : 0", "tile_3_5, DMA : 0"),
    ]


def test_switches_without_wires_lead_nowhere(lower: Lower) -> None:
    text = lower(
        """
        aie.device(npu1) {
          %a = aie.tile(0, 2)
          %s = aie.switchbox(%a) { aie.connect<DMA : 0, DMA : 0> }
        }
        """,
        FindFlowsPass(),
    )
    assert "aie.flow" not in text
