"""Types of memrefs without memory spaces."""

from __future__ import annotations

from softnpu.passes.normalize_address_spaces import NormalizeAddressSpacesPass
from tests.softnpu.passes.conftest import Lower


def test_callers_and_callees_agree_on_memrefs_without_a_space(lower: Lower) -> None:
    text = lower(
        """aie.device(npu1) {
          %tile = aie.tile(0, 2)
          memref.global "public" @table : memref<8xi32, 2>
          func.func private @kernel(memref<8xi32, 2>)
          func.func @inner(%a: memref<8xi32, 2>) {
            func.call @kernel(%a) : (memref<8xi32, 2>) -> ()
            return
          }
          %core = aie.core(%tile) {
            %t = memref.get_global @table : memref<8xi32, 2>
            func.call @inner(%t) : (memref<8xi32, 2>) -> ()
            aie.end
          }
        }""",
        NormalizeAddressSpacesPass(),
    )
    assert ", 2" not in text.replace("(0, 2)", "")
    assert "func.func private @kernel(memref<8xi32>)" in text
    assert "func.func @inner(%arg0: memref<8xi32>) {" in text
    assert "func.call @inner(%0) : (memref<8xi32>) -> ()" in text


def test_a_layout_stays(lower: Lower) -> None:
    text = lower(
        """aie.device(npu1) {
          func.func private @k(memref<4xi32, strided<[2], offset: ?>, 2 : i32>)
        }""",
        NormalizeAddressSpacesPass(),
    )
    assert "@k(memref<4xi32, strided<[2], offset: ?>>)" in text
