"""arith and math compute with numbers of one type, and conversions convert."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp

from softnpu.errors import DesignError


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('%r = "arith.addi"(%f, %f) : (f32, f32) -> f32', "'arith.addi' takes integers, found f32"),
        ("%r = arith.addf %i, %i : i32", "does not take i32"),
        ('%r = "arith.addi"(%i, %b) : (i32, i8) -> i32', "of one type, found i32 and i8 for i32"),
        ('%r = "arith.addi"(%i) : (i32) -> i32', "'arith.addi' has 2 operands, found 1"),
        ('%r = "arith.constant"() : () -> i32', "'arith.constant' needs the attribute 'value'"),
        ('%r = "arith.constant"() {value = 1 : i8} : () -> i32', "a constant of i8 cannot be the"),
        ("%r = arith.divsi %f, %f : f32", "'arith.divsi' takes integers, found f32"),
        ("%r = arith.cmpi slt, %f, %f : f32", "'arith.cmpi' takes integers, found f32"),
        ("%r = arith.cmpf olt, %i, %i : i32", "'arith.cmpf' takes floats, found i32"),
        ('%r = "arith.cmpi"(%i, %b) {predicate = 0 : i64} : (i32, i8) -> i1', "of one type"),
        ("%r = arith.select %k, %v, %w : vector<16xi1>, vector<16xi32>", "%w has type"),
        ("%r = arith.select %v, %v, %v : vector<16xi32>, vector<16xi32>", "an i1 for each"),
        ("%r = arith.extsi %i : i32 to i8", "converts to a wider type, found i32 to i8"),
        ("%r = arith.extui %i : i32 to i32", "converts to a wider type, found i32 to i32"),
        ("%r = arith.trunci %b : i8 to i32", "converts to a narrower type, found i8 to i32"),
        ("%r = arith.extf %f : f32 to bf16", "converts to a wider type"),
        ("%r = arith.truncf %h : bf16 to f32", "converts to a narrower type"),
        ("%r = arith.fptosi %i : i32 to i8", "converts from floats, found i32"),
        ("%r = arith.sitofp %i : i32 to i8", "converts to floats, found i8"),
        ("%r = arith.bitcast %i : i32 to bf16", "converts to an equally wide type"),
        ("%r = arith.extsi %v : vector<16xi32> to vector<8xi64>", "keeps the shape"),
        ("%r = arith.index_cast %f : f32 to index", "'arith.index_cast' takes integers, found f32"),
        ("%r = arith.index_cast %i : i32 to i8", "between index and an integer"),
        ("%r = index.casts %f : f32 to index", "'index.casts' takes integers, found f32"),
        ("%r = math.exp %i : i32", "does not take i32"),
        ('%r = "math.absi"(%f) : (f32) -> f32', "'math.absi' takes integers, found f32"),
    ],
)
def test_types_that_an_op_does_not_take(
    line: str, message: str, core_refusal: Callable[[str], DesignError]
) -> None:
    assert message in core_refusal(line).message


def test_the_op_for_the_other_kind_of_number(core_refusal: Callable[[str], DesignError]) -> None:
    error = core_refusal("%r = arith.cmpi slt, %f, %f : f32")
    assert error.notes == ("with f32 it is arith.cmpf",)
    error = core_refusal('%r = "math.absf"(%i) : (i32) -> i32')
    assert error.notes == ("with i32 it is math.absi",)


@pytest.mark.parametrize(
    "line",
    [
        "%r = arith.addi %x, %x : index",
        "%r = arith.muli %v, %v : vector<16xi32>",
        "%r = arith.addf %w, %w : vector<16xf32>",
        "%r = arith.extsi %b : i8 to i32",
        "%r = arith.truncf %w : vector<16xf32> to vector<16xbf16>",
        "%r = arith.bitcast %v : vector<16xi32> to vector<16xf32>",
        "%r = arith.index_cast %i : i32 to index",
        "%r = arith.index_castui %x : index to i8",
        "%r = arith.cmpf olt, %w, %w : vector<16xf32>",
        "%r = arith.select %t, %v, %v : vector<16xi32>",
        "%r = arith.select %k, %v, %v : vector<16xi1>, vector<16xi32>",
        "%r:2 = arith.mulsi_extended %i, %i : i32",
        "%r = index.castu %i : i32 to index",
        "%r = math.fma %f, %f, %f : f32",
        "%r = math.powf %w, %w : vector<16xf32>",
        "%r = math.fpowi %f, %i : f32, i32",
        "%r = math.isnan %f : f32",
    ],
)
def test_types_that_an_op_takes(line: str, core: Callable[[str], ModuleOp]) -> None:
    core(line)
