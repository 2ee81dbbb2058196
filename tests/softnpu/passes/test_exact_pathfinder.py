"""Routes that keep to what a switch can do, where mlir-aie's do not."""

from __future__ import annotations

import pytest

from softnpu.arch.device import device
from softnpu.arch.ports import Bundle, EndPoint
from softnpu.passes.exact_pathfinder import ExactPathfinder
from softnpu.passes.pathfinder import CongestionError, Connection, Pathfinder, Route

ONE_COLUMN = device("npu1_1col")
NPU2 = device("npu2")


def dma(col: int, row: int, channel: int = 0) -> EndPoint:
    return EndPoint((col, row), Bundle.DMA, channel)


def hops(route: Route) -> list[tuple[str, str]]:
    return [
        (f"{tile} {link.source.bundle.name}", link.destination.bundle.name)
        for tile, links in route.items()
        for link in links
    ]


def test_a_trace_leaves_its_tile_by_the_switchs_fifo_and_not_through_a_dma() -> None:
    finder = ExactPathfinder(NPU2)
    trace = EndPoint((0, 2), Bundle.Trace, 0)
    finder.add_flow(trace, dma(1, 2))
    assert hops(finder.find_paths()[trace]) == [
        ("(0, 2) FIFO", "East"),
        ("(0, 2) Trace", "FIFO"),
        ("(1, 2) West", "DMA"),
    ]
    asked = Pathfinder(NPU2)
    asked.add_flow(trace, dma(1, 2))
    assert ("(0, 2) DMA", "East") in hops(asked.find_paths()[trace])


def test_a_stream_that_comes_back_to_its_tile_has_been_to_another() -> None:
    finder = ExactPathfinder(ONE_COLUMN)
    finder.add_flow(dma(0, 1, 0), dma(0, 1, 2))
    route = finder.find_paths()[dma(0, 1, 0)]
    assert len(route) == 2
    out, back = route[0, 1]
    if out.destination.bundle not in (Bundle.North, Bundle.South):
        out, back = back, out
    assert (out.source, back.destination) == (dma(0, 1, 0), dma(0, 1, 2))
    assert out.destination.bundle is back.source.bundle


def shared(ids: tuple[int, int], ends: tuple[EndPoint, EndPoint]) -> list[Connection]:
    """What routes from two shims to the same row share."""
    finder = ExactPathfinder(NPU2)
    for column, id, end in zip((2, 3), ids, ends, strict=True):
        finder.add_flow(dma(column, 0), end, packet_id=id)
    first, second = finder.find_paths().values()
    links = [{link for part in route.values() for link in part} for route in (first, second)]
    return sorted(links[0] & links[1])


def test_packets_with_one_id_to_one_port_join_and_stay_together() -> None:
    assert len(shared((1, 1), (dma(0, 2), dma(0, 2)))) == 4


def test_packets_with_one_id_to_different_ports_never_meet() -> None:
    assert shared((1, 1), (dma(0, 2), dma(0, 3))) == []


def test_packets_with_one_id_that_part_again_may_not_meet_though_one_end_is_the_same() -> None:
    finder = ExactPathfinder(ONE_COLUMN)
    finder.add_flow(dma(0, 0, 0), dma(0, 4), packet_id=1)
    finder.add_flow(dma(0, 0, 1), dma(0, 4), packet_id=1)
    finder.add_flow(dma(0, 0, 1), dma(0, 3), packet_id=1)
    routes = finder.find_paths()
    entered = [
        {link.source for part in route.values() for link in part if link.source.tile[1] in (1, 2)}
        for route in routes.values()
    ]
    assert not entered[0] & entered[1]


def test_flows_that_meet_at_a_destination_are_one_group_whatever_lies_between() -> None:
    """mlir-aie counts on with the groups of flows in between, and has the last two kept apart."""
    ends = {0: [dma(0, 0)], 1: [dma(0, 1)], 2: [dma(0, 0)], 3: [dma(0, 2), dma(0, 0, 1)]}
    finder, asked = ExactPathfinder(NPU2), Pathfinder(NPU2)
    for id, destinations in ends.items():
        for destination in destinations:
            finder.add_flow(dma(2, 2 + id), destination, packet_id=id)
            asked.add_flow(dma(2, 2 + id), destination, packet_id=id)
    finder.add_flow(dma(3, 2), dma(0, 2), packet_id=4)
    finder.find_paths()
    first, between, second, fourth, fifth = (flow.group for flow in finder.flows)
    assert first == second != between != fourth == fifth
    assert asked.flows[2].group == asked.flows[1].group


def test_more_sources_than_wires_reach_one_port_with_one_id() -> None:
    finder = ExactPathfinder(ONE_COLUMN)
    sources = [dma(0, row, channel) for row in (2, 3, 4, 5) for channel in (0, 1)]
    for source in sources:
        finder.add_flow(source, dma(0, 0), packet_id=7)
    assert set(finder.find_paths()) == set(sources)


def test_both_ports_of_a_connection_by_hand_are_closed() -> None:
    def routed(by_hand: list[Connection]) -> Route:
        finder = ExactPathfinder(ONE_COLUMN)
        finder.add_flow(dma(0, 0), dma(0, 1, 1))
        for connection in by_hand:
            assert finder.add_fixed_connection(connection)
        return finder.find_paths()[dma(0, 0)]

    (link,) = routed([])[0, 1]
    by_hand = Connection(link.source, dma(0, 1, 0))
    (other,) = routed([by_hand])[0, 1]
    assert other.source != link.source
    souths = [EndPoint((0, 1), Bundle.South, channel) for channel in range(6)]
    ends = [*(dma(0, 1, n) for n in (0, 2, 3, 4, 5)), EndPoint((0, 1), Bundle.TileControl, 0)]
    with pytest.raises(CongestionError):
        routed([Connection(*ports) for ports in zip(souths, ends, strict=True)])


def test_a_flow_may_start_where_a_connection_by_hand_does() -> None:
    finder = ExactPathfinder(ONE_COLUMN)
    finder.add_flow(dma(0, 2), dma(0, 3))
    assert finder.add_fixed_connection(Connection(dma(0, 2), EndPoint((0, 2), Bundle.South, 0)))
    assert finder.find_paths()
