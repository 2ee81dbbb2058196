"""Simplifying structured control flow: loops and branches whose course is known.

The patterns are those of MLIR's canonicalizer that matter to a design (mlir, SCF.cpp): how
often a loop with an acquire runs decides how it is unrolled.
"""

from __future__ import annotations

from xdsl.dialects import scf
from xdsl.ir import Block, Operation, Region, SSAValue

from softnpu.passes.rewriting.constants import integer_of
from softnpu.passes.rewriting.greedy import Patterns, Rewriter
from softnpu.passes.rewriting.ir import terminator_of
from softnpu.passes.rewriting.loops import trip_count, yielded_values


def _simplify_known_loop(op: Operation, rewriter: Rewriter) -> bool:
    """Drops a loop that never runs, and unwraps one that runs once or does nothing."""
    assert isinstance(op, scf.ForOp)
    trips = trip_count(op)
    if trips is None:
        return False
    if trips == 0:
        rewriter.replace(op, op.iter_args)
        return True
    if trips == 1:
        rewriter.replace_with_region(op, op.body, (op.lb, *op.iter_args))
        return True
    body = op.body.block
    yielded = yielded_values(op)
    if body.first_op is not body.last_op or any(v.owner is body for v in yielded):
        return False
    rewriter.replace(op, yielded)
    return True


def _drop_unchanged_carried_values(op: Operation, rewriter: Rewriter) -> bool:
    """Takes values out of a loop's carried ones that it hands on unchanged, or nobody uses."""
    assert isinstance(op, scf.ForOp)
    body = op.body.block
    carried = body.args[1:]
    yielded = yielded_values(op)
    kept = []
    for index, (argument, start, next_value) in enumerate(
        zip(carried, op.iter_args, yielded, strict=True)
    ):
        if next_value is argument or next_value is start:
            _replace_all(op.results[index], start, rewriter)
            _replace_all(argument, start, rewriter)
        elif op.results[index].first_use or argument.first_use:
            kept.append(index)
    if len(kept) == len(carried):
        return False
    _keep_carried_values(op, kept, rewriter)
    return True


def _replace_all(old: SSAValue, new: SSAValue, rewriter: Rewriter) -> None:
    for use in old.uses:
        rewriter.revisit(use.operation)
    old.replace_all_uses_with(new)


def _keep_carried_values(loop: scf.ForOp, kept: list[int], rewriter: Rewriter) -> None:
    body = loop.body.block
    terminator = terminator_of(body)
    yielded = tuple(terminator.operands)
    terminator.operands = [yielded[index] for index in kept]
    for index in reversed(range(len(yielded))):
        if index not in kept:
            body.erase_arg(body.args[index + 1])
    starts = [loop.iter_args[index] for index in kept]
    bounds = (loop.lb, loop.ub, loop.step)
    slimmer = scf.ForOp(*bounds, starts, loop.detach_region(loop.body))
    slimmer.attributes.update(loop.attributes)
    rewriter.insert_before(loop, slimmer)
    for number, index in enumerate(kept):
        _replace_all(loop.results[index], slimmer.results[number], rewriter)
    loop.add_region(Region(Block()))
    rewriter.erase(loop)


def _drop_unused_while_values(op: Operation, rewriter: Rewriter) -> bool:
    """Takes values out of what an `scf.while` hands from part to part if the next has no use."""
    assert isinstance(op, scf.WhileOp)
    checked, body = op.before_region.block.args, op.after_region.block.args
    starts = [index for index, value in enumerate(checked) if value.first_use]
    ends = [
        index
        for index, (result, value) in enumerate(zip(op.results, body, strict=True))
        if result.first_use or value.first_use
    ]
    if len(starts) == len(checked) and len(ends) == len(body):
        return False
    _keep_while_values(op, starts, ends, rewriter)
    return True


def _take_unchanged_from_outside(op: Operation, rewriter: Rewriter) -> bool:
    """Uses of a value that goes round an `scf.while` unchanged become uses of its start."""
    assert isinstance(op, scf.WhileOp)
    checked, body = op.before_region.block.args, op.after_region.block.args
    _, *passed = terminator_of(op.before_region.block).operands
    yielded = terminator_of(op.after_region.block).operands
    changed = False
    for argument, start, next_value in zip(checked, op.operands, yielded, strict=True):
        unchanged = next_value is start or (
            next_value in body and passed[body.index(next_value)] is argument
        )
        if unchanged and argument.first_use:
            _replace_all(argument, start, rewriter)
            changed = True
    # What has just been put there comes from outside, too.
    _, *passed = terminator_of(op.before_region.block).operands
    for value, argument, result in zip(passed, body, op.results, strict=True):
        for inner in (argument, result):
            if value in op.operands and value not in checked and inner.first_use:
                _replace_all(inner, value, rewriter)
                changed = True
    return changed


def _keep_while_values(
    loop: scf.WhileOp, starts: list[int], ends: list[int], rewriter: Rewriter
) -> None:
    """Keeps the values of these indices: before the check, and behind it."""
    checked, body = loop.before_region.block, loop.after_region.block
    condition, *passed = terminator_of(checked).operands
    terminator_of(checked).operands = [condition, *(passed[index] for index in ends)]
    yielded = terminator_of(body).operands
    terminator_of(body).operands = [yielded[index] for index in starts]
    for block, kept in ((checked, starts), (body, ends)):
        for index in reversed(range(len(block.args))):
            if index not in kept:
                block.erase_arg(block.args[index])
    slimmer = scf.WhileOp(
        [loop.operands[index] for index in starts],
        [loop.results[index].type for index in ends],
        *(loop.detach_region(region) for region in list(loop.regions)),
    )
    slimmer.attributes.update(loop.attributes)
    rewriter.insert_before(loop, slimmer)
    for result, index in zip(slimmer.results, ends, strict=True):
        _replace_all(loop.results[index], result, rewriter)
    for _ in range(2):
        loop.add_region(Region(Block()))
    rewriter.erase(loop)


def _take_known_branch(op: Operation, rewriter: Rewriter) -> bool:
    """Unwraps the branch of an `scf.if` whose condition is known."""
    assert isinstance(op, scf.IfOp)
    condition = integer_of(op.cond)
    if condition is None:
        return False
    taken = op.true_region if condition else op.false_region
    if taken.blocks:
        rewriter.replace_with_region(op, taken)
    else:
        rewriter.erase(op)
    return True


def _drop_empty_branches(op: Operation, rewriter: Rewriter) -> bool:
    """Drops an `else` in which nothing happens, and an `if` that does nothing at all."""
    assert isinstance(op, scf.IfOp)
    if op.results or not _is_empty(op.true_region):
        if op.results or not op.false_region.blocks or not _is_empty(op.false_region):
            return False
        op.false_region.erase_block(op.false_region.block, safe_erase=False)
        return True
    if op.false_region.blocks and not _is_empty(op.false_region):
        return False
    rewriter.erase(op)
    return True


def _is_empty(region: Region) -> bool:
    block = region.first_block
    return block is not None and block.first_op is block.last_op


def _inline_executed_region(op: Operation, rewriter: Rewriter) -> bool:
    """Unwraps an `scf.execute_region` of one block."""
    assert isinstance(op, scf.ExecuteRegionOp)
    if op.region.first_block is not op.region.last_block:
        return False
    rewriter.replace_with_region(op, op.region)
    return True


def _take_known_case(op: Operation, rewriter: Rewriter) -> bool:
    """Unwraps the case of an `scf.index_switch` whose index is known."""
    assert isinstance(op, scf.IndexSwitchOp)
    index = integer_of(op.arg)
    if index is None:
        return False
    cases = dict(zip(op.cases.get_values(), op.case_regions, strict=True))
    rewriter.replace_with_region(op, cases.get(index, op.default_region))
    return True


CONTROL_FLOW: Patterns = {
    scf.ForOp.name: (_simplify_known_loop, _drop_unchanged_carried_values),
    scf.WhileOp.name: (_take_unchanged_from_outside, _drop_unused_while_values),
    scf.IfOp.name: (_take_known_branch, _drop_empty_branches),
    scf.ExecuteRegionOp.name: (_inline_executed_region,),
    scf.IndexSwitchOp.name: (_take_known_case,),
}
