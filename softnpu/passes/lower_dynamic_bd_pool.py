"""`aie-lower-dynamic-bd-pool`: tasks in loops and conditions get descriptors during the run.

The counterpart of `aie-assign-runtime-sequence-bd-ids` for sequences that are not straight: whoever
writes the instruction stream during the run keeps a pool of each tile's descriptors. A task takes
one, `aiex.dma_free_task` gives it back, and where a loop or condition hands a task on, it hands on
the number as well. An await gives nothing back (mlir-aie, AIELowerDynamicBDPool.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from softnpu.dialects.aie import DMABDOp, RuntimeSequenceOp
from softnpu.dialects.aiex import (
    DMABdPoolPopOp,
    DMABdPoolPushOp,
    DMAConfigureTaskOp,
    DMAFreeTaskOp,
)
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import ops_of
from softnpu.passes.concerns import Concerns
from softnpu.passes.handed_on_tasks import ROLLED, branches, channel_of, grown, is_rolled, origins
from softnpu.passes.rewriting.ir import insert_before, terminator_of
from softnpu.passes.sequence_ops import devices, replace, sequences


@dataclass(frozen=True)
class LowerDynamicBDPoolPass(ModulePass):
    """Give the tasks of sequences with loops or conditions descriptors from a pool."""

    name = "aie-lower-dynamic-bd-pool"
    concerns: ClassVar[Concerns] = ROLLED

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for sequence in sequences(device):
                if is_rolled(sequence) and not draws_from_pool(sequence):
                    _Pool(sequence).lower()


def draws_from_pool(sequence: RuntimeSequenceOp) -> bool:
    """Whether a sequence takes descriptors during the run."""
    return bool(ops_of(sequence, DMABdPoolPopOp))


@dataclass
class _Pool:
    """One sequence, and the number that goes with each value that is a task."""

    sequence: RuntimeSequenceOp
    numbers: dict[SSAValue, SSAValue] = field(default_factory=dict)

    def lower(self) -> None:
        for op in self.sequence.walk():
            if isinstance(op, scf.WhileOp):
                raise design_error(
                    op,
                    "descriptors cannot be given out in an scf.while of a runtime sequence",
                    "use scf.for or scf.if",
                )
        for op in list(self.sequence.walk()):
            if isinstance(op, DMAConfigureTaskOp) and op.bd_id_val is None:
                self._take_number(op)
        carriers = [op for op in self.sequence.walk() if isinstance(op, scf.ForOp | scf.IfOp)]
        carried = [self._carry(op) for op in carriers]
        for new, positions in carried:
            self._yield_numbers(new, positions)
        for op in list(self.sequence.walk()):
            if isinstance(op, DMAFreeTaskOp):
                self._give_back(op)

    def _take_number(self, task: DMAConfigureTaskOp) -> None:
        descriptors = [op for op in task.walk() if isinstance(op, DMABDOp)]
        if len(descriptors) != 1:
            raise design_error(
                task,
                f"a task whose descriptor is chosen during the run has one, this one has "
                f"{len(descriptors)}",
                "make a task of each, or the loop's bounds constants",
            )
        if descriptors[0].bd_id is not None:
            raise design_error(
                descriptors[0],
                f"BD {descriptors[0].bd_id} is asked for in a sequence that draws its descriptors "
                "during the run: it may be given out at the same time",
                "leave out bd_id",
            )
        col, row = task.tile_op.position
        pop = DMABdPoolPopOp(column=col, row=row)
        insert_before(task, pop)
        task.bd_id_val = pop.bd_id
        self.numbers[task.result] = pop.bd_id

    def _carry(self, op: scf.ForOp | scf.IfOp) -> tuple[scf.ForOp | scf.IfOp, list[int]]:
        """Have an op hand on the number of each task; what it yields is added later."""
        if isinstance(op, scf.ForOp):
            positions = [k for k, value in enumerate(op.iter_args) if _is_task(value)]
            numbers = [self.numbers[op.iter_args[k]] for k in positions]
        else:
            positions = _tasks_of_both(op)
            numbers = [next(self._known(op.results[k])) for k in positions]
        if not positions:
            return op, []
        count = len(op.results)
        new = grown(op, numbers)
        for at, k in enumerate(positions):
            self.numbers[new.results[k]] = new.results[count + at]
            if isinstance(new, scf.ForOp):
                args = new.body.block.args
                self.numbers[args[1 + k]] = args[1 + count + at]
        return new, positions

    def _known(self, task: SSAValue) -> Iterator[SSAValue]:
        return (self.numbers[origin.result] for origin in origins(task))

    def _yield_numbers(self, op: scf.ForOp | scf.IfOp, positions: list[int]) -> None:
        for block in branches(op) if isinstance(op, scf.IfOp) else [op.body.block]:
            end = terminator_of(block)
            numbers = [self.numbers[end.operands[k]] for k in positions]
            end.operands = [*end.operands, *numbers]

    def _give_back(self, op: DMAFreeTaskOp) -> None:
        number = self.numbers.get(op.task)
        task = next(origins(op.task), None)
        if number is None or task is None:
            raise design_error(op, "this frees a value that is no task of this sequence")
        col, row = task.tile_op.position
        replace(op, [DMABdPoolPushOp(column=col, row=row, bd_id=number, location=op.location)])


def _is_task(value: SSAValue) -> bool:
    return next(origins(value), None) is not None


def _tasks_of_both(op: scf.IfOp) -> list[int]:
    """The results of a condition that are tasks, of one channel whatever the run decides."""
    found = []
    for k in range(len(op.results)):
        ends = [terminator_of(block).operands[k] for block in branches(op)]
        tasks = [next(origins(end), None) for end in ends]
        known = [task for task in tasks if task is not None]
        if not known:
            continue
        if len(known) < len(tasks):
            raise design_error(
                op,
                f"result {k} of this scf.if is a task in one branch only: in the other no "
                "descriptor could be given back",
                "yield a task in both branches, or free it where it is configured",
            )
        if len({channel_of(task) for task in known}) > 1:
            raise design_error(
                op,
                f"result {k} of this scf.if is a task of one channel or of another: a descriptor "
                "and its token belong to one",
                "yield tasks of the same tile, direction and channel, or free them in the branches",
            )
        found.append(k)
    return found
