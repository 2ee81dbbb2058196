"""Allocations that name a column instead of a tile."""

from __future__ import annotations

import pytest

from softnpu.dialects.text import parse_text, print_module

ALLOCATION = "aie.shim_dma_allocation @in(MM2S, 1, 0)"
TILE = "%t = aie.tile(0, 0)"


@pytest.mark.parametrize("body", [f"{TILE}\n{ALLOCATION}", f"{ALLOCATION}\n{TILE}", ALLOCATION])
def test_the_tile_is_found_wherever_it_stands(body: str) -> None:
    text = f"module {{ aie.device(npu1_1col) {{ {body} }} }}"
    assert print_module(parse_text(text)) == (
        "module {\n"
        "  aie.device(npu1_1col) {\n"
        "    %shim_noc_tile_0_0 = aie.tile(0, 0)\n"
        "    aie.shim_dma_allocation @in(%shim_noc_tile_0_0, MM2S, 1)\n"
        "  }\n"
        "}\n\n"
    )
