"""The sequential placer: one tile after the other, the most bound first, and no way back.

Cores fill the array column by column from the lowest row up; what binds them is memory that they
share, cascades, and DMA channels: two cores that are neighbours exchange objects without any, so
a core with more objectfifos to other cores than it has channels needs some of them beside it.
Memory and shim tiles then go near the columns of the cores that they serve.

Source: mlir-aie, AIEPlacer.cpp (SequentialPlacer).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from softnpu.arch.device import Device, TileKind
from softnpu.dialects.aie import LogicalTileOp
from softnpu.dialects.rules.common import KIND_NAMES, kind_of, where
from softnpu.dialects.source import design_error, location_of
from softnpu.errors import DesignError
from softnpu.passes.placement.columns import best_column
from softnpu.passes.placement.connectivity import (
    AnyTile,
    Connectivity,
    Demand,
    Edges,
    Position,
    fixed_position,
)

NO_DEMAND = Demand()


@dataclass(frozen=True)
class Tie:
    """A kind of tie that decides which positions of two tiles go together.

    Attributes:
        name: what the tie is, for messages.
        ends: what the first and the second end are called.
        fits: whether the first end's position goes with the second's.
        rule: what a position has to be, for messages.
    """

    name: str
    ends: tuple[str, str]
    edges: Edges
    fits: Callable[[Position, Position], bool]
    rule: str


@dataclass
class SequentialPlacer:
    """Places the logical tiles of one device.

    Attributes:
        cores_per_column: at most so many cores are placed in a column; None for all there are.
        merge: memory and shim tiles may share a place while its DMA channels suffice.
    """

    model: Device
    connectivity: Connectivity
    cores_per_column: int | None = None
    merge: bool = True
    placed: dict[AnyTile, Position] = field(default_factory=dict)
    _free_cores: list[Position] = field(default_factory=list)
    _used: dict[Position, Demand] = field(default_factory=lambda: defaultdict(Demand))
    _taken: set[Position] = field(default_factory=set)
    _reserved: dict[Position, list[AnyTile]] = field(default_factory=lambda: defaultdict(list))

    def place(self) -> dict[AnyTile, Position]:
        """Choose a position for each logical tile.

        Raises:
            DesignError: a tile that fits nowhere, or a limit beyond what the device has.
        """
        self._free_cores = self._cores()
        for tile in self._by_constraint():
            if (pinned := fixed_position(tile)) is not None:
                self._pin(tile, pinned)
            elif kind_of(tile) is TileKind.CORE:
                self._place_core(tile)
        others = [tile for tile in self.connectivity.logical_tiles if tile not in self.placed]
        for tile in sorted(others, key=lambda tile: -self._demand(tile).total):
            self._place_near_cores(tile)
        return self.placed

    # what is known before anything is placed

    @cached_property
    def _demands(self) -> dict[AnyTile, Demand]:
        return self.connectivity.demands()

    @cached_property
    def _peers(self) -> Edges:
        return self.connectivity.compute_peers()

    @cached_property
    def _ties(self) -> tuple[Tie, ...]:
        return (
            Tie(
                "shared memory",
                ("the core that uses the buffer", "the tile of the buffer"),
                self.connectivity.shared_buffers(),
                lambda user, owner: self.model.is_legal_mem_affinity(*user, *owner),
                "a core reaches the memory of its north, south and west neighbours",
            ),
            Tie(
                "cascade",
                ("the cascade's source", "the cascade's destination"),
                self.connectivity.cascades(),
                lambda source, dest: (
                    dest in ((source[0], source[1] - 1), (source[0] + 1, source[1]))
                ),
                "a cascade goes one tile to the south or to the east",
            ),
        )

    @cached_property
    def _neighbours_needed(self) -> dict[AnyTile, Demand]:
        """How many producers and consumers of each core must be its neighbours."""
        return {
            tile: self._needed_by(tile)
            for tile in self.connectivity.logical_tiles
            if kind_of(tile) is TileKind.CORE
        }

    def _needed_by(self, tile: LogicalTileOp) -> Demand:
        peers, demand = self._peer_count(tile), self._demand(tile)
        channels = self.model.facts(TileKind.CORE).channels
        return Demand(
            max(0, peers.inputs - (channels - demand.inputs)),
            max(0, peers.outputs - (channels - demand.outputs)),
        )

    def _needs(self, tile: AnyTile) -> Demand:
        return self._neighbours_needed.get(tile, NO_DEMAND)

    def _demand(self, tile: AnyTile) -> Demand:
        return self._demands.get(tile, NO_DEMAND)

    def _peer_count(self, tile: AnyTile) -> Demand:
        """Producers and consumers among the other cores."""
        firsts = [is_first for _, is_first in self._peers.peers(tile)]
        return Demand(firsts.count(False), firsts.count(True))

    def _cores(self) -> list[Position]:
        """Places for cores, column by column."""
        rows = [row for row in range(self.model.rows) if self.model.is_core_tile(0, row)]
        limit = self.cores_per_column
        if limit is not None and limit > len(rows):
            raise design_error(
                self.connectivity.device,
                f"{limit} cores per column are asked for; {self.model.name} has {len(rows)}",
            )
        return [(col, row) for col in range(self.model.columns) for row in rows[:limit]]

    def _by_constraint(self) -> list[LogicalTileOp]:
        """Pinned tiles first, then half pinned ones; among equals, who needs neighbours first."""

        def key(tile: LogicalTileOp) -> tuple[int, int, int]:
            free = (tile.col is None) + (tile.row is None)
            own = self._needs(tile).total
            around = (self._needs(peer).total for peer, _ in self._peers.peers(tile))
            return free, -max((own, *around)), -own

        return sorted(self.connectivity.logical_tiles, key=key)

    # cores

    def _pin(self, tile: LogicalTileOp, position: Position) -> None:
        for tie in self._ties:
            if not self._fits(tile, position, tie):
                raise design_error(
                    tile,
                    f"tile {position} does not go with the other end of its {tie.name}",
                    tie.rule,
                    *self._peer_notes(tile, tie.edges, tie.ends),
                )
        self._use(tile, position)
        self._record(tile, position)

    def _place_core(self, tile: LogicalTileOp) -> None:
        position = next(self._candidates(tile), None)
        if position is None:
            raise self._no_core(tile)
        self._use(tile, position, "pin it to a tile with free channels, or send less to it at once")
        self._record(tile, position)

    def _candidates(self, tile: LogicalTileOp) -> Iterator[Position]:
        """Where a core can go; places beside cores that need their neighbours come last."""
        allowed = self._allowed(tile)
        for reserved in (False, True):
            for position in allowed:
                if not reserved and self._is_reserved_for_another(tile, position):
                    continue
                if all(self._fits(tile, position, tie) for tie in self._ties) and (
                    self._leaves_neighbours(tile, position)
                ):
                    yield position

    def _allowed(self, tile: LogicalTileOp) -> list[Position]:
        """The free places that the tile's coordinates allow, in the order of trial."""
        found = [
            (col, row)
            for col, row in self._free_cores
            if tile.col in (None, col) and tile.row in (None, row)
        ]
        if self._needs(tile).total:
            found.sort(key=lambda at: (at[0], -self._cores_beside(at), at[1]))
        return found

    def _cores_beside(self, position: Position) -> int:
        """Core tiles above and below."""
        col, row = position
        return sum(
            self.model.is_valid_tile(col, other) and self.model.is_core_tile(col, other)
            for other in (row - 1, row + 1)
        )

    def _fits(self, tile: LogicalTileOp, position: Position, tie: Tie) -> bool:
        """Whether a place goes with those of the peers that have one."""
        for peer, is_first in tie.edges.peers(tile):
            other = self._position(peer)
            if other is None:
                continue
            pair = (position, other) if is_first else (other, position)
            if not tie.fits(*pair):
                return False
        return True

    def _position(self, tile: AnyTile) -> Position | None:
        return self.placed.get(tile) or fixed_position(tile)

    def _leaves_neighbours(self, tile: LogicalTileOp, position: Position) -> bool:
        """Whether tile and peers can still have the neighbours that they need."""
        if tile not in self._peers:
            return True
        beside, apart = self._split_peers(tile, position)
        need, peers = self._needs(tile), self._peer_count(tile)
        if apart.inputs > peers.inputs - need.inputs:
            return False
        if apart.outputs > peers.outputs - need.outputs:
            return False
        if need.total:
            free = sum(place in self._free_cores for place in self._neighbours(position))
            missing = max(0, need.inputs - beside.inputs) + max(0, need.outputs - beside.outputs)
            if missing > free:
                return False
        return all(
            self._peer_still_fits(peer, tile, position, consumer=not is_first)
            for peer, is_first in self._peers.peers(tile)
        )

    def _split_peers(self, tile: LogicalTileOp, position: Position) -> tuple[Demand, Demand]:
        """The placed producers and consumers that share memory with a place, and the others."""
        beside = apart = NO_DEMAND
        for peer, is_first in self._peers.peers(tile):
            other = self._position(peer)
            if other is None:
                continue
            one = (0, 1) if is_first else (1, 0)
            if self.model.is_legal_mem_affinity(*position, *other):
                beside = beside.plus(*one)
            else:
                apart = apart.plus(*one)
        return beside, apart

    def _peer_still_fits(
        self, peer: AnyTile, tile: LogicalTileOp, position: Position, *, consumer: bool
    ) -> bool:
        """Whether a placed peer keeps its neighbours; `tile` is its consumer or its producer."""
        here = self._position(peer)
        if here is None:
            return True
        need, peers = self._needs(peer), self._peer_count(peer)
        slack = peers.outputs - need.outputs if consumer else peers.inputs - need.inputs
        apart = 0
        for other, is_first in self._peers.peers(peer):
            if is_first is not consumer:
                continue
            there = position if other is tile else self._position(other)
            if there is not None and not self.model.is_legal_mem_affinity(*here, *there):
                apart += 1
        return apart <= slack

    def _neighbours(self, position: Position) -> list[Position]:
        """The core tiles around whose memory a core reaches."""
        col, row = position
        around = ((col, row - 1), (col, row + 1), (col - 1, row), (col + 1, row))
        return [
            other
            for other in around
            if self.model.is_valid_tile(*other)
            and self.model.is_core_tile(*other)
            and self.model.is_legal_mem_affinity(*position, *other)
        ]

    def _is_reserved_for_another(self, tile: LogicalTileOp, position: Position) -> bool:
        """Whether a place lies beside a core that needs its neighbours and is no peer of `tile`."""
        known = {tile, *(peer for peer, _ in self._peers.peers(tile))}
        return any(owner not in known for owner in self._reserved.get(position, ()))

    def _record(self, tile: LogicalTileOp, position: Position) -> None:
        self.placed[tile] = position
        if kind_of(tile) is not TileKind.CORE:
            return
        if position in self._free_cores:
            self._free_cores.remove(position)
        if self._needs(tile).total:
            for place in self._neighbours(position):
                self._reserved[place].append(tile)

    # memory and shim tiles

    def _place_near_cores(self, tile: LogicalTileOp) -> None:
        near = tile.col
        if near is None:
            near = best_column(tile, self.connectivity, self.placed, self.model.columns)
        demand, kind = self._demand(tile), kind_of(tile)
        places = [
            place
            for place in self.model.tiles()
            if self.model.kind(*place) is kind
            and (kind is not TileKind.SHIM or self.model.is_shim_noc(*place))
            and self._has_channels(place, demand)
            and (self.merge or place not in self._taken)
        ]
        if not places:
            raise design_error(
                tile,
                f"no tile is left that is {KIND_NAMES[kind]} with {_channels(demand)}",
                f"the best column would be {near}",
            )
        position = min(places, key=lambda at: (abs(at[0] - near), self._used[at].total, at))
        self.placed[tile] = position
        self._taken.add(position)
        self._used[position] = self._used[position].plus(*demand)

    # DMA channels

    def _use(self, tile: LogicalTileOp, position: Position, *notes: str) -> None:
        demand = self._demand(tile)
        if not self._has_channels(position, demand):
            used, most = self._used[position], self.model.facts_at(*position).channels
            left = Demand(most - used.inputs, most - used.outputs)
            raise design_error(
                tile,
                f"tile {position} would need {_channels(demand)}; it has {_channels(left)} left",
                *notes,
            )
        self._used[position] = self._used[position].plus(*demand)

    def _has_channels(self, position: Position, demand: Demand) -> bool:
        used, most = self._used[position], self.model.facts_at(*position).channels
        return used.inputs + demand.inputs <= most and used.outputs + demand.outputs <= most

    # messages

    def _no_core(self, tile: LogicalTileOp) -> DesignError:
        allowed = self._allowed(tile)
        why = [tie for tie in self._ties if allowed and tile in tie.edges]
        notes = [f"{tie.name}: {tie.rule}" for tie in why]
        for tie in why:
            notes += self._peer_notes(tile, tie.edges, tie.ends)
        if allowed and tile in self._peers:
            need = self._needs(tile)
            notes.append(
                f"{need.total} of its objectfifos to other cores have no DMA channel left and "
                "need a neighbour: pin this tile, or a peer, to a place beside the other"
            )
            notes += self._peer_notes(tile, self._peers, ("its producer", "its consumer"))
        if not allowed:
            notes.append(f"{self.model.name} has {len(self._cores())} places for cores")
        return design_error(tile, f"no core tile is left for {where(tile)}", *notes)

    def _peer_notes(self, tile: LogicalTileOp, edges: Edges, ends: tuple[str, str]) -> list[str]:
        notes = []
        for peer, is_first in edges.peers(tile):
            position = self._position(peer)
            place = "has no place yet" if position is None else f"is at {position}"
            notes.append(f"{ends[is_first]} ({location_of(peer)}) {place}")
        return notes


def _channels(demand: Demand) -> str:
    return f"{demand.inputs} DMA channels in and {demand.outputs} out"
