"""An attribute that nobody reads, nearly called like one that the op has, is told of."""

from __future__ import annotations

import pytest

from softnpu.dialects.text import parse_text
from softnpu.passes.misspelt_attributes import attribute_warnings

DESIGN = """module {{
  aie.device(npu1_1col) {{
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    aie.objectfifo @in(%s, {{%m}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.runtime_sequence(%a: memref<64xi32>) {{
      aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]) {{{attributes}}} : memref<64xi32>
    }}
  }}
}}
"""  # noqa: E501 - as an author writes it


def told(attributes: str) -> list[str]:
    text = DESIGN.format(attributes=f"id = 0 : i64, metadata = @in, {attributes}")
    return list(attribute_warnings(parse_text(text, "design.mlir")))


@pytest.mark.parametrize("name", ["issue_tokn", "issueToken", "isue_token"])
def test_a_misspelt_attribute_is_told_with_the_one_that_is_meant(name: str) -> None:
    (warning,) = told(f"{name} = true")
    assert warning.startswith(
        f"design.mlir:7:7: warning: 'aiex.npu.dma_memcpy_nd' has no attribute '{name}', which "
        "nothing reads; did you mean 'issue_token'?"
    )


@pytest.mark.parametrize(
    "attributes",
    [
        "issue_token = true",
        "note = 1 : i32",
        "my.issue_tokn = true",
        'issue_token = true, "d4" = 1',
    ],
)
def test_other_attributes_are_the_authors_own(attributes: str) -> None:
    assert told(attributes) == []
