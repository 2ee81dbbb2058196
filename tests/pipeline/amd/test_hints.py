"""Messages that mislead, as users have seen them, and what they mean."""

from __future__ import annotations

import pytest

from pipeline.amd.hints import hints


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("fatal error: can not represent value in the given immediate type range!", "16 KB"),
        ("error: 'aie.tile' op allocated buffers exceeded available memory", "objectfifo's depth"),
        (
            "expected ::xilinx::AIE::AIEDevice to be one of the following enum values for "
            "attribute 'device'",
            "npu1_1col to npu1_3col",
        ),
        ("ld.lld: error: scale.o is incompatible with /tmp/main_input.o", "another machine"),
        ("error: custom op 'aie.runtime_sequence' is unknown", "--lower embedded"),
        ("[ERROR]  : cannot parse source cdo file", "npuforge dump"),
    ],
)
def test_the_meaning_is_told(said: str, meaning: str) -> None:
    (hint,) = hints(said)
    assert meaning in hint


def test_a_message_that_says_it_itself_gets_no_hint() -> None:
    assert hints("error: use of undeclared identifier 'x'") == []
