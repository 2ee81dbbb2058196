"""Blocks: what cannot be reached goes, and equal ones become one."""

from __future__ import annotations

from softnpu.passes.vector_transfer_lowering import VectorTransferLoweringPass

PROGRAM = """
module {
  aie.device(npu1_1col) {
    %w = aie.tile(0, 2)
    %b = aie.buffer(%w) {sym_name = "b"} : memref<4xi32>
    %l = aie.lock(%w, 0) {init = 0 : i32}
    %mem = aie.mem(%w) {
      %0 = aie.dma_start(S2MM, 0, ^bd0, ^next)
    ^bd0:
      aie.dma_bd(%b : memref<4xi32>, 0, 4)
      aie.next_bd ^end0
    ^end0:
      aie.end
    ^next:
      %1 = aie.dma_start(S2MM, 1, ^bd1, ^end1)
    ^bd1:
      aie.dma_bd(%b : memref<4xi32>, 0, LENGTH)
      aie.next_bd ^end2
    ^end2:
      aie.end
    ^end1:
      aie.end
    }
  }
}
"""


def program(lower, length: int) -> list[str]:
    text = lower(PROGRAM.replace("LENGTH", str(length)), VectorTransferLoweringPass())
    return [line.strip() for line in text.splitlines()]


def test_ends_and_equal_descriptors_are_merged(lower) -> None:
    lines = program(lower, length=4)
    assert lines.count("aie.end") == 1
    assert len([line for line in lines if "aie.dma_bd" in line]) == 1
    assert "%1 = aie.dma_start(S2MM, 1, ^bb1, ^bb2)" in lines


def test_different_descriptors_stay_two(lower) -> None:
    lines = program(lower, length=2)
    assert len([line for line in lines if "aie.dma_bd" in line]) == 2


def test_a_block_that_nobody_jumps_to_is_dropped(simplify) -> None:
    lines = simplify("""
    cf.br ^end
  ^lost:
    %one = arith.constant 1 : i32
    func.call @use(%one) : (i32) -> ()
    cf.br ^end
  ^end:
    """)
    assert not any("@use" in line for line in lines)
