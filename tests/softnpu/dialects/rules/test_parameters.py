"""What an author reads about scratchpad parameters that cannot be."""

from __future__ import annotations

import pytest

from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError

IN_A_CORE = "%c = aie.core(%t) { %x = aiex.read_scratchpad_parameter @NAME : TYPE aie.end }"
IN_A_SEQUENCE = "aie.runtime_sequence() { %x = aiex.read_scratchpad_parameter @NAME : TYPE }"


def design(body: str, name: str = "gain", type: str = "i32") -> str:
    body = body.replace("NAME", name).replace("TYPE", type)
    return f"""aiex.scratchpad_parameter @gain : {type}
    aie.device(npu2) {{
      %t = aie.tile(0, 2)
      {body}
    }}"""


@pytest.mark.parametrize("type", ["i8", "i32", "bf16"])
def test_a_core_reads_small_integers_and_bf16(type: str) -> None:
    parse_text(design(IN_A_CORE, type=type))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (design(IN_A_SEQUENCE), "'aiex.read_scratchpad_parameter' belongs into aie.core"),
        (design(IN_A_CORE, name="gian"), "no scratchpad parameter '@gian'; did you mean '@gain'?"),
        (design(IN_A_CORE, type="f32"), "a parameter of type f32 cannot reach a core"),
        (design(IN_A_CORE, type="i64"), "a parameter of type i64 cannot reach a core"),
    ],
)
def test_what_cannot_be_is_said(text: str, message: str) -> None:
    with pytest.raises(DesignError) as caught:
        parse_text(text)
    assert message in caught.value.message
