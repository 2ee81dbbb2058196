from __future__ import annotations

from itertools import pairwise

import pytest

from softnpu.arch.device import device
from softnpu.arch.ports import Bundle, EndPoint
from softnpu.passes.pathfinder import (
    CIRCUIT_GROUP,
    CongestionError,
    Connection,
    Pathfinder,
    Route,
    shortest_paths,
)
from softnpu.passes.routing_graph import RoutingGraph

NPU1 = device("npu1")
ONE_COLUMN = device("npu1_1col")


def dma(col: int, row: int, channel: int = 0) -> EndPoint:
    return EndPoint((col, row), Bundle.DMA, channel)


def links(routes: dict[EndPoint, Route]) -> list[Connection]:
    """Every connection of every route."""
    return [link for route in routes.values() for links in route.values() for link in links]


def follow(route: Route, start: EndPoint) -> set[EndPoint]:
    """The ports that a route leads to from its start, its own wires included."""
    graph = RoutingGraph(NPU1)
    reached = {start}
    for _ in range(100):
        for connections in route.values():
            reached |= {link.destination for link in connections if link.source in reached}
        wires = [
            graph.end_point(edge.destination)
            for end in reached
            for edge in graph.leaving(graph.node(end))
            if graph.end_point(edge.destination).tile != end.tile
        ]
        reached |= set(wires)
    return reached


def test_a_route_leads_from_source_to_all_destinations() -> None:
    finder = Pathfinder(NPU1)
    destinations = [dma(0, 2), dma(3, 5, 1), dma(2, 1, 4)]
    for destination in destinations:
        finder.add_flow(dma(0, 0), destination)
    routes = finder.find_paths()
    assert set(destinations) <= follow(routes[dma(0, 0)], dma(0, 0))


def test_no_two_circuits_share_a_port() -> None:
    finder = Pathfinder(ONE_COLUMN)
    for channel in range(6):
        finder.add_flow(dma(0, 1, channel), dma(0, 2 + channel % 4, channel // 4))
    finder.add_flow(dma(0, 5), dma(0, 1, 5))
    used = links(finder.find_paths())
    assert len({link.source for link in used}) == len(used)
    assert len({link.destination for link in used}) == len(used)


def test_packet_flows_to_one_destination_share_what_circuits_cannot() -> None:
    sources = [dma(0, row, channel) for row in (2, 3, 4, 5) for channel in (0, 1)]
    shared, separate = Pathfinder(ONE_COLUMN), Pathfinder(ONE_COLUMN)
    for id, source in enumerate(sources):
        shared.add_flow(source, dma(0, 0), packet_id=id)
        separate.add_flow(source, dma(0, 0))
    assert {flow.group for flow in shared.flows} == {0}
    assert set(shared.find_paths()) == set(sources)
    with pytest.raises(CongestionError):
        separate.find_paths()


def test_packet_flows_with_nothing_in_common_are_kept_apart() -> None:
    finder = Pathfinder(ONE_COLUMN)
    finder.add_flow(dma(0, 3), dma(0, 0, 0), packet_id=1)
    finder.add_flow(dma(0, 4), dma(0, 0, 1), packet_id=1)
    assert [flow.group for flow in finder.flows] == [0, 1]
    first, second = finder.find_paths().values()
    assert not {link.source for link in first[0, 1]} & {link.source for link in second[0, 1]}


def test_a_priority_flow_takes_the_same_way_whatever_else_there_is() -> None:
    alone = Pathfinder(NPU1)
    crowded = Pathfinder(NPU1)
    control = EndPoint((1, 0), Bundle.TileControl, 0)
    for column in range(4):
        for row in (2, 3, 4):
            crowded.add_flow(dma(column, row), dma(1, 0), packet_id=column * 3 + row)
    for finder in (alone, crowded):
        south = EndPoint((1, 0), Bundle.South, 0)
        finder.add_flow(control, south, packet_id=1, priority=True)
        finder.sort_flows()
    assert crowded.find_paths()[control] == alone.find_paths()[control]


def test_a_fixed_connection_cannot_be_made_twice_and_its_source_may_lead_elsewhere() -> None:
    finder = Pathfinder(ONE_COLUMN)
    fixed = Connection(dma(0, 2), EndPoint((0, 2), Bundle.South, 0))
    assert finder.add_fixed_connection(fixed)
    assert not finder.add_fixed_connection(fixed)
    finder.add_flow(dma(0, 2), dma(0, 1))
    (south,) = finder.find_paths()[dma(0, 2)][0, 2]
    assert south.destination.bundle is Bundle.South
    assert south.destination.channel != fixed.destination.channel


def test_too_many_streams_for_a_border_are_proved_to_be_so() -> None:
    finder = Pathfinder(ONE_COLUMN)
    for channel in range(6):
        finder.add_flow(dma(0, 1, channel), dma(0, 2 + channel % 4, channel // 4))
    finder.add_flow(dma(0, 0), EndPoint((0, 4), Bundle.Core, 0))
    with pytest.raises(CongestionError) as error:
        finder.find_paths()
    cut = error.value.cut
    assert cut is not None
    assert (len(cut.streams), cut.ports, cut.outward) == (7, 6, True)
    assert str(cut).startswith("7 streams have to leave tiles (0, 0) to (0, 1)")


def test_stopping_early_finds_the_same_paths() -> None:
    graph = RoutingGraph(NPU1)
    source = graph.node(dma(0, 0))
    everything = shortest_paths(graph, source, [-1])
    for target in (dma(3, 5), dma(0, 1, 3), dma(2, 3, 1)):
        node = graph.node(target)
        early = shortest_paths(graph, source, [node])
        while node != source:
            assert early[node] is everything[node]
            node = early[node].source


def test_paths_are_as_short_as_can_be() -> None:
    """Breadth first, every connection and every wire being one step."""
    graph = RoutingGraph(NPU1)
    source = graph.node(dma(1, 2))
    steps = {source: 0}
    frontier = [source]
    while frontier:
        following = []
        for node in frontier:
            for edge in graph.leaving(node):
                if edge.destination not in steps:
                    steps[edge.destination] = steps[node] + 1
                    following.append(edge.destination)
        frontier = following
    arrivals = shortest_paths(graph, source, [-1])
    assert arrivals.keys() >= steps.keys() - {source}
    for node, edge in arrivals.items():
        assert steps[node] == steps[edge.source] + 1


def test_flows_are_sorted_by_source_if_they_have_priority() -> None:
    finder = Pathfinder(NPU1)
    for source, priority in ((dma(3, 0), False), (dma(2, 0), True), (dma(0, 0), True)):
        finder.add_flow(source, dma(1, 1, source.tile[0]), packet_id=1, priority=priority)
    finder.sort_flows()
    assert [flow.source for flow in finder.flows] == [dma(0, 0), dma(2, 0), dma(3, 0)]
    priorities = [flow.priority for flow in finder.flows]
    assert all(a >= b for a, b in pairwise(priorities))
    assert CIRCUIT_GROUP not in {flow.group for flow in finder.flows}
