"""Constants in what loops carry."""

from __future__ import annotations

from xdsl.dialects.func import FuncOp

from softnpu.dialects.text import parse_text, print_module
from softnpu.passes.rewriting.propagation import propagate_constants
from tests.softnpu.passes.printed import with_numbers


def propagated(body: str) -> str:
    module = parse_text(
        f"module {{ func.func @f(%n: index, %p: i1) {{\n{body}\n return }}\n"
        "func.func private @use(i32) }",
        "design.mlir",
    )
    function = next(op for op in module.walk() if isinstance(op, FuncOp))
    propagate_constants(function.body)
    return with_numbers(print_module(module))


LOOP = """
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%x = %zero) -> (i32) {
    func.call @use(%x) : (i32) -> ()
    %next = arith.{op} %x, %{by} : i32
    scf.yield %next : i32
  }
  func.call @use(%sum) : (i32) -> ()
"""


def test_what_every_iteration_leaves_as_it_was_is_a_constant() -> None:
    text = propagated(LOOP.replace("{op}", "addi").replace("{by}", "zero"))
    assert text.count("@use(0)") == 2


def test_what_an_iteration_changes_is_none() -> None:
    text = propagated(LOOP.replace("{op}", "addi").replace("{by}", "one"))
    assert "@use(0)" not in text


def test_only_the_branch_that_is_taken_decides() -> None:
    branches = """
      %yes = arith.constant true
      %a = arith.constant 3 : i32
      %b = arith.constant 4 : i32
      %r = scf.if CONDITION -> (i32) {
        scf.yield %a : i32
      } else {
        scf.yield %b : i32
      }
      func.call @use(%r) : (i32) -> ()
    """
    assert "@use(3)" in propagated(branches.replace("CONDITION", "%yes"))
    assert "@use(%0)" in propagated(branches.replace("CONDITION", "%p"))
