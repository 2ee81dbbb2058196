"""`aie-substitute-shim-dma-allocations`: tile, direction and channel for the names of shim DMAs.

Each `aiex.dma_configure_task_for @name` becomes an `aiex.dma_configure_task` on the channel that
`aie.shim_dma_allocation @name` has, with the allocation's packet header
(mlir-aie, AIESubstituteShimDMAAllocations.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Region
from xdsl.passes import ModulePass

from softnpu.dialects.aiex import DMAConfigureTaskForOp, DMAConfigureTaskOp
from softnpu.dialects.kinds import OfKinds, kind_of
from softnpu.dialects.making import made
from softnpu.dialects.walking import ops_of
from softnpu.passes.concerns import Concerns
from softnpu.passes.sequence_ops import Symbols, devices, put, sequences


@dataclass(frozen=True)
class SubstituteShimDMAAllocationsPass(ModulePass):
    """Resolve the shim DMA allocations that tasks are configured for."""

    name = "aie-substitute-shim-dma-allocations"
    concerns: ClassVar[Concerns] = (DMAConfigureTaskForOp,)
    makes: ClassVar[Concerns] = (DMAConfigureTaskOp,)

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            symbols, alike = Symbols(device), OfKinds[DMAConfigureTaskOp]()
            for sequence in sequences(device):
                for task in ops_of(sequence, DMAConfigureTaskForOp):
                    kind = kind_of(task)
                    if (like := alike.known.get(kind)) is None or task._operands:
                        concrete = _concrete(task, symbols)
                        alike.learn(kind, task, concrete)
                    else:
                        concrete = _again(like, task)
                    concrete.add_region(task.detach_region(task.body))
                    task.result.replace_all_uses_with(concrete.result)
                    put(task, [concrete])


def _concrete(task: DMAConfigureTaskForOp, symbols: Symbols) -> DMAConfigureTaskOp:
    """The task as its tile's, without a region."""
    allocation = symbols.shim_allocation(task, task.alloc)
    concrete = DMAConfigureTaskOp(
        tile=allocation.tile,
        direction=allocation.channel_dir,
        channel=allocation.channel_index,
        issue_token=task.issue_token,
        repeat_count=task.repeat_count,
        repeat_count_val=task.repeat_count_val,
        packet=allocation.packet,
        body=Region(),
        location=task.location,
    )
    concrete.detach_region(0)
    return concrete


def _again(like: DMAConfigureTaskOp, task: DMAConfigureTaskForOp) -> DMAConfigureTaskOp:
    """The same for a task that differs in nothing but its descriptors."""
    types = like.result_types
    return made(DMAConfigureTaskOp, like._operands, types, like.properties, {}, task.location)
