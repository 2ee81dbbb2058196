"""The dialect's own attributes and types, with their names and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.dialects.attributes import (
    BDDimLayoutArrayAttr,
    BDPadLayoutArrayAttr,
    PacketInfoAttr,
)
from softnpu.errors import DesignError

Lines = Callable[[str], list[str]]


@pytest.mark.parametrize(
    "attribute",
    [
        "#aie.packet_info<pkt_type = 0, pkt_id = 27>",
        "#aie.bd_dim_layout<size = 4, stride = 8>",
        "#aie<bd_dim_layout_array[<size = 4, stride = 8>, <size = 2, stride = 1>]>",
        "#aie<bd_dim_layout_array_array[[<size = 4, stride = 8>], []]>",
        "#aie.bd_pad_layout<const_pad_before = 1, const_pad_after = 0>",
        "#aie<bd_pad_layout_array[<const_pad_before = 1, const_pad_after = 0>]>",
        '#aie.trace_event<"LOCK_STALL">',
    ],
)
def test_attributes_in_full(attribute: str, lines: Lines) -> None:
    line = f"%tile_0_4 = aie.tile(0, 4) {{note = {attribute}}}"
    assert lines(line) == [line]


def test_what_a_list_holds_may_be_written_in_full(lines: Lines) -> None:
    dims = "#aie<bd_dim_layout_array[#aie.bd_dim_layout<size = 4, stride = 8>]>"
    (line,) = lines(f"%t = aie.tile(0, 4) {{note = #aie<bd_dim_layout_array_array[{dims}, []]>}}")
    assert line.endswith("{note = #aie<bd_dim_layout_array_array[[<size = 4, stride = 8>], []]>}")


def test_a_list_holds_one_kind_only(refusal: Callable[[str], DesignError]) -> None:
    packet = "#aie.packet_info<pkt_type = 0, pkt_id = 2>"
    error = refusal(f"%t = aie.tile(0, 4) {{note = #aie<bd_dim_layout_array[{packet}]>}}")
    assert "expected aie.bd_dim_layout, found #aie.packet_info" in error.message


def test_names_may_come_in_any_order_but_all_of_them(
    lines: Lines, refusal: Callable[[str], DesignError]
) -> None:
    tile = "%t = aie.tile(0, 4) {{note = #aie.packet_info<{0}>}}"
    (line,) = lines(tile.format("pkt_id = 2, pkt_type = 1"))
    assert line.endswith("{note = #aie.packet_info<pkt_type = 1, pkt_id = 2>}")
    error = refusal(tile.format("pkt_id = 2"))
    assert "'pkt_type' is missing: write <pkt_type = N, pkt_id = N>" in error.message


def test_attributes_are_built_from_numbers() -> None:
    assert [(dim.size, dim.stride) for dim in BDDimLayoutArrayAttr.of([(4, 8), (2, 1)])] == [
        (4, 8),
        (2, 1),
    ]
    (pad,) = BDPadLayoutArrayAttr.of([(1, 2)])
    assert (pad.const_pad_before, pad.const_pad_after) == (1, 2)
    assert PacketInfoAttr.of(1, 5) == PacketInfoAttr((1, 5))


def test_block_floats(lines: Lines) -> None:
    (line,) = lines('%b = aie.buffer(%core) : memref<8x!aiex.bfp<"v8bfp16ebs8">>')
    assert line == '%buffer_0_2 = aie.buffer(%tile_0_2) : memref<8x!aiex.bfp<"v8bfp16ebs8">> '
