"""Symbols are found from the inside out."""

from __future__ import annotations

from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp
from softnpu.dialects.aie.symbols import device_of, lookup, lookup_in, symbol_name
from softnpu.dialects.text import parse_text

TEXT = """module {
  func.func private @outer()
  aie.device(npu1_1col) @a {
    %t = aie.tile(0, 2)
    %b = aie.buffer(%t) {sym_name = "data"} : memref<4xi32>
    %c = aie.core(%t) { aie.end }
  }
  aie.device(npu1_1col) {
    %t = aie.tile(0, 2)
    %b = aie.buffer(%t) {sym_name = "data"} : memref<8xi32>
  }
}"""


def test_the_nearest_table_comes_first() -> None:
    module = parse_text(TEXT)
    core = next(op for op in module.walk() if isinstance(op, CoreOp))
    first, second = (op for op in module.walk() if isinstance(op, BufferOp))
    assert lookup(core, "data") is first
    assert lookup(core, "main::@data") is second
    outer = lookup(core, "outer")
    assert outer is not None
    assert outer.name == "func.func"
    assert lookup(core, "nothing") is None
    assert lookup(core, "main::@nothing") is None


def test_a_device_without_a_name_is_main() -> None:
    module = parse_text(TEXT)
    main = lookup_in(module, "main")
    assert isinstance(main, DeviceOp)
    assert [symbol_name(op) for op in main.body.ops] == [None, "data", None]
    assert device_of(main) is main
