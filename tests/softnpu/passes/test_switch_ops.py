from __future__ import annotations

from xdsl.context import Context

from softnpu.dialects.aie import DeviceOp, TileOp
from softnpu.dialects.enums import WireBundle
from softnpu.dialects.text import parse_text, print_module
from softnpu.passes.switch_ops import SwitchOps, connect


def device_of(text: str, mlir: Context) -> DeviceOp:
    device = parse_text(text, "design.mlir", mlir).body.block.first_op
    assert isinstance(device, DeviceOp)
    return device


def wires(device: DeviceOp) -> list[str]:
    text = print_module(device)
    return [line.strip() for line in text.splitlines() if "aie.wire" in line]


def test_what_the_design_has_is_found_rather_than_made(mlir: Context) -> None:
    device = device_of(
        "aie.device(npu1) { %t = aie.tile(0, 2)\n %s = aie.switchbox(%t) {\n} }", mlir
    )
    before = list(device.body.ops)
    switches = SwitchOps(device)
    assert switches.tile((0, 2)) is before[0]
    assert switches.switch((0, 2)) is before[1]
    assert list(device.body.ops) == before


def test_a_switch_far_away_brings_its_tile_along(mlir: Context) -> None:
    device = device_of("aie.device(npu1) { }", mlir)
    switch = SwitchOps(device).switch((3, 4))
    assert isinstance(device.body.first_op, TileOp)
    assert switch.position == (3, 4)


def test_switches_are_wired_to_their_neighbours_and_to_what_is_in_the_tile(mlir: Context) -> None:
    device = device_of("aie.device(npu1) { }", mlir)
    switches = SwitchOps(device)
    for tile in ((0, 1), (0, 0), (1, 1)):
        switches.switch(tile)
    mux = switches.shim_mux((0, 0))
    connect(mux, (WireBundle.DMA, 0), (WireBundle.North, 3), mux.location)
    switches.add_wires()
    assert wires(device) == [
        "aie.wire(%shim_mux_0_0 : North, %switchbox_0_0 : South)",
        "aie.wire(%shim_noc_tile_0_0 : DMA, %shim_mux_0_0 : DMA)",
        "aie.wire(%mem_tile_0_1 : Core, %switchbox_0_1 : Core)",
        "aie.wire(%mem_tile_0_1 : DMA, %switchbox_0_1 : DMA)",
        "aie.wire(%switchbox_0_0 : North, %switchbox_0_1 : South)",
        "aie.wire(%switchbox_0_1 : East, %switchbox_1_1 : West)",
        "aie.wire(%mem_tile_1_1 : Core, %switchbox_1_1 : Core)",
        "aie.wire(%mem_tile_1_1 : DMA, %switchbox_1_1 : DMA)",
    ]
