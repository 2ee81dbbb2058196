"""Loops that do not give back what they take, and the other way round."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError

VIEW = "!aie.objectfifosubview<memref<4xi32>>"
TAKE = f"%v = aie.objectfifo.acquire @in(Consume, 1) : {VIEW}"
GIVE = "aie.objectfifo.release @in(Consume, 1)"


def core(body: str, trips: int = 8) -> str:
    return f"""
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    aie.objectfifo @in(%s, {{%w}}, [2, 3]) : !aie.objectfifo<memref<4xi32>>
    %core = aie.core(%w) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = arith.constant {trips} : index
      {body}
      aie.end
    }}
"""


def loop(body: str) -> str:
    return f"scf.for %i = %c0 to %n step %c1 {{\n{body}\n}}"


@pytest.mark.parametrize("body", [loop(f"{TAKE}\n{GIVE}"), loop(loop(f"{TAKE}\n{GIVE}"))])
def test_as_many_taken_as_given_back_is_fine(lower_fifos, caplog, body: str) -> None:
    lower_fifos(core(body.replace("%i =", "%o =", 1)))
    assert not caplog.records


def test_a_loop_that_gives_back_more_than_it_takes_is_refused(lower_fifos) -> None:
    body = f"%v = aie.objectfifo.acquire @in(Consume, 2) : {VIEW}\n{loop(GIVE)}"
    with pytest.raises(DesignError) as error:
        lower_fifos(core(body, trips=2))
    assert "releases 1 objects of @in and acquires 0" in error.value.message
    assert error.value.location is not None and error.value.location.line == 13


def test_a_loop_that_never_gives_back_is_told_of(lower_fifos, caplog) -> None:
    lower_fifos(core(loop(TAKE)))
    assert "acquires objects of @in and never gives one back" in caplog.text


def test_one_iteration_may_keep_what_it_took(lower_fifos, caplog) -> None:
    lower_fifos(core(loop(TAKE) + GIVE, trips=1))
    assert not caplog.records


def test_a_loop_inside_may_give_back_for_the_one_around_it(lower_fifos, caplog) -> None:
    inner = loop(f"{TAKE.replace('%v', '%x')}\n{GIVE}").replace("%i", "%j")
    lower_fifos(core(loop(f"{TAKE}\n{inner}")))
    assert "never gives one back" not in caplog.text


AGAIN = TAKE.replace("%v", "%again")
TAKE_TWO = TAKE.replace("%v", "%two").replace("1)", "2)")
WINDOW = loop(TAKE_TWO + GIVE).replace("%i", "%j")
TAKES_NONE = "this acquire finds as many objects of @in held as it asks for"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(loop(f"{TAKE}\n{WINDOW}"), id="kept for the next iteration"),
        pytest.param(f"{WINDOW}\n{loop(f'{AGAIN}{GIVE}')}", id="kept for another loop"),
        pytest.param(loop(f"{TAKE_TWO}\n{GIVE}\n{TAKE}"), id="none in each iteration, but counted"),
    ],
)
def test_an_acquire_that_finds_enough_held_where_the_core_counts_is_told_of(
    lower_fifos, caplog, body: str
) -> None:
    """It waits until there is none to be taken."""
    lower_fifos(core(body))
    (record,) = caplog.records
    assert TAKES_NONE in record.message


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"{TAKE}\n{loop(TAKE_TWO + GIVE)}\n{GIVE}", id="a window"),
        pytest.param(loop(f"{TAKE}\n{WINDOW}\n{GIVE}"), id="one in each iteration"),
        pytest.param(f"{TAKE}\n{AGAIN}\n{GIVE}", id="twice"),
        pytest.param(loop(f"{TAKE_TWO}\n{GIVE}\n{TAKE}\n{GIVE}"), id="never any"),
        pytest.param(loop(f"{TAKE}\nscf.if %b {{\n{GIVE}\n}}"), id="perhaps given back"),
    ],
)
def test_an_acquire_is_fine_where_as_many_are_held_each_time(
    lower_fifos, caplog, body: str
) -> None:
    lower_fifos(core(f"%b = arith.cmpi eq, %c0, %c1 : index\n{body}"))
    assert TAKES_NONE not in caplog.text
