"""Streams through switches that are set wrongly: each says where it goes wrong."""

import pytest

from softnpu.arch.ports import Bundle, Port
from softnpu.inspect.streams import Stream, follow
from tests.softnpu.inspect.wiring import wired

DMA0 = Port(Bundle.DMA, 0)


def ends(stream: Stream) -> list[tuple[str, bool]]:
    return [(str(arrival.end), arrival.header) for arrival in stream.arrivals]


def test_a_circuit_arrives_at_every_port_that_takes_it() -> None:
    array = wired("""
        aie.switchbox(%c) { aie.connect<DMA : 0, North : 2>  aie.connect<DMA : 0, Core : 0> }
        aie.switchbox(%d) { aie.connect<South : 2, DMA : 1> }
    """)
    stream = follow(array.tiles, (0, 2), DMA0)
    assert sorted(ends(stream)) == [("(0,2) Core0", False), ("(0,3) S2MM 1", False)]
    assert not stream.faults


def test_packets_go_by_the_first_rule_that_takes_their_id() -> None:
    array = wired("""
        aie.switchbox(%c) {
          %a = aie.amsel<0>(0)
          %b = aie.amsel<1>(0)
          aie.masterset(DMA : 0, %a)
          aie.masterset(Core : 0, %b)
          aie.packet_rules(DMA : 0) { aie.rule(30, 2, %a)  aie.rule(0, 0, %b) }
        }
    """)
    found = {id: ends(follow(array.tiles, (0, 2), DMA0, id)) for id in (1, 2, 3, 4)}
    dma, core = [("(0,2) S2MM 0", False)], [("(0,2) Core0", True)]
    assert found == {1: core, 2: dma, 3: dma, 4: core}


WRONG = {
    "nothing takes it": (
        "aie.switchbox(%c) { aie.connect<DMA : 0, North : 2> }",
        None,
        "tile (0, 3), South 2: the switch connects this port to nothing",
    ),
    "a rule too few": (
        """aie.switchbox(%c) { %a = aie.amsel<0>(0) aie.masterset(Core : 0, %a)
           aie.packet_rules(DMA : 0) { aie.rule(31, 2, %a) } }""",
        3,
        "tile (0, 2), DMA 0: no rule takes packets with id 3 (its rules: 2 under mask 0x1f)",
    ),
    "a select that no port has": (
        """aie.switchbox(%c) { %a = aie.amsel<0>(0) %b = aie.amsel<0>(1)
           aie.masterset(Core : 0, %a) aie.packet_rules(DMA : 0) { aie.rule(31, 2, %b) } }""",
        2,
        "tile (0, 2), DMA 0: packets with id 2 go to arbiter 0, msel 1, which leads nowhere",
    ),
    "data taken for packets": (
        """aie.switchbox(%c) { %a = aie.amsel<0>(0) aie.masterset(Core : 0, %a)
           aie.packet_rules(DMA : 0) { aie.rule(31, 2, %a) } }""",
        None,
        "tile (0, 2), DMA 0: the port takes the first word for a packet header",
    ),
    "the header is dropped on the way": (
        """aie.switchbox(%c) { %a = aie.amsel<0>(0)
             aie.masterset(North : 0, %a) {keep_pkt_header = false}
             aie.packet_rules(DMA : 0) { aie.rule(31, 2, %a) } }
           aie.switchbox(%d) { %a2 = aie.amsel<0>(0) aie.masterset(DMA : 0, %a2)
             aie.packet_rules(South : 0) { aie.rule(31, 2, %a2) } }""",
        2,
        "tile (0, 3), South 0: the port takes the first word for a packet header",
    ),
    "off the array": (
        "aie.switchbox(%c) { aie.connect<DMA : 0, West : 1> }",
        None,
        "tile (0, 2), West 1: the array ends here",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_where_a_stream_is_stuck_and_why(wrong: str) -> None:
    body, packet_id, fault = WRONG[wrong]
    stream = follow(wired(body).tiles, (0, 2), DMA0, packet_id)
    assert fault in map(str, stream.faults)


def test_a_circle_is_told_and_left() -> None:
    array = wired("""
        aie.switchbox(%c) {
          %a = aie.amsel<0>(0)
          aie.masterset(North : 0, %a)
          aie.packet_rules(DMA : 0) { aie.rule(31, 1, %a) }
          aie.packet_rules(North : 0) { aie.rule(31, 1, %a) }
        }
        aie.switchbox(%d) { aie.connect<South : 0, South : 0> }
    """)
    (fault,) = follow(array.tiles, (0, 2), DMA0, 1).faults
    assert str(fault) == "tile (0, 3), South 0: the stream runs in a circle"


def test_two_ways_to_one_port_are_told() -> None:
    array = wired("""
        aie.switchbox(%c) { aie.connect<DMA : 0, North : 0>  aie.connect<DMA : 0, North : 1> }
        aie.switchbox(%d) {
          %a = aie.amsel<0>(0)
          aie.masterset(DMA : 0, %a)
          aie.packet_rules(South : 0) { aie.rule(31, 1, %a) }
          aie.packet_rules(South : 1) { aie.rule(31, 1, %a) }
        }
    """)
    stream = follow(array.tiles, (0, 2), DMA0, 1)
    assert ends(stream) == [("(0,3) S2MM 0", False)] * 2
