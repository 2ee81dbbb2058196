"""scf, where it has not been lowered to blocks and branches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from xdsl.ir import Block, Operation, Region, SSAValue

from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr
from softnpu.targets.core_c.function import Function, statement_op
from softnpu.targets.core_c.ops_arith import unsigned
from softnpu.targets.core_c.types import INDEX, INDEX_BITS
from softnpu.targets.core_c.writer import Block as CBlock

if TYPE_CHECKING:
    from xdsl.dialects import scf


def body(f: Function, region: Region) -> Operation:
    """Write a region's one block but for its terminator, which is returned."""
    if len(region.blocks) != 1:
        owner = region.parent_op()
        assert owner is not None
        raise f.unsupported(owner, "with a body of several blocks")
    block = region.blocks[0]
    last = cast(Operation, block.last_op)
    f.emit_all(op for op in block.ops if op is not last)
    return last


def _yield_to(f: Function, results: Sequence[SSAValue], last: Operation) -> None:
    used = [(r, v) for r, v in zip(results, last.operands, strict=True) if r.first_use is not None]
    f.hand_over([r for r, _ in used], [v for _, v in used])


def _results(f: Function, op: Operation) -> None:
    f.variables_for([result for result in op.results if result.first_use is not None])


@statement_op("scf.for")
def for_loop(f: Function, op: Operation) -> None:
    loop = cast("scf.ForOp", op)
    carried = loop.body.block.args[1:]
    for argument, first in zip(carried, loop.iter_args, strict=True):
        f.start_variable(argument, first)
    type = f.type(loop.lb)
    start, end, step = f.expr(loop.lb), f.settled(loop.ub, "end"), f.settled(loop.step, "step")
    unsigned_test = "unsignedCmp" in op.properties
    span = None if unsigned_test or type.bits < INDEX_BITS else c.counter_span(start, end, step)
    with f.counter_name(span) as name:
        f.values[loop.body.block.args[0]] = name
        left, right = name, end
        if unsigned_test:
            left, right = unsigned(name, type), unsigned(end, type)
        with f.writer.block(f.for_head(name, type, start, f"{left} < {right}", step)):
            last = body(f, loop.body)
            f.hand_over(carried, last.operands)
    for result, argument in zip(op.results, carried, strict=True):
        f.values[result] = f.values[argument]


@statement_op("scf.if")
def if_else(f: Function, op: Operation) -> None:
    _results(f, op)
    then, otherwise = CBlock(f"if ({f.expr(op.operands[0])})"), CBlock("else")
    for block, region in zip((then, otherwise), op.regions, strict=True):
        if region.blocks:
            with f.writer.inside(block):
                _yield_to(f, op.results, body(f, region))
    if otherwise.items:
        if not then.items:
            then, otherwise = otherwise, then
            then.head = f"if ({c.negated(f.expr(op.operands[0]))})"
        else:
            then.tail = otherwise
    f.writer.place(then)


@statement_op("scf.while")
def while_loop(f: Function, op: Operation) -> None:
    loop = cast("scf.WhileOp", op)
    before, after = loop.before_region.block, loop.after_region.block
    for argument, first in zip(before.args, loop.arguments, strict=True):
        f.start_variable(argument, first)
    _results(f, op)
    with f.writer.block("for (;;)"):
        condition = cast("scf.ConditionOp", body(f, loop.before_region))
        leave = CBlock(f"if ({c.negated(f.expr(condition.condition))})")
        with f.writer.inside(leave):
            used = [
                (r, v)
                for r, v in zip(op.results, condition.args, strict=True)
                if r.first_use is not None
            ]
            f.hand_over([r for r, _ in used], [v for _, v in used])
            f.writer.line("break;")
        f.writer.place(leave)
        for argument, value in zip(after.args, condition.args, strict=True):
            f.alias(argument, value)
        last = body(f, loop.after_region)
        f.hand_over(before.args, last.operands)


@statement_op("scf.index_switch")
def index_switch(f: Function, op: Operation) -> None:
    switch = cast("scf.IndexSwitchOp", op)
    _results(f, op)
    cases = [int(value) for value in switch.cases.get_values()]
    with f.writer.block(f"switch ({f.expr(switch.arg)})"):
        for value, region in zip(cases, switch.case_regions, strict=True):
            _case(f, op, f"case {value}:", region)
        _case(f, op, "default:", switch.default_region)


def _case(f: Function, op: Operation, head: str, region: Region) -> None:
    with f.writer.block(head):
        _yield_to(f, op.results, body(f, region))
        f.writer.line("break;")


@statement_op("scf.execute_region")
def execute_region(f: Function, op: Operation) -> None:
    _results(f, op)
    with f.writer.block(""):
        _yield_to(f, op.results, body(f, op.regions[0]))


@statement_op("scf.parallel")
def parallel(f: Function, op: Operation) -> None:
    """One after the other, which is one of the orders that it allows."""
    loop = cast("scf.ParallelOp", op)
    if op.results:
        raise f.unsupported(op, "with a reduction")
    bounds = [
        (f.settled(low), f.settled(high), f.settled(step))
        for low, high, step in zip(loop.lowerBound, loop.upperBound, loop.step, strict=True)
    ]
    with _counters(f, loop.body.block, bounds):
        body(f, loop.body)


@contextmanager
def _counters(
    f: Function, block: Block, bounds: Sequence[tuple[Expr, Expr, Expr]], depth: int = 0
) -> Iterator[None]:
    """Loops in each other, one a block argument."""
    if depth == len(bounds):
        yield
        return
    low, high, step = bounds[depth]
    with f.counter_name(c.counter_span(low, high, step)) as name:
        f.values[block.args[depth]] = name
        head = f.for_head(name, INDEX, low, f"{name} < {high}", step)
        with f.writer.block(head), _counters(f, block, bounds, depth + 1):
            yield
