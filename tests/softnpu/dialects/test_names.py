"""Values and blocks are named as MLIR's printer names them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.dialects.names import sanitized


@pytest.mark.parametrize(
    ("name", "identifier"),
    [("in_0", "in_0"), ("0in", "_0in"), ("a b", "a_b"), ("a+b", "a2Bb"), ("a-b.c$", "a-b.c$")],
)
def test_a_symbol_becomes_an_identifier(name: str, identifier: str) -> None:
    assert sanitized(name) == identifier


def test_the_same_name_twice_gets_a_number(lines: Callable[[str], list[str]]) -> None:
    written = "%a = aie.lock(%core)\n%b = aie.lock(%core)\n%c = aie.lock(%core)"
    names = [line.split(" = ")[0] for line in lines(written)]
    assert names == ["%lock_0_2", "%lock_0_2_0", "%lock_0_2_1"]


def test_constants_say_what_they_are(lines: Callable[[str], list[str]]) -> None:
    written = """
    %a = arith.constant 7 : i32
    %b = arith.constant -1 : index
    %c = arith.constant true
    %d = arith.constant 1.0 : f32
    %e = arith.constant 7 : i32
    """
    names = [line.split(" = ")[0] for line in lines(written)]
    assert names == ["%c7_i32", "%c-1", "%true", "%cst", "%c7_i32_0"]


def test_nested_regions_go_on_from_their_surroundings(code: Callable[[str, str], str]) -> None:
    printed = code(
        "%n: index, %v: i32",
        """%a = arith.addi %v, %v : i32
        scf.for %i = %n to %n step %n {
          %b = arith.addi %a, %v : i32
        }
        scf.for %i = %n to %n step %n {
          %b = arith.addi %a, %v : i32
        }
        %c = arith.addi %a, %v : i32""",
    )
    assert printed == (
        "%0 = arith.addi %arg1, %arg1 : i32\n"
        "scf.for %arg2 = %arg0 to %arg0 step %arg0 {\n"
        "  %2 = arith.addi %0, %arg1 : i32\n"
        "}\n"
        "scf.for %arg2 = %arg0 to %arg0 step %arg0 {\n"
        "  %2 = arith.addi %0, %arg1 : i32\n"
        "}\n"
        "%1 = arith.addi %0, %arg1 : i32"
    )


def test_an_empty_symbol_names_nothing(lines: Callable[[str], list[str]]) -> None:
    (line,) = lines('%a = aie.lock(%core) {sym_name = ""}')
    assert line.startswith("%0 = aie.lock")
