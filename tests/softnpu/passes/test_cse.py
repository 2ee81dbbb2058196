from __future__ import annotations

from softnpu.passes.cse import CommonSubexpressionsPass
from tests.softnpu.passes.conftest import Lower


def test_a_tile_that_is_written_twice_is_one(lower: Lower) -> None:
    text = lower(
        """aie.device(npu1) {
          %a = aie.tile(0, 2)
          %b = aie.tile(0, 2)
          %buffer = aie.buffer(%a) {sym_name = "one"} : memref<4xi32>
          %lock = aie.lock(%b, 0)
        }""",
        CommonSubexpressionsPass(),
    )
    assert text.count("aie.tile(") == 1
    assert "aie.lock(%tile_0_2, 0)" in text
