"""Names of the design stay themselves in C, unless C or another thing has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from softnpu.targets.core_c.names import Names, identifier
from tests.softnpu.targets.core_machine import program


def test_a_name_taken_gets_a_number() -> None:
    outer = Names()
    assert [outer.take("x"), outer.take("x"), outer.take("x")] == ["x", "x_1", "x_2"]
    inner = Names(outer, avoid=["later"])
    assert [inner.take("x"), inner.take("later"), inner.take("int")] == ["x_3", "later_1", "int_1"]


def test_the_headers_names_are_left_to_them() -> None:
    names = Names()
    assert [names.take(name) for name in ("core_add", "npu_release", "int32_t", "core_0_2")] == [
        "d_core_add",
        "d_npu_release",
        "int32_t_1",
        "core_0_2",
    ]


def test_what_no_identifier_holds_is_replaced() -> None:
    assert identifier("a.b-c") == "a_b_c"
    assert identifier("0x") == "_0x"


def test_a_local_never_hides_a_buffer_that_is_used_later(tmp_path: Path) -> None:
    body = """
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %x = memref.load %a[%c0] : memref<2xi32>
      memref.store %x, %a[%c1] : memref<2xi32>
      %y = arith.addi %x, %x : i32
      memref.store %y, %v[%c0] : memref<2xi32>
      aie.end"""
    body = body.replace("%x", "%w")
    buffers = {"a": ((2,), "i32"), "v": ((2,), "i32"), "i": ((2,), "i32")}
    out = program(tmp_path, body, buffers)(a=np.array([21, 0], np.int32))
    assert out["v"][0] == 42
    assert out["a"].tolist() == [21, 21]
