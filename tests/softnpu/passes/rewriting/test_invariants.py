"""What does not change in a loop leaves it."""

from __future__ import annotations

from softnpu.dialects.text import parse_text, print_module
from softnpu.passes.rewriting.invariants import hoist_invariants


def test_only_what_is_the_same_in_every_iteration_and_harmless_leaves_the_loops(mlir) -> None:
    module = parse_text(
        """
module {
  func.func @f(%x: i32, %m: memref<8xi32>, %n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %n step %c1 {
        %twice = arith.addi %x, %x : i32
        %four = arith.addi %twice, %twice : i32
        %sum = arith.addi %i, %j : index
        %once = arith.addi %i, %i : index
        %v = memref.load %m[%once] : memref<8xi32>
        %w = arith.divsi %four, %v : i32
        memref.store %w, %m[%sum] : memref<8xi32>
      }
    }
    return
  }
}
""",
        "design.mlir",
        mlir,
    )
    hoist_invariants(module)
    lines = [line.strip() for line in print_module(module).splitlines()]
    outer, inner = (n for n, line in enumerate(lines) if "scf.for" in line)
    assert lines[outer - 2 : outer] == [
        "%0 = arith.addi %arg0, %arg0 : i32",
        "%1 = arith.addi %0, %0 : i32",
    ]
    assert lines[inner - 1] == "%2 = arith.addi %arg3, %arg3 : index"
    assert "memref.load" in lines[inner + 2]
