"""What counts as right, refused and wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from softnpu.errors import DesignError, SourceLocation, ToolError
from tests.fuzz import checking
from tests.fuzz.board import Design, Memory, Mixture, Packet
from tests.fuzz.campaign import Case
from tests.fuzz.checking import Outcome, check


@pytest.fixture
def design() -> Design:
    return Case("links", 0, []).design()


def test_a_design_that_does_what_it_says_is_right(design: Design) -> None:
    assert check(design, 0).outcome is Outcome.RIGHT


def test_other_values_than_expected_are_wrong(design: Design) -> None:
    after = [[array.copy() for array in run] for run in design.after]
    after[0][-1][0] += 1
    verdict = check(replace(design, after=after), 0)
    assert (verdict.outcome, verdict.sort) == (Outcome.WRONG, "wrong values")
    assert "elements differ, first 0" in verdict.text


def test_other_memory_than_expected_is_wrong(design: Design) -> None:
    memory = (Memory((0, 1), 0x40000, np.array([7], np.int32)),)
    assert check(replace(design, memory=memory), 0).sort == "wrong memory"


def test_a_hang_is_wrong_and_explained(design: Design) -> None:
    text = design.text.replace("aie.objectfifo.link [@fifo0] -> [@fifo1] ([] [])", "")
    verdict = check(replace(design, text=text), 0)
    assert verdict.sort == "hang"
    assert "controller waits for the task-complete token" in verdict.text


def test_a_refusal_has_a_place_in_the_design(design: Design) -> None:
    verdict = check(replace(design, text=design.text.replace("@fifo1(", "@fifo2(")), 0)
    assert verdict.outcome is Outcome.REFUSED
    assert verdict.sort == "there is no objectfifo _; did you mean _?"


@pytest.mark.parametrize(
    ("error", "sort"),
    [
        (DesignError("too much"), "refused without a place: error: too much"),
        (DesignError("too much", SourceLocation(Path("x"), 1, 1)), "refused without a place"),
        (DesignError("it does not verify"), "refused without a place"),
        (ToolError("no compiler"), "no DesignError: no compiler"),
        (KeyError("x"), "crash File"),
    ],
)
def test_other_ways_to_end_are_wrong(
    design: Design, monkeypatch: pytest.MonkeyPatch, error: Exception, sort: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(checking, "compile_design", fail)
    verdict = check(design, 0)
    assert verdict.outcome is Outcome.WRONG
    assert verdict.sort.startswith(sort)


def test_words_of_the_framework_are_wrong(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, *_: object) -> None:
        raise DesignError("Operation does not verify: x", SourceLocation(path, 1, 1))

    monkeypatch.setattr(checking, "compile_design", fail)
    assert check(design, 0).sort.startswith("raw words")


def test_packets_of_several_sources_may_come_in_any_order_but_whole() -> None:
    first, second, third = (Packet(np.array([n, n + 1], np.int32)) for n in (10, 20, 30))
    mixture = Mixture((0, 2), 0, 0, ((first, second), (third,)))

    def problem(*words: int) -> str:
        return checking._unmixed(np.array(words, np.int32), mixture)

    assert problem(10, 11, 30, 31, 20, 21) == ""
    assert problem(30, 31, 10, 11, 20, 21) == ""
    assert "packet 0 is [20, 21]" in problem(20, 21, 10, 11, 30, 31)
    assert "packet 1 is [30, 11]" in problem(10, 11, 30, 11, 20, 21)


def test_a_header_is_told_by_its_id() -> None:
    mixture = Mixture((0, 2), 0, 0, ((Packet(np.array([5], np.int32), id=3),),))
    assert checking._unmixed(np.array([0x1000043, 5], np.int32), mixture) == ""
    assert checking._unmixed(np.array([0x1000044, 5], np.int32), mixture)
