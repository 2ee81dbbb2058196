"""Views of memory, written as aie-opt writes them."""

from __future__ import annotations

from softnpu.passes.rewriting.memref import VIEWS
from tests.softnpu.passes.rewriting.conftest import Simplify

GRID = "memref<4x8xi32>"
ROW = "memref<1x4xi32, strided<[8, 1], offset: ?>>"
LOADED = "memref.store %x, {view}[%n, %n] : " + ROW


def subview(offsets: str) -> str:
    return f"memref.subview %g[{offsets}] [1, 4] [1, 1] : {GRID} to {ROW}"


def test_a_constant_offset_beside_another_is_written_out(simplify: Simplify) -> None:
    lines = simplify(
        f"%g = memref.alloc() : {GRID}\n%c = arith.constant 3 : index\n"
        f"%v = {subview('%c, %n')}\n{LOADED.format(view='%v')}",
        VIEWS,
    )
    assert any("[3, %arg2] [1, 4] [1, 1]" in line for line in lines)
    assert not any("arith.constant" in line for line in lines)


def test_where_all_are_constants_the_type_is_kept(simplify: Simplify) -> None:
    lines = simplify(
        f"%g = memref.alloc() : {GRID}\n%c = arith.constant 3 : index\n"
        f"%v = {subview('%c, %c')}\n{LOADED.format(view='%v')}",
        VIEWS,
    )
    assert any("[%c3, %c3] [1, 4] [1, 1]" in line for line in lines)


def reinterpreted(offset: int) -> str:
    part = f"memref<4xi32, strided<[1]{f', offset: {offset}' if offset else ''}>>"
    return (
        f"%s = memref.subview %m[{offset}] [4] [1] : memref<8xi32> to {part}\n"
        f"%r = memref.reinterpret_cast %s to offset: [0], sizes: [4], strides: [1] : {part} to "
        "memref<4xi32>\nmemref.store %x, %r[%n] : memref<4xi32>"
    )


def test_a_reinterpretation_looks_through_a_subview_at_the_start(simplify: Simplify) -> None:
    lines = simplify(reinterpreted(0), VIEWS)
    assert any("memref.reinterpret_cast %arg3 to" in line for line in lines)
    assert not any("subview" in line for line in lines)


def test_a_reinterpretation_of_a_later_part_stays(simplify: Simplify) -> None:
    assert any("memref.subview" in line for line in simplify(reinterpreted(4), VIEWS))
