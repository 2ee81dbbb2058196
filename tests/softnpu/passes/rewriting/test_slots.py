"""Counts in memory become values."""

from __future__ import annotations

import pytest
from xdsl.dialects import memref

from softnpu.dialects.text import parse_text, print_module
from softnpu.errors import DesignError
from softnpu.passes.rewriting.slots import promote
from tests.softnpu.passes.printed import with_numbers


def promoted(body: str) -> list[str]:
    """The function's lines; `%s` is the slot, which starts with 5."""
    module = parse_text(
        f"""module {{ func.func @f(%n: index, %p: i1) {{
  %c5 = arith.constant 5 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = memref.alloca() : memref<i32>
  memref.store %c5, %s[] : memref<i32>
{body}
  return }}
  func.func private @use(i32) }}""",
        "design.mlir",
    )
    promote([op for op in module.walk() if isinstance(op, memref.AllocaOp)])
    lines = [line.strip() for line in with_numbers(print_module(module)).splitlines()]
    assert not any("memref" in line for line in lines)
    return lines[lines.index("func.func @f(%arg0: index, %arg1: i1) {") + 1 : lines.index("return")]


LOAD = "%{0} = memref.load %s[] : memref<i32>\n"
USE = "func.call @use(%{0}) : (i32) -> ()\n"
DOUBLE = LOAD.format("x") + "%y = arith.addi %x, %x : i32\nmemref.store %y, %s[] : memref<i32>\n"
AFTER = LOAD.format("z") + USE.format("z")


def test_a_load_gives_what_was_stored_last() -> None:
    assert promoted(DOUBLE + AFTER) == ["%0 = arith.addi 5, 5 : i32", "call @use(%0) : (i32) -> ()"]


def test_a_loop_that_stores_carries_the_value() -> None:
    assert promoted(f"scf.for %i = %c0 to %n step %c1 {{\n{DOUBLE}}}\n{AFTER}") == [
        "%0 = scf.for %arg2 = 0 to %arg0 step 1 iter_args(%arg3 = 5) -> (i32) {",
        "%1 = arith.addi %arg3, %arg3 : i32",
        "scf.yield %1 : i32",
        "}",
        "call @use(%0) : (i32) -> ()",
    ]


def test_a_loop_that_only_loads_does_not() -> None:
    body = LOAD.format("x") + USE.format("x")
    lines = promoted(f"scf.for %i = %c0 to %n step %c1 {{\n{body}}}")
    assert lines == [
        "scf.for %arg2 = 0 to %arg0 step 1 {",
        "func.call @use(5) : (i32) -> ()",
        "}",
    ]


def test_a_branch_that_stores_gives_the_value_and_one_without_hands_on_the_old() -> None:
    lines = promoted(f"scf.if %p {{\n{DOUBLE}}}\n{AFTER}")
    assert lines == [
        "%0 = scf.if %arg1 -> (i32) {",
        "%1 = arith.addi 5, 5 : i32",
        "scf.yield %1 : i32",
        "} else {",
        "scf.yield 5 : i32",
        "}",
        "call @use(%0) : (i32) -> ()",
    ]


def test_a_block_where_values_meet_takes_an_argument() -> None:
    body = f"cf.br ^a\n^a:\n{DOUBLE}cf.cond_br %p, ^a, ^b\n^b:\n{AFTER}"
    assert promoted(body) == [
        "cf.br ^bb1(5 : i32)",
        "^bb1(%0: i32):  // 2 preds: ^bb0, ^bb1",
        "%1 = arith.addi %0, %0 : i32",
        "cf.cond_br %arg1, ^bb1(%1 : i32), ^bb2",
        "^bb2:  // pred: ^bb1",
        "call @use(%1) : (i32) -> ()",
    ]


def test_jumps_between_the_blocks_of_a_nested_region_are_refused() -> None:
    body = f"scf.execute_region {{\n cf.br ^a\n^a:\n{DOUBLE} scf.yield\n}}"
    with pytest.raises(DesignError, match=r"write loops and conditions as scf\.for and scf\.if"):
        promoted(body)
