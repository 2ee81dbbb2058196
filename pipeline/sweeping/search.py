"""Which settings to try where not all can be: Optuna's tree-structured Parzen estimator.

Of what Optuna offers this one takes words and numbers alike, learns from settings that are
impossible, and hands out several at a time. Successive halving, the other candidate, gives each
setting a little at first and the best ones more; but here nearly all of the cost is the build, and
a run's time is known exactly after one run: there is no little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna import create_study, logging
from optuna.distributions import CategoricalDistribution
from optuna.samplers import TPESampler
from optuna.trial import Trial, TrialState

from pipeline.sweeping.results import Row
from pipeline.sweeping.settings import Setting, every

AT_RANDOM = 8
"""Settings before the first that is chosen for what is known by then; Optuna's own is 10."""


class Search:
    """Asks for settings one by one, for the shortest time above the dispatch floor.

    Args:
        values: the values of each parameter.
        budget: how many settings are tried, all of them at most.
        seed: the same gives the same course, as far as answers come in the same order.
    """

    def __init__(self, values: Mapping[str, Sequence[Any]], budget: int, seed: int = 0) -> None:
        logging.set_verbosity(logging.WARNING)
        self._study = create_study(sampler=TPESampler(seed=seed, n_startup_trials=AT_RANDOM))
        self._space = {name: CategoricalDistribution(tuple(v)) for name, v in values.items()}
        self._left = [*every(values)]
        self._budget = min(budget, len(self._left))
        self._open: list[tuple[Trial, Setting]] = []

    def ask(self, count: int) -> list[Setting]:
        """The next settings, fewer where the budget ends; none is asked for twice."""
        count = min(count, self._budget)
        self._budget -= count
        return [self._next() for _ in range(count)]

    def _next(self) -> Setting:
        """What the sampler proposes, or where that is known the nearest that is not."""
        trial = self._study.ask(self._space)
        proposed = trial.params
        setting = max(self._left, key=lambda one: sum(one[n] == v for n, v in proposed.items()))
        if setting != proposed:
            self._study.tell(trial, state=TrialState.FAIL)
            self._study.enqueue_trial(dict(setting))
            trial = self._study.ask(self._space)
        self._left.remove(setting)
        self._open.append((trial, setting))
        return setting

    def tell(self, row: Row) -> None:
        """What came of a setting; one without a time is the worst."""
        at = next(n for n, (_, setting) in enumerate(self._open) if setting == row.setting)
        trial, _ = self._open.pop(at)
        if row.net is None:
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, row.net)
