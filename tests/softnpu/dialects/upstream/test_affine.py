"""affine: loops, accesses, and the maximum that xDSL lacks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Code = Callable[[str, str], str]


@pytest.mark.parametrize(
    "text",
    [
        "affine.if affine_set<(d0) : ((d0 + -3) >= 0)>(%arg1) {\n} else {\n}",
        "affine.if affine_set<(d0)[s0] : ((d0 + s0) == 0)>(%arg1)[%arg1] {\n}",
        "%0 = affine.if affine_set<(d0) : (d0 >= 0)>(%arg1) -> index {\n"
        "  affine.yield %arg1 : index\n} else {\n  affine.yield %arg1 : index\n}",
        "affine.for %arg2 = 0 to 10 step 2 {\n}",
        "%0 = affine.load %arg0[%arg1 + 3] : memref<16xi32>",
        "%0 = affine.max affine_map<(d0) -> (d0, 16)>(%arg1)",
        "%0 = affine.max affine_map<(d0)[s0] -> (d0, s0)>(%arg1)[%arg1]",
    ],
)
def test_mlirs_spelling(text: str, code: Code) -> None:
    assert code("%arg0: memref<16xi32>, %arg1: index", text) == text
