"""What goes into loops, blocks and functions fits, and what comes out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp

from softnpu.errors import DesignError

Refusal = Callable[[str], DesignError]

LOOP = "scf.for %n = %x to %x step %x"
CARRY = f"%r = {LOOP} iter_args(%a = %i) -> (i32)"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("scf.for %n = %x to %x step %i { }", "of one type, index or integer, found index, index"),
        ("scf.for %n = %i to %i step %i { }", "takes the index, then what iter_args gives"),
        (
            "%none = arith.constant 0 : index scf.for %n = %x to %x step %none { }",
            "the step of a loop is at least 1, found 0",
        ),
        (f"{CARRY} {{ scf.yield %f : f32 }}", "expected i32, found f32"),
        (f"{CARRY} {{ }}", "this block does not end"),
        (f"{LOOP} {{ scf.yield %i : i32 }}", "expected nothing, found i32"),
        (f"{LOOP} {{ aie.end }}", "a region of 'scf.for' ends with scf.yield"),
        (
            '"scf.for"(%x, %x) ({^bb0(%z: index): scf.yield}) : (index, index) -> ()',
            "'scf.for' has 3 or more operands, found 2",
        ),
        (
            "%r = scf.if %t -> (i32) { scf.yield %i : i32 } else { scf.yield %f : f32 }",
            "scf.yield gives the results of 'scf.if': expected i32, found f32",
        ),
        ("%r = scf.if %t -> (i32) { scf.yield %i : i32 }", "has results, but no else"),
        ("scf.if %i { }", "the condition of 'scf.if' is an i1, found i32"),
        ('"scf.if"(%t) ({scf.yield}) : (i1) -> ()', "'scf.if' has 2 regions, found 1"),
        (
            "%r = scf.while (%a = %i) : (i32) -> f32 { scf.condition(%t) %a : i32 } "
            "do { ^bb0(%n: f32): scf.yield %i : i32 }",
            "passes on the results of scf.while: expected f32, found i32",
        ),
        (
            "%r = scf.index_switch %x -> i32 case 1 { scf.yield %f : f32 } "
            "default { scf.yield %i : i32 }",
            "expected i32, found f32",
        ),
        ("scf.execute_region { scf.yield %i : i32 }", "expected nothing, found i32"),
        ("cf.br ^bb1(%i : i32)\n^bb1(%z: f32):", "expected f32, found i32"),
        ("cf.br ^bb1\n^bb1(%z: f32):", "expected f32, found nothing"),
        ("cf.cond_br %t, ^bb1(%i : i32), ^bb2\n^bb1:\n aie.end\n^bb2:", "found i32"),
        ('"cf.br"() : () -> ()', "'cf.br' has 1 block to go to, found 0"),
        ("func.call @kernel(%i) : (i32) -> ()", "argument 0 of @kernel is of type memref<16xi32>"),
        ("%r = func.call @kernel(%memory) : (memref<16xi32>) -> (i32)", "gives 0 results, found 1"),
        ("func.call @kernel() : () -> ()", "@kernel takes 1 argument, found 0"),
        ("func.call @table(%memory) : (memref<16xi32>) -> ()", "is no function, but 'memref.glob"),
        ('"func.call"(%memory) : (memref<16xi32>) -> ()', "needs the attribute 'callee'"),
        ("func.return", "func.return ends a function, not 'aie.core'"),
    ],
)
def test_what_does_not_fit(line: str, message: str, core_refusal: Refusal) -> None:
    assert message in core_refusal(line).message


def test_a_misspelt_callee_suggests_the_nearest_function(core_refusal: Refusal) -> None:
    error = core_refusal("func.call @kernal(%memory) : (memref<16xi32>) -> ()")
    assert error.message == "there is no function '@kernal'; did you mean '@kernel'?"
    assert error.notes == ()


def test_a_callee_like_no_other_is_to_be_declared(core_refusal: Refusal) -> None:
    error = core_refusal("func.call @saxpy(%memory, %i) : (memref<16xi32>, i32) -> ()")
    assert error.message == "there is no function '@saxpy'"
    (note,) = error.notes
    assert note == "declare it in the device: func.func private @saxpy(memref<16xi32>, i32)"


def test_a_callee_with_other_arguments_is_shown_where_it_is_declared(
    core_refusal: Refusal,
) -> None:
    error = core_refusal("func.call @kernel() : () -> ()")
    assert error.notes == ("it takes memref<16xi32>", "it is declared at design.mlir:9:5")


def test_a_function_outside_of_the_device_is_not_seen(core_refusal: Refusal) -> None:
    from softnpu.dialects.text import parse_text

    text = """module {
      func.func private @f()
      aie.device(npu1_1col) {
        %t = aie.tile(0, 2)
        aie.core(%t) {
          func.call @f() : () -> ()
          aie.end
        }
      }
    }"""
    with pytest.raises(DesignError, match="'@f' stands outside of device 'main'"):
        parse_text(text, "design.mlir")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("func.func @g(%a: i32) -> i32 { func.return }", "from @g: expected i32, found nothing"),
        ("func.func @g() { %z = arith.constant 0 : i32 }", "this block does not end"),
    ],
)
def test_a_function_returns_what_it_says(text: str, message: str, refusal: Refusal) -> None:
    error = refusal(text)
    assert message in error.message
    assert error.notes in ((), ("end it with func.return or a branch",))


@pytest.mark.parametrize(
    "line",
    [
        f"{CARRY} {{ scf.yield %a : i32 }}",
        f"{LOOP} {{ }}",
        "%r = scf.if %t -> (i32) { scf.yield %i : i32 } else { scf.yield %i : i32 }",
        "%r = scf.while (%a = %i) : (i32) -> f32 { scf.condition(%t) %f : f32 } "
        "do { ^bb0(%n: f32): scf.yield %i : i32 }",
        "cf.cond_br %t, ^bb1(%i : i32), ^bb2\n^bb1(%z: i32):\n aie.end\n^bb2:",
        "func.call @kernel(%memory) : (memref<16xi32>) -> ()",
        "%r = scf.execute_region -> i32 { scf.yield %i : i32 }",
    ],
)
def test_what_fits(line: str, core: Callable[[str], ModuleOp]) -> None:
    core(line)
