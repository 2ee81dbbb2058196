"""`aie-assign-runtime-sequence-bd-ids`: number the descriptors of the runtime sequence's tasks.

In the order of the sequence each descriptor gets the lowest number that is free on its tile;
numbers that the design gives are kept. Awaiting or freeing a task frees its numbers. All
sequences of a device share the numbers (mlir-aie, AIEAssignRuntimeSequenceBDIDs.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.arch.dma import DmaEngine
from softnpu.dialects.aie import DMABDOp
from softnpu.dialects.aiex import (
    DMAAwaitTaskOp,
    DMAConfigureTaskForOp,
    DMAConfigureTaskOp,
    DMAFreeTaskOp,
    DMAStartBdChainForOp,
    DMAStartBdChainOp,
)
from softnpu.dialects.source import design_error, location_of
from softnpu.passes.bd_words import check_bd_id
from softnpu.passes.sequence_ops import devices, model_of, replace, sequence_ops

ALLOCATION_CHANNEL = 0
"""mlir-aie asks for the descriptors of channel 0 whatever the task's channel is."""

LOWERED_BY: dict[type[Operation], str] = {
    DMAStartBdChainOp: "aie-materialize-bd-chains",
    DMAStartBdChainForOp: "aie-materialize-bd-chains",
    DMAConfigureTaskForOp: "aie-substitute-shim-dma-allocations",
}


@dataclass(frozen=True)
class AssignRuntimeSequenceBDIDsPass(ModulePass):
    """Give every descriptor of a configured task its `bd_id`."""

    name = "aie-assign-runtime-sequence-bd-ids"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            allocator = _Allocator(model_of(device))
            for step in sequence_ops(device):
                if isinstance(step, DMAConfigureTaskOp):
                    allocator.configure(step)
                elif isinstance(step, (DMAAwaitTaskOp, DMAFreeTaskOp)):
                    allocator.free(step)
                    if isinstance(step, DMAFreeTaskOp):
                        replace(step, [])


@dataclass
class _Allocator:
    """Which descriptors of each tile are in use, and by which task."""

    model: Device
    used: dict[tuple[int, int], dict[int, DMAConfigureTaskOp]] = field(default_factory=dict)

    def configure(self, task: DMAConfigureTaskOp) -> None:
        """Keep the numbers that the design gives, then number the other descriptors."""
        used = self.used.setdefault(task.tile_op.position, {})
        engine = self.model.dma(*task.tile_op.position)
        descriptors = [op for op in task.walk() if isinstance(op, DMABDOp)]
        for bd in descriptors:
            if bd.bd_id is not None:
                self._keep(task, bd, bd.bd_id, engine, used)
        for bd in descriptors:
            if bd.bd_id is None:
                bd.bd_id = self._next(task, engine, used)
                used[bd.bd_id] = task

    def free(self, op: DMAAwaitTaskOp | DMAFreeTaskOp) -> None:
        """Free the numbers of the task that `op` names; freeing twice does nothing."""
        task = configured_task(op)
        used = self.used.setdefault(task.tile_op.position, {})
        for bd in task.walk():
            if isinstance(bd, DMABDOp):
                if bd.bd_id is None:
                    raise design_error(bd, "this task is freed before its BD ids are assigned")
                used.pop(bd.bd_id, None)

    def _keep(
        self,
        task: DMAConfigureTaskOp,
        bd: DMABDOp,
        bd_id: int,
        engine: DmaEngine,
        used: dict[int, DMAConfigureTaskOp],
    ) -> None:
        check_bd_id(bd, engine, bd_id)
        if bd_id in used:
            col, row = task.tile_op.position
            raise design_error(
                bd,
                f"BD id {bd_id} of tile ({col}, {row}) is already in use",
                _where("by the task configured", used[bd_id]),
                "await or free that task first (aiex.dma_await_task, aiex.dma_free_task)",
            )
        used[bd_id] = task

    def _next(
        self, task: DMAConfigureTaskOp, engine: DmaEngine, used: dict[int, DMAConfigureTaskOp]
    ) -> int:
        usable = [bd for bd in range(engine.bds) if engine.can_use(bd, ALLOCATION_CHANNEL)]
        for bd_id in usable:
            if bd_id not in used:
                return bd_id
        col, row = task.tile_op.position
        raise design_error(
            task,
            f"no buffer descriptor is left on tile ({col}, {row}): all {len(usable)} are in use",
            _where("the first of them by the task configured", used[usable[0]]),
            "await or free a task before configuring the next "
            "(aiex.dma_await_task, aiex.dma_free_task)",
        )


def configured_task(op: Operation) -> DMAConfigureTaskOp:
    """The `aiex.dma_configure_task` that a start, await or free names.

    Raises:
        DesignError: the operand is no task, or one that an earlier pass should have lowered.
    """
    task = op.operands[0].owner
    if isinstance(task, DMAConfigureTaskOp):
        return task
    lowered_by = LOWERED_BY.get(type(task)) if isinstance(task, Operation) else None
    note = f"lower it first with the pass {lowered_by}" if lowered_by else "start from a task"
    raise design_error(op, f"{op.name} does not name an aiex.dma_configure_task", note)


def _where(what: str, op: Operation) -> str:
    location = location_of(op)
    return f"{what} at {location.file}:{location.line}" if location else f"{what} earlier"
