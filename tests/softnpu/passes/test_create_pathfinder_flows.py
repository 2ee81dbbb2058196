from __future__ import annotations

import re
from pathlib import Path

import pytest
from xdsl.context import Context

from softnpu.dialects.text import parse_text, print_module
from softnpu.errors import DesignError
from softnpu.passes.create_pathfinder_flows import CreatePathfinderFlowsPass
from tests.conftest import DESIGNS
from tests.softnpu.passes.conftest import Lower

ROUTE = CreatePathfinderFlowsPass()


@pytest.mark.parametrize("design", DESIGNS)
def test_routes_are_those_of_aie_opt(lower: Lower, golden: Path, design: str) -> None:
    placed = (golden / design / "input_with_addresses.mlir").read_text()
    assert lower(placed, ROUTE) == (golden / design / "input_physical.mlir").read_text()


def test_a_second_flow_from_one_source_shares_the_route_and_stays_in_the_design(
    lower: Lower,
) -> None:
    routed = lower(
        """
        aie.device(npu1_1col) {
          %a = aie.tile(0, 2)
          %b = aie.tile(0, 3)
          aie.flow(%a, DMA : 0, %b, DMA : 0)
          aie.flow(%a, DMA : 0, %b, DMA : 1)
        }
        """,
        ROUTE,
    )
    assert "aie.flow(%tile_0_2, DMA : 0, %tile_0_3, DMA : 1)" in routed
    assert "aie.flow(%tile_0_2, DMA : 0, %tile_0_3, DMA : 0)" not in routed
    assert routed.count("aie.connect<DMA : 0, North") == 1
    assert routed.count(", DMA : 0>") == routed.count(", DMA : 1>") == 1


def test_a_connection_written_by_the_author_is_left_alone(lower: Lower) -> None:
    design = """
        aie.device(npu1_1col) {
          %shim = aie.tile(0, 0)
          %memory = aie.tile(0, 1)
          %core = aie.tile(0, 2)
          %switchbox = aie.switchbox(%memory) {
            aie.connect<South : 4, North : 4>
          }
          aie.flow(%shim, DMA : 0, %core, DMA : 0)
        }
        """
    taken = "aie.connect<South : 4, North : 4>"
    routed = lower(design, ROUTE)
    assert routed.count(taken) == 1
    assert "aie.connect<South : 1, North : 1>" in routed


def test_a_connection_that_the_switch_cannot_make_is_refused_at_its_place(lower: Lower) -> None:
    with pytest.raises(DesignError) as refused:
        lower(
            """
        aie.device(npu1_1col) {
          %memory = aie.tile(0, 1)
          %switchbox = aie.switchbox(%memory) {
            aie.connect<South : 0, North : 1>
          }
        }
        """,
            ROUTE,
        )
    assert "North 1" in str(refused.value) or "North : 1" in str(refused.value)
    assert refused.value.location is not None
    assert refused.value.location.line == 5


def test_packet_flows_alone_reach_the_shims_dma_through_its_mux(lower: Lower) -> None:
    routed = lower(
        """
        aie.device(npu1_1col) {
          %shim = aie.tile(0, 0)
          %core = aie.tile(0, 2)
          aie.packet_flow(3) {
            aie.packet_source<%core, DMA : 0>
            aie.packet_dest<%shim, DMA : 1>
          }
          aie.packet_flow(4) {
            aie.packet_source<%shim, DMA : 1>
            aie.packet_dest<%core, DMA : 0>
          }
        }
        """,
        ROUTE,
    )
    mux = routed[routed.index("aie.shim_mux") :]
    assert mux.index("aie.connect<DMA : 1, North : 7>") < mux.index(
        "aie.connect<North : 3, DMA : 1>"
    )
    assert "aie.masterset(South : 3, " in routed
    assert "aie.packet_rules(South : 7)" in routed


def test_every_tile_gets_a_switch_even_if_no_flow_crosses_it(lower: Lower) -> None:
    routed = lower("aie.device(npu1_1col) { %t = aie.tile(0, 4) }", ROUTE)
    assert "aie.switchbox(%tile_0_4)" in routed
    assert "aie.wire(%tile_0_4 : DMA, %switchbox_0_4 : DMA)" in routed


def test_connections_come_from_where_their_flow_does_and_packets_from_their_tile() -> None:
    text = """aie.device(npu1_1col) {
      %a = aie.tile(0, 2) loc("tile.py":1:1)
      %b = aie.tile(0, 3)
      aie.flow(%a, DMA : 0, %b, DMA : 0) loc("flow.py":2:1)
      aie.packet_flow(1) { aie.packet_source<%a, DMA : 1> aie.packet_dest<%b, DMA : 1> }
    }"""
    module = parse_text(text, "design.mlir")
    ROUTE.apply(Context(), module)
    printed = print_module(module, locations=True)
    places = dict(re.findall(r"(#loc\d*) = (loc\(.*\))", printed))
    found = {
        kind: [places[place] for place in re.findall(rf"aie\.{kind}\W.* loc\((#loc\d*)\)", printed)]
        for kind in ("connect", "amsel", "rule")
    }
    assert set(found["connect"]) == {'loc("flow.py":2:1)'}
    assert 'loc("tile.py":1:1)' in found["amsel"]
    assert 'loc("tile.py":1:1)' in found["rule"]
