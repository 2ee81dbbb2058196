"""memref: views, casts, copies and globals in all their forms."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Code = Callable[[str, str], str]

ARGUMENTS = (
    "%arg0: memref<16x32xi32>, %arg1: memref<64xi8>, %arg2: index, %arg3: i32, "
    "%arg4: memref<?xi32, strided<[1], offset: ?>>, %arg5: memref<*xf32>, %arg6: memref<1024xi32>"
)


@pytest.mark.parametrize(
    "line",
    [
        "%alloc = memref.alloc() : memref<16xi32>",
        "%alloca = memref.alloca() {alignment = 64 : i64} : memref<16xi32, 1>",
        "%0 = memref.load %arg0[%arg2, %arg2] : memref<16x32xi32>",
        "memref.store %arg3, %arg0[%arg2, %arg2] : memref<16x32xi32>",
        "%subview = memref.subview %arg0[%arg2, 0] [4, 8] [1, 1] : memref<16x32xi32> "
        "to memref<4x8xi32, strided<[32, 1], offset: ?>>",
        "%reinterpret_cast = memref.reinterpret_cast %arg6 to offset: [0], sizes: [32, 32], "
        "strides: [32, 1] : memref<1024xi32> to memref<32x32xi32>",
        "%cast = memref.cast %arg4 : memref<?xi32, strided<[1], offset: ?>> to memref<8xi32>",
        "memref.copy %arg0, %arg0 : memref<16x32xi32> to memref<16x32xi32>",
        "%view = memref.view %arg1[%arg2][] : memref<64xi8> to memref<16xi32>",
        "%collapse_shape = memref.collapse_shape %arg0 [[0, 1]] : memref<16x32xi32> "
        "into memref<512xi32>",
        "%expand_shape = memref.expand_shape %arg6 [[0, 1]] output_shape [32, 32] : "
        "memref<1024xi32> into memref<32x32xi32>",
        "%0 = memref.rank %arg5 : memref<*xf32>",
        "%memspacecast = memref.memory_space_cast %arg1 : memref<64xi8> to memref<64xi8, 1>",
        "%intptr = memref.extract_aligned_pointer_as_index %arg0 : memref<16x32xi32> -> index",
        "%0 = memref.atomic_rmw addi %arg3, %arg0[%arg2, %arg2] : (i32, memref<16x32xi32>) -> i32",
        "%transpose = memref.transpose %arg0 (d0, d1) -> (d1, d0) : memref<16x32xi32> "
        "to memref<32x16xi32, strided<[1, 32]>>",
    ],
)
def test_mlirs_spelling(line: str, code: Code) -> None:
    assert code(ARGUMENTS, line) == line


@pytest.mark.parametrize(
    "line",
    [
        'memref.global "private" constant @w : memref<2xi32> = dense<[1, 2]>',
        'memref.global "public" @host : memref<16xi32>',
        "memref.global @zeros : memref<4xf32> = dense<0.000000e+00> {alignment = 64 : i64}",
        "memref.global @later : memref<4xf32> = uninitialized",
    ],
)
def test_globals(line: str, lines: Callable[[str], list[str]]) -> None:
    assert lines(line) == [line]
