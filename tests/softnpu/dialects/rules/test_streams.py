"""What an author reads about switches, flows and cascades that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.errors import DesignError


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "aie.flow(%shim, DMA : 2, %core, DMA : 0)",
            "tile (0, 0) has DMA channels 0 to 1, found 2",
        ),
        (
            "aie.packet_flow(1) { aie.packet_source<%mem, DMA : 6> "
            "aie.packet_dest<%core, DMA : 0> }",
            "tile (0, 1) has DMA channels 0 to 5, found 6",
        ),
        (
            "aie.packet_flow(32) { aie.packet_source<%mem, DMA : 0> "
            "aie.packet_dest<%core, DMA : 0> }",
            "a packet id is 0 to 31, found 32",
        ),
        (
            "aie.packet_flow(1) { aie.packet_dest<%core, DMA : 0> }",
            "packet flow 1 has no aie.packet_source",
        ),
        (
            "aie.packet_flow(1) { aie.packet_source<%core, DMA : 0> }",
            "packet flow 1 has no destination",
        ),
        (
            "%s = aie.switchbox(%core) { aie.connect<South : 6, DMA : 0> }",
            "the switch of tile (0, 2) has source ports South : 0 to 5, found 6",
        ),
        (
            "%s = aie.switchbox(%mem) { aie.connect<East : 0, DMA : 0> }",
            "the switch of tile (0, 1) has no source ports East",
        ),
        (
            "%s = aie.switchbox(%core) { aie.connect<South : 0, DMA : 0> "
            "aie.connect<South : 1, DMA : 0> }",
            "destination DMA : 0 is driven twice",
        ),
        (
            "%s = aie.switchbox(%mem) { aie.connect<DMA : 0, DMA : 1> }",
            "the switch of tile (0, 1) cannot connect DMA : 0 to DMA : 1",
        ),
        (
            "%s = aie.switchbox(%core) { %a = aie.amsel<0>(0)\n%b = aie.amsel<1>(0)\n"
            "%m = aie.masterset(DMA : 0, %a, %b) }",
            "a master port takes from one arbiter, this one from 0, 1",
        ),
        (
            "%s = aie.switchbox(%core) { %a = aie.amsel<0>(0)\naie.packet_rules(South : 0) {"
            + "aie.rule(31, 1, %a)\n" * 5
            + "} }",
            "a port holds 4 packet rules, this one 5",
        ),
        ("%s = aie.switchbox(%core) { aie.event(0) }", "'aie.event' cannot stand in a switchbox"),
        ("aie.flow(%core, Core : 65536, %mem, DMA : 0)", "no tile has a port Core : 65536"),
        (
            "aiex.broadcast_packet(%mem, DMA : 0) { aiex.bp_id(3) { "
            "aiex.bp_dest<%core, DMA : 9> } }",
            "has DMA channels 0 to 1, found 9",
        ),
        ("aiex.broadcast_packet(%mem, Core : 8) { }", "no tile has a port Core : 8"),
        ("aiex.multicast(%mem, Core : 8) { }", "no tile has a port Core : 8"),
        ("aie.flow(%core, DMA : 2, %mem, DMA : 0)", "has DMA channels 0 to 1, found 2"),
        ("aie.cascade_flow(%mem, %core)", "tile (0, 1) has no cascade: only cores have"),
        ("%t = aie.tile(0, 5)\naie.cascade_flow(%t, %core)", "a cascade goes to a neighbour"),
        ("aie.configure_cascade(%core, South, East)", "a cascade comes from North or West"),
        ("aie.configure_cascade(%core, West, North)", "a cascade goes to South or East"),
        (
            "%c = aie.core(%core) { %v = aie.get_cascade() : vector<8xi32>\n aie.end }",
            "the cascade carries 512 bits at a time, vector<8xi32> has 256",
        ),
        ("%a = aie.amsel<0>(0)", "'aie.amsel' stands directly in aie.switchbox"),
        ("%s = aie.switchbox(%core) { %a = aie.amsel<6>(0) }", "'arbiterID' must be an integer"),
    ],
)
def test_what_cannot_be_is_said(
    body: str, message: str, refusal: Callable[[str], DesignError]
) -> None:
    assert message in refusal(body).message
