from __future__ import annotations

from xdsl.context import Context

from softnpu.dialects.aie import DeviceOp, EndOp, TileOp
from softnpu.dialects.text import parse_text
from softnpu.passes.device_ops import append, of_type, region_of


def device_of(text: str, mlir: Context) -> DeviceOp:
    device = parse_text(text, "design.mlir", mlir).body.block.first_op
    assert isinstance(device, DeviceOp)
    return device


def test_the_ops_of_a_class_can_be_erased_on_the_way(mlir: Context) -> None:
    device = device_of("aie.device(npu1) { %a = aie.tile(0, 0)\n %b = aie.tile(0, 1) }", mlir)
    for tile in of_type(device, TileOp):
        device.body.erase_op(tile)
    assert list(of_type(device, TileOp)) == []


def test_ops_are_added_in_order_before_the_end_of_the_device(mlir: Context) -> None:
    device = device_of("aie.device(npu1) { %a = aie.tile(0, 0) }", mlir)
    append(device, TileOp(col=1, row=1), TileOp(col=2, row=2))
    assert [tile.position for tile in of_type(device, TileOp)] == [(0, 0), (1, 1), (2, 2)]
    assert all(not isinstance(op, EndOp) for op in list(device.body.ops)[:-1])


def test_a_region_ends() -> None:
    assert isinstance(region_of().block.last_op, EndOp)
