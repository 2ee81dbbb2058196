"""The ops that an affine loop becomes, in MLIR's order."""

from __future__ import annotations

from softnpu.passes.lower_affine import LowerAffinePass


def test_bounds_become_constants_before_the_loop(lower) -> None:
    text = lower(
        """
module {
  func.func @f(%m: memref<16xi32>) {
    affine.for %i = 2 to 14 step 3 {
      %v = affine.load %m[%i + 1] : memref<16xi32>
      affine.store %v, %m[%i] : memref<16xi32>
    }
    return
  }
}
""",
        LowerAffinePass(),
    )
    assert [line.strip() for line in text.splitlines()][2:11] == [
        "%c2 = arith.constant 2 : index",
        "%c14 = arith.constant 14 : index",
        "%c3 = arith.constant 3 : index",
        "scf.for %arg1 = %c2 to %c14 step %c3 {",
        "%c1 = arith.constant 1 : index",
        "%0 = arith.addi %arg1, %c1 : index",
        "%1 = memref.load %arg0[%0] : memref<16xi32>",
        "memref.store %1, %arg0[%arg1] : memref<16xi32>",
        "}",
    ]
