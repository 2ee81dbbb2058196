"""Structured control flow as blocks: what it does, and in which order the blocks stand."""

from __future__ import annotations

import pytest

from softnpu.passes.scf_to_control_flow import SCFToControlFlowPass
from tests.softnpu.passes.running import run_function

LOWERING = (SCFToControlFlowPass(),)


def test_nested_loops_count_as_often_as_they_should(mlir) -> None:
    text = """
    func.func @f(%n: index) -> index {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %r = scf.for %i = %c0 to %n step %c1 iter_args(%t = %c0) -> (index) {
        %s = scf.for %j = %i to %n step %c1 iter_args(%u = %t) -> (index) {
          %v = arith.addi %u, %j : index
          scf.yield %v : index
        }
        scf.yield %s : index
      }
      return %r : index
    }
    """
    for n in (0, 1, 4):
        expected = sum(j for i in range(n) for j in range(i, n))
        assert run_function(mlir, text, LOWERING, n) == (expected,)


@pytest.mark.parametrize(("value", "expected"), [(3, 103), (-3, 3)])
def test_a_branch_gives_the_value_of_the_side_taken(mlir, value: int, expected: int) -> None:
    text = """
    func.func @f(%x: i32) -> i32 {
      %zero = arith.constant 0 : i32
      %hundred = arith.constant 100 : i32
      %p = arith.cmpi sgt, %x, %zero : i32
      %r = scf.if %p -> (i32) {
        %a = arith.addi %x, %hundred : i32
        scf.yield %a : i32
      } else {
        %b = arith.subi %zero, %x : i32
        scf.yield %b : i32
      }
      return %r : i32
    }
    """
    assert run_function(mlir, text, LOWERING, value) == (expected,)


def test_a_while_loop_runs_until_its_condition_fails(mlir) -> None:
    text = """
    func.func @f(%n: i32) -> (i32, i32) {
      %one = arith.constant 1 : i32
      %zero = arith.constant 0 : i32
      %r, %k = scf.while (%a = %one, %b = %zero) : (i32, i32) -> (i32, i32) {
        %p = arith.cmpi slt, %a, %n : i32
        scf.condition(%p) %a, %b : i32, i32
      } do {
      ^bb0(%a: i32, %b: i32):
        %c = arith.addi %a, %a : i32
        %d = arith.addi %b, %one : i32
        scf.yield %c, %d : i32, i32
      }
      return %r, %k : i32, i32
    }
    """
    assert run_function(mlir, text, LOWERING, 20) == (32, 5)


def test_a_do_while_loop_has_no_block_for_its_empty_half(lower) -> None:
    text = lower(
        """
module {
  func.func @f(%n: i32) {
    %r = scf.while (%a = %n) : (i32) -> i32 {
      %p = arith.cmpi slt, %a, %n : i32
      scf.condition(%p) %a : i32
    } do {
    ^bb0(%a: i32):
      scf.yield %a : i32
    }
    return
  }
}
""",
        *LOWERING,
    )
    assert "^bb3" not in text
    assert "cf.cond_br %1, ^bb1(%0 : i32), ^bb2" in text


@pytest.mark.parametrize(("index", "expected"), [(2, 20), (5, 50), (7, 99)])
def test_a_switch_goes_to_its_case_or_the_default(lower, index: int, expected: int) -> None:
    text = lower(
        """
module {
  func.func @f(%i: index) -> i32 {
    %r = scf.index_switch %i -> i32
    case 2 {
      %a = arith.constant 20 : i32
      scf.yield %a : i32
    }
    case 5 {
      %b = arith.constant 50 : i32
      scf.yield %b : i32
    }
    default {
      %c = arith.constant 99 : i32
      scf.yield %c : i32
    }
    return %r : i32
  }
}
""",
        *LOWERING,
    )
    lines = [line.strip() for line in text.splitlines()]
    cases = [line.rstrip(",").split(": ") for line in lines if ": ^bb" in line]
    targets = {case[0]: case[1] for case in cases if len(case) == 2}
    target = targets.get(str(index), targets["default"])
    block = next(n for n, line in enumerate(lines) if line.startswith(target + ":"))
    assert lines[block + 1].endswith(f"arith.constant {expected} : i32")


def test_a_parallel_loop_reduces_over_all_its_dimensions(mlir) -> None:
    text = """
    func.func @f() -> index {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %c4 = arith.constant 4 : index
      %r = "scf.parallel"(%c0, %c1, %c3, %c4, %c1, %c1, %c0)
          <{operandSegmentSizes = array<i32: 2, 2, 2, 1>}> ({
      ^body(%i: index, %j: index):
        %v = arith.muli %i, %j : index
        scf.reduce(%v : index) {
        ^bb0(%a: index, %b: index):
          %s = arith.addi %a, %b : index
          scf.reduce.return %s : index
        }
      }) : (index, index, index, index, index, index, index) -> index
      return %r : index
    }
    """
    assert run_function(mlir, text, LOWERING) == (18,)


def test_blocks_stand_as_mlir_leaves_them(lower) -> None:
    text = lower(
        """
module {
  func.func @f(%p: i1, %n: index, %m: memref<8xi32>, %x: i32) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %n step %c1 {
      scf.if %p {
        memref.store %x, %m[%i] : memref<8xi32>
      }
    }
    return
  }
}
""",
        *LOWERING,
    )
    assert [line.strip() for line in text.splitlines()][4:19] == [
        "cf.br ^bb1(%c0 : index)",
        "^bb1(%0: index):  // 2 preds: ^bb0, ^bb4",
        "%1 = arith.cmpi slt, %0, %arg1 : index",
        "cf.cond_br %1, ^bb2, ^bb5",
        "^bb2:  // pred: ^bb1",
        "cf.cond_br %arg0, ^bb3, ^bb4",
        "^bb3:  // pred: ^bb2",
        "memref.store %arg3, %arg2[%0] : memref<8xi32>",
        "cf.br ^bb4",
        "^bb4:  // 2 preds: ^bb2, ^bb3",
        "%2 = arith.addi %0, %c1 : index",
        "cf.br ^bb1(%2 : index)",
        "^bb5:  // pred: ^bb1",
        "return",
        "}",
    ]
