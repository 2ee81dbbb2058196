"""Tasks that loops and conditions of a runtime sequence hand on as values."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects import scf
from xdsl.ir import Block, BlockArgument, Operation, OpResult, Region, SSAValue

from softnpu.dialects.aie import RuntimeSequenceOp
from softnpu.dialects.aiex import DMAConfigureTaskOp
from softnpu.dialects.walking import ops_of
from softnpu.passes.rewriting.ir import erase, insert_before, terminator_of

Channel = tuple[tuple[int, int], object, int]
"""Tile, direction and number."""

ROLLED = (scf.ForOp, scf.IfOp, scf.WhileOp)


def is_rolled(sequence: RuntimeSequenceOp) -> bool:
    """Whether a sequence has loops or conditions left, which the run decides."""
    return bool(ops_of(sequence, *ROLLED))


def origins(value: SSAValue) -> Iterator[DMAConfigureTaskOp]:
    """The configurations that a value may stand for; a loop's first comes first."""
    seen: set[SSAValue] = set()
    pending = [value]
    while pending:
        value = pending.pop()
        if value in seen:
            continue
        seen.add(value)
        if isinstance(value.owner, DMAConfigureTaskOp):
            yield value.owner
        else:
            pending += reversed(sources(value))


def sources(value: SSAValue) -> list[SSAValue]:
    """Where loops and conditions take a value from; nothing of a value that they do not hand on."""
    if isinstance(value, BlockArgument):
        loop = value.block.parent_op()
        if not isinstance(loop, scf.ForOp) or value.index == 0:
            return []
        index = value.index - 1
        return [loop.iter_args[index], terminator_of(loop.body.block).operands[index]]
    op = value.owner
    if not isinstance(value, OpResult):
        return []
    if isinstance(op, scf.ForOp):
        return [op.iter_args[value.index], terminator_of(op.body.block).operands[value.index]]
    if isinstance(op, scf.IfOp):
        return [terminator_of(block).operands[value.index] for block in branches(op)]
    return []


def branches(op: scf.IfOp) -> list[Block]:
    """The blocks of a condition."""
    return [block for region in op.regions for block in region.blocks]


def channel_of(task: DMAConfigureTaskOp) -> Channel:
    """The physical channel that a task is for."""
    return task.tile_op.position, task.direction, task.channel


def grown(op: scf.ForOp | scf.IfOp, more: list[SSAValue]) -> scf.ForOp | scf.IfOp:
    """The same loop with more values that it carries, or condition with more results.

    The old op's uses go over to the new one's first results; what the new ones are is left to the
    caller, who adds it to the yields.
    """
    bodies = [op.detach_region(region) for region in list(op.regions)]
    new: scf.ForOp | scf.IfOp
    if isinstance(op, scf.ForOp):
        for value in more:
            body = bodies[0].block
            body.insert_arg(value.type, len(body.args), op.location)
        new = scf.ForOp(op.lb, op.ub, op.step, [*op.iter_args, *more], bodies[0])
    else:
        types = [*(result.type for result in op.results), *(value.type for value in more)]
        new = scf.IfOp(op.cond, types, bodies[0], bodies[1])
    return _take_place(op, new, list(range(len(op.results))))


def drop_dead_carries(sequence: RuntimeSequenceOp) -> None:
    """Remove what loops and conditions hand on though nobody takes it, once no wait does."""
    changed = True
    while changed:
        changed = False
        carriers: list[scf.ForOp | scf.IfOp] = ops_of(sequence, scf.ForOp, scf.IfOp)
        for op in carriers:
            if op.parent is not None:
                kept = [k for k in range(len(op.results)) if _is_taken(op, k)]
                if len(kept) < len(op.results):
                    _keep(op, kept)
                    changed = True


def _is_taken(op: scf.ForOp | scf.IfOp, index: int) -> bool:
    if op.results[index].uses:
        return True
    if isinstance(op, scf.IfOp):
        return False
    body = op.body.block
    end = terminator_of(body)
    uses = body.args[index + 1].uses
    return any(use.operation is not end or use.index != index for use in uses)


def _keep(op: scf.ForOp | scf.IfOp, kept: list[int]) -> None:
    dropped = [k for k in range(len(op.results)) if k not in kept]
    for block in branches(op) if isinstance(op, scf.IfOp) else [op.body.block]:
        end = terminator_of(block)
        end.operands = [end.operands[k] for k in kept]
    bodies: list[Region] = [op.detach_region(region) for region in list(op.regions)]
    new: scf.ForOp | scf.IfOp
    if isinstance(op, scf.ForOp):
        body = bodies[0].block
        for k in reversed(dropped):
            body.erase_arg(body.args[k + 1])
        new = scf.ForOp(op.lb, op.ub, op.step, [op.iter_args[k] for k in kept], bodies[0])
    else:
        new = scf.IfOp(op.cond, [op.results[k].type for k in kept], bodies[0], bodies[1])
    _take_place(op, new, kept)


def _take_place(
    op: scf.ForOp | scf.IfOp, new: scf.ForOp | scf.IfOp, kept: list[int]
) -> scf.ForOp | scf.IfOp:
    new.attributes.update(op.attributes)
    insert_before(op, new)
    for index, k in enumerate(kept):
        op.results[k].replace_all_uses_with(new.results[index])
    _forget(op)
    return new


def _forget(op: Operation) -> None:
    op.operands = []
    erase(op)
