"""The selects of arbiters by which the packets in a switch reach their master ports.

A stream is sent to a select (one of four) of an arbiter (one of six that are handed out); a master
port takes the packets of any selects of one arbiter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from softnpu.arch.ports import MSELS, EndPoint, Tile

ARBITERS = 6
"""Arbiters that packet flows are given; the switch has two more."""

Select = int
"""An arbiter and one of its master selects as one number: arbiter + 6 * msel."""
Stream = tuple[EndPoint, int]
"""The packets with one id that come in through one slave port."""


@dataclass(eq=False)
class SwitchingError(Exception):
    """A switch cannot tell apart, or keep apart, what the routes send through it.

    Attributes:
        tile: where.
        message: what there is too much of.
        ids: packet ids of the flows concerned.
        remedy: what to change.
    """

    tile: Tile
    message: str
    ids: tuple[int, ...]
    remedy: str


def select_of(arbiter: int, msel: int) -> Select:
    """The number of an arbiter's master select."""
    return arbiter + ARBITERS * msel


def arbiter_of(select: Select) -> int:
    """The arbiter that a select belongs to."""
    return select % ARBITERS


class Selects:
    """The selects handed out so far, one stream after the other, as mlir-aie does it."""

    def __init__(self) -> None:
        self.of_stream: dict[Stream, Select] = {}
        self._ports: dict[Tile, dict[Select, list[EndPoint]]] = {}
        self._arbiters: dict[EndPoint, int] = {}

    def masters(self) -> dict[EndPoint, list[Select]]:
        """Master port -> its selects in ascending order."""
        masters: dict[EndPoint, list[Select]] = {}
        for _, selects in sorted(self._ports.items()):
            for select, ports in sorted(selects.items()):
                for port in ports:
                    masters.setdefault(port, []).append(select)
        return masters

    def assign(self, stream: Stream, masters: list[EndPoint], *, priority: bool) -> None:
        """Give a stream a select that reaches all its master ports.

        One that reaches exactly these if there is one; else a new one, of the arbiter that one
        of the ports is bound to already.
        """
        tile = stream[0].tile
        bound = next((self._arbiters[m] for m in masters if m in self._arbiters), None)
        found = self._overlapping(tile, masters, bound)
        if found is None:
            if bound is None:
                select = self._new(tile, stream, from_top=priority)
            else:
                select = self._new_of_arbiter(tile, stream, bound)
        elif sorted(self._ports[tile][found]) == sorted(masters):
            self.of_stream[stream] = found
            return
        else:
            select = self._new_of_arbiter(tile, stream, arbiter_of(found))
        self._bind(stream, select, masters)

    def _overlapping(self, tile: Tile, masters: list[EndPoint], bound: int | None) -> Select | None:
        """The first select of the tile that reaches any of these ports."""
        for select, ports in sorted(self._ports.get(tile, {}).items()):
            if bound in (None, arbiter_of(select)) and any(port in ports for port in masters):
                return select
        return None

    def _new(self, tile: Tile, stream: Stream, *, from_top: bool) -> Select:
        taken = self._ports.get(tile, {})
        all_selects = range(ARBITERS * MSELS)
        order = reversed(all_selects) if from_top else all_selects
        select = next((select for select in order if select not in taken), None)
        if select is None:
            raise self._exhausted(stream, f"all {len(all_selects)} arbiter and msel pairs are used")
        return select

    def _new_of_arbiter(self, tile: Tile, stream: Stream, arbiter: int) -> Select:
        taken = self._ports.get(tile, {})
        order = (select_of(arbiter, msel) for msel in range(MSELS))
        select = next((select for select in order if select not in taken), None)
        if select is None:
            raise self._exhausted(stream, f"all {MSELS} msels of arbiter {arbiter} are used")
        return select

    def _bind(self, stream: Stream, select: Select, masters: list[EndPoint]) -> None:
        """Give a stream a new select. As in mlir-aie, of its master ports those that another
        arbiter has already are left out, and its packets do not come there."""
        arbiter = arbiter_of(select)
        reached = [m for m in masters if self._arbiters.setdefault(m, arbiter) == arbiter]
        self._ports.setdefault(stream[0].tile, {})[select] = reached
        self.of_stream[stream] = select

    def _exhausted(self, stream: Stream, message: str) -> SwitchingError:
        (tile, bundle, channel), id = stream
        sharing = sorted({id, *(i for (port, i) in self.of_stream if port.tile == tile)})
        return SwitchingError(
            tile,
            f"packet id {id} coming from {bundle.name} {channel} cannot be switched: {message}",
            tuple(sharing),
            "let fewer packet flows with different sets of destinations cross this tile",
        )


class ExactSelects(Selects):
    """Selects by which every stream reaches all its master ports.

    Ports that any stream joins get one arbiter before the first of their streams gets a select.

    Args:
        streams: all streams that will be given selects, with their master ports.
    """

    def __init__(self, streams: Mapping[Stream, Sequence[EndPoint]]) -> None:
        super().__init__()
        self._joined: dict[EndPoint, set[EndPoint]] = {}
        self._sets: dict[EndPoint, set[frozenset[EndPoint]]] = {}
        for masters in streams.values():
            joined = {port for m in masters for port in self._joined.get(m, {m})}
            self._joined |= dict.fromkeys(joined, joined)
        for masters in streams.values():
            for port in self._joined[masters[0]]:
                self._sets.setdefault(port, set()).add(frozenset(masters))

    def assign(self, stream: Stream, masters: list[EndPoint], *, priority: bool) -> None:
        """Give a stream the select that reaches exactly its master ports."""
        tile = stream[0].tile
        for select, ports in self._ports.get(tile, {}).items():
            if set(ports) == set(masters):
                self.of_stream[stream] = select
                return
        bound = self._arbiters.get(masters[0])
        if bound is None:
            bound = self._roomiest(stream, len(self._sets[masters[0]]), from_top=priority)
            self._arbiters |= dict.fromkeys(self._joined[masters[0]], bound)
        self._bind(stream, self._new_of_arbiter(tile, stream, bound), masters)

    def _roomiest(self, stream: Stream, wanted: int, *, from_top: bool) -> int:
        """The arbiter that has given least, and has so many selects left."""
        taken = self._ports.get(stream[0].tile, {})
        given = {n: sum(arbiter_of(select) == n for select in taken) for n in range(ARBITERS)}
        order = sorted(given, key=lambda n: (given[n], -n if from_top else n))
        if given[order[0]] + wanted > MSELS:
            raise self._exhausted(stream, f"no arbiter has {wanted} msels left")
        return order[0]
