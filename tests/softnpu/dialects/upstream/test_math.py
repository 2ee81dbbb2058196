"""math: the tests for special values."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Code = Callable[[str, str], str]


@pytest.mark.parametrize("mnemonic", ["isnan", "isinf", "isfinite", "isnormal", "exp", "sqrt"])
def test_mlirs_spelling(mnemonic: str, code: Code) -> None:
    line = f"%0 = math.{mnemonic} %arg0 : f32"
    assert code("%arg0: f32", line) == line


def test_a_vector_gives_a_mask(code: Code) -> None:
    body = (
        "%0 = math.isnan %arg0 : vector<4xf32>\n"
        "%1 = arith.select %0, %arg0, %arg0 : vector<4xi1>, vector<4xf32>"
    )
    assert code("%arg0: vector<4xf32>", body) == body
