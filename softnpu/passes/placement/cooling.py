"""The temperature of simulated annealing: where it begins, how it falls, when it is over.

Source: mlir-aie, AIESAPlacer.cpp (SASchedule, estimateInitialTemperature).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, sqrt

RATES = ((0.96, 0.995), (0.8, 0.998), (0.15, 0.999))
"""(part of moves accepted, factor): the more are accepted, the faster it cools."""
SLOWEST = 0.9998
COLD = 0.005
"""The part of moves accepted below which only improvements are taken."""
FROZEN = 1e-8
"""The temperature below which only improvements are taken."""

FEWEST_MOVES, MOST_MOVES = 100, 2000
"""Of an iteration."""
FEWEST_ITERATIONS, ITERATIONS_SCALE = 10_000, 1000
GREEDY_ITERATIONS = 50
"""Iterations of improvements only, for each tile that can move."""


@dataclass
class Schedule:
    """The course of one annealing.

    Attributes:
        temperature: 0 takes improvements only.
        moves: of an iteration.
        iterations: at most.
        greedy_iterations: at most, once only improvements are taken.
    """

    temperature: float
    moves: int
    iterations: int
    greedy_iterations: int
    iteration: int = 0
    _greedy: bool = False
    _greedy_iteration: int = 0
    _history: deque[bool] = field(default_factory=deque)
    _accepted: int = 0

    @classmethod
    def of(cls, tiles: int, nets: int, temperature: float) -> Schedule:
        """For so many tiles that can move, and nets between them."""
        nets = max(nets, 1)
        return cls(
            temperature,
            moves=min(max(int(tiles * sqrt(nets)), FEWEST_MOVES), MOST_MOVES),
            iterations=max(FEWEST_ITERATIONS, int(ITERATIONS_SCALE * sqrt(float(tiles) * nets))),
            greedy_iterations=GREEDY_ITERATIONS * tiles,
        )

    def __post_init__(self) -> None:
        # A window's worth of moves decides; moves are never fewer than mlir-aie's least window.
        self._history = deque(maxlen=self.moves)

    @property
    def over(self) -> bool:
        return self.iteration >= self.iterations or (
            self._greedy and self._greedy_iteration >= self.greedy_iterations
        )

    def record(self, accepted: bool) -> None:
        """Note whether a move was taken."""
        history = self._history
        if len(history) == history.maxlen:
            self._accepted -= history[0]
        history.append(accepted)
        self._accepted += accepted

    def cool(self) -> None:
        """End an iteration."""
        self.iteration += 1
        if self._greedy:
            self._greedy_iteration += 1
            return
        seen = len(self._history)
        ratio = self._accepted / seen if seen else 1.0
        self.temperature *= next((rate for least, rate in RATES if ratio > least), SLOWEST)
        if ratio < COLD or self.temperature < FROZEN:
            self._greedy = True
            self.temperature = 0.0


SEARCH_STEPS = 100
SEARCH_CEILING = 5.0
"""Times the largest change of cost."""
SEARCH_TOLERANCE = 1e-6
SEARCH_LEAST = 1e-10


def balanced_temperature(changes: Sequence[int]) -> float:
    """The temperature at which moves that make things better and worse just cancel out.

    Args:
        changes: of the cost, by moves tried at random.
    """
    largest = float(max(map(abs, changes), default=0))
    if largest == 0.0:
        return 1.0
    low, high, temperature = 0.0, SEARCH_CEILING * largest, 1.0
    for _ in range(SEARCH_STEPS):
        expected = 0.0
        for change in changes:
            expected += change if change <= 0 else change * exp(-change / temperature)
        if abs(high - low) / max(temperature, SEARCH_LEAST) < SEARCH_TOLERANCE:
            break
        if expected > 0:
            high = temperature
        else:
            low = temperature
        temperature = (low + high) / 2.0
    return temperature
