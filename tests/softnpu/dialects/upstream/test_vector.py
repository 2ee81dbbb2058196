"""vector: the ops of simple designs, and those that xDSL lacks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.errors import DesignError

Code = Callable[[str, str], str]

ARGUMENTS = (
    "%arg0: memref<16x32xi32>, %arg1: index, %arg2: i32, %arg3: vector<16xi32>, "
    "%arg4: vector<16xi1>, %arg5: vector<16xf32>, %arg6: vector<4x8xi32>, %arg7: vector<8xi32>, "
    "%arg8: memref<64xi8>, %arg9: vector<4xi32>"
)


@pytest.mark.parametrize(
    "line",
    [
        "%0 = vector.load %arg0[%arg1, %arg1] : memref<16x32xi32>, vector<16xi32>",
        "vector.store %arg3, %arg0[%arg1, %arg1] : memref<16x32xi32>, vector<16xi32>",
        "%0 = vector.transfer_read %arg0[%arg1, %arg1], %arg2 {in_bounds = [true]} : "
        "memref<16x32xi32>, vector<16xi32>",
        "vector.transfer_write %arg3, %arg0[%arg1, %arg1] : vector<16xi32>, memref<16x32xi32>",
        "%0 = vector.broadcast %arg2 : i32 to vector<16xi32>",
        "%0 = vector.splat %arg2 : vector<16xi32>",
        "%0 = vector.extract %arg3[0] : i32 from vector<16xi32>",
        "%0 = vector.insert %arg2, %arg3 [0] : i32 into vector<16xi32>",
        "%0 = vector.fma %arg5, %arg5, %arg5 : vector<16xf32>",
        "%0 = vector.reduction <add>, %arg3 : vector<16xi32> into i32",
        "%0 = vector.shape_cast %arg3 : vector<16xi32> to vector<4x4xi32>",
        "%0 = vector.type_cast %arg8 : memref<64xi8> to memref<vector<64xi8>>",
        "%0 = vector.extract_strided_slice %arg3 {offsets = [0], sizes = [4], strides = [1]} : "
        "vector<16xi32> to vector<4xi32>",
        "%0 = vector.insert_strided_slice %arg9, %arg3 {offsets = [0], strides = [1]} : "
        "vector<4xi32> into vector<16xi32>",
        "%0 = vector.transpose %arg6, [1, 0] : vector<4x8xi32> to vector<8x4xi32>",
        "%0 = vector.outerproduct %arg9, %arg2 : vector<4xi32>, i32",
        "%0 = vector.outerproduct %arg9, %arg7 : vector<4xi32>, vector<8xi32>",
        "%0 = vector.constant_mask [4] : vector<16xi1>",
        "%0 = vector.multi_reduction <add>, %arg6, %arg7 [0] : vector<4x8xi32> to vector<8xi32>",
        "%0 = vector.from_elements %arg2, %arg2 : vector<2xi32>",
        "%0 = vector.interleave %arg3, %arg3 : vector<16xi32> -> vector<32xi32>",
        "%0 = vector.step : vector<4xindex>",
    ],
)
def test_mlirs_spelling(line: str, code: Code) -> None:
    assert code(ARGUMENTS, line) == line


@pytest.mark.parametrize(
    ("order", "target", "message"),
    [
        ("2, 0", "8x4", "does not name each dimension of vector<4x8xi32> once"),
        ("0", "8x4", "does not name each dimension"),
        ("1, 0", "4x8", "in the order [1, 0] is no vector<4x8xi32>"),
    ],
)
def test_a_transpose_names_each_dimension_once(
    code: Code, order: str, target: str, message: str
) -> None:
    line = f"%0 = vector.transpose %arg6, [{order}] : vector<4x8xi32> to vector<{target}xi32>"
    with pytest.raises(DesignError) as refused:
        code(ARGUMENTS, line)
    assert message in str(refused.value)
