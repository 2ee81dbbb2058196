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
from xdsl.passes import ModulePass

from softnpu.dialects.aiex import DMAConfigureTaskForOp, DMAConfigureTaskOp
from softnpu.passes.concerns import Concerns
from softnpu.passes.sequence_ops import Symbols, devices, sequence_ops


@dataclass(frozen=True)
class SubstituteShimDMAAllocationsPass(ModulePass):
    """Resolve the shim DMA allocations that tasks are configured for."""

    name = "aie-substitute-shim-dma-allocations"
    concerns: ClassVar[Concerns] = (DMAConfigureTaskForOp,)

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            symbols = Symbols(device)
            for task in sequence_ops(device):
                if isinstance(task, DMAConfigureTaskForOp):
                    _substitute(task, symbols)


def _substitute(task: DMAConfigureTaskForOp, symbols: Symbols) -> None:
    allocation = symbols.shim_allocation(task, task.alloc)
    concrete = DMAConfigureTaskOp(
        tile=allocation.tile,
        direction=allocation.channel_dir,
        channel=allocation.channel_index,
        issue_token=task.issue_token,
        repeat_count=task.repeat_count,
        repeat_count_val=task.repeat_count_val,
        packet=allocation.packet,
        body=task.detach_region(task.body),
        location=task.location,
    )
    block = task.parent_block()
    assert block is not None
    block.insert_op_before(concrete, task)
    task.result.replace_all_uses_with(concrete.result)
    block.erase_op(task)
