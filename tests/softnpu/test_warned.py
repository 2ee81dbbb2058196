"""Warnings gathered, taken apart and counted."""

from __future__ import annotations

import logging

import pytest

from softnpu.warned import apart, collected, counted


def test_what_is_warned_of_meanwhile_is_kept_once_and_not_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = logging.getLogger("softnpu.somewhere")
    with collected() as warned:
        log.warning("%d tasks", 5)
        log.warning("5 tasks")
        log.info("no warning")
        log.error("worse")
    assert warned == ["5 tasks", "worse"]
    assert capsys.readouterr().err == ""
    log.warning("afterwards")
    assert warned == ["5 tasks", "worse"]


INCLUDED = """In file included from a.c:1:
In file included from b.h:2:
c.h:1:1: warning: first
    1 | int c;
      | ^
a.c:3:1: warning: second
    3 | int a;"""


def test_a_compilers_output_comes_apart_into_its_warnings() -> None:
    first, second = apart(INCLUDED)
    assert first.splitlines()[0] == "In file included from a.c:1:"
    assert first.splitlines()[-1] == "      | ^"
    assert second.startswith("a.c:3:1: warning: second\n    3 | int a;")
    assert apart("") == []
    assert apart("\n") == []
    assert apart("note: of nothing") == ["note: of nothing"]


def test_texts_that_differ_in_places_and_numbers_alone_are_counted() -> None:
    texts = [f"d.mlir:{line}:7: warning: fifo in{line} is full\n  a{line}" for line in range(200)]
    texts.insert(1, "d.mlir:1:7: warning: another")
    assert counted(texts) == [
        "d.mlir:0:7: warning: fifo in0 is full\n  a0\n  … and 199 more like it",
        "d.mlir:1:7: warning: another",
    ]


def test_what_is_said_twice_is_no_other_like_it() -> None:
    assert counted(["lock 3 at 0x1f", "lock 3 at 0x1f"]) == ["lock 3 at 0x1f"]
    many = [f"lock {n} at 0x{n:x}f" for n in range(4)]
    assert counted(many) == ["lock 0 at 0x0f\n  … and 3 more like it"]
    assert counted(many[:3]) == many[:3], "few are told one by one"
    other = [f"buffer {letter}" for letter in "abcd"]
    assert counted(other) == other
