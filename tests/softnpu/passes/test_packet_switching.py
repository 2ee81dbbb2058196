from __future__ import annotations

import pytest

from softnpu.arch.device import device
from softnpu.arch.ports import Bundle
from softnpu.passes.packet_switching import (
    PacketFlow,
    SwitchingError,
    SwitchPlan,
    plan_packet_switches,
    select_of,
)
from softnpu.passes.pathfinder import Connection, Pathfinder, Route
from softnpu.passes.routing_graph import EndPoint, Tile

TILE = (0, 2)


def port(bundle: Bundle, channel: int, tile: Tile = TILE) -> EndPoint:
    return EndPoint(tile, bundle, channel)


def flow(
    id: int,
    source: EndPoint,
    *destinations: EndPoint,
    priority: bool = False,
    keep_header: bool | None = None,
) -> PacketFlow:
    return PacketFlow(id, source, destinations, keep_header, priority)


def plan(*flows: PacketFlow) -> SwitchPlan:
    """What one switch needs if each flow comes in and goes out at one tile."""
    routes: dict[EndPoint, Route] = {}
    for each in flows:
        links = routes.setdefault(each.source, {}).setdefault(TILE, [])
        for end in each.destinations:
            if (link := Connection(each.source, end)) not in links:
                links.append(link)
    return plan_packet_switches(flows, routes)[TILE]


SOUTH = port(Bundle.South, 1)
DMA0, DMA1 = port(Bundle.DMA, 0), port(Bundle.DMA, 1)
NORTH = port(Bundle.North, 2)


def rules_of(switch: SwitchPlan, slave: EndPoint) -> list[tuple[int, int, int]]:
    return [(rule.mask, rule.value, rule.select) for rule in switch.rules[slave]]


def test_ids_with_the_same_destinations_share_a_rule_that_ignores_where_they_differ() -> None:
    switch = plan(flow(4, SOUTH, DMA0), flow(6, SOUTH, DMA0))
    assert rules_of(switch, SOUTH) == [(0b11101, 0b00100, select_of(0, 0))]


def test_ids_with_different_destinations_have_arbiters_of_their_own() -> None:
    switch = plan(flow(1, SOUTH, DMA0), flow(2, SOUTH, NORTH))
    assert switch.selects == [(0, 0), (1, 0)]
    assert [(master, selects) for master, selects, _ in switch.masters] == [
        (DMA0, (select_of(0, 0),)),
        (NORTH, (select_of(1, 0),)),
    ]
    assert rules_of(switch, SOUTH) == [(31, 2, select_of(1, 0)), (31, 1, select_of(0, 0))]


def test_a_master_port_stays_with_one_arbiter_and_takes_several_selects() -> None:
    west = port(Bundle.West, 0)
    switch = plan(flow(1, SOUTH, DMA0), flow(2, west, DMA0, NORTH))
    assert switch.selects == [(0, 0), (0, 1)]
    assert {m: s for m, s, _ in switch.masters} == {
        DMA0: (select_of(0, 0), select_of(0, 1)),
        NORTH: (select_of(0, 1),),
    }


def test_control_flows_take_arbiters_from_the_top() -> None:
    control = flow(15, port(Bundle.TileControl, 0), NORTH, priority=True)
    switch = plan(flow(1, SOUTH, DMA0), control)
    assert switch.selects == [(0, 0), (5, 3)]


def test_the_header_is_kept_where_the_flow_says_so() -> None:
    switch = plan(flow(1, SOUTH, DMA0, keep_header=True), flow(2, SOUTH, DMA1))
    assert [keep for _, _, keep in switch.masters] == [True, None]


def test_an_id_that_a_masked_rule_would_catch_is_refused() -> None:
    """Ids 0 and 3 to one destination leave a mask that lets 1 and 2 through as well."""
    with pytest.raises(SwitchingError) as error:
        plan(flow(1, SOUTH, NORTH), flow(0, SOUTH, DMA0), flow(3, SOUTH, DMA0))
    assert error.value.tile == TILE
    assert error.value.ids == (1,)
    assert "another packet id" in error.value.remedy


def test_a_port_has_four_rules() -> None:
    ends = [DMA0, DMA1, NORTH, port(Bundle.East, 0), port(Bundle.West, 0)]
    with pytest.raises(SwitchingError, match="more than the 4 rules"):
        plan(*[flow(id, SOUTH, end) for id, end in enumerate(ends)])


def test_a_stream_to_ports_of_two_arbiters_is_cut_off_from_the_second_ones() -> None:
    switch = plan(
        flow(1, port(Bundle.South, 0), DMA0),
        flow(2, port(Bundle.South, 1), DMA1),
        flow(3, port(Bundle.South, 2), DMA0, DMA1),
    )
    assert switch.cut_off == [(3, DMA1, 1)]
    assert {master: selects for master, selects, _ in switch.masters} == {DMA0: (0, 6), DMA1: (1,)}


def test_a_flow_uses_only_the_branches_that_lead_to_its_own_destinations() -> None:
    """Two ids from one source are routed as one tree; each takes its branch of it."""
    finder = Pathfinder(device("npu1_1col"))
    source, near, far = port(Bundle.DMA, 0, (0, 0)), DMA0, port(Bundle.DMA, 0, (0, 4))
    flows = [flow(1, source, near), flow(2, source, far)]
    for each in flows:
        finder.add_flow(source, each.destinations[0], packet=True)
    plans = plan_packet_switches(flows, finder.find_paths())
    (ruled,) = plans[TILE].rules.values()
    assert sorted(rule.value for rule in ruled) == [1, 2]
    assert [rule.value for rules in plans[0, 3].rules.values() for rule in rules] == [2]


def test_sources_that_circuits_have_taken_are_left_out() -> None:
    routes: dict[EndPoint, Route] = {SOUTH: {TILE: [Connection(SOUTH, DMA0)]}}
    assert plan_packet_switches([flow(1, SOUTH, DMA0)], routes, circuits={SOUTH}) == {}
