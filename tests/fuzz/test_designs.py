"""Random designs do what they say: a few of each kind; `python -m tests.fuzz` makes more."""

from __future__ import annotations

import pytest

from tests.fuzz.campaign import KINDS, Case, search
from tests.fuzz.checking import Outcome

COUNT = 12
"""Designs of each kind: less than a minute of one idle core, for all of them."""


@pytest.mark.parametrize("kind", KINDS)
def test_random_designs_do_what_they_say(kind: str) -> None:
    report = search(Case(kind, seed) for seed in range(COUNT))
    assert not report.wrong, "\n".join(report.wrong)
    expected = Outcome.REFUSED if kind == "mistakes" else Outcome.RIGHT
    assert report.outcomes[expected] >= COUNT // 2, report.sorts
