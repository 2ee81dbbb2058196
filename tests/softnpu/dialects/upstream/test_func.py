"""func: signatures as MLIR writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Lines = Callable[[str], list[str]]


@pytest.mark.parametrize(
    "line",
    [
        "func.func private @f(memref<4xi32>, i32)",
        "func.func private @f(i32) -> i32",
        "func.func private @f() -> (i32, f32)",
        'func.func private @f(memref<4xi32>) attributes {link_with = "f.o"}',
        "func.func @f(%arg0: i32) -> i32 {",
    ],
)
def test_signatures(line: str, lines: Lines) -> None:
    written = f"{line}\n return %arg0 : i32\n}}" if line.endswith("{") else line
    assert lines(written)[0] == line
