"""The pass pipelines between a design and its artifacts, as aiecc runs them.

Source: mlir-aie, aiecc.cpp (`runResourceAllocationPipeline`, `runRoutingPipeline`,
`runNpuLoweringPipeline`). Each pass goes over all devices of a module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.passes import ModulePass

ALLOCATION_SCHEMES = ("basic-sequential", "bank-aware")
"""Ways to place buffers; "" stands for bank-aware, and basic-sequential where that does not fit."""


def resource_allocation(alloc: str = "") -> tuple[ModulePass, ...]:
    """From the author's design to buffers, locks, descriptors and flows with their numbers."""
    from softnpu.passes.assign_bd_ids import AssignBufferDescriptorIDsPass
    from softnpu.passes.assign_buffer_addresses import AssignBufferAddressesPass
    from softnpu.passes.assign_lock_ids import AssignLockIDsPass
    from softnpu.passes.assign_tile_controller_ids import AssignTileCtrlIDsPass
    from softnpu.passes.canonicalize_device import CanonicalizeDevicePass
    from softnpu.passes.convert_scf_to_cf import ConvertScfToCfPass
    from softnpu.passes.convert_vector_to_aievec import ConvertVectorToAIEVecPass
    from softnpu.passes.generate_column_control_overlay import GenerateColumnControlOverlayPass
    from softnpu.passes.inline_trace_config import InlineTraceConfigPass
    from softnpu.passes.lower_affine import LowerAffinePass
    from softnpu.passes.lower_broadcast_packet import LowerBroadcastPacketPass
    from softnpu.passes.lower_cascade_flows import LowerCascadeFlowsPass
    from softnpu.passes.lower_multicast import LowerMulticastPass
    from softnpu.passes.objectfifo_stateful_transform import ObjectFifoStatefulTransformPass
    from softnpu.passes.register_objectfifos import RegisterObjectFifosPass
    from softnpu.passes.trace_pack_reg_writes import TraceRegPackWritesPass
    from softnpu.passes.trace_to_config import TraceToConfigPass
    from softnpu.passes.vector_transfer_lowering import VectorTransferLoweringPass

    return (
        ConvertVectorToAIEVecPass(),
        LowerAffinePass(),
        CanonicalizeDevicePass(),
        TraceToConfigPass(),
        TraceRegPackWritesPass(),
        InlineTraceConfigPass(),
        AssignLockIDsPass(),
        RegisterObjectFifosPass(),
        ObjectFifoStatefulTransformPass(),
        AssignBufferDescriptorIDsPass(),
        LowerCascadeFlowsPass(),
        LowerBroadcastPacketPass(),
        LowerMulticastPass(),
        AssignTileCtrlIDsPass(),
        GenerateColumnControlOverlayPass(),
        AssignBufferAddressesPass(alloc),
        VectorTransferLoweringPass(),
        ConvertScfToCfPass(),
    )


def routing() -> tuple[ModulePass, ...]:
    """Flows become connections in stream switches."""
    from softnpu.passes.create_pathfinder_flows import CreatePathfinderFlowsPass

    return (CreatePathfinderFlowsPass(),)


def flow_discovery() -> tuple[ModulePass, ...]:
    """The flows that the switches make, found again for `flows.json`."""
    from softnpu.passes.find_flows import FindFlowsPass

    return (FindFlowsPass(),)


def npu_lowering() -> tuple[ModulePass, ...]:
    """Runtime sequences become what the NPU's controller does."""
    from softnpu.passes.assign_runtime_sequence_bd_ids import AssignRuntimeSequenceBDIDsPass
    from softnpu.passes.dma_tasks_to_npu import DMATasksToNPUPass
    from softnpu.passes.dma_to_npu import DmaToNpuPass
    from softnpu.passes.lower_set_lock import LowerSetLockPass
    from softnpu.passes.materialize_bd_chains import MaterializeBDChainsPass
    from softnpu.passes.materialize_runtime_sequences import MaterializeRuntimeSequencesPass
    from softnpu.passes.substitute_shim_dma_allocations import SubstituteShimDMAAllocationsPass

    return (
        MaterializeRuntimeSequencesPass(),
        MaterializeBDChainsPass(),
        SubstituteShimDMAAllocationsPass(),
        AssignRuntimeSequenceBDIDsPass(),
        DMATasksToNPUPass(),
        DmaToNpuPass(),
        LowerSetLockPass(),
    )


def run(passes: Sequence[ModulePass], module: ModuleOp) -> None:
    """Apply `passes` to `module`, one after the other; they raise DesignError."""
    from xdsl.context import Context

    context = Context()
    for one in passes:
        one.apply(context, module)
