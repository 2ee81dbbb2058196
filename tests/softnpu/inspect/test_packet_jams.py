"""Packets that hold what others wait for: found by their ways alone."""

from __future__ import annotations

import pytest

from softnpu.inspect.route_check import Difference, doubts
from tests.softnpu.inspect.wiring import flows, wired

UP = "aie.packet_flow(1) { aie.packet_source<%c, DMA : 0> aie.packet_dest<%d, DMA : 1> }"
DOWN = "aie.packet_flow(2) { aie.packet_source<%d, DMA : 0> aie.packet_dest<%c, DMA : 1> }"


def found(body: str, switches: str) -> list[Difference]:
    return doubts(flows(body), wired(switches))


def tile(name: str, mine: int, others: int, beyond: str, comes: int, goes: int) -> str:
    """A tile that sends packets `goes` over a wire by one arbiter, and takes others by another."""
    return f"""
        aie.switchbox(%{name}) {{
          %0 = aie.amsel<{mine}>(0)
          %1 = aie.amsel<{others}>(1)
          aie.masterset({beyond} : 0, %0)
          aie.masterset(DMA : 1, %1)
          aie.packet_rules(DMA : 0) {{ aie.rule(31, {goes}, %0) }}
          aie.packet_rules({beyond} : 0) {{ aie.rule(31, {comes}, %1) }}
        }}
    """


def test_two_ways_through_the_same_arbiters_in_opposite_order() -> None:
    switches = tile("c", 0, 0, "North", 2, 1) + tile("d", 3, 3, "South", 1, 2)
    (doubt,) = found(UP + DOWN, switches)
    assert doubt.message == (
        "packets can wait for each other for ever: those of packet flow 1 from tile (0, 2) DMA 0 "
        "to tile (0, 3) DMA 1 and of packet flow 2 from tile (0, 3) DMA 0 to tile (0, 2) DMA 1"
    )
    assert doubt.location is not None
    first, second, _ = doubt.notes
    assert first.endswith("can have arbiter 0 of tile (0, 2) and wait for arbiter 3 of tile (0, 3)")
    assert second.endswith(
        "can have arbiter 3 of tile (0, 3) and wait for arbiter 0 of tile (0, 2)"
    )


@pytest.mark.parametrize("apart", ["c", "d"])
def test_one_arbiter_of_its_own_is_enough(apart: str) -> None:
    arbiters = {name: (0, 1 if name == apart else 0) for name in "cd"}
    switches = tile("c", *arbiters["c"], "North", 2, 1) + tile("d", *arbiters["d"], "South", 1, 2)
    assert found(UP + DOWN, switches) == []


TO_BOTH = """
    aie.packet_flow({id}) {{
      aie.packet_source<%c, DMA : {channel}>
      aie.packet_dest<%c, DMA : 0>
      aie.packet_dest<%d, DMA : 1>
    }}
"""
BOTH = TO_BOTH.format(id=1, channel=0) + TO_BOTH.format(id=2, channel=1)
ARRIVES = """
    aie.switchbox(%d) {
      %b = aie.amsel<0>(0)
      aie.masterset(DMA : 1, %b)
      aie.packet_rules(South : 0) { aie.rule(28, 0, %b) }
      RULES
    }
"""


def test_packets_that_meet_before_they_divide_keep_their_order() -> None:
    switch = """
        aie.switchbox(%c) {
          %a = aie.amsel<0>(0)
          aie.masterset(DMA : 0, %a)
          aie.masterset(North : 0, %a)
          aie.packet_rules(DMA : 0) { aie.rule(31, 1, %a) }
          aie.packet_rules(DMA : 1) { aie.rule(31, 2, %a) }
        }
    """
    assert found(BOTH, switch + ARRIVES.replace("RULES", "")) == []


def test_packets_that_divide_before_they_meet_can_come_in_another_order_to_each_end() -> None:
    """The first goes up by the east."""
    both = BOTH.replace("<%c, DMA : 1>", "<%e, DMA : 0>")
    switches = """
        aie.switchbox(%e) {
          %a = aie.amsel<0>(0)
          aie.masterset(West : 0, %a)
          aie.masterset(West : 1, %a)
          aie.packet_rules(DMA : 0) { aie.rule(31, 2, %a) }
        }
        aie.switchbox(%c) {
          %own = aie.amsel<0>(0)
          %here = aie.amsel<0>(1)
          %through = aie.amsel<1>(0)
          aie.masterset(DMA : 0, %own, %here)
          aie.masterset(North : 0, %own)
          aie.masterset(North : 1, %through)
          aie.packet_rules(DMA : 0) { aie.rule(31, 1, %own) }
          aie.packet_rules(East : 0) { aie.rule(31, 2, %here) }
          aie.packet_rules(East : 1) { aie.rule(31, 2, %through) }
        }
    """
    rules = "aie.packet_rules(South : 1) { aie.rule(31, 2, %b) }"
    (doubt,) = found(both, switches + ARRIVES.replace("RULES", rules))
    assert doubt.message.startswith("packets can wait for each other for ever")
