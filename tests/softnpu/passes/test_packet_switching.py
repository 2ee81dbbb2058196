from __future__ import annotations

import pytest

from softnpu.arch.device import device
from softnpu.arch.ports import Bundle, EndPoint, Tile
from softnpu.passes.packet_selects import SwitchingError, select_of
from softnpu.passes.packet_switching import PacketFlow, SwitchPlan, plan_packet_switches
from softnpu.passes.pathfinder import Connection, Pathfinder, Route

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
    return PacketFlow(id, (source,), destinations, keep_header, priority)


def plan(*flows: PacketFlow, exact: bool = False) -> SwitchPlan:
    """What one switch needs if each flow comes in and goes out at one tile."""
    routes: dict[EndPoint, Route] = {}
    for each in flows:
        for source, end in each.pairs:
            links = routes.setdefault(source, {}).setdefault(TILE, [])
            if (link := Connection(source, end)) not in links:
                links.append(link)
    return plan_packet_switches(flows, routes, exact=exact)[TILE]


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


def test_ids_whose_common_mask_would_catch_others_have_a_rule_each() -> None:
    """Ids 0 and 3 to one destination leave a mask that lets 1 and 2 through as well."""
    switch = plan(flow(1, SOUTH, NORTH), flow(0, SOUTH, DMA0), flow(3, SOUTH, DMA0))
    rules = [(mask, value) for mask, value, _ in rules_of(switch, SOUTH)]
    assert sorted(rules) == [(31, 0), (31, 1), (31, 3)]


def test_a_port_has_four_rules() -> None:
    ends = [DMA0, DMA1, NORTH, port(Bundle.East, 0), port(Bundle.West, 0)]
    with pytest.raises(SwitchingError, match="more than the 4 rules"):
        plan(*[flow(id, SOUTH, end) for id, end in enumerate(ends)])


TO_BOTH = (
    flow(1, port(Bundle.South, 0), DMA0),
    flow(2, port(Bundle.South, 1), DMA1),
    flow(3, port(Bundle.South, 2), DMA0, DMA1),
)


def test_a_stream_to_ports_of_two_arbiters_never_leaves_by_the_second_ones() -> None:
    """As mlir-aie has it: ids 1 and 2 bind the ports to two arbiters before id 3 needs both."""
    switch = plan(*TO_BOTH)
    assert {master: selects for master, selects, _ in switch.masters} == {DMA0: (0, 6), DMA1: (1,)}


def test_exactly_planned_ports_that_a_stream_joins_have_one_arbiter() -> None:
    switch = plan(*TO_BOTH, exact=True)
    masters = {master: selects for master, selects, _ in switch.masters}
    assert masters == {DMA0: (0, 12), DMA1: (6, 12)}
    assert [rule.select for rules in switch.rules.values() for rule in rules] == [12, 6, 0]


def test_exactly_planned_streams_share_a_select_only_for_the_very_same_ports() -> None:
    west = port(Bundle.West, 0)
    switch = plan(flow(1, SOUTH, DMA0, DMA1), flow(2, west, DMA1, DMA0), exact=True)
    assert switch.selects == [(0, 0)]


def test_exactly_planned_arbiters_that_have_given_least_are_next() -> None:
    ends = [port(bundle, n) for bundle in (Bundle.North, Bundle.East) for n in range(4)]
    flows = [flow(n, port(Bundle.West, n % 4), end) for n, end in enumerate(ends)]
    switch = plan(*flows, exact=True)
    assert switch.selects == [*((arbiter, 0) for arbiter in range(6)), (0, 1), (1, 1)]


def test_exactly_planned_streams_that_need_more_than_four_selects_of_one_arbiter_are_refused() -> (
    None
):
    sets = [(DMA0,), (DMA0, DMA1), (DMA1,), (DMA0, NORTH), (NORTH,)]
    flows = [flow(1, port(Bundle.West, n), *ends) for n, ends in enumerate(sets[:4])]
    with pytest.raises(SwitchingError, match="no arbiter has 5 msels left"):
        plan(*flows, flow(1, port(Bundle.East, 0), *sets[4]), exact=True)


def test_an_exactly_planned_rule_leaves_the_ids_of_other_flows_alone() -> None:
    flows = [flow(1, SOUTH, NORTH), flow(0, SOUTH, DMA0), flow(3, SOUTH, DMA0)]
    rules = plan(*flows, exact=True).rules[SOUTH]
    assert all(rule.mask == 31 for rule in rules)
    select = {rule.value: rule.select for rule in rules}
    assert select[0] == select[3] != select[1]


def test_exactly_planned_headers_are_kept_for_a_flow_that_wants_them_whatever_comes_after() -> None:
    flows = [flow(1, SOUTH, DMA0, keep_header=True), flow(2, SOUTH, DMA0)]
    assert [keep for _, _, keep in plan(*flows).masters] == [None]
    assert [keep for _, _, keep in plan(*flows, exact=True).masters] == [True]


def test_a_flow_uses_only_the_branches_that_lead_to_its_own_destinations() -> None:
    """Two ids from one source are routed as one tree; each takes its branch of it."""
    finder = Pathfinder(device("npu1_1col"))
    source, near, far = port(Bundle.DMA, 0, (0, 0)), DMA0, port(Bundle.DMA, 0, (0, 4))
    flows = [flow(1, source, near), flow(2, source, far)]
    for each in flows:
        finder.add_flow(source, each.destinations[0], packet_id=1)
    plans = plan_packet_switches(flows, finder.find_paths())
    (ruled,) = plans[TILE].rules.values()
    assert sorted(rule.value for rule in ruled) == [1, 2]
    assert [rule.value for rules in plans[0, 3].rules.values() for rule in rules] == [2]


def test_sources_that_circuits_have_taken_are_left_out() -> None:
    routes: dict[EndPoint, Route] = {SOUTH: {TILE: [Connection(SOUTH, DMA0)]}}
    assert plan_packet_switches([flow(1, SOUTH, DMA0)], routes, circuits={SOUTH}) == {}
