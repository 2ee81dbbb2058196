from __future__ import annotations

from softnpu.passes.create_pathfinder_flows import CreatePathfinderFlowsPass
from tests.softnpu.passes.conftest import Lower

DESIGN = """
  aie.device(npu1_1col) {
    %shim = aie.tile(0, 0)
    %core = aie.tile(0, 2)
    aie.packet_flow(3) {
      aie.packet_source<%core, DMA : 0>
      aie.packet_dest<%shim, DMA : 0>
    } {keep_pkt_header = true}
    aie.flow(%core, DMA : 1, %shim, DMA : 1)
  }
"""


def lines_in(text: str, op: str) -> list[str]:
    """The lines of the first op of that kind."""
    _, _, rest = text.partition(op)
    return [line.strip() for line in rest.partition("\n    }")[0].splitlines()[1:]]


def test_a_switch_lists_connections_selects_masters_then_rules(lower: Lower) -> None:
    text = lower(DESIGN, CreatePathfinderFlowsPass())
    kinds = [line.split("<")[0].split("(")[0] for line in lines_in(text, "= aie.switchbox")]
    assert kinds == [
        "aie.connect",
        "%0 = aie.amsel",
        "%1 = aie.masterset",
        "aie.packet_rules",
        "aie.rule",
        "}",
    ]


def test_the_mux_joins_packets_before_circuits(lower: Lower) -> None:
    text = lower(DESIGN, CreatePathfinderFlowsPass())
    assert lines_in(text, "= aie.shim_mux") == [
        "aie.connect<North : 2, DMA : 0>",
        "aie.connect<North : 3, DMA : 1>",
    ]


def test_the_header_that_a_flow_keeps_reaches_its_last_master_only(lower: Lower) -> None:
    text = lower(DESIGN, CreatePathfinderFlowsPass())
    kept = [line for line in text.splitlines() if "masterset" in line and "keep" in line]
    assert len(kept) == 1
    assert "masterset(South : 2" in kept[0]
