"""Cores that the static lowering cannot follow are warned of, with a way out."""

from __future__ import annotations

import logging

import pytest

VIEW = "!aie.objectfifosubview<memref<4xi32>>"

CORE = """
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    aie.objectfifo @in(%s, {{%w}}, [2, {depth}]) : !aie.objectfifo<memref<4xi32>>
    {more}
    %core = aie.core(%w) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = arith.constant {trips} : index
      %forever = arith.constant 9223372036854775807 : index
      %p = arith.constant true
      {body}
      aie.end
    }} {attributes}
"""

LOOP = f"""
      scf.for %i = %c0 to %n step %c1 {{
        %v = aie.objectfifo.acquire @in(Consume, 1) : {VIEW}
        aie.objectfifo.release @in(Consume, 1)
      }}
"""


@pytest.fixture
def warnings(lower_fifos, caplog: pytest.LogCaptureFixture):
    def run(body: str, depth: int = 2, trips: int = 8, **parts: str) -> list[str]:
        caplog.set_level(logging.WARNING)
        rest = {"attributes": "", "more": "", **parts}
        lower_fifos(CORE.format(depth=depth, trips=trips, body=body, **rest))
        return [record.message for record in caplog.records]

    return run


def around(body: str) -> str:
    return f"scf.for %o = %c0 to %forever step %c1 {{\n{body}\n}}"


@pytest.mark.parametrize("body", [LOOP, around(LOOP)])
def test_whole_rounds_are_fine(warnings, body: str) -> None:
    assert warnings(body) == []


@pytest.mark.parametrize("body", [LOOP, around(LOOP)])
def test_remainders_are_fine_since_the_loop_around_them_is_unrolled_too(
    warnings, body: str
) -> None:
    assert warnings(body, trips=9) == []


def test_a_remainder_that_stays_a_loop_is_named(warnings) -> None:
    # Six iterations of four objects leave two over; with a step of 4 they are not unrolled.
    body = "%c4 = arith.constant 4 : index" + LOOP.replace("step %c1", "step %c4")
    (message,) = warnings(body, depth=4, trips=24)
    assert message == (
        "design.mlir:15:7: warning: this loop goes on by 1 of the 4 objects of @in, but was "
        "compiled to start at the same one every time\n"
        "  note: give the core the attribute dynamic_objfifo_lowering = true, or have a multiple "
        "of 4 objects used in it"
    )


def test_a_second_loop_unrolled_like_the_first_is_named(warnings) -> None:
    # mlir-aie unrolls all loops of a block by the factor of the first that acquires.
    other = "aie.objectfifo @other(%s, {%w}, [2, 2]) : !aie.objectfifo<memref<4xi32>>"
    first = LOOP.replace("@in", "@other")
    (message,) = warnings(first + LOOP, depth=3, trips=6, more=other)
    assert "this loop goes on by 2 of the 3 objects of @in" in message


def test_branches_must_not_lose_count_either(warnings) -> None:
    acquire = LOOP.replace("scf.for %i = %c0 to %n step %c1", "scf.if %p")
    (message,) = warnings(acquire)
    assert "this branch goes on by 1 of the 2 objects" in message


def test_a_loop_that_only_releases_is_named(warnings) -> None:
    body = f"""
      %v = aie.objectfifo.acquire @in(Consume, 2) : {VIEW}
      scf.for %i = %c0 to %n step %c1 {{
        aie.objectfifo.release @in(Consume, 1)
      }}
    """
    (message,) = warnings(body, trips=2)
    assert "this loop releases 1 more of @in than it gives back or takes" in message


def test_the_dynamic_lowering_follows_everything(warnings) -> None:
    attributes = "{dynamic_objfifo_lowering = true}"
    body = LOOP.replace("scf.for %i = %c0 to %n step %c1", "scf.if %p")
    assert warnings(body, attributes=attributes) == []
