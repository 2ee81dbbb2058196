from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from softnpu.passes.packet_cover import ID_BITS, Match, common_match, covering_matches

IDS = st.sets(st.integers(0, 2**ID_BITS - 1), max_size=12)


def test_one_match_takes_ids_that_nothing_else_stands_between() -> None:
    assert covering_matches([4, 6], [1]) == [common_match([4, 6])] == [Match(0b11101, 0b00100)]


def test_an_id_between_others_makes_two_matches_of_one() -> None:
    assert covering_matches([0, 3], [1]) == [Match(31, 0), Match(31, 3)]


@settings(max_examples=200, deadline=None)
@given(ids=IDS.filter(bool), others=IDS)
def test_every_id_is_taken_and_no_other_that_the_port_sees(ids: set[int], others: set[int]) -> None:
    others -= ids
    matches = covering_matches(sorted(ids), others)
    assert all(any(match.takes(id) for match in matches) for id in ids)
    assert not any(match.takes(id) for match in matches for id in others)


@settings(max_examples=40, deadline=None)
@given(ids=IDS.filter(bool), others=IDS)
def test_there_are_no_fewer_matches_that_would_do(ids: set[int], others: set[int]) -> None:
    others -= ids
    found = covering_matches(sorted(ids), others)
    every = [Match(mask, id & mask) for mask in range(32) for id in ids]
    allowed = {m for m in every if not any(m.takes(id) for id in others)}
    taken = {frozenset(id for id in ids if match.takes(id)) for match in allowed}
    for fewer in range(1, min(len(found), 3)):
        assert not any(ids <= set().union(*sets) for sets in combinations(taken, fewer))
