from __future__ import annotations

import re

import pytest

from softnpu.errors import DesignError
from softnpu.passes.assign_tile_controller_ids import AssignTileCtrlIDsPass
from softnpu.passes.generate_column_control_overlay import GenerateColumnControlOverlayPass
from tests.softnpu.passes.conftest import Lower

DESIGN = """
  aie.device(npu1) {
    %shim = aie.tile(0, 0)
    %core = aie.tile(0, 4)
    %lonely = aie.tile(1, 2)
  }
"""
IDS = AssignTileCtrlIDsPass()


def flows(text: str) -> list[tuple[str, ...]]:
    """(id, source, destination) of the packet flows."""
    pattern = r"packet_flow\((\d+)\) \{\s*aie\.packet_source<%(.*?)>\s*aie\.packet_dest<%(.*?)>"
    return re.findall(pattern, text)


def test_the_shim_sends_its_tokens_south(lower: Lower) -> None:
    text = lower(DESIGN, IDS, GenerateColumnControlOverlayPass())
    assert flows(text) == [
        ("15", "shim_noc_tile_0_0, TileControl : 0", "shim_noc_tile_0_0, South : 0")
    ]
    assert "} {keep_pkt_header = true, priority_route = true}" in text


def test_a_column_without_a_shim_tile_gets_the_tile_but_no_flow(lower: Lower) -> None:
    text = lower(DESIGN, IDS, GenerateColumnControlOverlayPass())
    assert "%shim_noc_tile_1_0 = aie.tile(1, 0)\n" in text


def test_all_tiles_can_send_tokens(lower: Lower) -> None:
    text = lower(DESIGN, IDS, GenerateColumnControlOverlayPass("all-tiles"))
    assert flows(text) == [
        ("15", "shim_noc_tile_0_0, TileControl : 0", "shim_noc_tile_0_0, South : 0"),
        ("30", "tile_0_4, TileControl : 0", "shim_noc_tile_0_0, South : 0"),
        ("27", "tile_1_2, TileControl : 0", "shim_noc_tile_1_0, South : 0"),
    ]


def test_control_packets_reach_the_upper_rows_by_the_second_channel(lower: Lower) -> None:
    overlay = GenerateColumnControlOverlayPass("disable", route_shim_to_tile_ctrl=True)
    text = lower(DESIGN, IDS, overlay)
    assert flows(text) == [
        ("15", "shim_noc_tile_0_0, DMA : 0", "shim_noc_tile_0_0, TileControl : 0"),
        ("26", "shim_noc_tile_0_0, DMA : 0", "mem_tile_0_1, TileControl : 0"),
        ("27", "shim_noc_tile_0_0, DMA : 0", "tile_0_2, TileControl : 0"),
        ("29", "shim_noc_tile_0_0, DMA : 1", "tile_0_3, TileControl : 0"),
        ("30", "shim_noc_tile_0_0, DMA : 1", "tile_0_4, TileControl : 0"),
        ("15", "shim_noc_tile_1_0, DMA : 0", "shim_noc_tile_1_0, TileControl : 0"),
        ("26", "shim_noc_tile_1_0, DMA : 0", "mem_tile_1_1, TileControl : 0"),
        ("27", "shim_noc_tile_1_0, DMA : 0", "tile_1_2, TileControl : 0"),
    ]
    assert re.findall(r"aie\.shim_dma_allocation @(\w+)\(%(\w+), MM2S, (\d)\)", text) == [
        ("ctrlpkt_col0_mm2s_chan0", "shim_noc_tile_0_0", "0"),
        ("ctrlpkt_col0_mm2s_chan1", "shim_noc_tile_0_0", "1"),
        ("ctrlpkt_col1_mm2s_chan0", "shim_noc_tile_1_0", "0"),
    ]


def test_a_flow_that_has_the_shims_channel_to_itself_is_named(lower: Lower) -> None:
    design = DESIGN.replace("(1, 2)\n", "(1, 2)\n aie.flow(%shim, DMA : 1, %core, DMA : 0)\n")
    with pytest.raises(DesignError) as refused:
        lower(design, IDS, GenerateColumnControlOverlayPass(route_shim_to_tile_ctrl=True))
    assert "control packets need DMA 1 of shim tile (0, 0)" in str(refused.value)
    assert refused.value.location is not None
    assert refused.value.location.line == 6


TWO = """
  aie.device(npu1) @main {
    %core = aie.tile(0, 2) {controller_id = #aie.packet_info<pkt_type = 0, pkt_id = 7>}
  }
  aie.device(npu1) @other {
    %core = aie.tile(1, 3)
  }
  aie.device(npu1) @without {
  } {needs_ctrl_pkt_overlay = false}
"""
STANDALONE = GenerateColumnControlOverlayPass(
    "disable", route_shim_to_tile_ctrl=True, emit_standalone_overlay=True
)


def test_a_device_of_its_own_has_the_control_flows_of_all(lower: Lower) -> None:
    text = lower(TWO, STANDALONE)
    parts = text.split("aie.device(npu1) ")[1:]
    main, other, without, overlay = parts
    assert overlay.startswith("@ctrl_pkt_overlay {")
    assert flows(main) == flows(other) == flows(overlay) != []
    assert {destination.split(",")[0] for _, _, destination in flows(overlay)} == {
        *("shim_noc_tile_0_0", "mem_tile_0_1", "tile_0_2"),
        *("shim_noc_tile_1_0", "mem_tile_1_1", "tile_1_2", "tile_1_3"),
    }
    assert ("7", "shim_noc_tile_0_0, DMA : 0", "tile_0_2, TileControl : 0") in flows(overlay)
    told = ["has_ctrl_pkt_overlay = true" in part for part in parts]
    assert told == [True, True, False, True]
    assert "has_ctrl_pkt_overlay = false" in without


def test_control_flows_for_unlike_devices_are_refused(lower: Lower) -> None:
    text = TWO.replace("(npu1) @other", "(npu1_2col) @other")
    with pytest.raises(DesignError, match="'@other' is an npu1_2col, '@main' an npu1"):
        lower(text, STANDALONE)


def test_the_name_of_the_control_flows_device_must_be_free(lower: Lower) -> None:
    text = "aie.device(npu1) @ctrl_pkt_overlay {\n}\n" + TWO
    with pytest.raises(DesignError, match="the name '@ctrl_pkt_overlay' is taken"):
        lower(text, STANDALONE)
