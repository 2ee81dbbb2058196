"""What an author reads when a design cannot be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.context import Context

from softnpu.dialects.text import parse_text, print_module
from softnpu.errors import DesignError

CASES = [
    (
        'memref.global "private" constant @c : memref<4294967296xf32> = dense<0.0>',
        "a constant of 4,294,967,296 elements: no memory of the array",
    ),
    (
        "%x = arith.constant dense<0> : tensor<99999999999999999999xi32>",
        "a constant of 99,999,999,999,999,999,999 elements",
    ),
    ("%b = aie.bufer(%core) : memref<4xi32>", "no op 'aie.bufer'; did you mean 'aie.buffer'?"),
    ("%b = aie.buffer(%core) : mmeref<4xi32>", "found 'mmeref'; did you mean 'memref'?"),
    ("func.cal @f() : () -> ()", "no op 'func.cal'; did you mean 'func.call'?"),
    ("%b = aie.buffer(%kore) : memref<4xi32>", "%kore is not defined; did you mean '%core'?"),
    ("aie.flow(%shim, DM : 0, %core, DMA : 0)", "'DM' is no bundle of ports; did you mean 'DMA'?"),
    ("%l, %m = aie.lock(%core, 0)", "'aie.lock' has 1 results, but 2 names stand before it"),
    ("%l = aie.lock(%core, 0) : index", "expected an op, a block (^name:) or '}', found ':'"),
    ("%core = aie.lock(%core, 0)", "%core is defined twice"),
    ("%c = aie.core(%core) { aie.end }\n }", "the module is closed before this"),
    ("%l = aie.lock(%core, zero)", "expected an integer, found 'zero'"),
    ("%l = aie.lock(%core, 0) {init = }", "expected an attribute"),
    ("%b = aie.buffer(%core) : memref<16>", "expected 'x' and what follows in a shape, found '>'"),
    ("%b = aie.buffer(%core) : i32 = dense<1>", "initial values need a memref, found i32"),
    ("%b = aie.buffer(%core) : i32", "'aie.buffer' gives a memref, found i32"),
    (
        "aie.objectfifo @f(%shim, {%core}, 2 : i32) : !aie.objectfif<memref<4xi32>>",
        "no type or attribute 'aie.objectfif'; did you mean 'aie.objectfifo'?",
    ),
    ("aie.core(%core) { %f = arith.constant 1 : f32\n aie.end }", "written with a point: 1.0"),
    ("%l = aie.lock(%core, 0) {lockID = 1 : i32}", "'lockID' is given twice"),
    ("%l = aie.lock(%core, 0) {init = 1 : i64}", "'init' must be an integer of type i32"),
    (
        "%f = func.constant @k : () -> ()",
        "'func.constant' is out of scope: a core calls functions by their names (func.call)",
    ),
    ("%v = aievec.srs %core", "'aievec.srs' is out of scope: vector code goes into a C kernel"),
    (
        "%b = aie.buffer(%core) : memref<4xi32> = 7 : i32",
        "expected dense<...>, found 7 : i32",
    ),
    (
        "aie.objectfifo @f(%shim, {%core}, 2 : i32) : !aie.objectfifo<i32>",
        "an objectfifo carries memrefs, found i32",
    ),
    (
        "aie.core(%core) { %a = arith.constant 1 : i32\n"
        "%b = arith.constant 1.0 : f32\n %c = arith.addi %a, %b : i32\n aie.end }",
        "%b has type f32, but i32 is expected here",
    ),
    (
        "aie.mem(%core) { aie.dma_start(MM2S, 0, ^bd, ^end)\n^bd: aie.next_bd ^bf\n^end: aie.end }",
        "there is no block ^bf in this region",
    ),
    ('"aie.flow"() : () -> ()', "'aie.flow' needs the attribute 'source_bundle'"),
    ("%x = arith.constant 300 : i8", "'arith.constant': 300 does not fit in i8"),
    ("%x = arith.constant 1.0e10 : f16", "a number does not fit its type"),
    ("%x = arith.constant dense<1.0e40> : vector<4xf32>", "a number does not fit its type"),
    ("%x = arith.constant 0x1FFFFFFFFF : f32", "a number does not fit its type"),
]


@pytest.mark.parametrize(("body", "message"), CASES)
def test_an_error_is_told_in_the_authors_terms(
    body: str, message: str, refusal: Callable[[str], DesignError]
) -> None:
    error = refusal(body)
    assert message in error.message
    assert error.location is not None


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            "module {\n  aie.device(npu) {\n  }\n}",
            (2, 14),
            "'npu' is no device; did you mean 'npu1'",
        ),
        ("module {\n  aie.device(npu1) {\n", (2, 20), "this '{' is not closed"),
        ("module {\n  %a = arith.addi %b, %b : i32\n}", (2, 19), "%b is not defined"),
        ("hello", (1, 1), "there is no op 'hello'"),
        ("module {\n  \x01\n}", (2, 3), "'?' has no meaning here"),
    ],
)
def test_the_place_is_that_of_the_mistake(
    text: str, place: tuple[int, int], message: str, mlir: Context
) -> None:
    with pytest.raises(DesignError) as caught:
        parse_text(text, "design.mlir", mlir)
    location = caught.value.location
    assert location is not None
    assert (location.line, location.column) == place
    assert message in caught.value.message


def test_a_name_of_another_region_is_told_to_be_there(
    refusal: Callable[[str], DesignError],
) -> None:
    error = refusal(
        "aie.core(%core) { %x = arith.constant 1 : i32\n aie.end }\n"
        "aie.core(%north) { %y = arith.addi %x, %x : i32\n aie.end }"
    )
    assert error.message == "%x is not visible here"
    assert error.notes == ("it is defined in another region, at design.mlir:7:19",)


def test_where_a_name_is_defined_first(refusal: Callable[[str], DesignError]) -> None:
    assert refusal("%core = aie.lock(%shim, 0)").notes == ("first at design.mlir:5:5",)


def test_nesting_without_end_is_an_error(mlir: Context) -> None:
    with pytest.raises(DesignError, match="nested too deeply"):
        parse_text("module {" * 5000, "design.mlir", mlir)


def test_an_empty_text_is_an_empty_module(mlir: Context) -> None:
    assert print_module(parse_text("// nothing yet\n", "design.mlir", mlir)) == "module {\n}\n\n"


def test_the_older_name_of_the_runtime_sequence(lines: Callable[[str], list[str]]) -> None:
    old = "aiex.runtime_sequence(%a : memref<4xi32>) {\n}"
    assert lines(old) == ["aie.runtime_sequence(%arg0: memref<4xi32>) {", "}"]


def test_blanks_in_a_shape(lines: Callable[[str], list[str]]) -> None:
    (line,) = lines('%b = aie.buffer(%core) {sym_name = "b"} : memref<4 x 2 x f32>')
    assert line == '%b = aie.buffer(%tile_0_2) {sym_name = "b"} : memref<4x2xf32> '
