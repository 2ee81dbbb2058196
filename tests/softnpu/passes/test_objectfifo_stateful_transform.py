"""The resource-allocation pipeline with the objectfifo lowering at its heart, against aie-opt."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.passes.assign_bd_ids import AssignBufferDescriptorIDsPass
from softnpu.passes.assign_buffer_addresses import AssignBufferAddressesPass
from softnpu.passes.assign_lock_ids import AssignLockIDsPass
from softnpu.passes.assign_tile_controller_ids import AssignTileCtrlIDsPass
from softnpu.passes.canonicalize_device import CanonicalizeDevicePass
from softnpu.passes.convert_scf_to_cf import ConvertScfToCfPass
from softnpu.passes.convert_vector_to_aievec import ConvertVectorToAIEVecPass
from softnpu.passes.generate_column_control_overlay import GenerateColumnControlOverlayPass
from softnpu.passes.lower_affine import LowerAffinePass
from softnpu.passes.lower_broadcast_packet import LowerBroadcastPacketPass
from softnpu.passes.lower_cascade_flows import LowerCascadeFlowsPass
from softnpu.passes.lower_multicast import LowerMulticastPass
from softnpu.passes.objectfifo_stateful_transform import ObjectFifoStatefulTransformPass
from softnpu.passes.register_objectfifos import RegisterObjectFifosPass
from softnpu.passes.vector_transfer_lowering import VectorTransferLoweringPass
from tests.conftest import DESIGNS

PIPELINE = (
    ConvertVectorToAIEVecPass(),
    LowerAffinePass(),
    CanonicalizeDevicePass(),
    AssignLockIDsPass(),
    RegisterObjectFifosPass(),
    ObjectFifoStatefulTransformPass(),
    AssignBufferDescriptorIDsPass(),
    LowerCascadeFlowsPass(),
    LowerBroadcastPacketPass(),
    LowerMulticastPass(),
    AssignTileCtrlIDsPass(),
    GenerateColumnControlOverlayPass(),
    AssignBufferAddressesPass(),
    VectorTransferLoweringPass(),
    ConvertScfToCfPass(),
)


@pytest.mark.parametrize("name", DESIGNS)
def test_a_lowered_design_is_aie_opts_character_for_character(
    lower, golden: Path, name: str
) -> None:
    lowered = lower((golden / name / "design.mlir").read_text(), *PIPELINE)
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
