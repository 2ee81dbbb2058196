"""Loops around acquires: unrolled until the same buffers come round again."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.objectfifo_stateful_transform import ObjectFifoStatefulTransformPass
from softnpu.passes.objectfifo_unroll import ObjectFifoUnrollPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.printed import with_numbers

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
    }} {attributes}
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


def core(
    lower: Lower,
    depth: int,
    trips: int,
    loops: str = LOOP,
    other: int = 2,
    attributes: str = "",
    **options: object,
) -> list[str]:
    """The core's lines, constants as numbers."""
    body = CORE.format(depth=depth, trips=trips, loops=loops, other=other, attributes=attributes)
    text = with_numbers(
        lower(
            f"module {{ aie.device(npu1_2col) {{ {body} }} }}",
            ObjectFifoStatefulTransformPass(),
            ObjectFifoUnrollPass(**options),  # type: ignore[arg-type]
        )
    )
    lines = [line.strip() for line in text.splitlines()]
    start = next(n for n, line in enumerate(lines) if "aie.core" in line)
    return lines[start + 1 : lines.index("aie.end", start)]


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


def test_a_loop_is_unrolled_by_the_depth(lower: Lower) -> None:
    lines = core(lower, depth=2, trips=8)
    assert buffers(lines) == ["for", "in_cons0", "in_cons1", "end"]
    assert any("scf.for %arg0 = 0 to 8 step 2" in line for line in lines)


def test_two_depths_meet_at_their_least_common_multiple(lower: Lower) -> None:
    found = buffers(core(lower, depth=2, trips=12, loops=BOTH, other=3))
    assert found == [
        "for",
        *("in_cons0", "out0", "in_cons1", "out1", "in_cons0", "out2"),
        *("in_cons1", "out0", "in_cons0", "out1", "in_cons1", "out2"),
        "end",
    ]


def test_one_iteration_left_over_stands_behind_the_loop(lower: Lower) -> None:
    assert buffers(core(lower, depth=2, trips=9)) == [
        *("for", "in_cons0", "in_cons1", "end"),
        "in_cons0",
    ]


def test_several_iterations_left_over_are_unrolled_too(lower: Lower) -> None:
    assert buffers(core(lower, depth=4, trips=11)) == [
        *("for", "in_cons0", "in_cons1", "in_cons2", "in_cons3", "end"),
        *("in_cons0", "in_cons1", "in_cons2"),
    ]


def test_a_short_loop_disappears(lower: Lower) -> None:
    assert buffers(core(lower, depth=4, trips=3)) == ["in_cons0", "in_cons1", "in_cons2"]


def test_the_induction_variable_goes_on_counting(lower: Lower) -> None:
    lines = core(lower, depth=2, trips=8)
    calls = [line for line in lines if "@work" in line]
    assert "%arg0" in calls[0]
    shifted = calls[1].split(", %")[1].split(")")[0]
    assert any(line.startswith(f"%{shifted} = arith.addi %arg0, ") for line in lines)


def test_inner_loops_without_acquires_stay_as_they_are(lower: Lower) -> None:
    inner = LOOP.replace(
        "func.call @work(%x, %i) : (memref<4xi32>, index) -> ()",
        """scf.for %j = %c0 to %n step %c1 {
          func.call @work(%x, %j) : (memref<4xi32>, index) -> ()
        }""",
    )
    assert buffers(core(lower, depth=2, trips=8, loops=inner)) == [
        "for",
        *("for", "in_cons0", "end"),
        *("for", "in_cons1", "end"),
        "end",
    ]


def test_values_carried_by_a_loop_pass_through_all_its_iterations(lower: Lower) -> None:
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
    lines = core(lower, depth=2, trips=5, loops=loops)
    sums = [line for line in lines if "arith.addi" in line and "i32" in line]
    assert len(sums) == 3
    first, second, last = (line.split(" = ")[0] for line in sums)
    loop = next(line for line in lines if "scf.for" in line).split(" = ")[0]
    assert f"arith.addi {first}," in sums[1]
    assert f"scf.yield {second} : i32" in lines
    assert f"arith.addi {loop}," in sums[2]
    assert any(f"arith.index_cast {last} " in line for line in lines)


UNKNOWN = """
      %b = aie.objectfifo.acquire @out(Produce, 1) : !aie.objectfifosubview<memref<4xi32>>
      %y = aie.objectfifo.subview.access %b[0]
          : !aie.objectfifosubview<memref<4xi32>> -> memref<4xi32>
      %e = memref.load %y[%c0] : memref<4xi32>
      %m = arith.index_cast %e : i32 to index
""" + LOOP.replace("%n step", "%m step")


def test_a_loop_of_unknown_length_goes_on_with_the_object_that_is_next(lower: Lower) -> None:
    lines = core(lower, depth=2, trips=5, loops=UNKNOWN)
    assert sum("scf.for" in line for line in lines) == 2
    # The rest, of none or one iteration, starts with the first object again.
    assert [name for name in buffers(lines) if name.startswith("in_cons")][:2] == [
        "in_cons0",
        "in_cons1",
    ]


@pytest.mark.parametrize(
    ("attributes", "default", "dynamic"),
    [
        ("{dynamic_objfifo_lowering = true}", False, True),
        ("{dynamic_objfifo_lowering = false}", True, False),
        ("", False, False),
        ("", True, True),
    ],
)
def test_core_or_compiler_decides(
    lower: Lower, attributes: str, default: bool, dynamic: bool
) -> None:
    lines = core(lower, depth=2, trips=8, attributes=attributes, default_dynamic=default)
    assert any("index_switch" in line for line in lines) is dynamic


def test_a_loop_that_stays_switches_over_a_count_that_it_carries(lower: Lower) -> None:
    lines = core(lower, depth=3, trips=10, default_dynamic=True)
    loop = next(line for line in lines if "scf.for" in line)
    assert "0 to 10 step 1 iter_args(" in loop
    switch = next(n for n, line in enumerate(lines) if "scf.index_switch" in line)
    yields = [line.split()[1] for line in lines[switch:] if "scf.yield %in" in line]
    assert yields == [f"%in_cons_buff_{n}" for n in (0, 1, 2, 0)]


def test_what_unrolled_could_never_fit_is_refused_at_once(lower: Lower) -> None:
    with pytest.raises(DesignError, match=r"after 3599 iterations; unrolled so often") as raised:
        core(lower, depth=61, trips=100_000, loops=BOTH, other=59)
    assert "leave out dynamic_objfifo_lowering = false" in str(raised.value)


def test_loops_that_unroll_to_nothing_leave_the_count_to_those_behind(lower: Lower) -> None:
    assert buffers(core(lower, depth=3, trips=2, loops=LOOP + LOOP)) == [
        *("in_cons0", "in_cons1"),
        *("in_cons2", "in_cons0"),
    ]


def test_a_loop_that_never_runs_is_gone(lower: Lower) -> None:
    assert core(lower, depth=2, trips=0) == []


def test_a_first_iteration_comes_before_the_loop_where_that_makes_its_locks_numbers(
    lower: Lower,
) -> None:
    keep = LOOP.replace("Consume, 1) : !aie", "Consume, 2) : !aie")
    peeled = core(lower, depth=3, trips=8, loops=keep)
    whole = core(lower, depth=3, trips=8, loops=keep, peel_first_iteration="false")
    acquires = [line for line in peeled if "Acquire" in line]
    assert acquires[0].endswith("AcquireGreaterEqual, 2)")
    assert all(line.endswith("AcquireGreaterEqual, 1)") for line in acquires[1:])
    assert any("AcquireGreaterEqual, %" in line for line in whole)
