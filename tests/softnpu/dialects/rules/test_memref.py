"""Indices for each dimension, and views that lie in what they view."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp

from softnpu.errors import DesignError


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%r = memref.load %memory[%x, %x] : memref<16xi32>", "2 indices into a memref of 1 dim"),
        (
            '%r = "memref.load"(%memory, %x) : (memref<16xi32>, index) -> f32',
            "an element of memref<16xi32> is no f32",
        ),
        ("memref.store %i, %square[%x] : memref<4x4xi32>", "1 indices into a memref of 2"),
        ("%r = affine.load %memory[%x, %x] : memref<16xi32>", "2 indices into a memref of 1"),
        ("%r = affine.apply affine_map<(d0, d1) -> (d0)>(%x)", "takes 2 values, found 1"),
        (
            "%r = memref.atomic_rmw addi %f, %memory[%x] : (f32, memref<16xi32>) -> f32",
            "an element of memref<16xi32> is no f32",
        ),
        ("%r = memref.alloc() : memref<?xi32>", "leaves 1 sizes open, but 0 are given"),
        ("%r = memref.get_global @tabel : memref<4xi32>", "'@tabel'; did you mean '@table'?"),
        ("%r = memref.get_global @table : memref<5xi32>", "@table is a memref<4xi32>, not a"),
        ("memref.copy %memory, %square : memref<16xi32> to memref<4x4xi32>", "one shape"),
        ("%r = memref.cast %memory : memref<16xi32> to memref<8xi32>", "only forgets or recalls"),
        ("%r = memref.cast %memory : memref<16xi32> to memref<16xf32>", "only forgets or recalls"),
        (
            "%r = memref.subview %memory[4] [8] [1] : memref<16xi32> to memref<8xi32>",
            "the part has the layout strided<[1], offset: 4>",
        ),
        (
            "%r = memref.subview %memory[12] [8] [1] : memref<16xi32> to "
            "memref<8xi32, strided<[1], offset: 12>>",
            "the part reaches from 12 to 19, that of memref<16xi32> from 0 to 15",
        ),
        (
            "%r = memref.subview %memory[4] [8] [1] : memref<16xi32> to "
            "memref<9xi32, strided<[1], offset: 4>>",
            "the part is of 8 i32",
        ),
        (
            "%r = memref.reinterpret_cast %memory to offset: [0], sizes: [32], strides: [1] : "
            "memref<16xi32> to memref<32xi32>",
            "it reaches element 31, but memref<16xi32> has elements 0 to 15",
        ),
        (
            "%r = memref.reinterpret_cast %memory to offset: [0], sizes: [4, 4], strides: [4, 1] : "
            "memref<16xi32> to memref<4x8xi32>",
            "sizes [4, 4] are not those of memref<4x8xi32>",
        ),
        (
            "%r = memref.expand_shape %memory [[0, 1]] output_shape [4, 5] : memref<16xi32> into "
            "memref<4x5xi32>",
            "4 * 5 elements of memref<4x5xi32> are not the 16 of memref<16xi32>",
        ),
        (
            "%r = memref.collapse_shape %square [[0, 1]] : memref<4x4xi32> into memref<15xi32>",
            "4 * 4 elements of memref<4x4xi32> are not the 15",
        ),
        (
            "%r = memref.view %bytes[%x][] : memref<64xi8> to memref<16xi32>",
            "memref<16xi32> ends at byte 65 of 64: it begins at 1",
        ),
    ],
)
def test_what_leaves_its_memory_or_mistakes_it(
    line: str, message: str, core_refusal: Callable[[str], DesignError]
) -> None:
    assert message in core_refusal(line).message


@pytest.mark.parametrize(
    "line",
    [
        "%r = affine.load %square[%x, %x] : memref<4x4xi32>",
        "%r = memref.alloc(%x) : memref<?xi32>",
        "%r = memref.cast %memory : memref<16xi32> to memref<?xi32>",
        "%r = memref.cast %memory : memref<16xi32> to memref<16xi32, strided<[?], offset: ?>>",
        "%r = memref.get_global @table : memref<4xi32>",
        "%r = memref.subview %memory[%x] [8] [2] : memref<16xi32> to "
        "memref<8xi32, strided<[2], offset: ?>>",
        "%r = memref.subview %square[1, 0] [1, 4] [1, 1] : memref<4x4xi32> to "
        "memref<4xi32, strided<[1], offset: 4>>",
        "%r = memref.subview %square[1, 1] [2, 3] [2, 1] : memref<4x4xi32> to "
        "memref<2x3xi32, strided<[8, 1], offset: 5>>",
        "%r = memref.subview %memory[0] [8] [1] : memref<16xi32> to memref<8xi32, strided<[1]>>",
        "%r = memref.reinterpret_cast %memory to offset: [0], sizes: [4, 4], strides: [4, 1] : "
        "memref<16xi32> to memref<4x4xi32>",
        "%r = memref.expand_shape %memory [[0, 1]] output_shape [2, 8] : memref<16xi32> into "
        "memref<2x8xi32>",
        "%r = memref.view %bytes[%x][] : memref<64xi8> to memref<15xi32>",
    ],
)
def test_what_lies_in_its_memory(line: str, core: Callable[[str], ModuleOp]) -> None:
    core(line)


def test_a_global_may_be_public_and_only_declared(read: Callable[[str], ModuleOp]) -> None:
    read("memref.global @a : memref<4xi32>\n memref.global @b : memref<4xi8> = uninitialized")
