from __future__ import annotations

import re

import pytest

from softnpu.errors import DesignError
from softnpu.passes.assign_tile_controller_ids import AssignTileCtrlIDsPass
from tests.softnpu.passes.conftest import Lower

TWO_COLUMNS = """
  aie.device(npu2) {
    %a = aie.tile(0, 0)
    %b = aie.tile(0, 2)
    %c = aie.tile(1, 0)
    %d = aie.tile(1, 5) {controller_id = #aie.packet_info<pkt_type = 0, pkt_id = 3>}
  }
"""


def ids(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"pkt_id = (\d+)", text)]


def test_ids_repeat_from_column_to_column_and_given_ones_stay(lower: Lower) -> None:
    assert ids(lower(TWO_COLUMNS, AssignTileCtrlIDsPass())) == [15, 27, 15, 3]


def test_ids_can_differ_in_the_whole_device(lower: Lower) -> None:
    everywhere = AssignTileCtrlIDsPass(column_wise_unique_ids=False)
    assert ids(lower(TWO_COLUMNS, everywhere)) == [15, 27, 14, 3]


def test_beyond_four_columns_there_are_no_ids_that_differ_everywhere(lower: Lower) -> None:
    design = "aie.device(npu2) { %a = aie.tile(4, 0) }"
    with pytest.raises(DesignError, match="column 4"):
        lower(design, AssignTileCtrlIDsPass(column_wise_unique_ids=False))
