"""A campaign finds what is wrong, makes it small, and says how to see it again."""

from __future__ import annotations

import re
import subprocess
import sys
from argparse import Namespace

import pytest

from softnpu.dialects.aie import ObjectFifoCreateOp, ObjectFifoLinkOp
from softnpu.passes.objectfifo import programs
from tests.conftest import MARCH
from tests.fuzz.__main__ import Teller
from tests.fuzz.campaign import KINDS, Case, cases, search
from tests.fuzz.checking import Outcome, Verdict

ROOT = MARCH.parent.parent


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_makes_one_design(kind: str) -> None:
    texts = [Case(kind, 3).design().text for _ in range(2)]
    assert texts[0] == texts[1]
    drawn = Case(kind, 3).design().drawn
    assert Case(kind, 3, drawn).design().text == texts[0]
    assert Case(kind, 4).design().text != texts[0]


def test_a_fault_of_a_pass_is_found_and_shown_in_a_small_design(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each part of a distributed object is sent from the object's start."""
    parts_of = programs._parts

    def misplaced(
        link: ObjectFifoLinkOp, owner: ObjectFifoCreateOp, end: ObjectFifoCreateOp
    ) -> list[tuple[int, int, int]]:
        parts = parts_of(link, owner, end)
        if not link.is_distribute or owner is end:
            return parts
        return [(0, length, pair) for _, length, pair in parts]

    monkeypatch.setattr(programs, "_parts", misplaced)
    report = search(cases(["links"], 0, 12))
    assert report.outcomes[Outcome.WRONG]
    text = report.wrong[0]
    assert "expected [" in text
    assert "found    [" in text
    assert len(re.findall(r"aie\.objectfifo @", text)) <= 4
    assert len(re.findall(r"objectfifo\.link", text)) == 1
    assert "again: python -m tests.fuzz --kind links --seed" in text


def test_what_is_wrong_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    told = Teller(Namespace(show=False, seed=0, count=2))
    told(Case("links", 0), Verdict(Outcome.RIGHT))
    assert capsys.readouterr().out == ""
    told(Case("links", 1), Verdict(Outcome.WRONG, "hang"))
    assert capsys.readouterr().out == (
        "wrong: links, seed 1: hang; python -m tests.fuzz --kind links --seed 1 --count 1\n"
    )


def test_the_command_tells_of_every_outcome() -> None:
    command = (sys.executable, "-m", "tests.fuzz", "--kind", "links", "--seed", "5", "--count", "2")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^2 designs in \d+ s: 2 right, 0 warned, 0 refused, 0 wrong$", done.stdout)
