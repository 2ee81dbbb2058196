"""Multicast, broadcast, and the ops that nobody lowers: they are read and written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Lines = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        (
            "aiex.multicast(%shim, DMA : 0) { aiex.multi_dest<%core, DMA : 0> }",
            [
                "aiex.multicast(%shim_noc_tile_0_0, DMA : 0) {",
                "  aiex.multi_dest<%tile_0_2, DMA : 0>",
                "}",
            ],
        ),
        (
            "aiex.broadcast_packet(%shim, DMA : 0) "
            "{ aiex.bp_id(3) { aiex.bp_dest<%core, DMA : 0> } }",
            [
                "aiex.broadcast_packet(%shim_noc_tile_0_0, DMA : 0) {",
                "  aiex.bp_id(3) {",
                "    aiex.bp_dest<%tile_0_2, DMA : 0>",
                "  }",
                "}",
            ],
        ),
        ("%h = aiex.herd[2] [3]", ["%0 = aiex.herd[2] [3]"]),
        ("%i = aiex.iter(0, 4, 1)", ["%0 = aiex.iter(0, 4, 1)"]),
        ('aiex.token(5) {sym_name = "t"}', ['aiex.token(5) {sym_name = "t"}']),
        (
            "aiex.connection(%core, Core : 0, %north, Core : 1)",
            ["aiex.connection(%tile_0_2, Core : 0, %tile_0_3, Core : 1)"],
        ),
    ],
)
def test_aie_opts_spelling(written: str, printed: list[str], lines: Lines) -> None:
    assert lines(written) == printed
