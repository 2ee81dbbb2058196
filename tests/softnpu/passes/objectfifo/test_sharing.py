"""Who shares a memory, and which fifos need DMAs for all that."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import IntegerAttr, i32

from softnpu.arch.device import DEVICES
from softnpu.dialects.aie import TileOp
from softnpu.passes.objectfifo.sharing import Shared, shared_memory


def tile(col: int, row: int) -> TileOp:
    return TileOp(col=IntegerAttr(col, i32), row=IntegerAttr(row, i32))


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ((0, 2), (0, 3), Shared.BOTH),
        ((1, 2), (0, 2), Shared.SECOND),
        ((0, 2), (1, 2), Shared.FIRST),
        ((0, 2), (0, 2), Shared.BOTH),
        ((0, 2), (1, 3), Shared.NEITHER),
        ((0, 2), (0, 1), Shared.NEITHER),
        ((0, 1), (1, 1), Shared.BOTH),
        ((0, 0), (0, 2), Shared.NEITHER),
    ],
    ids=lambda value: str(value).replace(" ", ""),
)
def test_a_core_reaches_its_neighbours_in_south_west_and_north(
    first: tuple[int, int], second: tuple[int, int], shared: Shared
) -> None:
    assert shared_memory(DEVICES["npu1"], tile(*first), tile(*second)) is shared


FIFO = """
    %a = aie.tile(1, 2)
    %b = aie.tile(0, 2)
    aie.objectfifo @of({ends}, 2 : i32) {attributes} : !aie.objectfifo<memref<16xi32>>
"""


def test_neighbours_share_one_set_of_objects_and_need_no_flow(lower_fifos) -> None:
    lowered = lower_fifos(FIFO.format(ends="%a, {%b}", attributes=""))
    assert not lowered.matching(r"aie\.(flow|mem)")
    # The producer's western neighbour consumes: only that one's memory is open to both.
    assert lowered.matching("of_buff") == [
        '%of_buff_0 = aie.buffer(%tile_0_2) {sym_name = "of_buff_0"} : memref<16xi32>',
        '%of_buff_1 = aie.buffer(%tile_0_2) {sym_name = "of_buff_1"} : memref<16xi32>',
    ]


COLUMNS = "[<size = 4, stride = 1>, <size = 4, stride = 4>]"


@pytest.mark.parametrize(
    ("ends", "attributes"),
    [
        ("%a, {%b}", "{via_DMA = true}"),
        ("%b, {%a}", "{repeat_count = 2 : i32}"),
        (f"%b dimensionsToStream {COLUMNS}, {{%a}}", ""),
        (f"%b, {{%a dimensionsFromStream {COLUMNS}}}", ""),
    ],
)
def test_neighbours_use_dmas_when_the_fifo_asks_for_what_only_they_can(
    lower_fifos, ends: str, attributes: str
) -> None:
    lowered = lower_fifos(FIFO.format(ends=ends, attributes=attributes))
    assert len(lowered.matching(r"aie\.flow")) == 1
    assert lowered.matching("of_cons_buff_0")


def test_allocate_puts_the_objects_where_both_ends_reach_them(lower_fifos) -> None:
    lowered = lower_fifos("""
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 4)
    %middle = aie.tile(0, 3)
    aie.objectfifo @of(%a, {%middle}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo.allocate @of (%middle)
    """)
    assert lowered.matching("of_buff_0") == [
        '%of_buff_0 = aie.buffer(%tile_0_3) {sym_name = "of_buff_0"} : memref<16xi32>'
    ]
    assert not lowered.matching("allocate")
