"""Trip counts and unrolling of `scf.for`, as MLIR's loop utilities do it (mlir, SCF/Utils)."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import scf
from xdsl.dialects.arith import AddiOp, ConstantOp, DivUIOp, MinSIOp, MuliOp, RemSIOp, SubiOp
from xdsl.ir import Attribute, Operation, SSAValue

from softnpu.passes.rewriting.constants import constant, integer_of
from softnpu.passes.rewriting.ir import (
    erase,
    insert_after,
    insert_before,
    move_before,
    terminator_of,
)


@dataclass(frozen=True)
class Bounds:
    """A loop's bounds where all three are known."""

    lower: int
    upper: int
    step: int

    @property
    def trips(self) -> int:
        """How often the body runs."""
        return max(0, -((self.lower - self.upper) // self.step))


def bounds_of(loop: scf.ForOp) -> Bounds | None:
    """The loop's bounds, if they are constants and the step leads somewhere."""
    lower, upper, step = (integer_of(v) for v in (loop.lb, loop.ub, loop.step))
    if lower is None or upper is None or step is None or step <= 0:
        return None
    return Bounds(lower, upper, step)


def trip_count(loop: scf.ForOp) -> int | None:
    """How often the loop's body runs, if that is known."""
    if loop.lb is loop.ub:
        return 0
    if integer_of(loop.lb) == 0 and loop.ub is loop.step:
        return 1
    bounds = bounds_of(loop)
    return None if bounds is None else bounds.trips


def yielded_values(loop: scf.ForOp) -> tuple[SSAValue, ...]:
    """What an iteration hands to the next."""
    return tuple(terminator_of(loop.body.block).operands)


def promote_if_single(loop: scf.ForOp) -> bool:
    """Puts a loop's body in its place if it runs exactly once; tells whether it did."""
    if trip_count(loop) != 1:
        return False
    body = loop.body.block
    for argument, value in zip(body.args, (loop.lb, *loop.iter_args), strict=True):
        argument.replace_all_uses_with(value)
    for result, value in zip(loop.results, yielded_values(loop), strict=True):
        result.replace_all_uses_with(value)
    move_before(loop, *list(body.ops)[:-1])
    erase(loop)
    return True


def peel_first(loop: scf.ForOp) -> None:
    """Puts the first iteration into a loop of its own before the rest."""
    bounds = bounds_of(loop)
    if bounds is not None:
        split = _constant_before(loop, min(bounds.lower + bounds.step, bounds.upper), loop.ub.type)
    else:
        next_one = AddiOp(loop.lb, loop.step)
        end = MinSIOp(next_one, loop.ub)
        insert_before(loop, next_one, end)
        split = end.result
    first = loop.clone()
    insert_before(loop, first)
    _set_bound(first, 1, split)
    _set_bound(loop, 0, split)
    loop.operands = [*list(loop.operands)[:3], *first.results]


def unroll_by_factor(loop: scf.ForOp, factor: int) -> scf.ForOp | None:
    """Runs `factor` iterations in one; what is left over runs in a loop behind it.

    A loop that comes down to a single iteration is replaced by its body.

    Returns:
        the loop of what is left over, if there is one.
    """
    assert factor > 0
    body = loop.body.block
    if body.first_op is body.last_op:
        return None
    if factor == 1:
        promote_if_single(loop)
        return None
    epilogue = None
    step = loop.step
    upper, new_step = _unrolled_bounds(loop, factor)
    if upper is not None:
        epilogue = _split_epilogue(loop, upper)
        _set_bound(loop, 1, upper)
    _set_bound(loop, 2, new_step)
    _repeat_body(loop, factor, step)
    promote_if_single(loop)
    return epilogue


def _unrolled_bounds(loop: scf.ForOp, factor: int) -> tuple[SSAValue | None, SSAValue]:
    """Where the unrolled loop ends, None for where it did, and its step."""
    bounds = bounds_of(loop)
    if bounds is None:
        return _bounds_at_run_time(loop, factor)
    upper = None
    unrolled_upper = bounds.lower + (bounds.trips - bounds.trips % factor) * bounds.step
    if unrolled_upper < bounds.upper:
        upper = _constant_before(loop, unrolled_upper, loop.ub.type)
    return upper, _constant_before(loop, bounds.step * factor, loop.step.type)


def _bounds_at_run_time(loop: scf.ForOp, factor: int) -> tuple[SSAValue, SSAValue]:
    """The same, found by the program itself: whole rounds of `factor` iterations."""
    one, times = constant(1, loop.step.type), constant(factor, loop.step.type)
    distance = SubiOp(loop.ub, loop.lb)
    step_minus_one = SubiOp(loop.step, one)
    rounded = AddiOp(distance, step_minus_one)
    trips = DivUIOp(rounded, loop.step)
    left = RemSIOp(trips, times)
    whole = SubiOp(trips, left)
    way = MuliOp(whole, loop.step)
    upper = AddiOp(loop.lb, way)
    step = MuliOp(loop.step, times)
    insert_before(
        loop, distance, one, step_minus_one, rounded, trips, times, left, whole, way, upper, step
    )
    return upper.result, step.result


def _constant_before(op: Operation, value: int, type: Attribute) -> SSAValue:
    made = constant(value, type)
    insert_before(op, made)
    return made.result


def _set_bound(loop: scf.ForOp, index: int, value: SSAValue) -> None:
    loop.operands[index] = value


def _split_epilogue(loop: scf.ForOp, start: SSAValue) -> scf.ForOp | None:
    """A copy of the loop behind it, for the iterations from `start` on."""
    epilogue = loop.clone()
    insert_after(loop, epilogue)
    _set_bound(epilogue, 0, start)
    for mine, final in zip(loop.results, epilogue.results, strict=True):
        mine.replace_all_uses_with(final)
    epilogue.operands = [*list(epilogue.operands)[:3], *loop.results]
    return None if promote_if_single(epilogue) else epilogue


def _repeat_body(loop: scf.ForOp, factor: int, step: SSAValue) -> None:
    body = loop.body.block
    terminator = terminator_of(body)
    originals = list(body.ops)[:-1]
    induction, *carried = body.args
    yielded = tuple(terminator.operands)
    last = yielded
    uses_induction = induction.first_use is not None
    for copy in range(1, factor):
        values: dict[SSAValue, SSAValue] = dict(zip(carried, last, strict=True))
        if uses_induction:
            values[induction] = _shifted(loop, terminator, step, copy)
        for op in originals:
            body.insert_op_before(op.clone(value_mapper=values), terminator)
        last = tuple(values.get(value, value) for value in yielded)
    terminator.operands = last


def _shifted(loop: scf.ForOp, before: Operation, step: SSAValue, copy: int) -> SSAValue:
    """The induction variable `copy` iterations on; it comes from where the loop does."""
    induction = loop.body.block.args[0]
    count: ConstantOp = constant(copy, induction.type)
    stride = MuliOp(step, count)
    shifted = AddiOp(induction, stride)
    insert_before(before, count, stride, shifted)
    for op in (count, stride, shifted):
        op.location = loop.location
    return shifted.result
