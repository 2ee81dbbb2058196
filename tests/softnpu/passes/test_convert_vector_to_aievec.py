"""What the vector pipeline does to a design besides vectors."""

from __future__ import annotations

from softnpu.passes.convert_vector_to_aievec import ConvertVectorToAIEVecPass


def test_a_tile_that_nothing_uses_goes_and_equal_ones_become_one(lower) -> None:
    text = lower(
        """
module {
  aie.device(npu1_1col) {
    %unused = aie.tile(0, 4)
    %a = aie.tile(0, 2)
    %again = aie.tile(0, 2)
    %x = aie.buffer(%a) {sym_name = "x"} : memref<4xi32>
    %y = aie.buffer(%again) {sym_name = "y"} : memref<4xi32>
  }
}
""",
        ConvertVectorToAIEVecPass(),
    )
    assert [line.strip() for line in text.splitlines() if "aie." in line][1:] == [
        "%tile_0_2 = aie.tile(0, 2)",
        '%x = aie.buffer(%tile_0_2) {sym_name = "x"} : memref<4xi32>',
        '%y = aie.buffer(%tile_0_2) {sym_name = "y"} : memref<4xi32>',
    ]


def test_code_that_a_constant_rules_out_goes_and_what_stays_the_same_is_computed_once(
    lower,
) -> None:
    text = lower(
        """
module {
  aie.device(npu1_1col) {
    %w = aie.tile(0, 2)
    %b = aie.buffer(%w) {sym_name = "b"} : memref<16xi32>
    %core = aie.core(%w) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      %two = arith.constant 2 : index
      %bound = arith.muli %c4, %two : index
      %debug = arith.constant false
      %k = memref.load %b[%c0] : memref<16xi32>
      scf.for %i = %c0 to %bound step %c1 {
        %sq = arith.muli %k, %k : i32
        %again = arith.muli %k, %k : i32
        %sum = arith.addi %sq, %again : i32
        scf.if %debug {
          memref.store %k, %b[%i] : memref<16xi32>
        }
        memref.store %sum, %b[%i] : memref<16xi32>
      }
      aie.end
    }
  }
}
""",
        ConvertVectorToAIEVecPass(),
    )
    lines = [line.strip() for line in text.splitlines()]
    core = next(n for n, line in enumerate(lines) if "aie.core" in line)
    assert lines[core + 1 : core + 11] == [
        "%c0 = arith.constant 0 : index",
        "%c1 = arith.constant 1 : index",
        "%c8 = arith.constant 8 : index",
        "%0 = memref.load %b[%c0] : memref<16xi32>",
        "%1 = arith.muli %0, %0 : i32",
        "%2 = arith.addi %1, %1 : i32",
        "scf.for %arg0 = %c0 to %c8 step %c1 {",
        "memref.store %2, %b[%arg0] : memref<16xi32>",
        "}",
        "aie.end",
    ]
