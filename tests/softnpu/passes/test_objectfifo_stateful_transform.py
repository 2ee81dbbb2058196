"""The resource-allocation pipeline with the objectfifo lowering at its heart, against aie-opt."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.compiler.pipelines import Choices, resource_allocation
from softnpu.passes.objectfifo_stateful_transform import ObjectFifoStatefulTransformPass
from tests.conftest import DESIGNS


@pytest.mark.parametrize("name", DESIGNS)
def test_a_lowered_design_is_aie_opts_character_for_character(
    lower, golden: Path, name: str
) -> None:
    lowered = lower((golden / name / "traced.mlir").read_text(), *resource_allocation(Choices()))
    assert lowered == (golden / name / "input_with_addresses.mlir").read_text()


def test_every_device_of_a_file_is_lowered_by_itself(lower) -> None:
    device = """
  aie.device(npu1_1col) @{name} {{
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 4)
    aie.objectfifo @of(%a, {{%b}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  }}
"""
    text = lower(
        f"module {{{device.format(name='one')}{device.format(name='two')}}}\n",
        ObjectFifoStatefulTransformPass(),
    )
    assert text.count("aie.flow(%tile_0_2, DMA : 0, %tile_0_4, DMA : 0)") == 2
