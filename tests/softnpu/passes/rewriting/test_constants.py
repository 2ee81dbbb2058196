"""Constants: one of each, at the head of its scope, in MLIR's order."""

from __future__ import annotations

import pytest

from softnpu.passes.convert_vector_to_aievec import ConvertVectorToAIEVecPass
from softnpu.passes.rewriting.constants import signed, unsigned


@pytest.mark.parametrize(
    ("value", "bits", "wrapped"), [(127, 8, 127), (128, 8, -128), (-129, 8, 127), (1, 1, -1)]
)
def test_values_wrap_at_their_width(value: int, bits: int, wrapped: int) -> None:
    assert signed(value, bits) == wrapped
    assert signed(unsigned(value, bits), bits) == wrapped


def test_constants_that_open_a_body_keep_their_order(simplify) -> None:
    lines = simplify("""
    %b = arith.constant 2 : i32
    %a = arith.constant 1 : i32
    func.call @use(%a) : (i32) -> ()
    func.call @use(%b) : (i32) -> ()
    """)
    assert lines[:2] == ["%c2_i32 = arith.constant 2 : i32", "%c1_i32 = arith.constant 1 : i32"]


def test_later_ones_move_to_the_front_one_before_the_other(simplify) -> None:
    lines = simplify("""
    func.call @use(%x) : (i32) -> ()
    %a = arith.constant 1 : i32
    func.call @use(%a) : (i32) -> ()
    %b = arith.constant 2 : i32
    %c = arith.constant 1 : i32
    func.call @use(%b) : (i32) -> ()
    func.call @use(%c) : (i32) -> ()
    """)
    assert lines == [
        "%c2_i32 = arith.constant 2 : i32",
        "%c1_i32 = arith.constant 1 : i32",
        "call @use(%arg0) : (i32) -> ()",
        "call @use(%c1_i32) : (i32) -> ()",
        "call @use(%c2_i32) : (i32) -> ()",
        "call @use(%c1_i32) : (i32) -> ()",
    ]


def test_a_core_and_a_runtime_sequence_keep_their_constants(lower) -> None:
    text = lower(
        """
module {
  aie.device(npu1_1col) {
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    %b = aie.buffer(%w) {sym_name = "b"} : memref<4xi32>
    %core = aie.core(%w) {
      %c0 = arith.constant 0 : index
      %v = arith.constant 7 : i32
      memref.store %v, %b[%c0] : memref<4xi32>
      aie.end
    }
    aie.shim_dma_allocation @in(%s, MM2S, 0)
    aie.runtime_sequence(%a: memref<64xi32>) {
      %c0 = arith.constant 0 : i64
      %c1 = arith.constant 1 : i64
      %c64 = arith.constant 64 : i64
      aiex.npu.dma_memcpy_nd(%a[%c0, %c0, %c0, %c0][%c1, %c1, %c1, %c64][%c0, %c0, %c0, %c1])
          {id = 0 : i64, metadata = @in} : memref<64xi32>
    }
  }
}
""",
        ConvertVectorToAIEVecPass(),
    )
    lines = [line.strip() for line in text.splitlines()]
    sequence = next(n for n, line in enumerate(lines) if "aie.runtime_sequence" in line)
    assert lines[sequence + 1 : sequence + 4] == [
        "%c0_i64 = arith.constant 0 : i64",
        "%c1_i64 = arith.constant 1 : i64",
        "%c64_i64 = arith.constant 64 : i64",
    ]
    core = next(n for n, line in enumerate(lines) if "aie.core" in line)
    assert lines[core + 2] == "%c7_i32 = arith.constant 7 : i32"


def test_zero_and_negative_zero_are_two_constants(simplify) -> None:
    lines = simplify("""
    %a = arith.constant 0.0 : f32
    %b = arith.constant -0.0 : f32
    %u = arith.bitcast %a : f32 to i32
    %v = arith.bitcast %b : f32 to i32
    func.call @use(%u) : (i32) -> ()
    func.call @use(%v) : (i32) -> ()
    """)
    assert len([line for line in lines if "arith.constant" in line]) == 2


def test_a_constant_that_an_identity_hands_on_keeps_its_place(simplify) -> None:
    lines = simplify("""
    %seven = arith.constant 7 : i32
    %one = arith.constant 1 : i32
    func.call @use(%seven) : (i32) -> ()
    %r = arith.muli %one, %one : i32
    func.call @use(%r) : (i32) -> ()
    """)
    assert lines[:2] == ["%c7_i32 = arith.constant 7 : i32", "%c1_i32 = arith.constant 1 : i32"]
