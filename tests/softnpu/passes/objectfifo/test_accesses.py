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
    lines = lower_fifos(text, unroll=True).part("%core_0_2")
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


def test_a_repeated_object_is_one_object_that_takes_several_locks(lower_fifos) -> None:
    body = """
    %w = aie.tile(0, 2)
    %far = aie.tile(1, 4)
    func.func private @work(memref<4xi32>)
    aie.objectfifo @out(%w, {%far}, [2, 2]) {repeat_count = 2 : i32}
      : !aie.objectfifo<memref<4xi32>>
    %core = aie.core(%w) {
      STEPS
      aie.end
    }
    """
    step = f"""
      %v = aie.objectfifo.acquire @out(Produce, 1) : {VIEW}
      %x = aie.objectfifo.subview.access %v[0] : {VIEW} -> memref<4xi32>
      func.call @work(%x) : (memref<4xi32>) -> ()
      aie.objectfifo.release @out(Produce, 1)
    """
    steps = step + step.replace("%v", "%u").replace("%x", "%y")
    lines = lower_fifos(body.replace("STEPS", steps), unroll=True).part("%core_0_2")
    assert lines[:6] == [
        "aie.use_lock(%out_prod_lock_0, AcquireGreaterEqual, 2)",
        "func.call @work(%out_buff_0) : (memref<4xi32>) -> ()",
        "aie.use_lock(%out_cons_lock_0, Release, 2)",
        "aie.use_lock(%out_prod_lock_0, AcquireGreaterEqual, 2)",
        "func.call @work(%out_buff_1) : (memref<4xi32>) -> ()",
        "aie.use_lock(%out_cons_lock_0, Release, 2)",
    ]


def test_objects_of_a_release_that_never_took_any_are_told_of(lower_fifos, caplog) -> None:
    text = CORE.format(body="aie.objectfifo.release @in(Consume, 1)", attributes="")
    assert lower_fifos(text).matching("use_lock.*Release, 1")
    assert "1 objects of @in are released here, but this core holds 0" in caplog.text


@pytest.mark.parametrize("attributes", ["", "{dynamic_objfifo_lowering = true}"])
def test_more_objects_than_there_are_cannot_be_acquired(lower_fifos, attributes: str) -> None:
    """Where both ends share a memory, the producer's depth counts."""
    with pytest.raises(DesignError) as refused:
        lower_fifos(f"""
    %w = aie.tile(0, 2)
    %north = aie.tile(0, 3)
    aie.objectfifo @near(%w, {{%north}}, [2, 4]) : !aie.objectfifo<memref<4xi32>>
    %core = aie.core(%north) {{
      %v = aie.objectfifo.acquire @near(Consume, 3) : {VIEW}
      aie.end
    }} {attributes}
    """)
    assert refused.value.message == (
        "3 objects of @near are acquired at once, but there are only 2 of them here: "
        "the core would wait for ever"
    )
    assert refused.value.notes[0] == "it is declared at design.mlir:6:5"
    assert refused.value.location is not None
    assert refused.value.location.line == 8


def test_without_locks_the_objects_still_go_round(lower_fifos) -> None:
    steps = ("+1", "-1", "+1", "-1")
    plain = lowered(lower_fifos, *steps, attributes="{disable_synchronization = true}")
    assert plain == ["0", "1"]


def test_releasing_more_than_is_held_is_told_of(lower_fifos, caplog) -> None:
    lowered(lower_fifos, "+1", "-2", "+1")
    (record,) = caplog.records
    assert record.getMessage().startswith(
        "design.mlir:12:1: warning: 2 objects of @in are released here, but this core holds 1"
    )


def test_what_is_held_behind_a_branch_is_not_guessed(lower_fifos, caplog) -> None:
    body = f"""
      %p = arith.constant true
      scf.if %p {{
        %v = aie.objectfifo.acquire @in(Consume, 2) : {VIEW}
      }}
      aie.objectfifo.release @in(Consume, 2)
    """
    lower_fifos(CORE.format(body=body, attributes=""))
    assert not caplog.records


def test_a_core_that_produces_for_itself_holds_both_ends(lower_fifos) -> None:
    lines = lower_fifos(
        f"""
    %w = aie.tile(0, 2)
    aie.objectfifo @loop(%w, {{%w}}, 3 : i32) : !aie.objectfifo<memref<4xi32>>
    %core = aie.core(%w) {{
      %v = aie.objectfifo.acquire @loop(Produce, 1) : {VIEW}
      aie.objectfifo.release @loop(Produce, 1)
      %u = aie.objectfifo.acquire @loop(Consume, 1) : {VIEW}
      aie.objectfifo.release @loop(Consume, 1)
      aie.end
    }}
    """,
        unroll=True,
    ).part("%core_0_2")
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
