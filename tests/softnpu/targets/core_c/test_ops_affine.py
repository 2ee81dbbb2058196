"""affine loops and accesses that were never lowered still mean the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.softnpu.targets.core_machine import program


def test_loops_bounds_and_maps(tmp_path: Path) -> None:
    body = """
      affine.for %i = 0 to 4 {
        affine.for %j = 1 to 8 step 3 {
          %x = affine.load %a[%j + 8 * %i] : memref<32xi32>
          %k = affine.apply affine_map<(d0, d1) -> (d0 * 3 + (d1 - 1) floordiv 3)>(%i, %j)
          %m = affine.apply affine_map<(d0) -> (d0 mod 3)>(%k)
          %n = arith.index_cast %m : index to i32
          %s = arith.addi %x, %n : i32
          affine.store %s, %out[%k] : memref<12xi32>
        }
      }
      aie.end"""
    a = np.arange(32, dtype=np.int32) ** 2
    expected = [a[j + 8 * i] + (i * 3 + (j - 1) // 3) % 3 for i in range(4) for j in range(1, 8, 3)]
    made = program(tmp_path, body, {"a": ((32,), "i32"), "out": ((12,), "i32")})
    assert made(a=a)["out"].tolist() == expected
