"""scf: loops and choices."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Code = Callable[[str, str], str]

ARGUMENTS = "%arg0: index, %arg1: i32, %arg2: i1"


@pytest.mark.parametrize(
    "text",
    [
        "scf.for %arg3 = %arg0 to %arg0 step %arg0 {\n}",
        "%0 = scf.for %arg3 = %arg0 to %arg0 step %arg0 iter_args(%arg4 = %arg1) -> (i32) {\n"
        "  scf.yield %arg4 : i32\n}",
        "scf.for %arg3 = %arg1 to %arg1 step %arg1  : i32 {\n}",
        "%0 = scf.if %arg2 -> (i32) {\n  scf.yield %arg1 : i32\n} else {\n"
        "  scf.yield %arg1 : i32\n}",
        "%0 = scf.while (%arg3 = %arg1) : (i32) -> i32 {\n  scf.condition(%arg2) %arg3 : i32\n"
        "} do {\n^bb0(%arg3: i32):\n  scf.yield %arg3 : i32\n}",
        "scf.while : () -> () {\n  scf.condition(%arg2)\n} do {\n  scf.yield\n}",
        "scf.index_switch %arg0 \ncase 1 {\n  scf.yield\n}\ndefault {\n}",
        "scf.parallel (%arg3, %arg4) = (%arg0, %arg0) to (%arg0, %arg0) step (%arg0, %arg0) {\n"
        "  scf.reduce \n}",
        "%0 = scf.parallel (%arg3) = (%arg0) to (%arg0) step (%arg0) init (%arg1) -> i32 {\n"
        "  scf.reduce(%arg1 : i32) {\n  ^bb0(%arg4: i32, %arg5: i32):\n"
        "    scf.reduce.return %arg4 : i32\n  }\n}",
        "%0 = scf.execute_region -> i32 {\n  scf.yield %arg1 : i32\n}",
    ],
)
def test_mlirs_spelling(text: str, code: Code) -> None:
    assert code(ARGUMENTS, text) == text


@pytest.mark.parametrize(
    "text",
    [
        "%0 = scf.for %arg3 = %arg0 to %arg0 step %arg0 iter_args(%arg4 = %arg1) -> (i32) {\n"
        "  scf.yield %arg4 : i32\n}",
        "%0 = scf.if %arg2 -> (i32) {\n  scf.yield %arg1 : i32\n} else {\n"
        "  scf.yield %arg1 : i32\n}",
    ],
)
def test_one_type_needs_no_brackets(text: str, code: Code) -> None:
    assert code(ARGUMENTS, text.replace("(i32)", "i32")) == text
