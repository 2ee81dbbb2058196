"""Which settings a search tries, and that it finds the good ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("optuna", reason="requirements-sweep.txt")

from pipeline.sweeping.results import IMPOSSIBLE, Row
from pipeline.sweeping.search import Search
from pipeline.sweeping.settings import Setting

VALUES = {"n": tuple(range(10)), "tile": tuple(range(10)), "shape": ("row", "column")}


def _bowl(setting: Setting) -> Row:
    """Shortest at n=6, tile=3, row; large tiles do not fit."""
    if setting["tile"] > 7:
        return Row(setting, IMPOSSIBLE, "does not fit")
    far = (setting["n"] - 6) ** 2 + (setting["tile"] - 3) ** 2 + 9 * (setting["shape"] == "column")
    return Row(setting, "PASS", "", 1.0 + far)


def _tried(search: Search, at_once: int, answer: Callable[[Setting], Row]) -> list[Setting]:
    tried: list[Setting] = []
    while asked := search.ask(at_once):
        tried += asked
        for setting in reversed(asked):
            search.tell(answer(setting))
    return tried


def test_a_quarter_of_the_settings_holds_one_near_the_best() -> None:
    tried = _tried(Search(VALUES, 50), 2, _bowl)
    assert len(tried) == 50
    assert min(_bowl(setting).net or 1e9 for setting in tried if setting["tile"] <= 7) <= 3.0


@pytest.mark.parametrize(("budget", "count"), [(5, 5), (200, 200), (1000, 200)])
def test_no_setting_is_tried_twice_and_the_budget_holds(budget: int, count: int) -> None:
    tried = _tried(Search(VALUES, budget), 7, _bowl)
    assert len({tuple(setting.items()) for setting in tried}) == len(tried) == count


def test_the_same_answers_give_the_same_course() -> None:
    assert _tried(Search(VALUES, 30), 1, _bowl) == _tried(Search(VALUES, 30), 1, _bowl)
