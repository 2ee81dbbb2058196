"""The pass pipelines between a design and its artifacts, as aiecc of mlir-aie 1.4 runs them.

Source: mlir-aie, tools/aiecc/IRTransforms.h. Each pass goes over all devices of a module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.passes.placement import PLACERS, Placer

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.passes import ModulePass

ALLOCATION_SCHEMES = ("basic-sequential", "bank-aware")
"""Ways to place buffers; "" stands for bank-aware, and basic-sequential where that does not fit."""


@dataclass(frozen=True)
class Choices:
    """What aiecc's options of these names decide.

    Attributes:
        alloc: how buffers are placed, one of `ALLOCATION_SCHEMES` or "".
        placer: how logical tiles are placed, one of `softnpu.passes.placement.PLACERS`.
        cores_per_col: at most so many cores are placed in a column; -1 for all that there are.
        sa_seed: of the annealing placer's random numbers; 0 for another one each time.
        dynamic_objfifos: cores count the objects that they hold at run time, unless they say
            `dynamic_objfifo_lowering = false`; else their loops are unrolled, unless they say true.
        packet_sw_objfifos: objectfifos go by packet-switched flows.
        generate_ctrl_pkt_overlay: tiles can be reached by control packets from the shim's DMA.
        expand_load_pdis: sequences reset the array and write what a `load_pdi` would load.
        load_pdi_to_ctrl_pkt: sequences send it by control packets, from one more host buffer.
    """

    alloc: str = ""
    placer: Placer = PLACERS[0]
    cores_per_col: int = -1
    sa_seed: int = 1
    dynamic_objfifos: bool = True
    packet_sw_objfifos: bool = False
    generate_ctrl_pkt_overlay: bool = False
    expand_load_pdis: bool = False
    load_pdi_to_ctrl_pkt: bool = False

    @property
    def expands_loads(self) -> bool:
        """Whether sequences do by themselves what a `load_pdi` would."""
        return self.expand_load_pdis or self.load_pdi_to_ctrl_pkt


DEFAULTS = Choices()
"""What aiecc does unless it is told otherwise."""


def placement(choices: Choices = DEFAULTS) -> tuple[ModulePass, ...]:
    """Tiles that the author left open get their places; what folds by itself is folded."""
    from softnpu.passes.place_tiles import PlaceTilesPass

    return (PlaceTilesPass(choices.placer, choices.cores_per_col, sa_seed=choices.sa_seed),)


def trace() -> tuple[ModulePass, ...]:
    """Traces become register writes in the sequences that start them."""
    from softnpu.passes.inline_trace_config import InlineTraceConfigPass
    from softnpu.passes.insert_trace_flows import InsertTraceFlowsPass
    from softnpu.passes.trace_pack_reg_writes import TraceRegPackWritesPass
    from softnpu.passes.trace_to_config import TraceToConfigPass

    return (
        InsertTraceFlowsPass(),
        TraceToConfigPass(),
        TraceRegPackWritesPass(),
        InlineTraceConfigPass(),
    )


def resource_allocation(choices: Choices = DEFAULTS) -> tuple[ModulePass, ...]:
    """From the author's design to buffers, locks, descriptors and flows with their numbers."""
    from softnpu.passes.assign_bd_ids import AssignBufferDescriptorIDsPass
    from softnpu.passes.assign_buffer_addresses import AssignBufferAddressesPass
    from softnpu.passes.assign_core_link_files import AssignCoreLinkFilesPass
    from softnpu.passes.assign_lock_ids import AssignLockIDsPass
    from softnpu.passes.assign_tile_controller_ids import AssignTileCtrlIDsPass
    from softnpu.passes.canonicalize_device import CanonicalizeDevicePass
    from softnpu.passes.convert_vector_to_aievec import ConvertVectorToAIEVecPass
    from softnpu.passes.generate_column_control_overlay import GenerateColumnControlOverlayPass
    from softnpu.passes.lower_affine import LowerAffinePass
    from softnpu.passes.lower_broadcast_packet import LowerBroadcastPacketPass
    from softnpu.passes.lower_cascade_flows import LowerCascadeFlowsPass
    from softnpu.passes.lower_multicast import LowerMulticastPass
    from softnpu.passes.lower_scratchpad_parameters import LowerScratchpadParametersPass
    from softnpu.passes.objectfifo_stateful_transform import ObjectFifoStatefulTransformPass
    from softnpu.passes.objectfifo_unroll import ObjectFifoUnrollPass
    from softnpu.passes.register_objectfifos import RegisterObjectFifosPass
    from softnpu.passes.scf_to_control_flow import SCFToControlFlowPass
    from softnpu.passes.vector_transfer_lowering import VectorTransferLoweringPass

    # Control packets take their channels before objectfifos do.
    packets = choices.generate_ctrl_pkt_overlay or choices.load_pdi_to_ctrl_pkt
    overlay = GenerateColumnControlOverlayPass(
        route_shim_to_tile_ctrl=packets, emit_standalone_overlay=choices.load_pdi_to_ctrl_pkt
    )
    return (
        ConvertVectorToAIEVecPass(),
        LowerAffinePass(),
        CanonicalizeDevicePass(),
        LowerScratchpadParametersPass(),
        *((overlay,) if packets else ()),
        RegisterObjectFifosPass(),
        ObjectFifoStatefulTransformPass(choices.packet_sw_objfifos),
        ObjectFifoUnrollPass(choices.dynamic_objfifos),
        AssignLockIDsPass(),
        AssignBufferDescriptorIDsPass(),
        LowerCascadeFlowsPass(),
        LowerBroadcastPacketPass(),
        LowerMulticastPass(),
        AssignTileCtrlIDsPass(),
        *(() if packets else (overlay,)),
        AssignBufferAddressesPass(choices.alloc),
        AssignCoreLinkFilesPass(),
        VectorTransferLoweringPass(),
        SCFToControlFlowPass(),
    )


def routing(*, exact: bool = False, apart: bool = False) -> tuple[ModulePass, ...]:
    """Flows become connections in stream switches; `exact`: where mlir-aie's would be wrong;
    `apart`: packets share ports only where they must.
    """
    from softnpu.passes.create_pathfinder_flows import CreatePathfinderFlowsPass

    return (CreatePathfinderFlowsPass(exact=exact, apart=apart),)


def flow_discovery() -> tuple[ModulePass, ...]:
    """The flows that the switches make, found again for `flows.json`."""
    from softnpu.passes.find_flows import FindFlowsPass

    return (FindFlowsPass(),)


def load_expansion(choices: Choices, elf_dir: Path) -> tuple[ModulePass, ...]:
    """Loads of images become what they do; the cores' programs lie in `elf_dir`."""
    from softnpu.passes.materialize_runtime_sequences import MaterializeRuntimeSequencesPass
    from softnpu.passes.txn_to_control_packet import LegalizeControlPacketPass
    from softnpu.targets.aie_to_configuration import ExpandLoadPdiPass

    return (
        MaterializeRuntimeSequencesPass(),
        ExpandLoadPdiPass(choices.load_pdi_to_ctrl_pkt, str(elf_dir)),
        LegalizeControlPacketPass(),
    )


def packet_sending() -> tuple[ModulePass, ...]:
    """Control packets are sent from a host buffer."""
    from softnpu.passes.ctrl_packet_to_dma import CtrlPacketToDmaPass

    return (CtrlPacketToDmaPass(),)


def npu_lowering(*, materialize: bool = True) -> tuple[ModulePass, ...]:
    """Runtime sequences become what the NPU's controller does.

    `materialize`: what they configure and run (aiex.configure, aiex.run) is put in first.
    """
    from softnpu.passes.assign_runtime_sequence_bd_ids import AssignRuntimeSequenceBDIDsPass
    from softnpu.passes.canonicalize import CanonicalizePass
    from softnpu.passes.decompose_large_dma_bd import DecomposeLargeDmaBdPass
    from softnpu.passes.dma_tasks_to_npu import DMATasksToNPUPass
    from softnpu.passes.dma_to_npu import DmaToNpuPass
    from softnpu.passes.lower_core_reset import LowerCoreResetPass
    from softnpu.passes.lower_dma_channel_reset import LowerDmaChannelResetPass
    from softnpu.passes.lower_dynamic_bd_pool import LowerDynamicBDPoolPass
    from softnpu.passes.lower_set_lock import LowerSetLockPass
    from softnpu.passes.materialize_bd_chains import MaterializeBDChainsPass
    from softnpu.passes.materialize_runtime_sequences import MaterializeRuntimeSequencesPass
    from softnpu.passes.substitute_shim_dma_allocations import SubstituteShimDMAAllocationsPass
    from softnpu.passes.unroll_runtime_sequence_loops import UnrollRuntimeSequenceLoopsPass

    return (
        *((MaterializeRuntimeSequencesPass(),) if materialize else ()),
        MaterializeBDChainsPass(),
        SubstituteShimDMAAllocationsPass(),
        UnrollRuntimeSequenceLoopsPass(),
        CanonicalizePass(),
        DecomposeLargeDmaBdPass(),
        LowerDynamicBDPoolPass(),
        CanonicalizePass(),
        AssignRuntimeSequenceBDIDsPass(),
        DMATasksToNPUPass(),
        LowerDmaChannelResetPass(),
        DmaToNpuPass(),
        LowerSetLockPass(),
        LowerCoreResetPass(),
    )


def run(passes: Sequence[ModulePass], module: ModuleOp) -> None:
    """Apply `passes` to `module`, one after the other, as far as it concerns them (see
    `passes.concerns`); they raise DesignError."""
    from xdsl.context import Context

    from softnpu.passes.concerns import Met

    context, met = Context(), Met(module)
    for one in passes:
        with met.concerned(one) as concerned:
            if concerned:
                one.apply(context, module)
