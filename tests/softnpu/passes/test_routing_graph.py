from __future__ import annotations

import pytest

from softnpu.arch.device import device
from softnpu.arch.ports import Bundle, EndPoint
from softnpu.passes.routing_graph import RoutingGraph

NPU2 = device("npu2")


def reach(graph: RoutingGraph, end: EndPoint) -> set[EndPoint]:
    return {graph.end_point(edge.destination) for edge in graph.leaving(graph.node(end))}


@pytest.mark.parametrize(
    "end",
    [
        EndPoint((0, 0), Bundle.Core, 0),
        EndPoint((7, 5), Bundle.TileControl, 0),
        EndPoint((3, 1), Bundle.North, 5),
        EndPoint((2, 0), Bundle.PLIO, 7),
    ],
)
def test_a_node_knows_its_port(end: EndPoint) -> None:
    graph = RoutingGraph(NPU2)
    assert graph.end_point(graph.node(end)) == end


def test_nodes_are_numbered_in_the_order_of_their_ports() -> None:
    graph = RoutingGraph(NPU2)
    ends = [
        EndPoint((col, row), bundle, channel)
        for col in range(8)
        for row in range(6)
        for bundle in Bundle
        for channel in range(8)
    ]
    nodes = [graph.node(end) for end in ends]
    assert nodes == sorted(nodes)
    assert nodes[-1] < graph.size


def test_a_shims_dma_is_reached_as_if_it_were_a_port_of_the_switch() -> None:
    graph = RoutingGraph(NPU2)
    shim_dma = EndPoint((4, 0), Bundle.DMA, 1)
    assert EndPoint((4, 0), Bundle.North, 5) in reach(graph, shim_dma)
    assert shim_dma in reach(graph, EndPoint((4, 0), Bundle.North, 2))


def test_no_wire_leaves_the_array() -> None:
    graph = RoutingGraph(NPU2)
    for node in range(graph.size):
        for edge in graph.leaving(node):
            assert NPU2.is_valid_tile(*graph.end_point(edge.destination).tile)


def test_a_memory_tile_passes_streams_straight_on_only() -> None:
    graph = RoutingGraph(NPU2)
    through = reach(graph, EndPoint((1, 1), Bundle.South, 3))
    north = {end for end in through if end.bundle is Bundle.North and end.tile == (1, 1)}
    assert north == {EndPoint((1, 1), Bundle.North, 3)}
    assert EndPoint((1, 1), Bundle.DMA, 5) in through


def test_a_taken_connection_is_closed_and_others_of_its_port_stay_open() -> None:
    graph = RoutingGraph(NPU2)
    source, destination = EndPoint((0, 2), Bundle.Core, 0), EndPoint((0, 2), Bundle.South, 1)
    before = reach(RoutingGraph(NPU2), source)
    assert graph.take(source, destination)
    assert reach(graph, source) == before - {destination}
    assert not graph.take(source, destination)


def test_a_connection_that_the_switch_lacks_cannot_be_taken() -> None:
    graph = RoutingGraph(NPU2)
    south, north = EndPoint((0, 1), Bundle.South, 0), EndPoint((0, 1), Bundle.North, 1)
    assert not graph.take(south, north)
