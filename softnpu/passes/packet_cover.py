"""The fewest rules by which a port takes some packet ids and leaves others alone.

A rule takes the ids with `id & mask == value`. Which of several smallest sets is taken, and that
a rule takes as few ids besides as can be, is as in mlir-aie 1.4 (AIECreatePathFindFlows.cpp,
`computeSubcubeCover`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

ID_BITS = 5
"""Bits of a packet id that a rule can look at."""

_ALL = (1 << ID_BITS) - 1


class Match(NamedTuple):
    """The ids with `id & mask == value`."""

    mask: int
    value: int

    def takes(self, id: int) -> bool:
        """Whether it takes an id."""
        return id & self.mask == self.value


def common_match(ids: Sequence[int]) -> Match:
    """The narrowest match that takes all of `ids`."""
    differing = 0
    for id in ids:
        differing |= id ^ ids[0]
    mask = ~differing & _ALL
    return Match(mask, ids[0] & mask)


def covering_matches(ids: Sequence[int], others: Collection[int]) -> list[Match]:
    """The fewest matches that together take all of `ids` and none of `others`.

    Both are ids that packets at one port have; the two have none in common.
    """
    widest = list(_widest(ids, others))
    chosen = _fewest(widest, frozenset(ids))
    shares: dict[Match, list[int]] = {match: [] for match in chosen}
    for id in ids:
        shares[next(match for match in chosen if match.takes(id))].append(id)
    return [common_match(share) for share in shares.values() if share]


def _widest(ids: Sequence[int], others: Collection[int]) -> Iterator[Match]:
    """The matches that take some of `ids` and, with any bit looked at less, some of `others`."""
    for mask in range(_ALL + 1):
        for value in sorted({id & mask for id in ids}):
            if _free(mask, value, others) and not any(
                _free(mask & ~bit, value & ~bit, others)
                for bit in (1 << n for n in range(ID_BITS))
                if mask & bit
            ):
                yield Match(mask, value)


def _free(mask: int, value: int, others: Collection[int]) -> bool:
    return not any(id & mask == value for id in others)


def _fewest(matches: Sequence[Match], ids: frozenset[int]) -> list[Match]:
    """The first of the smallest choices of `matches` that take all of `ids`: the id that the
    fewest take is settled first."""
    best: list[Match] = []

    def search(chosen: list[Match], left: frozenset[int]) -> None:
        nonlocal best
        if not left:
            best = list(chosen)
        elif not best or len(chosen) + 1 < len(best):
            taking = {id: [match for match in matches if match.takes(id)] for id in sorted(left)}
            for match in min(taking.values(), key=len):
                search([*chosen, match], frozenset(id for id in left if not match.takes(id)))

    search([], ids)
    return best
