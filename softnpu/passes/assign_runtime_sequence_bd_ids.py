"""`aie-assign-runtime-sequence-bd-ids`: number the descriptors of the runtime sequence's tasks.

In the order of the sequence each descriptor gets the lowest number that is free on its tile and
that its channel can use; numbers that the design gives are kept. Awaiting or freeing a task frees
its numbers; each sequence begins with all of them, and each wait is for a token of a task that
was started before (mlir-aie, AIEAssignRuntimeSequenceBDIDs.cpp). Unlike there, the descriptors of
the tile's DMA program are not free, nor, as long as there are others, those that a transfer names
between the same two waits.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.arch.dma import DmaEngine
from softnpu.dialects.aie import DeviceOp, DMABDOp, RuntimeSequenceOp
from softnpu.dialects.aiex import (
    DMAAwaitTaskOp,
    DMAConfigureTaskForOp,
    DMAConfigureTaskOp,
    DMAFreeTaskOp,
    DMAStartBdChainForOp,
    DMAStartBdChainOp,
    DMAStartTaskOp,
    NpuDmaMemcpyNdOp,
    NpuDmaWaitOp,
    NpuSyncOp,
)
from softnpu.dialects.source import design_error, design_warning, location_of
from softnpu.dialects.walking import all_ops, nothing_changes, ops_of
from softnpu.passes.assign_bd_ids import dma_programs
from softnpu.passes.bd_words import check_bd_id
from softnpu.passes.concerns import Concerns
from softnpu.passes.handed_on_tasks import Channel, channel_of, is_rolled, origins
from softnpu.passes.lower_dynamic_bd_pool import draws_from_pool
from softnpu.passes.sequence_ops import (
    Symbols,
    devices,
    model_of,
    replace,
    sequences,
)

_log = logging.getLogger(__name__)

LOWERED_BY: dict[type[Operation], str] = {
    DMAStartBdChainOp: "aie-materialize-bd-chains",
    DMAStartBdChainForOp: "aie-materialize-bd-chains",
    DMAConfigureTaskForOp: "aie-substitute-shim-dma-allocations",
    scf.ForOp: "aie-unroll-runtime-sequence-loops",
}

WAITS = (DMAAwaitTaskOp, NpuDmaWaitOp, NpuSyncOp)
"""Ops behind which, as far as a sequence shows, what was sent before is done."""


@dataclass(frozen=True)
class AssignRuntimeSequenceBDIDsPass(ModulePass):
    """Give every descriptor of a configured task its `bd_id`."""

    name = "aie-assign-runtime-sequence-bd-ids"
    concerns: ClassVar[Concerns] = (
        NpuDmaMemcpyNdOp,
        DMAConfigureTaskOp,
        DMAStartTaskOp,
        DMAAwaitTaskOp,
        DMAFreeTaskOp,
    )
    makes: ClassVar[Concerns] = ()

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            with nothing_changes():
                under_way = _under_way(device)
                found = [one for one in sequences(device) if not draws_from_pool(one)]
                for sequence in found:
                    if not is_rolled(sequence):
                        _check_tokens(sequence)
            programs, model = _in_programs(device), model_of(device)
            for sequence in found:
                _assign(sequence, _Allocator(model, programs), under_way)


def _assign(
    sequence: RuntimeSequenceOp, allocator: _Allocator, under_way: dict[Operation, Numbered]
) -> None:
    for step in ops_of(sequence, DMAConfigureTaskOp, DMAAwaitTaskOp, DMAFreeTaskOp):
        if isinstance(step, DMAConfigureTaskOp):
            _check_straight(step)
            allocator.transfers = under_way[step]
            allocator.configure(step)
        elif isinstance(step, (DMAAwaitTaskOp, DMAFreeTaskOp)):
            allocator.free(step)
            if isinstance(step, DMAFreeTaskOp):
                replace(step, [])


def _check_tokens(sequence: RuntimeSequenceOp) -> None:
    """An await takes a token that a task of its channel gives, started before it."""
    left: Counter[Channel] = Counter()
    for step in ops_of(sequence, DMAStartTaskOp, DMAAwaitTaskOp):
        task = configured_task(step)
        if not task.issue_token:
            continue
        channel = channel_of(task)
        if isinstance(step, DMAStartTaskOp):
            left[channel] += 1
        elif not left[channel]:
            raise design_error(
                step,
                f"{task.direction.name} {task.channel} of tile {task.tile_op.position} has no "
                "token left to wait for: the sequence would block here forever",
                "start a task with issue_token = true before each wait (aiex.dma_start_task)",
            )
        else:
            left[channel] -= 1


Tile = tuple[int, int]
Numbered = dict[Tile, dict[int, Operation]]
"""Who has each number of a tile's descriptors."""


def _check_straight(task: DMAConfigureTaskOp) -> None:
    """A number that is given beforehand holds for one task, not for each round of a loop."""
    around = task.parent_op()
    if around is not None and not isinstance(around, RuntimeSequenceOp):
        raise design_error(
            task,
            f"a task in an {around.name} that the run decides on cannot be numbered beforehand",
            "make the bounds constants, or run aie-lower-dynamic-bd-pool first",
        )


def _in_programs(device: DeviceOp) -> Numbered:
    """The descriptors of the tiles' DMA programs, which are there when a sequence begins."""
    found: Numbered = defaultdict(dict)
    for program in dma_programs(device):
        for bd in program.walk():
            if isinstance(bd, DMABDOp) and bd.bd_id is not None:
                found[program.position][bd.bd_id] = bd
    return found


def _under_way(device: DeviceOp) -> dict[Operation, Numbered]:
    """The descriptors that transfers name, for each task those between the same two waits."""
    found: dict[Operation, Numbered] = {}
    symbols = Symbols(device)
    told: set[str] = set()
    for sequence in sequences(device):
        named: Numbered = defaultdict(dict)
        for op in ops_of(sequence, *WAITS, DMAConfigureTaskOp, NpuDmaMemcpyNdOp):
            if isinstance(op, WAITS):
                named = defaultdict(dict)
            elif isinstance(op, DMAConfigureTaskOp):
                found[op] = named
            elif isinstance(op, NpuDmaMemcpyNdOp):
                position = symbols.shim_allocation(op, op.metadata).tile_op.position
                first = named[position].setdefault(op.id, op)
                if first is not op and (text := _reused(op, first, position)) not in told:
                    told.add(text)  # in a loop that is unrolled, it comes again
                    _log.warning(text)
    return found


def _reused(transfer: NpuDmaMemcpyNdOp, first: Operation, position: Tile) -> str:
    """The warning of a transfer whose descriptor an earlier one may be at work with."""
    return design_warning(
        transfer,
        f"this transfer overwrites BD {transfer.id} of tile {position}, "
        + _where("while a transfer may still use it", first),
        "give it an id of its own (0 to 15), or wait before it (aiex.npu.dma_wait)",
    )


@dataclass
class _Allocator:
    """Which descriptors of each tile are in use, and by which task."""

    model: Device
    programs: Numbered
    transfers: Numbered = field(default_factory=dict)
    used: dict[Tile, dict[int, DMAConfigureTaskOp]] = field(default_factory=dict)
    over: set[DMAConfigureTaskOp] = field(default_factory=set)
    """Awaited tasks, which may be freed all the same."""

    def configure(self, task: DMAConfigureTaskOp) -> None:
        """Keep the numbers that the design gives, then number the other descriptors."""
        position = task.tile_op.position
        used = self.used.setdefault(position, {})
        engine = self.model.dma(*position)
        descriptors = ops_of(task, DMABDOp)
        for bd in descriptors:
            if bd.bd_id is not None:
                self._keep(task, bd, bd.bd_id, engine, used)
        for bd in descriptors:
            if bd.bd_id is None:
                bd.bd_id = self._next(task, engine, used)
                used[bd.bd_id] = task

    def free(self, op: DMAAwaitTaskOp | DMAFreeTaskOp) -> None:
        """Free the numbers of the task that `op` names, its own still unless it was awaited."""
        task = configured_task(op)
        used = self.used.setdefault(task.tile_op.position, {})
        for bd in all_ops(task):
            if isinstance(bd, DMABDOp):
                if bd.bd_id is None:
                    raise design_error(bd, "this task is freed before its BD ids are assigned")
                if used.get(bd.bd_id) is task:
                    del used[bd.bd_id]
                elif task not in self.over:
                    raise design_error(
                        op,
                        f"BD id {bd.bd_id} of tile {task.tile_op.position} is free already, or "
                        "another task's",
                        _where("the task is configured", task),
                        "free a task once; what is awaited is free (aiex.dma_await_task)",
                    )
        if isinstance(op, DMAAwaitTaskOp):
            self.over.add(task)

    def _keep(
        self,
        task: DMAConfigureTaskOp,
        bd: DMABDOp,
        bd_id: int,
        engine: DmaEngine,
        used: dict[int, DMAConfigureTaskOp],
    ) -> None:
        check_bd_id(bd, engine, bd_id)
        position = task.tile_op.position
        if not engine.can_use(bd_id, task.channel):
            usable = self._usable(engine, task)
            raise design_error(
                bd,
                f"channel {task.channel} of tile {position} cannot use BD {bd_id}, only "
                f"{usable[0]} to {usable[-1]}",
                "leave out bd_id, or choose one of those",
            )
        if bd_id in used:
            raise design_error(
                bd,
                f"BD id {bd_id} of tile {position} is already in use",
                _where("by the task configured", used[bd_id]),
                "await or free that task first (aiex.dma_await_task, aiex.dma_free_task)",
            )
        if (other := self.programs[position].get(bd_id)) is not None:
            _log.warning(
                design_warning(
                    bd,
                    f"this task overwrites BD {bd_id} of tile {position}, "
                    + _where("which its DMA program has", other),
                    "leave out bd_id for one that nobody has",
                )
            )
        used[bd_id] = task

    def _usable(self, engine: DmaEngine, task: DMAConfigureTaskOp) -> list[int]:
        return [bd for bd in range(engine.bds) if engine.can_use(bd, task.channel)]

    def _next(
        self, task: DMAConfigureTaskOp, engine: DmaEngine, used: dict[int, DMAConfigureTaskOp]
    ) -> int:
        position = task.tile_op.position
        taken: dict[int, Operation] = {**self.programs[position], **used}
        usable = self._usable(engine, task)
        free = [bd_id for bd_id in usable if bd_id not in taken]
        if free:
            unnamed = (bd_id for bd_id in free if bd_id not in self.transfers[position])
            return next(unnamed, free[0])
        first = taken[usable[0]]
        by_task = isinstance(first, DMAConfigureTaskOp)
        user = "by the task configured" if by_task else "by the tile's DMA program"
        raise design_error(
            task,
            f"no buffer descriptor is left on tile {position}: all {len(usable)} are in use",
            _where(f"the first of them {user}", first),
            "await or free a task before configuring the next "
            "(aiex.dma_await_task, aiex.dma_free_task)",
        )


def configured_task(op: Operation) -> DMAConfigureTaskOp:
    """The `aiex.dma_configure_task` that a start, await or free names.

    Raises:
        DesignError: the operand is no task, or one that an earlier pass should have lowered.
    """
    task = op._operands[0].owner
    if isinstance(task, DMAConfigureTaskOp):
        return task
    if (found := next(origins(op.operands[0]), None)) is not None:
        return found
    lowered_by = LOWERED_BY.get(type(task)) if isinstance(task, Operation) else None
    note = f"lower it first with the pass {lowered_by}" if lowered_by else "start from a task"
    raise design_error(op, f"{op.name} does not name an aiex.dma_configure_task", note)


def _where(what: str, op: Operation) -> str:
    location = location_of(op)
    return f"{what} at {location.file}:{location.line}" if location else f"{what} earlier"
