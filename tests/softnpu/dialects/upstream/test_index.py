"""index: a dialect that xDSL lacks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.context import Context

from softnpu.dialects.text import parse_text
from softnpu.dialects.upstream.index import BINARY
from softnpu.errors import DesignError

Code = Callable[[str, str], str]


@pytest.mark.parametrize("mnemonic", sorted(BINARY))
def test_operations_on_two_indices(mnemonic: str, code: Code) -> None:
    line = f"%0 = index.{mnemonic} %arg0, %arg1"
    assert code("%arg0: index, %arg1: index", line) == line


@pytest.mark.parametrize(
    "line",
    [
        "%idx5 = index.constant 5",
        "%true = index.bool.constant true",
        "%0 = index.cmp slt(%arg0, %arg0)",
        "%0 = index.casts %arg0 : index to i32",
        "%0 = index.castu %arg1 : i32 to index",
        "%0 = index.sizeof",
    ],
)
def test_the_others(line: str, code: Code) -> None:
    assert code("%arg0: index, %arg1: i32", line) == line


def test_an_unknown_comparison_is_said(mlir: Context) -> None:
    text = "func.func @f(%i: index) { %0 = index.cmp less(%i, %i)\n return }"
    with pytest.raises(DesignError, match="'less' is no comparison: expected one of eq, ne, slt"):
        parse_text(text, "f", mlir)
