from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.lower_cascade_flows import LowerCascadeFlowsPass
from tests.softnpu.passes.conftest import Lower

LOWER = LowerCascadeFlowsPass()


def test_a_tile_in_the_middle_takes_from_one_side_and_gives_to_the_other(lower: Lower) -> None:
    text = lower(
        """
        aie.device(npu1) {
          %a = aie.tile(0, 4)
          %b = aie.tile(0, 3)
          %c = aie.tile(1, 3)
          aie.cascade_flow(%a, %b)
          aie.cascade_flow(%b, %c)
        }
        """,
        LOWER,
    )
    assert "cascade_flow" not in text
    assert [line.strip() for line in text.splitlines() if "configure" in line] == [
        "aie.configure_cascade(%tile_0_4, North, South)",
        "aie.configure_cascade(%tile_0_3, North, East)",
        "aie.configure_cascade(%tile_1_3, West, South)",
    ]


def test_a_cascade_to_the_north_is_refused_where_it_stands(lower: Lower) -> None:
    with pytest.raises(DesignError) as refused:
        lower(
            """aie.device(npu1) {
          %a = aie.tile(0, 2)
          %b = aie.tile(0, 3)
          aie.cascade_flow(%a, %b)
        }""",
            LOWER,
        )
    assert "not from (0, 2) to (0, 3)" in str(refused.value)
    assert refused.value.location is not None
    assert refused.value.location.line == 4
