"""Trip counts, and loops that do the same after unrolling."""

from __future__ import annotations

import pytest
from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.passes.rewriting.loops import Bounds, unroll_by_factor
from softnpu.passes.scf_to_control_flow import SCFToControlFlowPass
from tests.softnpu.passes.running import run_function


@pytest.mark.parametrize(
    ("lower", "upper", "step", "trips"),
    [(0, 8, 1, 8), (0, 8, 3, 3), (1, 21, 2, 10), (5, 5, 1, 0), (8, 0, 1, 0), (-4, 4, 3, 3)],
)
def test_a_loop_runs_until_it_reaches_the_upper_bound(
    lower: int, upper: int, step: int, trips: int
) -> None:
    assert Bounds(lower, upper, step).trips == trips == len(range(lower, upper, step))


class _Unroll(ModulePass):
    name = "test-unroll"

    def __init__(self, factor: int) -> None:
        object.__setattr__(self, "factor", factor)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        loop = next(inner for inner in op.walk() if isinstance(inner, scf.ForOp))
        unroll_by_factor(loop, self.factor)  # type: ignore[attr-defined]


@pytest.mark.parametrize("factor", [1, 2, 3, 5])
@pytest.mark.parametrize(("lower", "upper", "step"), [(0, 6, 1), (1, 12, 2), (2, 7, 1), (0, 2, 5)])
def test_an_unrolled_loop_gives_what_it_gave(
    mlir: Context, lower: int, upper: int, step: int, factor: int
) -> None:
    text = f"""
    func.func @f() -> (index, index) {{
      %lower = arith.constant {lower} : index
      %upper = arith.constant {upper} : index
      %step = arith.constant {step} : index
      %two = arith.constant 2 : index
      %zero = arith.constant 0 : index
      %r, %s = scf.for %i = %lower to %upper step %step
          iter_args(%t = %zero, %u = %two) -> (index, index) {{
        %a = arith.muli %t, %two : index
        %b = arith.addi %a, %i : index
        scf.yield %b, %t : index, index
      }}
      return %r, %s : index, index
    }}
    """
    total, before = 0, 2
    for i in range(lower, upper, step):
        total, before = 2 * total + i, total
    assert run_function(mlir, text, (_Unroll(factor), SCFToControlFlowPass())) == (total, before)
