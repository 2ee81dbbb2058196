"""Loops and branches whose course is known."""

from __future__ import annotations

import pytest

from softnpu.passes.rewriting.control_flow import CONTROL_FLOW

LOOP = """
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %upper = arith.constant {upper} : index
    %r = scf.for %i = %c0 to %upper step %c2 iter_args(%t = %x) -> (i32) {{
      %v = memref.load %m[%i] : memref<8xi32>
      %s = arith.addi %t, %v : i32
      scf.yield %s : i32
    }}
    func.call @use(%r) : (i32) -> ()
"""


@pytest.mark.parametrize(("upper", "loops", "loads"), [(0, 0, 0), (2, 0, 1), (1, 0, 1), (3, 1, 1)])
def test_a_loop_of_no_or_one_iteration_is_unwrapped(
    simplify, upper: int, loops: int, loads: int
) -> None:
    lines = simplify(LOOP.format(upper=upper), CONTROL_FLOW)
    assert len([line for line in lines if "scf.for" in line]) == loops
    assert len([line for line in lines if "memref.load" in line]) == loads


def test_a_loop_that_does_nothing_goes(simplify) -> None:
    lines = simplify(
        """
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    scf.for %i = %c0 to %c8 step %c1 {
      %v = memref.load %m[%i] : memref<8xi32>
    }
    """,
        CONTROL_FLOW,
    )
    assert lines == []


def test_values_that_a_loop_hands_on_unchanged_are_not_carried(simplify) -> None:
    lines = simplify(
        """
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %r, %s = scf.for %i = %c0 to %c8 step %c1 iter_args(%t = %x, %u = %y) -> (i32, i32) {
      %v = memref.load %m[%i] : memref<8xi32>
      %w = arith.addi %v, %u : i32
      %z = arith.addi %t, %w : i32
      scf.yield %z, %u : i32, i32
    }
    func.call @use(%r) : (i32) -> ()
    func.call @use(%s) : (i32) -> ()
    """,
        CONTROL_FLOW,
    )
    loop = next(line for line in lines if "scf.for" in line)
    assert "iter_args(%arg6 = %arg0) -> (i32)" in loop
    assert "call @use(%arg1) : (i32) -> ()" in lines


@pytest.mark.parametrize(("condition", "taken"), [("true", "%arg0"), ("false", "%arg1")])
def test_only_the_branch_that_is_taken_is_left(simplify, condition: str, taken: str) -> None:
    lines = simplify(
        f"""
    %c = arith.constant {condition}
    %r = scf.if %c -> (i32) {{
      scf.yield %x : i32
    }} else {{
      scf.yield %y : i32
    }}
    func.call @use(%r) : (i32) -> ()
    """,
        CONTROL_FLOW,
    )
    assert lines == [f"call @use({taken}) : (i32) -> ()"]


def test_an_else_in_which_nothing_happens_goes(simplify) -> None:
    lines = simplify(
        """
    scf.if %p {
      func.call @use(%x) : (i32) -> ()
    } else {
    }
    """,
        CONTROL_FLOW,
    )
    assert lines == ["scf.if %arg4 {", "func.call @use(%arg0) : (i32) -> ()", "}"]


@pytest.mark.parametrize(("index", "taken"), [(1, "%arg0"), (5, "%arg1")])
def test_a_switch_over_a_constant_is_its_case(simplify, index: int, taken: str) -> None:
    lines = simplify(
        f"""
    %i = arith.constant {index} : index
    %r = scf.index_switch %i -> i32
    case 1 {{
      scf.yield %x : i32
    }}
    default {{
      scf.yield %y : i32
    }}
    func.call @use(%r) : (i32) -> ()
    """,
        CONTROL_FLOW,
    )
    assert lines == [f"call @use({taken}) : (i32) -> ()"]


def test_what_a_while_does_not_use_is_not_carried(simplify) -> None:
    """The second value is never looked at, the third goes round as it is."""
    lines = simplify(
        """
    %c0 = arith.constant 0 : i32
    %c8 = arith.constant 8 : i32
    %r, %s, %t = scf.while (%a = %c0, %b = %x, %c = %y) : (i32, i32, i32) -> (i32, i32, i32) {
      %more = arith.cmpi slt, %a, %c8 : i32
      scf.condition(%more) %a, %c, %a : i32, i32, i32
    } do {
    ^bb0(%d: i32, %e: i32, %f: i32):
      %z = arith.addi %d, %e : i32
      scf.yield %z, %z, %e : i32, i32, i32
    }
    func.call @use(%r) : (i32) -> ()
    func.call @use(%s) : (i32) -> ()
    """,
        CONTROL_FLOW,
    )
    assert lines[2:] == [
        "%0 = scf.while (%arg5 = %c0_i32) : (i32) -> i32 {",
        "%1 = arith.cmpi slt, %arg5, %c8_i32 : i32",
        "scf.condition(%1) %arg5 : i32",
        "} do {",
        "^bb0(%arg5: i32):",
        "%1 = arith.addi %arg5, %arg1 : i32",
        "scf.yield %1 : i32",
        "}",
        "call @use(%0) : (i32) -> ()",
        "call @use(%arg1) : (i32) -> ()",
    ]
