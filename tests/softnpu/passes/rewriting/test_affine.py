"""Affine ops, lowered and then run by xDSL's interpreter."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.lower_affine import LowerAffinePass
from softnpu.passes.scf_to_control_flow import SCFToControlFlowPass
from tests.softnpu.passes.running import run_function

LOWERINGS = (LowerAffinePass(), SCFToControlFlowPass())


@pytest.mark.parametrize("value", range(-9, 10))
def test_division_and_remainder_round_towards_minus_infinity(mlir, value: int) -> None:
    text = """
    func.func @f(%i: index) -> (index, index, index) {
      %a = affine.apply affine_map<(d0) -> (d0 floordiv 4)>(%i)
      %b = affine.apply affine_map<(d0) -> (d0 mod 4)>(%i)
      %c = affine.apply affine_map<(d0) -> (d0 ceildiv 4)>(%i)
      return %a, %b, %c : index, index, index
    }
    """
    assert run_function(mlir, text, LOWERINGS, value) == (value // 4, value % 4, -(-value // 4))


def test_loops_and_subscripts_visit_the_elements_that_they_name(mlir) -> None:
    text = """
    func.func @f() -> index {
      %m = memref.alloc() : memref<12xindex>
      affine.for %i = 0 to 12 {
        affine.store %i, %m[%i] : memref<12xindex>
      }
      %zero = arith.constant 0 : index
      %sum = affine.for %i = 1 to 4 iter_args(%t = %zero) -> (index) {
        %v = affine.load %m[%i * 3 - 1] : memref<12xindex>
        %s = arith.addi %t, %v : index
        affine.yield %s : index
      }
      return %sum : index
    }
    """
    assert run_function(mlir, text, LOWERINGS) == (2 + 5 + 8,)


@pytest.mark.parametrize("value", range(7))
def test_branches_choose_as_their_sets_say(mlir, value: int) -> None:
    text = """
    func.func @f(%i: index) -> index {
      %mid = affine.if affine_set<(d0) : (d0 >= 2, 4 - d0 >= 0)>(%i) -> index {
        affine.yield %i : index
      } else {
        %none = arith.constant 9 : index
        affine.yield %none : index
      }
      return %mid : index
    }
    """
    assert run_function(mlir, text, LOWERINGS, value) == (value if 2 <= value <= 4 else 9,)


@pytest.mark.parametrize(("kind", "op"), [("min", "arith.minsi"), ("max", "arith.maxsi")])
def test_extremes_compare_one_result_after_the_other(lower, kind: str, op: str) -> None:
    lowered = lower(
        f"""
module {{
  func.func @f(%i: index, %j: index) -> index {{
    %m = affine.{kind} affine_map<(d0, d1) -> (d0, d1)>(%i, %j)
    return %m : index
  }}
}}
""",
        LowerAffinePass(),
    )
    assert f"{op} %arg0, %arg1 : index" in lowered


def test_what_is_not_known_is_refused_by_name(lower) -> None:
    with pytest.raises(DesignError, match=r"affine\.parallel is not supported"):
        lower(
            """
module {
  func.func @f() {
    "affine.parallel"() <{reductions = [], lowerBoundsMap = affine_map<() -> (0)>,
        lowerBoundsGroups = dense<1> : vector<1xi32>, upperBoundsMap = affine_map<() -> (4)>,
        upperBoundsGroups = dense<1> : vector<1xi32>, steps = [1]}> ({
    ^body(%i: index):
      "affine.yield"() : () -> ()
    }) : () -> ()
    return
  }
}
""",
            LowerAffinePass(),
        )
