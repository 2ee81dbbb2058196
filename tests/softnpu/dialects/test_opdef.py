"""Op classes as data: constructors, accessors, checks."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import IntegerAttr, MemRefType, StringAttr, i32, i64
from xdsl.dialects.test import TestOp as Source
from xdsl.utils.exceptions import VerifyException

from softnpu.dialects.aie import FlowOp, LockOp, MasterSetOp, SwitchboxOp, TileOp, WireBundle
from softnpu.dialects.aiex import NpuDmaMemcpyNdOp


def transfer() -> NpuDmaMemcpyNdOp:
    """A transfer with an offset and a size in operands."""
    buffer, offset, size = Source(result_types=[MemRefType(i32, [64]), i64, i64]).results
    return NpuDmaMemcpyNdOp(
        memref=buffer,
        offsets=(offset,),
        sizes=(size,),
        static_offsets=(0, 0, 0, -(1 << 63)),
        static_sizes=(1, 1, 1, -(1 << 63)),
        static_strides=(0, 0, 0, 1),
        metadata="in",
        id=0,
    )


def test_a_missing_or_unknown_field_is_a_mistake_of_the_pass() -> None:
    with pytest.raises(TypeError, match=r"aie\.tile needs 'row'"):
        TileOp(col=0)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"aie\.tile has no field rwo"):
        TileOp(col=0, row=1, rwo=2)  # type: ignore[call-arg]


def test_discardable_attributes_stand_apart() -> None:
    tile = TileOp(col=0, row=1, attributes={"note": StringAttr("x")})
    assert tile.properties.keys() == {"col", "row"}
    assert tile.attributes.keys() == {"note"}


def test_inherent_attributes_given_as_discardable_find_their_place() -> None:
    tile = TileOp.create(
        result_types=TileOp(col=0, row=0).result_types,
        attributes={"col": IntegerAttr(3, i32), "row": IntegerAttr(2, i32)},
    )
    assert (tile.position, tile.attributes) == ((3, 2), {})


def test_setting_an_operand_moves_its_use() -> None:
    here, there = TileOp(col=0, row=1), TileOp(col=0, row=2)
    lock = LockOp(tile=here.result)
    lock.tile = there.result
    assert lock.tile_op is there
    assert not list(here.result.uses)


def test_variadic_operands_are_tuples() -> None:
    tile, other = TileOp(col=0, row=1), TileOp(col=0, row=2)
    master = MasterSetOp(dest_bundle=WireBundle.DMA, dest_channel=0, amsels=(tile.result,))
    assert master.amsels == (tile.result,)
    master.amsels = (tile.result, other.result)
    assert master.amsels == (tile.result, other.result)


def test_segments_follow_their_operands() -> None:
    op = transfer()
    assert (len(op.offsets), len(op.sizes), len(op.strides)) == (1, 1, 0)
    op.offsets = ()
    assert (len(op.offsets), len(op.sizes), op.segment_sizes()) == (0, 1, [1, 0, 1, 0])
    assert op.clone().segment_sizes() == [1, 0, 1, 0]


def test_regions_with_an_implied_end_are_closed() -> None:
    switch = SwitchboxOp(tile=TileOp(col=0, row=1).result)
    assert [op.name for op in switch.connections.block.ops] == ["aie.end"]


def test_parts_are_checked_against_the_definition() -> None:
    tile, number = TileOp(col=0, row=1), Source(result_types=[i32])
    flow = FlowOp(
        source=tile.result,
        source_bundle=WireBundle.DMA,
        source_channel=0,
        dest=number.results[0],
        dest_bundle=WireBundle.DMA,
        dest_channel=0,
    )
    with pytest.raises(VerifyException, match="'dest' must be of type index, found i32"):
        flow.verify_()
    flow.dest = tile.result
    with pytest.raises(VerifyException, match="takes 2 operands, found 1"):
        FlowOp.create(operands=[tile.result], properties=flow.properties).verify_()
    flow.properties["source_channel"] = StringAttr("x")
    with pytest.raises(VerifyException, match="'source_channel' must be an integer"):
        flow.verify_()
