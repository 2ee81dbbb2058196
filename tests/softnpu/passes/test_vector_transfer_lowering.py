"""Folding after unrolling."""

from __future__ import annotations

from softnpu.passes.objectfifo_stateful_transform import ObjectFifoStatefulTransformPass
from softnpu.passes.objectfifo_unroll import ObjectFifoUnrollPass
from softnpu.passes.vector_transfer_lowering import VectorTransferLoweringPass


def test_what_unrolling_leaves_of_the_induction_variable_is_one_addition(lower) -> None:
    text = lower(
        """
module {
  aie.device(npu1_1col) {
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    func.func private @work(memref<4xi32>, index)
    aie.objectfifo @of(%s, {%w}, 3 : i32) : !aie.objectfifo<memref<4xi32>>
    %core = aie.core(%w) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      scf.for %i = %c0 to %c8 step %c1 {
        %v = aie.objectfifo.acquire @of(Consume, 1) : !aie.objectfifosubview<memref<4xi32>>
        %x = aie.objectfifo.subview.access %v[0]
            : !aie.objectfifosubview<memref<4xi32>> -> memref<4xi32>
        func.call @work(%x, %i) : (memref<4xi32>, index) -> ()
        aie.objectfifo.release @of(Consume, 1)
      }
      aie.end
    }
  }
}
""",
        ObjectFifoStatefulTransformPass(),
        ObjectFifoUnrollPass(),
        VectorTransferLoweringPass(),
    )
    lines = [line.strip() for line in text.splitlines()]
    core = next(n for n, line in enumerate(lines) if "aie.core" in line)
    body = lines[core : lines.index("aie.end", core)]
    assert not any("arith.muli" in line for line in body)
    assert "%0 = arith.addi %arg0, %c1 : index" in body
    assert [line.split(", ")[1].split(")")[0] for line in body if "@work" in line] == [
        "%arg0",
        "%0",
    ]
