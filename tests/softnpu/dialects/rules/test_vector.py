"""Vectors of one element type, loaded and stored with an index for each dimension."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp

from softnpu.errors import DesignError


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "%r = vector.load %memory[%x] : memref<16xi32>, vector<16xf32>",
            "the elements of memref<16xi32> are not those of vector<16xf32>",
        ),
        ("%r = vector.load %memory[%x, %x] : memref<16xi32>, vector<16xi32>", "2 indices into"),
        ("vector.store %v, %floats[%x] : memref<16xf32>, vector<16xi32>", "are not those of"),
        (
            "%r = vector.transfer_read %memory[%x], %f : memref<16xi32>, vector<16xi32>",
            "the padding of memref<16xi32> is no f32",
        ),
        (
            "%r = vector.transfer_read %memory[%x], %i : memref<16xi32>, vector<16xf32>",
            "the elements of memref<16xi32> are not those of vector<16xf32>",
        ),
        ("vector.transfer_write %v, %square[%x] : vector<16xi32>, memref<4x4xi32>", "1 indices"),
        ("%r = vector.broadcast %f : f32 to vector<16xi32>", "f32 does not fill vector<16xi32>"),
        ("%r = vector.shape_cast %v : vector<16xi32> to vector<4x5xi32>", "has others than"),
        (
            "%r = vector.bitcast %v : vector<16xi32> to vector<16xi8>",
            "vector<16xi32> has 512, vector<16xi8> 128",
        ),
        ("%r = vector.reduction <add>, %v : vector<16xi32> into f32", "types differ: i32 and f32"),
    ],
)
def test_vectors_that_do_not_fit(
    line: str, message: str, core_refusal: Callable[[str], DesignError]
) -> None:
    assert message in core_refusal(line).message


@pytest.mark.parametrize(
    "line",
    [
        "%r = vector.load %memory[%x] : memref<16xi32>, vector<16xi32>",
        "%r = vector.transfer_read %memory[%x], %i : memref<16xi32>, vector<16xi32>",
        "%r = vector.broadcast %f : f32 to vector<16xf32>",
        "%r = vector.broadcast %v : vector<16xi32> to vector<2x16xi32>",
        "%r = vector.shape_cast %v : vector<16xi32> to vector<4x4xi32>",
        "%r = vector.bitcast %v : vector<16xi32> to vector<64xi8>",
        "%r = vector.reduction <add>, %v : vector<16xi32> into i32",
        "%r = vector.fma %w, %w, %w : vector<16xf32>",
    ],
)
def test_vectors_that_fit(line: str, core: Callable[[str], ModuleOp]) -> None:
    core(line)
