"""The C of a core: what it says of itself, and what it can hold."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.targets.core_c import core_source, supported_ops
from tests.softnpu.targets.core_machine import c_of, core_of, design

DECLARED = 'func.func private @kernel(memref<4xi32>) attributes {link_with = "kernel.o"}'
BODY = """
      func.call @kernel(%a) : (memref<4xi32>) -> ()
      func.call @kernel(%a) : (memref<4xi32>) -> ()
      aie.end"""


def test_a_file_declares_what_the_core_touches_and_says_where_it_lies() -> None:
    text = c_of(BODY, {"a": ((4,), "i32"), "unused": ((4,), "i32")}, DECLARED)
    assert text.startswith("/* The program of core (0, 2) (npu1_1col), made by\n")
    assert "extern int32_t a[4]; /* 0x71000 */" in text
    assert "unused" not in text
    assert text.count("void kernel(int32_t *);") == 1


def test_what_objects_must_define_comes_with_its_place() -> None:
    device, core = core_of(design(BODY, {"a": ((4,), "i32")}, DECLARED))
    source = core_source(device, core)
    assert source.function == "core_0_2"
    assert [call.name for call in source.calls] == ["kernel"]
    assert source.calls[0].location is not None


def test_each_line_knows_the_op_that_it_is_there_for() -> None:
    body = """
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      scf.for %i = %c0 to %c4 step %c1 {
        %x = memref.load %a[%i] : memref<4xi32>
        %y = arith.addi %x, %x : i32
        memref.store %y, %a[%i] : memref<4xi32>
      }
      aie.end"""
    text = design(body, {"a": ((4,), "i32")})
    source = core_source(*core_of(text))
    lines = text.splitlines()
    told = {
        c.strip(): lines[place.line - 1].split()[0]
        for c, place in zip(source.text.splitlines(), source.origins, strict=True)
        if place is not None
    }
    assert told["void core_0_2(void) {"] == "%core"
    assert told["for (int32_t i = 0; i < 4; i++) {"] == "scf.for"
    (stored,) = (c for c in told if c.startswith("a[i] ="))
    assert told[stored] == "memref.store"


def test_an_op_that_no_core_can_hold_is_refused_by_name_and_place() -> None:
    with pytest.raises(DesignError, match=r"'memref.dma_wait'|'memref.atomic_rmw'") as caught:
        c_of(
            """
      %c0 = arith.constant 0 : index
      %x = arith.constant 1 : i32
      %y = memref.atomic_rmw addi %x, %a[%c0] : (i32, memref<4xi32>) -> i32
      aie.end""",
            {"a": ((4,), "i32")},
        )
    assert caught.value.location is not None


def test_the_ops_of_simple_designs_are_all_there() -> None:
    wanted = {
        "aie.use_lock",
        "arith.addi",
        "cf.cond_br",
        "func.call",
        "math.exp",
        "memref.subview",
        "scf.for",
        "ub.poison",
        "vector.transfer_read",
    }
    assert wanted <= set(supported_ops())
