"""Acquire and release: how many locks are taken, and which buffers are meant."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError

VIEW = "!aie.objectfifosubview<memref<4xi32>>"

CORE = """
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    func.func private @work(memref<4xi32>)
    aie.objectfifo @in(%s, {{%w}}, [2, 4]) {attributes} : !aie.objectfifo<memref<4xi32>>
    %core = aie.core(%w) {{
      {body}
      aie.end
    }}
"""


def program(*steps: str) -> str:
    """`+2` acquires two objects and works on the last, `-1` releases one."""
    lines = []
    for number, step in enumerate(steps):
        count = int(step[1:])
        if step[0] == "+":
            lines += [
                f"%v{number} = aie.objectfifo.acquire @in(Consume, {count}) : {VIEW}",
                f"%x{number} = aie.objectfifo.subview.access %v{number}[{count - 1}] : "
                f"{VIEW} -> memref<4xi32>",
                f"func.call @work(%x{number}) : (memref<4xi32>) -> ()",
            ]
        else:
            lines.append(f"aie.objectfifo.release @in(Consume, {count})")
    return "\n".join(lines)


def lowered(lower_fifos, *steps: str, attributes: str = "") -> list[str]:
    text = CORE.format(body=program(*steps), attributes=attributes)
    lines = lower_fifos(text).part("%core_0_2")
    short = []
    for line in lines:
        if "use_lock" in line:
            sign = "+" if "Acquire" in line else "-"
            short.append(sign + line.removesuffix(")").split(", ")[-1])
        elif "@work" in line:
            short.append(line.split("_buff_")[1].split(")")[0])
    return short


def test_what_is_held_already_is_not_acquired_again(lower_fifos) -> None:
    assert lowered(lower_fifos, "+2", "+1", "+3", "+1", "-3") == [
        *("+2", "1"),
        "0",
        *("+1", "2"),
        "0",
        "-3",
    ]


def test_a_partial_release_slides_the_window(lower_fifos) -> None:
    assert lowered(lower_fifos, "+3", "-1", "+3", "-1", "+3") == [
        *("+3", "2", "-1"),
        *("+1", "3", "-1"),
        *("+1", "0"),
    ]


def test_releases_in_a_loop_count_once(lower_fifos) -> None:
    body = f"""
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %v = aie.objectfifo.acquire @in(Consume, 3) : {VIEW}
      scf.for %i = %c0 to %c3 step %c1 {{
        aie.objectfifo.release @in(Consume, 1)
      }}
      %u = aie.objectfifo.acquire @in(Consume, 3) : {VIEW}
    """
    lines = lower_fifos(CORE.format(body=body, attributes="")).part("%core_0_2")
    assert "aie.use_lock(%in_cons_cons_lock_0, AcquireGreaterEqual, 1)" in lines


def test_without_locks_the_objects_still_go_round(lower_fifos) -> None:
    steps = ("+1", "-1", "+1", "-1")
    plain = lowered(lower_fifos, *steps, attributes="{disable_synchronization = true}")
    assert plain == ["0", "1"]


def test_releasing_more_than_is_held_is_refused(lower_fifos) -> None:
    with pytest.raises(DesignError) as error:
        lowered(lower_fifos, "+1", "-2", "+1")
    assert error.value.message == (
        "before this acquire, 2 objects of @in are released, but only 1 are held"
    )


def test_a_core_that_produces_for_itself_holds_both_ends(lower_fifos) -> None:
    lines = lower_fifos(f"""
    %w = aie.tile(0, 2)
    aie.objectfifo @loop(%w, {{%w}}, 3 : i32) : !aie.objectfifo<memref<4xi32>>
    %core = aie.core(%w) {{
      %v = aie.objectfifo.acquire @loop(Produce, 1) : {VIEW}
      aie.objectfifo.release @loop(Produce, 1)
      %u = aie.objectfifo.acquire @loop(Consume, 1) : {VIEW}
      aie.objectfifo.release @loop(Consume, 1)
      aie.end
    }}
    """).part("%core_0_2")
    assert lines == [
        "aie.use_lock(%loop_prod_lock_0, AcquireGreaterEqual, 1)",
        "aie.use_lock(%loop_cons_lock_0, Release, 1)",
        "aie.use_lock(%loop_cons_lock_0, AcquireGreaterEqual, 1)",
        "aie.use_lock(%loop_prod_lock_0, Release, 1)",
        "aie.end",
    ]


def test_a_core_cannot_acquire_where_the_dmas_pass_the_objects_on(lower_fifos) -> None:
    with pytest.raises(DesignError, match=r"cannot acquire @in .*\(\[@in\] -> \[@out\]\)"):
        lower_fifos(f"""
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    aie.objectfifo @in(%s, {{%w}}, 2 : i32) : !aie.objectfifo<memref<4xi32>>
    aie.objectfifo @out(%w, {{%s}}, 2 : i32) : !aie.objectfifo<memref<4xi32>>
    aie.objectfifo.link [@in] -> [@out] ([] [])
    %core = aie.core(%w) {{
      %v = aie.objectfifo.acquire @in(Consume, 1) : {VIEW}
      aie.end
    }}
    """)


def test_more_objects_than_any_lock_counts_are_refused_at_once(lower_fifos) -> None:
    body = """
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    aie.objectfifo @near(%a, {%b}, 4 : i32) : !aie.objectfifo<memref<4xi32>>
    %core = aie.core(%a) {
      %v = aie.objectfifo.acquire @near(Produce, 2147483647)
          : !aie.objectfifosubview<memref<4xi32>>
      aie.end
    }
    """
    with pytest.raises(DesignError, match="2,147,483,647 objects of @near are acquired at once"):
        lower_fifos(body)
