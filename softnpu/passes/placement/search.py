"""Simulated annealing: tiles change places at random, and what makes the placement worse is taken
ever less often.

Source: mlir-aie, AIESAPlacer.cpp (generateMove, tryMove, runSAMainLoop). The order of every draw,
sum and comparison is that file's, so that the same seed gives the same placement. One thing is
shorter: once a placement is found that none can be better than, the moves that are left are not
made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import exp, inf

from softnpu.arch.device import TileKind
from softnpu.passes.placement.cooling import Schedule, balanced_temperature
from softnpu.passes.placement.loads import Loads
from softnpu.passes.placement.wires import Wires
from softnpu.passes.std_random import StdRandom

CASCADE_COST = 30
"""Of a tile's width between a cascade's destination and where it could be."""
CASCADE_STEPS = ((1, 0), (0, -1))
"""From a cascade's source to its destination: east or south."""
ATTEMPTS = 20
"""To find a move."""
RECOUNT = 10_000
"""Iterations after which costs are counted anew."""
FEWEST_SAMPLES = 50
"""Of moves that the first temperature is found by."""
HOTTER = 10.0
"""How far above the balanced temperature the search begins."""

Move = list[tuple[int, int]]
"""Tiles and the slots that they go to."""


@dataclass
class Search:
    """The search for one device.

    Attributes:
        movable: how many tiles can move; they come first among all.
        allowed: for each tile whether it may be in a slot.
        cascades: source and destination of each.
    """

    random: StdRandom
    wires: Wires
    loads: Loads
    movable: int
    allowed: Sequence[Sequence[bool]]
    cascades: Sequence[tuple[int, int]]
    _candidates: dict[TileKind, list[int]] = field(default_factory=dict)
    _at: list[list[int]] = field(default_factory=list)
    _pinned: set[int] = field(default_factory=set)
    _cascade: int = 0
    _cost: int = 0
    _best: float = inf
    _best_legal: float = inf
    _best_places: list[int] = field(default_factory=list)
    _best_legal_places: list[int] = field(default_factory=list)

    def run(self) -> list[int]:
        """The slot of each tile in the best placement; the least bad where none is legal."""
        self._start()
        least = self._least()
        if self._best_legal > least:
            schedule = self._schedule()
            while not schedule.over and self._best_legal > least:
                for _ in range(schedule.moves):
                    if (move := self._propose()) is not None:
                        self._try(move, schedule)
                if schedule.iteration and schedule.iteration % RECOUNT == 0:
                    self._recount()
                schedule.cool()
        return self._best_legal_places or self._best_places

    def _start(self) -> None:
        kinds, places = self.loads.grid.kinds, self.loads.now.places
        cores = [slot for slot, kind in enumerate(kinds) if kind is TileKind.CORE]
        others = [slot for slot, kind in enumerate(kinds) if kind is not TileKind.CORE]
        self._candidates = dict.fromkeys(TileKind, others) | {TileKind.CORE: cores}
        self._pinned = {slot for slot in places[self.movable :] if kinds[slot] is TileKind.CORE}
        self._at = [[] for _ in kinds]
        for tile, slot in enumerate(places[: self.movable]):
            self._at[slot].append(tile)
        self._count()
        self._note_best()

    def _least(self) -> float:
        """A cost that is not gone below, if costs do not drift."""
        if self.wires.exact and self.loads.exact:
            options = [*map(self._options, range(len(self.allowed)))]
            return self.wires.least(options) + self.loads.least()
        return -inf

    def _options(self, tile: int) -> list[int]:
        """The slots that a tile can be in; memory tiles begin anywhere."""
        kind, kinds = self.loads.kinds[tile], self.loads.grid.kinds
        free = kind is TileKind.MEMORY and tile < self.movable
        return [
            slot
            for slot, other in enumerate(kinds)
            if other is kind and (free or self.allowed[tile][slot])
        ]

    def _schedule(self) -> Schedule:
        samples = []
        for _ in range(max(10 * self.movable, FEWEST_SAMPLES)):
            if (move := self._propose()) is not None:
                tile, slot = move[0]
                replaced: list[tuple[int, int]] = []
                here = self.loads.now.places[tile]
                samples.append(self.wires.move(tile, slot, replaced))
                self.wires.undo(tile, here, replaced)
        temperature = min(HOTTER * balanced_temperature(samples), self._cost * 2.0)
        return Schedule.of(self.movable, len(self.wires.nets), max(temperature, 1.0))

    def _count(self) -> None:
        self._cascade = self._cascade_cost()
        loads = self.loads
        self._cost = sum(self.wires.costs) + loads.now.penalty + self._cascade + loads.now.pressure

    def _recount(self) -> None:
        self.loads.rebuild(self.loads.now.places)
        self._count()

    def _cascade_cost(self) -> int:
        places, costs = self.wires.places, self._cascade_costs
        return sum([costs[places[source]][places[dest]] for source, dest in self.cascades])

    @cached_property
    def _cascade_costs(self) -> list[list[int]]:
        """The cost of a cascade from one slot to another."""
        tiles = list(self.loads.grid.model.tiles())
        return [
            [
                CASCADE_COST
                * min(abs(to - col - right) + abs(at - row - up) for right, up in CASCADE_STEPS)
                for to, at in tiles
            ]
            for col, row in tiles
        ]

    def _propose(self) -> Move | None:
        """A tile and a place for it; who is there has to take the tile's."""
        below, places, allowed = self.random.below, self.loads.now.places, self.allowed
        kinds, slot_kinds = self.loads.kinds, self.loads.grid.kinds
        for _ in range(ATTEMPTS):
            tile = below(self.movable)
            kind = kinds[tile]
            candidates = self._candidates[kind]
            slot = candidates[below(len(candidates))]
            here = places[tile]
            if slot_kinds[slot] is not kind or slot == here or not allowed[tile][slot]:
                continue
            if others := self._at[slot]:
                other = min(others)
                if allowed[other][here]:
                    return [(tile, slot), (other, here)]
            elif slot not in self._pinned:
                return [(tile, slot)]
        return None

    def _try(self, move: Move, schedule: Schedule) -> None:
        """Make a move, and take it back unless it is accepted."""
        wires = self.wires
        steps = []
        change = 0
        for tile, slot in move:
            replaced: list[tuple[int, int]] = []
            steps.append((tile, wires.places[tile], replaced))
            change += wires.move(tile, slot, replaced)
        if self._accepts(move, change, schedule.temperature):
            schedule.record(accepted=True)
            for tile, here, _ in steps:
                self._at[here].remove(tile)
            for tile, slot in move:
                self._at[slot].append(tile)
            self._note_best()
        else:
            schedule.record(accepted=False)
            for tile, here, replaced in reversed(steps):
                wires.undo(tile, here, replaced)

    def _accepts(self, move: Move, change: int, temperature: float) -> bool:
        """Whether a move that changes the cost of wires so is accepted; if so, it is made.

        Loads can at best come to cost nothing. Where even that would be refused, they are not
        looked at; mlir-aie would draw the same number, and refuse as well.
        """
        loads = self.loads
        cascade = self._cascade_cost() if self.cascades else 0
        change += cascade - self._cascade
        before = loads.now.penalty + loads.now.pressure
        drawn = None
        if change > before:
            if temperature == 0.0:
                return False
            drawn = self.random.unit()
            if drawn >= exp((before - change) / temperature):
                return False
        loads.move(move)
        change += loads.now.penalty + loads.now.pressure - before
        if change > 0:
            if drawn is None and temperature > 0.0:
                drawn = self.random.unit()
            if drawn is None or drawn >= exp(-change / temperature):
                loads.undo()
                return False
        self._cost += change
        self._cascade = cascade
        return True

    def _note_best(self) -> None:
        cost, now = self._cost, self.loads.now
        if cost < self._best:
            self._best, self._best_places = cost, now.places[:]
        if cost < self._best_legal and not self._cascade and not now.penalty:
            self._best_legal, self._best_legal_places = cost, now.places[:]
