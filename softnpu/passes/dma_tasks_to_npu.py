"""`aie-dma-tasks-to-npu`: tasks in terms of descriptors and queues.

A task's configuration becomes the writes of its descriptors and of their addresses, its start a
push into the channel's queue, its await a sync on the token (mlir-aie, AIEDMATasksToNPU.cpp).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, cast

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.dialects.aie import DMABDOp, EndOp, NextBDOp, UseLockOp
from softnpu.dialects.aiex import (
    DMAAwaitTaskOp,
    DMAConfigureTaskOp,
    DMAStartTaskOp,
    NpuPushQueueOp,
    NpuSyncOp,
)
from softnpu.dialects.kinds import OfKinds, kind_but_for, kind_of
from softnpu.dialects.making import Again
from softnpu.dialects.scalars import scalar, with_constants
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import ops_in, ops_of
from softnpu.passes.assign_runtime_sequence_bd_ids import configured_task
from softnpu.passes.concerns import Concerns
from softnpu.passes.handed_on_tasks import drop_dead_carries
from softnpu.passes.rewriting.ir import block_of
from softnpu.passes.sequence_ops import devices, model_of, put, replace, sequences
from softnpu.passes.task_descriptors import Elsewhere, descriptor_ops

IN_A_BLOCK = (DMABDOp, UseLockOp, NextBDOp, EndOp, ConstantOp)
"""What the block of a descriptor may hold."""


@dataclass(frozen=True)
class DMATasksToNPUPass(ModulePass):
    """Lower configured tasks to `aiex.npu` ops."""

    name = "aie-dma-tasks-to-npu"
    concerns: ClassVar[Concerns] = (
        DMAConfigureTaskOp,
        DMAStartTaskOp,
        DMAAwaitTaskOp,
        scf.ForOp,
        scf.IfOp,
    )
    makes: ClassVar[Concerns] = ()

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            lowering = _Lowering(model_of(device))
            for sequence in sequences(device):
                found = ops_of(sequence, *self.concerns)
                for step in found:
                    if isinstance(step, DMAStartTaskOp):
                        put(step, lowering.push(step))
                    elif isinstance(step, DMAAwaitTaskOp):
                        put(step, lowering.sync(step))
                if any(type(op) in (scf.ForOp, scf.IfOp) for op in found):
                    drop_dead_carries(sequence)
                for task in found:
                    if isinstance(task, DMAConfigureTaskOp):
                        put(task, lowering.descriptors(task))


class _Lowering:
    """What each op of a task becomes. Most tasks of a sequence are alike but for where in the
    host's buffers they begin: what does not depend on that is made once, and made again."""

    def __init__(self, model: Device) -> None:
        self.model = model
        self._steps: OfKinds[Again] = OfKinds()
        self._descriptors: OfKinds[Elsewhere | None] = OfKinds()
        """Of descriptors that differ in nothing but their offset; None: each is made anew."""

    def _again(
        self,
        step: Operation,
        task: DMAConfigureTaskOp,
        lower: Callable[[], list[Operation]],
        first: int | None = None,
    ) -> list[Operation]:
        """What a step becomes; the same for all whose tasks are alike."""
        if len(task._operands) > 1:  # a number that the run decides
            return with_constants(*lower())
        kind = (type(step), task.tile, first, *kind_of(task))
        if kind not in self._steps.known:
            self._steps.learn(kind, task, Again(with_constants(*lower())))
        return self._steps.known[kind].made(step.location)

    def push(self, op: DMAStartTaskOp) -> list[Operation]:
        """A push of the task's first descriptor."""
        task = configured_task(op)
        first = None if task.bd_id_val is not None else _first_bd_id(task)
        return self._again(op, task, lambda: _push(op, task, first), first)

    def sync(self, op: DMAAwaitTaskOp) -> list[Operation]:
        """A wait for the task's token."""
        task = configured_task(op)
        return self._again(op, task, lambda: [_sync(op, task)])

    def descriptors(self, task: DMAConfigureTaskOp) -> list[Operation]:
        """The ops that write the task's descriptors, in the order of its blocks."""
        if task.result.uses:
            user = next(iter(task.result.uses)).operation
            raise design_error(user, f"{user.name} still uses a task that is to be lowered")
        found = [_descriptor(task, block) for block in _descriptor_blocks(task)]
        for bd, _ in found:
            _link(bd)
        return [op for bd, locks in found for op in self._descriptor(task, bd, locks)]

    def _descriptor(
        self, task: DMAConfigureTaskOp, bd: DMABDOp, locks: list[UseLockOp]
    ) -> list[Operation]:
        numbers = len(bd._operands) == len(task._operands) == 1
        if locks or not numbers:
            return with_constants(*descriptor_ops(task, bd, locks, self.model))
        kind = (task.tile, bd.buffer, *kind_of(task), *kind_but_for(bd, "static_offset"))
        if (like := self._descriptors.known.get(kind)) is not None:
            return like.ops(bd)
        ops = with_constants(*descriptor_ops(task, bd, locks, self.model))
        self._descriptors.learn(kind, bd, Elsewhere.than(bd, ops), task)
        return ops


def _push(op: DMAStartTaskOp, task: DMAConfigureTaskOp, first: int | None) -> list[Operation]:
    if task.bd_id_val is not None:
        return [_queue(op, task, task.bd_id_val)]
    if first is None:
        raise design_error(
            op,
            "the first descriptor of this task has no BD id",
            "run aie-assign-runtime-sequence-bd-ids first, or give it one ({bd_id = ... : i32})",
        )
    bd_id = scalar(first)
    # aie-opt makes this constant first.
    return [cast(Operation, bd_id.owner), _queue(op, task, bd_id)]


def _queue(op: DMAStartTaskOp, task: DMAConfigureTaskOp, bd_id: SSAValue) -> NpuPushQueueOp:
    times = task.repeat_count if task.repeat_count_val is None else task.repeat_count_val
    return NpuPushQueueOp(
        column=task.tile_op.col,
        row=task.tile_op.row,
        direction=task.direction,
        channel=task.channel,
        issue_token=task.issue_token,
        repeat_count=times,
        bd_id=bd_id,
        location=op.location,
    )


def _sync(op: DMAAwaitTaskOp, task: DMAConfigureTaskOp) -> NpuSyncOp:
    if not task.issue_token:
        raise design_error(
            op,
            "cannot wait for a task that issues no token",
            "add {issue_token = true} where the task is configured",
        )
    return NpuSyncOp(
        column=task.tile_op.col,
        row=task.tile_op.row,
        direction=task.direction.value,
        channel=task.channel,
        column_num=1,
        row_num=1,
        location=op.location,
    )


def _first_bd_id(task: DMAConfigureTaskOp) -> int | None:
    blocks = _descriptor_blocks(task)
    if not blocks:
        return None
    return _descriptors(task, blocks[0])[0].bd_id


def _descriptor_blocks(task: DMAConfigureTaskOp) -> list[Block]:
    """The task's blocks but for an entry that only leads into a chain (which may be a loop)."""
    entry = task.body.first_block
    if entry is None:
        return []
    first = entry.first_op
    is_lead = first is entry.last_op and not isinstance(first, DMABDOp)
    blocks = [entry] if entry is task.body.last_block else list(task.body.blocks)
    return blocks[1:] if is_lead else blocks


def _descriptor(task: DMAConfigureTaskOp, block: Block) -> tuple[DMABDOp, list[UseLockOp]]:
    """The descriptor of a block and its locks; DesignError unless it has one, with no locks or
    with two."""
    ops = ops_in(block)
    for op in ops:
        if not isinstance(op, IN_A_BLOCK):
            raise design_error(op, f"{op.name} cannot be a part of a buffer descriptor")
    descriptors = _descriptors(task, block)
    if len(descriptors) > 1:
        raise design_error(
            descriptors[1], "this block of a task has a second aie.dma_bd; it takes one"
        )
    if descriptors[0].bd_id is None and task.bd_id_val is None:
        raise design_error(
            descriptors[0],
            "this descriptor has no BD id",
            "run aie-assign-runtime-sequence-bd-ids first, or give it one ({bd_id = ... : i32})",
        )
    locks = [op for op in ops if isinstance(op, UseLockOp)]
    if len(locks) not in (0, 2):
        raise design_error(
            locks[0],
            "a descriptor uses no locks, or one acquire and one release; "
            f"this block has {len(locks)} lock op{'s' if len(locks) > 1 else ''}",
        )
    return descriptors[0], locks


def _descriptors(task: DMAConfigureTaskOp, block: Block) -> list[DMABDOp]:
    """Those of a block, one at least."""
    found = [op for op in ops_in(block) if isinstance(op, DMABDOp)]
    if not found:
        raise design_error(
            block.last_op or task, "this block of a task has no aie.dma_bd; it needs one"
        )
    return found


def _link(bd: DMABDOp) -> None:
    """Turn the `aie.next_bd` of a block into the number of the descriptor that it leads to."""
    last = block_of(bd).last_op
    if not isinstance(last, NextBDOp):
        return
    if bd.next_bd_id is not None:
        raise design_error(last, "this descriptor has a next_bd_id attribute and an aie.next_bd")
    following = [op for op in last.dest.ops if isinstance(op, DMABDOp)]
    if not following:
        raise design_error(last, "this leads to a block without aie.dma_bd")
    bd.next_bd_id = following[0].bd_id
    replace(last, [EndOp(location=last.location)])
