"""Blocks, results and op names as MLIR writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.context import Context

from softnpu.dialects.text import parse_text, print_module

Code = Callable[[str, str], str]


def test_blocks_tell_where_control_comes_from(mlir: Context) -> None:
    text = """module {
  func.func @f(%arg0: i1, %arg1: i32) {
    cf.cond_br %arg0, ^bb1, ^bb2(%arg1 : i32)
  ^bb1:  // pred: ^bb0
    cf.br ^bb2(%arg1 : i32)
  ^bb2(%0: i32):  // 2 preds: ^bb0, ^bb1
    return
  ^bb3:  // no predecessors
    return
  }
}

"""
    assert print_module(parse_text(text, "f", mlir)) == text


def test_several_results_share_a_name(code: Code) -> None:
    printed = code(
        "%m: memref<4x8xi32>",
        "%b, %o, %s:2, %t:2 = memref.extract_strided_metadata %m : memref<4x8xi32> "
        "-> memref<i32>, index, index, index, index, index\n%x = arith.addi %s#1, %t#0 : index",
    )
    first, second = printed.splitlines()
    assert first.startswith("%base_buffer, %offset, %sizes:2, %strides:2 = ")
    assert second == "%0 = arith.addi %sizes#1, %strides#0 : index"


def test_the_dialect_of_the_function_goes_without_saying(mlir: Context) -> None:
    text = """module {
  func.func private @g()
  func.func @f(%arg0: i1) {
    call @g() : () -> ()
    scf.if %arg0 {
      func.call @g() : () -> ()
    }
    return
  }
}

"""
    assert print_module(parse_text(text, "f", mlir)) == text


@pytest.mark.parametrize("empty", ["module {\n}\n\n"])
def test_an_empty_region_is_two_lines(empty: str, mlir: Context) -> None:
    assert print_module(parse_text(empty, "f", mlir)) == empty
