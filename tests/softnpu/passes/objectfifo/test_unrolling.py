"""Loops around acquires: unrolled until the same buffers come round again."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError

CORE = """
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    func.func private @work(memref<4xi32>, index)
    aie.objectfifo @in(%s, {{%w}}, [2, {depth}]) : !aie.objectfifo<memref<4xi32>>
    aie.objectfifo @out(%w, {{%s}}, [{other}, 2]) : !aie.objectfifo<memref<4xi32>>
    %core = aie.core(%w) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = arith.constant {trips} : index
      {loops}
      aie.end
    }}
"""

LOOP = """
      scf.for %i = %c0 to %n step %c1 {
        %v = aie.objectfifo.acquire @in(Consume, 1) : !aie.objectfifosubview<memref<4xi32>>
        %x = aie.objectfifo.subview.access %v[0]
            : !aie.objectfifosubview<memref<4xi32>> -> memref<4xi32>
        func.call @work(%x, %i) : (memref<4xi32>, index) -> ()
        aie.objectfifo.release @in(Consume, 1)
      }
"""

BOTH = """
      scf.for %i = %c0 to %n step %c1 {
        %v = aie.objectfifo.acquire @in(Consume, 1) : !aie.objectfifosubview<memref<4xi32>>
        %x = aie.objectfifo.subview.access %v[0]
            : !aie.objectfifosubview<memref<4xi32>> -> memref<4xi32>
        %u = aie.objectfifo.acquire @out(Produce, 1) : !aie.objectfifosubview<memref<4xi32>>
        %y = aie.objectfifo.subview.access %u[0]
            : !aie.objectfifosubview<memref<4xi32>> -> memref<4xi32>
        func.call @work(%x, %i) : (memref<4xi32>, index) -> ()
        func.call @work(%y, %i) : (memref<4xi32>, index) -> ()
        aie.objectfifo.release @in(Consume, 1)
        aie.objectfifo.release @out(Produce, 1)
      }
"""


def core(lower_fifos, depth: int, trips: int, loops: str = LOOP, other: int = 2) -> list[str]:
    body = CORE.format(depth=depth, trips=trips, loops=loops, other=other)
    return lower_fifos(body).part("%core_0_2")


def buffers(lines: list[str]) -> list[str]:
    """The objects that the calls get, and where loops begin and end."""
    found = []
    for line in lines:
        if "@work" in line:
            found.append(line.split("(%")[1].split(",")[0].replace("_buff_", ""))
        elif "scf.for" in line:
            found.append("for")
        elif line == "}":
            found.append("end")
    return found


def test_a_loop_is_unrolled_by_the_depth(lower_fifos) -> None:
    lines = core(lower_fifos, depth=2, trips=8)
    assert buffers(lines) == ["for", "in_cons0", "in_cons1", "end"]
    assert any("scf.for %arg0 = %c0 to %c8 step %c2" in line for line in lines)


def test_two_depths_meet_at_their_least_common_multiple(lower_fifos) -> None:
    found = buffers(core(lower_fifos, depth=2, trips=12, loops=BOTH, other=3))
    assert found == [
        "for",
        *("in_cons0", "out0", "in_cons1", "out1", "in_cons0", "out2"),
        *("in_cons1", "out0", "in_cons0", "out1", "in_cons1", "out2"),
        "end",
    ]


def test_one_iteration_left_over_stands_behind_the_loop(lower_fifos) -> None:
    assert buffers(core(lower_fifos, depth=2, trips=9)) == [
        *("for", "in_cons0", "in_cons1", "end"),
        "in_cons0",
    ]


def test_several_iterations_left_over_are_unrolled_too(lower_fifos) -> None:
    assert buffers(core(lower_fifos, depth=4, trips=11)) == [
        *("for", "in_cons0", "in_cons1", "in_cons2", "in_cons3", "end"),
        *("in_cons0", "in_cons1", "in_cons2"),
    ]


def test_a_short_loop_disappears(lower_fifos) -> None:
    assert buffers(core(lower_fifos, depth=4, trips=3)) == ["in_cons0", "in_cons1", "in_cons2"]


def test_the_induction_variable_goes_on_counting(lower_fifos) -> None:
    lines = core(lower_fifos, depth=2, trips=8)
    calls = [line for line in lines if "@work" in line]
    assert "%arg0" in calls[0]
    shifted = calls[1].split(", %")[1].split(")")[0]
    assert any(line.startswith(f"%{shifted} = arith.addi %arg0, ") for line in lines)


def test_inner_loops_without_acquires_stay_as_they_are(lower_fifos) -> None:
    inner = LOOP.replace(
        "func.call @work(%x, %i) : (memref<4xi32>, index) -> ()",
        """scf.for %j = %c0 to %n step %c1 {
          func.call @work(%x, %j) : (memref<4xi32>, index) -> ()
        }""",
    )
    assert buffers(core(lower_fifos, depth=2, trips=8, loops=inner)) == [
        "for",
        *("for", "in_cons0", "end"),
        *("for", "in_cons1", "end"),
        "end",
    ]


def test_values_carried_by_a_loop_pass_through_all_its_iterations(lower_fifos) -> None:
    loops = """
      %zero = arith.constant 0 : i32
      %sum = scf.for %i = %c0 to %n step %c1 iter_args(%total = %zero) -> (i32) {
        %v = aie.objectfifo.acquire @in(Consume, 1) : !aie.objectfifosubview<memref<4xi32>>
        %x = aie.objectfifo.subview.access %v[0]
            : !aie.objectfifosubview<memref<4xi32>> -> memref<4xi32>
        %e = memref.load %x[%c0] : memref<4xi32>
        %t = arith.addi %total, %e : i32
        aie.objectfifo.release @in(Consume, 1)
        scf.yield %t : i32
      }
      %k = arith.index_cast %sum : i32 to index
      %b = aie.objectfifo.acquire @out(Produce, 1) : !aie.objectfifosubview<memref<4xi32>>
      %y = aie.objectfifo.subview.access %b[0]
          : !aie.objectfifosubview<memref<4xi32>> -> memref<4xi32>
      func.call @work(%y, %k) : (memref<4xi32>, index) -> ()
"""
    lines = core(lower_fifos, depth=2, trips=5, loops=loops)
    sums = [line for line in lines if "arith.addi" in line and "i32" in line]
    assert len(sums) == 3
    first, second, last = (line.split(" = ")[0] for line in sums)
    loop = next(line for line in lines if "scf.for" in line).split(" = ")[0]
    assert f"arith.addi {first}," in sums[1]
    assert f"scf.yield {second} : i32" in lines
    assert f"arith.addi {loop}," in sums[2]
    assert any(f"arith.index_cast {last} " in line for line in lines)


def test_a_loop_of_unknown_length_needs_the_dynamic_lowering(lower_fifos) -> None:
    loops = """
      %b = aie.objectfifo.acquire @out(Produce, 1) : !aie.objectfifosubview<memref<4xi32>>
      %y = aie.objectfifo.subview.access %b[0]
          : !aie.objectfifosubview<memref<4xi32>> -> memref<4xi32>
      %e = memref.load %y[%c0] : memref<4xi32>
      %m = arith.index_cast %e : i32 to index
    """ + LOOP.replace("%n step", "%m step")
    with pytest.raises(DesignError) as error:
        core(lower_fifos, depth=2, trips=5, loops=loops)
    assert "its bounds are not constants" in error.value.message
    assert "dynamic_objfifo_lowering = true" in error.value.notes[0]
    # With one object there is nothing to tell apart.
    assert buffers(core(lower_fifos, depth=1, trips=5, loops=loops)) == ["for", "in_cons0", "end"]


def test_what_unrolled_could_never_fit_is_refused_at_once(lower_fifos) -> None:
    with pytest.raises(DesignError, match=r"after 3,?599 iterations; unrolled so often") as raised:
        core(lower_fifos, depth=61, trips=100_000, loops=BOTH, other=59)
    assert "dynamic_objfifo_lowering = true" in str(raised.value)


def test_a_loop_behind_another_that_unrolls_to_nothing_is_told_of(lower_fifos, caplog) -> None:
    text = CORE.format(depth=2, other=2, trips=2, loops=LOOP + LOOP)
    lowered = lower_fifos(text)
    assert lowered.matching("scf.for") == []
    assert "aie-opt crashes on this loop" in caplog.text


def test_a_loop_that_never_runs_is_left_alone_behind_one_inside_it(lower_fifos, caplog) -> None:
    inner = "scf.for %j = %c0 to %c1 step %c1 {\n      }\n"
    loop = LOOP.replace(
        "        aie.objectfifo.release", f"        {inner}        aie.objectfifo.release"
    )
    lowered = lower_fifos(CORE.format(depth=2, other=2, trips=0, loops=loop))
    assert len(lowered.matching("scf.for")) == 2
    assert "this loop never runs" in caplog.text
