"""`aie-scf-to-control-flow`: loops and branches become blocks and jumps.

Those of runtime sequences stay: passes of their own unroll or run them. The rest is as in mlir,
SCFToControlFlow.cpp (mlir-aie, AIESCFToControlFlow.cpp).

Blocks come in the order in which MLIR leaves them: what is before an op, its own blocks, what
is behind it. An `scf.parallel` becomes a nest of loops first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.arith import AddiOp, CmpiOp, IndexCastOp
from xdsl.dialects.builtin import DenseIntElementsAttr, ModuleOp, VectorType, i64
from xdsl.dialects.cf import BranchOp, ConditionalBranchOp, SwitchOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from softnpu.dialects.aie import RuntimeSequenceOp
from softnpu.dialects.source import design_error
from softnpu.passes.rewriting.ir import (
    block_of,
    erase,
    insert_before,
    move_before,
    same_location,
    terminator_of,
)


class SCFToControlFlowPass(ModulePass):
    """Lowers all structured control flow of a module but for its runtime sequences."""

    name = "aie-scf-to-control-flow"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        _lower_region(op.body)


def _lower_region(region: Region) -> None:
    """Lowers what is in a region: inner ops before outer ones, the last in a block first.

    So each split of a block moves only the ops up to the next split.
    """
    for block in list(region.blocks):
        for op in reversed(list(block.ops)):
            if isinstance(op, scf.ParallelOp):
                op = _as_loops(op)
            if not isinstance(op, RuntimeSequenceOp):
                for inner in op.regions:
                    _lower_region(inner)
            lower = _LOWERINGS.get(op.name)
            if lower is not None:
                lower(op)
            elif op.name.startswith("scf.") and not isinstance(op, _TERMINATORS):
                raise design_error(op, f"{op.name} cannot be lowered to blocks and jumps")


_TERMINATORS = (scf.YieldOp, scf.ConditionOp, scf.ReduceOp, scf.ReduceReturnOp)


def _split(op: Operation) -> tuple[Block, Block]:
    """The block that ends before `op`, and a new one that starts with it."""
    before = block_of(op)
    return before, before.split_before(op)


def _inline(region: Region, before: Block) -> None:
    region.move_blocks_before(before)


def _append(block: Block, source: Operation, *ops: Operation) -> None:
    for op in ops:
        block.add_op(same_location(op, source))


def _replace_terminator(
    block: Block, make: Callable[[Operation], Operation], source: Operation | None = None
) -> None:
    """What is made stands where the terminator stood, or `source`, in the author's text."""
    last = terminator_of(block)
    new = make(last)
    erase(last)
    _append(block, source or last, new)


def _finish(op: Operation, values: Sequence[SSAValue]) -> None:
    """Puts `values` in the place of the op's results and erases it."""
    for result, value in zip(op.results, values, strict=True):
        result.replace_all_uses_with(value)
    erase(op)


def _last_block(region: Region) -> Block:
    block = region.last_block
    assert block is not None
    return block


def _first_block(region: Region) -> Block:
    block = region.first_block
    assert block is not None
    return block


def _lower_for(op: Operation) -> None:
    assert isinstance(op, scf.ForOp)
    before, after = _split(op)
    head, last = _first_block(op.body), _last_block(op.body)
    first_op = head.first_op
    assert first_op is not None
    body = head.split_before(first_op)
    last = body if last is head else last
    induction, *carried = head.args

    def next_iteration(terminator: Operation) -> Operation:
        stepped = AddiOp(induction, op.step)
        insert_before(terminator, stepped)
        same_location(stepped, op)
        return BranchOp(head, stepped, *terminator.operands)

    _replace_terminator(last, next_iteration, op)
    _append(before, op, BranchOp(head, op.lb, *op.iter_args))
    goes_on = CmpiOp(induction, op.ub, "slt")
    _append(head, op, goes_on, ConditionalBranchOp(goes_on, body, (), after, ()))
    _inline(op.body, after)
    _finish(op, carried)


def _lower_if(op: Operation) -> None:
    assert isinstance(op, scf.IfOp)
    before, after = _split(op)
    end = after
    if op.results:
        end = Block()
        for type in op.result_types:
            end.insert_arg(type, len(end.args), op.location)
        region = before.parent
        assert region is not None
        region.insert_block_before(end, after)
        _append(end, op, BranchOp(after))
    branches = []
    for branch in (op.true_region, op.false_region):
        if not branch.blocks:
            branches.append(end)
            continue
        branches.append(_first_block(branch))
        _replace_terminator(_last_block(branch), lambda last: BranchOp(end, *last.operands), op)
        _inline(branch, end)
    _append(before, op, ConditionalBranchOp(op.cond, branches[0], (), branches[1], ()))
    _finish(op, end.args if op.results else ())


def _lower_while(op: Operation) -> None:
    assert isinstance(op, scf.WhileOp)
    before, after = _split(op)
    head, tail = _first_block(op.before_region), _last_block(op.before_region)
    condition = tail.last_op
    assert isinstance(condition, scf.ConditionOp)
    values = tuple(condition.args)
    body, body_end = _first_block(op.after_region), _last_block(op.after_region)
    _append(before, op, BranchOp(head, *op.arguments))
    if _hands_on_only(body):
        body = head
    else:
        _replace_terminator(body_end, lambda last: BranchOp(head, *last.operands))
    _replace_terminator(
        tail, lambda _: ConditionalBranchOp(condition.condition, body, values, after, ())
    )
    _inline(op.before_region, after)
    if body is not head:
        _inline(op.after_region, after)
    _finish(op, values)


def _hands_on_only(body: Block) -> bool:
    """Whether a while loop's second region does nothing: a do-while loop."""
    return isinstance(body.first_op, scf.YieldOp) and tuple(body.first_op.operands) == body.args


def _lower_index_switch(op: Operation) -> None:
    assert isinstance(op, scf.IndexSwitchOp)
    before, after = _split(op)
    arguments = [
        after.insert_arg(type, number, op.location) for number, type in enumerate(op.result_types)
    ]
    targets = []
    for region in (*op.case_regions, op.default_region):
        targets.append(_first_block(region))
        _replace_terminator(_last_block(region), lambda last: BranchOp(after, *last.operands))
        _inline(region, after)
    *cases, default = targets
    values = op.cases.get_values()
    flag = IndexCastOp(op.arg, i64)
    case_values = DenseIntElementsAttr.from_list(VectorType(i64, (len(values),)), values)
    jump = SwitchOp(flag, default, (), case_values, cases, tuple(() for _ in cases))
    _append(before, op, flag, jump)
    _finish(op, arguments)


def _lower_execute_region(op: Operation) -> None:
    assert isinstance(op, scf.ExecuteRegionOp)
    before, after = _split(op)
    arguments = [
        after.insert_arg(type, number, op.location) for number, type in enumerate(op.result_types)
    ]
    _append(before, op, BranchOp(_first_block(op.region)))
    for block in op.region.blocks:
        if isinstance(block.last_op, scf.YieldOp):
            _replace_terminator(block, lambda last: BranchOp(after, *last.operands))
    _inline(op.region, after)
    _finish(op, arguments)


def _as_loops(op: scf.ParallelOp) -> Operation:
    """A nest of loops, one a dimension, that carry the reductions' values."""
    reduce = op.body.block.last_op
    assert isinstance(reduce, scf.ReduceOp)
    carried: Sequence[SSAValue] = tuple(op.initVals)
    inductions: list[SSAValue] = []
    loops: list[scf.ForOp] = []
    place: Operation = op
    for lower, upper, step in zip(op.lowerBound, op.upperBound, op.step, strict=True):
        block = Block()
        for type in (lower.type, *(value.type for value in carried)):
            block.insert_arg(type, len(block.args), op.location)
        loop = scf.ForOp(lower, upper, step, carried, block)
        insert_before(place, loop)
        place = same_location(scf.YieldOp(), op)
        block.add_op(place)
        inductions.append(block.args[0])
        carried = block.args[1:]
        loops.append(loop)
    _fill_innermost(op, reduce, place, inductions, carried)
    _chain_results(loops)
    _finish(op, loops[0].results)
    return loops[0]


def _fill_innermost(
    op: scf.ParallelOp,
    reduce: scf.ReduceOp,
    terminator: Operation,
    inductions: Sequence[SSAValue],
    carried: Sequence[SSAValue],
) -> None:
    """Moves the body into the innermost loop, its reductions worked into the carried values."""
    for argument, value in zip(op.body.block.args, inductions, strict=True):
        argument.replace_all_uses_with(value)
    move_before(terminator, *list(op.body.block.ops)[:-1])
    results: list[SSAValue] = []
    for old, new, region in zip(carried, reduce.args, reduce.reductions, strict=True):
        block = region.block
        for argument, value in zip(block.args, (old, new), strict=True):
            argument.replace_all_uses_with(value)
        returned = block.last_op
        assert isinstance(returned, scf.ReduceReturnOp)
        results.append(returned.result)
        move_before(terminator, *list(block.ops)[:-1])
    terminator.operands = results


def _chain_results(loops: Sequence[scf.ForOp]) -> None:
    """Each loop but the innermost yields what the loop inside it gives."""
    for outer, inner in pairwise(loops):
        terminator_of(outer.body.block).operands = inner.results


_LOWERINGS: dict[str, Callable[[Operation], None]] = {
    scf.ForOp.name: _lower_for,
    scf.IfOp.name: _lower_if,
    scf.WhileOp.name: _lower_while,
    scf.IndexSwitchOp.name: _lower_index_switch,
    scf.ExecuteRegionOp.name: _lower_execute_region,
}
