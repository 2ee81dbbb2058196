"""arith: every op of a core body, spelt as MLIR does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Code = Callable[[str, str], str]

ARGUMENTS = (
    "%arg0: i32, %arg1: i32, %arg2: f32, %arg3: index, %arg4: vector<16xi32>, "
    "%arg5: vector<16xi8>, %arg6: i1, %arg7: vector<16xi1>, %arg8: vector<16xf32>, %arg9: i64"
)


@pytest.mark.parametrize(
    "op",
    [
        "arith.addi %arg0, %arg1 overflow<nsw, nuw> : i32",
        "arith.shli %arg4, %arg4 : vector<16xi32>",
        "arith.shrsi %arg0, %arg1 exact : i32",
        "arith.divui %arg0, %arg1 : i32",
        "arith.remf %arg2, %arg2 : f32",
        "arith.addf %arg2, %arg2 fastmath<fast> : f32",
        "arith.cmpi slt, %arg0, %arg1 : i32",
        "arith.cmpf olt, %arg8, %arg8 : vector<16xf32>",
        "arith.select %arg6, %arg0, %arg1 : i32",
        "arith.select %arg7, %arg4, %arg4 : vector<16xi1>, vector<16xi32>",
        "arith.extsi %arg5 : vector<16xi8> to vector<16xi32>",
        "arith.extui %arg0 nneg : i32 to i64",
        "arith.trunci %arg4 : vector<16xi32> to vector<16xi8>",
        "arith.trunci %arg9 overflow<nsw> : i64 to i32",
        "arith.truncf %arg2 to_nearest_even : f32 to bf16",
        "arith.fptosi %arg8 : vector<16xf32> to vector<16xi32>",
        "arith.sitofp %arg0 : i32 to f32",
        "arith.index_cast %arg3 : index to i32",
        "arith.index_castui %arg0 : i32 to index",
        "arith.bitcast %arg4 : vector<16xi32> to vector<16xf32>",
        "arith.mulsi_extended %arg0, %arg1 : i32",
        "arith.subui_extended %arg0, %arg1 : i32, i1",
    ],
)
def test_mlirs_spelling(op: str, code: Code) -> None:
    results = "%0:2" if "extended" in op else "%0"
    assert code(ARGUMENTS, f"{results} = {op}") == f"{results} = {op}"


def test_a_predicate_may_be_in_quotes(code: Code) -> None:
    assert code(ARGUMENTS, '%0 = arith.cmpi "eq", %arg0, %arg1 : i32') == (
        "%0 = arith.cmpi eq, %arg0, %arg1 : i32"
    )
