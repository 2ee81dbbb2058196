"""Regions of several blocks as C: `for`, `while` and `if` where the flow has their shape.

A jump to the block that is written next needs no words; one to the loop's head is `continue`,
one to what stands behind the loop is `break`; all others are `goto`. Block arguments are
variables that the branches assign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

from xdsl.dialects import arith, cf
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import Block, BlockArgument, Operation, OpResult, Region, SSAValue

from softnpu.dialects.source import location_of
from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.cfg import Cfg, Loop
from softnpu.targets.core_c.expr import Expr, Span
from softnpu.targets.core_c.function import VALUES, Function
from softnpu.targets.core_c.types import INDEX_BITS
from softnpu.targets.core_c.writer import Block as CBlock
from softnpu.targets.core_c.writer import Label

SIGNED_LESS = 2
"""`slt` of arith.cmpi."""

Leave = Callable[[Operation, bool], None]
"""How a terminator that leaves the region (return, end, yield) is written; the flag says whether
the end of the C text comes next anyway."""


@dataclass(frozen=True)
class Counter:
    """A loop variable that a `for` can name: from `first` while `condition` in steps."""

    argument: BlockArgument
    condition: arith.CmpiOp
    step: arith.AddiOp


@dataclass(frozen=True)
class Target:
    """What surrounds the place of writing: the loop, and whether a switch is in between."""

    loop: Loop
    behind: Block | None
    breakable: bool


class RegionWriter:
    """Writes the blocks of one region."""

    def __init__(self, function: Function, region: Region, leave: Leave) -> None:
        self.f = function
        self.writer = function.writer
        self.cfg = Cfg(region)
        self.leave = leave
        self.home = self.writer.here
        self.targets: list[Target] = []
        self.labels: dict[Block, Label] = {}
        self.first: dict[BlockArgument, Expr] = {}
        self.counted: set[SSAValue] = set()

    def write(self) -> None:
        """Write the whole region."""
        entry = self.cfg.order[0]
        if not self.cfg.reducible:
            self._write_flat()
        else:
            self._sequence(entry, None)

    # blocks in a row

    def _sequence(self, entry: Block, follow: Block | None, *, inside: Block | None = None) -> None:
        """Write `entry` and what it dominates; control then goes on to `follow`.

        Args:
            inside: the loop header whose body is being written, so that it is not taken for
                the start of another loop.
        """
        pending: list[tuple[Block, Block | None]] = [(entry, follow)]
        while pending:
            block, following = pending.pop()
            loop = self.cfg.loops.get(block)
            if block is not inside and (loop is not None or block in self.labels):
                self.writer.label(self._label(block))
            if loop is not None and block is not inside:
                pending.extend(self._row(loop.after, following))
                self._loop(loop, loop.after[0] if loop.after else following)
            else:
                final = following is None and not pending and self.writer.here == self.home
                pending.extend(self._straight(block, following, final))

    def _row(
        self, blocks: Sequence[Block], follow: Block | None
    ) -> list[tuple[Block, Block | None]]:
        """Blocks to be written one after the other, last first, each with what follows it."""
        ends = [*blocks[1:], follow]
        for block in blocks:
            self._label(block)
        return list(zip(blocks, ends, strict=False))[::-1]

    def _straight(
        self, block: Block, follow: Block | None, final: bool
    ) -> list[tuple[Block, Block | None]]:
        """Write a block's ops and its branch; what is left to be written after it."""
        last = cast(Operation, block.last_op)
        self.f.emit_all(op for op in block.ops if op is not last)
        with self.writer.written_for(location_of(last)):
            return self._end(block, last, follow, final)

    def _end(
        self, block: Block, last: Operation, follow: Block | None, final: bool
    ) -> list[tuple[Block, Block | None]]:
        merges = self.cfg.merges[block]
        self._declare_arguments(merges)
        rest = self._row(merges, follow)
        following = merges[0] if merges else follow
        if not last.successors:
            self.leave(last, final)
        elif isinstance(last, cf.BranchOp):
            rest += self._go(block, last.successor, last.arguments, following)
        elif isinstance(last, cf.ConditionalBranchOp):
            rest += self._branch(block, last, following)
        elif isinstance(last, cf.SwitchOp):
            self._switch(block, last, following)
        else:
            raise self.f.unsupported(last)
        return rest

    def _declare_arguments(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            self.f.variables_for([a for a in block.args if a.first_use is not None])

    def _label(self, block: Block) -> Label:
        return self.labels.setdefault(block, Label(f"L{self.cfg.number[block]}"))

    # branches

    def _is_inline(self, target: Block, source: Block) -> bool:
        return self.cfg.reducible and self.cfg.is_inline(target, source)

    def _go(
        self, source: Block, target: Block, arguments: Sequence[SSAValue], follow: Block | None
    ) -> list[tuple[Block, Block | None]]:
        """Go to a block: write it here if this is its place, else jump."""
        if self._is_inline(target, source):
            self._enter(target, arguments)
            return [(target, follow)]
        self._jump(target, arguments, follow)
        return []

    def _enter(self, block: Block, arguments: Sequence[SSAValue]) -> None:
        """Give a block its arguments at the only place that leads to it (but for its loop)."""
        loop = self.cfg.loops.get(block)
        counter = self._counter(loop) if loop is not None else None
        for argument, value in zip(block.args, arguments, strict=True):
            if argument.first_use is None:
                continue
            if counter is not None and argument is counter.argument:
                self.first[argument] = self.f.expr(value)
            elif loop is not None:
                self.f.start_variable(argument, value)
            else:
                self.f.alias(argument, value)

    def _jump(self, target: Block, arguments: Sequence[SSAValue], follow: Block | None) -> None:
        pairs = [
            (argument, value)
            for argument, value in zip(target.args, arguments, strict=True)
            if argument.first_use is not None and argument not in self.counted
        ]
        self.f.hand_over([a for a, _ in pairs], [v for _, v in pairs])
        if target is follow:
            return
        surrounding = self.targets[-1] if self.targets else None
        if surrounding is not None and target is surrounding.loop.header:
            self.writer.line("continue;")
        elif surrounding is not None and target is surrounding.behind and surrounding.breakable:
            self.writer.line("break;")
        else:
            label = self._label(target)
            label.used = True
            self.writer.line(f"goto {label.name};")

    def _branch(
        self, source: Block, op: cf.ConditionalBranchOp, follow: Block | None
    ) -> list[tuple[Block, Block | None]]:
        condition = self.f.expr(op.cond)
        arms = []
        for target, arguments in (
            (op.then_block, op.then_arguments),
            (op.else_block, op.else_arguments),
        ):
            block = CBlock("")
            if not self._is_inline(target, source):
                with self.writer.inside(block):
                    self._jump(target, arguments, follow)
            arms.append((target, arguments, block))
        (then, then_arguments, then_block), (other, other_arguments, other_block) = arms
        if _leaves(then_block) and self._is_inline(other, source):
            self._if(condition, then_block)
            return self._go(source, other, other_arguments, follow)
        if _leaves(other_block) and self._is_inline(then, source):
            self._if(c.negated(condition), other_block)
            return self._go(source, then, then_arguments, follow)
        for target, arguments, block in arms:
            if self._is_inline(target, source):
                with self.writer.inside(block):
                    for start, following in self._go(source, target, arguments, follow):
                        self._sequence(start, following)
        if then_block.items:
            self._if(condition, then_block, other_block)
        elif other_block.items:
            self._if(c.negated(condition), other_block)
        return []

    def _if(self, condition: Expr, then: CBlock, otherwise: CBlock | None = None) -> None:
        then.head = f"if ({condition})"
        if otherwise is not None and otherwise.items:
            otherwise.head = "else"
            then.tail = otherwise
        self.writer.place(then)

    def _switch(self, source: Block, op: cf.SwitchOp, follow: Block | None) -> None:
        flag = self.f.expr(op.flag)
        values = op.case_values
        cases = list(values.get_values()) if isinstance(values, DenseIntOrFPElementsAttr) else []
        arms = [
            *(
                (f"case {value}:", block, arguments)
                for value, block, arguments in zip(
                    cases, op.case_blocks, op.case_operand, strict=True
                )
            ),
            ("default:", op.default_block, op.default_operands),
        ]
        saved = self.targets
        self.targets = [replace(t, breakable=False) for t in saved]
        with self.writer.block(f"switch ({flag})"):
            for head, target, arguments in arms:
                with self.writer.block(head):
                    for start, following in self._go(source, target, arguments, follow):
                        self._sequence(start, following)
                    self.writer.line("break;")
        self.targets = saved

    # loops

    def _loop(self, loop: Loop, behind: Block | None) -> None:
        self._declare_arguments(loop.after)
        self.targets.append(Target(loop, behind, True))
        if not self._condition_loop(loop, behind):
            for argument in loop.header.args:
                if argument in self.first:
                    self.f.declare_variable(argument, self.first.pop(argument))
            with self.writer.block("for (;;)"):
                self._sequence(loop.header, loop.header, inside=loop.header)
        self.targets.pop()

    def _condition_loop(self, loop: Loop, behind: Block | None) -> bool:
        """Write the loop as `for` or `while`, if its head does nothing but test."""
        header = loop.header
        last = header.last_op
        if not isinstance(last, cf.ConditionalBranchOp) or not _only_computes(header):
            return False
        arms = ((last.then_block, last.then_arguments), (last.else_block, last.else_arguments))
        (into, arguments), (out, out_arguments) = arms if _stays(loop, arms) else arms[::-1]
        if into not in loop.blocks or out is not behind or out_arguments or into is header:
            return False
        if not self.cfg.is_inline(into, header):
            return False
        counter = self._counter(loop)
        block = CBlock("")
        with self._counting(counter), self.writer.inside(block):
            self.f.emit_all(op for op in header.ops if op is not last)
            if block.items:
                return False
            condition = self.f.expr(last.cond)
            if into is last.else_block:
                condition = c.negated(condition)
            block.head = self._head(counter, condition)
            self._enter(into, arguments)
            self._sequence(into, header)
        with self.writer.written_for(location_of(last)):
            self.writer.place(block)
        return True

    @contextmanager
    def _counting(self, counter: Counter | None) -> Iterator[None]:
        """Inside, a loop's counter has its name; it keeps it if the `for` came about."""
        if counter is None:
            yield
            return
        argument = counter.argument
        with self.f.counter_name(self._span(counter)) as name:
            self.f.values[argument] = name
            self.counted.add(argument)
            yield
        if argument in self.first:
            self.counted.discard(argument)

    def _head(self, counter: Counter | None, condition: Expr) -> str:
        if counter is None:
            return f"while ({condition})"
        argument = counter.argument
        name = cast(Expr, self.f.values[argument])
        step = self.f.expr(_other_operand(counter.step, argument))
        return self.f.for_head(
            name, self.f.type(argument), self.first.pop(argument), str(condition), step
        )

    def _span(self, counter: Counter) -> Span | None:
        """What the counter's values are, when its loop has numbers for bounds."""
        argument = counter.argument
        below = counter.condition.predicate.value.data == SIGNED_LESS
        if not below or self.f.type(argument).bits < INDEX_BITS:
            return None
        bound = self.f.expr(counter.condition.rhs)
        step = self.f.expr(_other_operand(counter.step, argument))
        return c.counter_span(self.first[argument], bound, step)

    def _counter(self, loop: Loop) -> Counter | None:
        """The argument that makes a loop a counting one, as the lowering of scf.for does."""
        header = loop.header
        last = header.last_op
        if not isinstance(last, cf.ConditionalBranchOp) or not isinstance(last.cond, OpResult):
            return None
        if not self.cfg.is_inline(header, self.cfg.dominator[header]):
            return None
        condition = last.cond.op
        latches = [p for p in self.cfg.predecessors[header] if p in loop.blocks]
        if not isinstance(condition, arith.CmpiOp) or condition.parent is not header:
            return None
        if len(latches) != 1 or not isinstance(latches[0].last_op, cf.BranchOp):
            return None
        argument = condition.lhs
        if not isinstance(argument, BlockArgument) or argument.owner is not header:
            return None
        following = latches[0].last_op.arguments[argument.index]
        if not isinstance(following, OpResult) or not isinstance(following.op, arith.AddiOp):
            return None
        step = following.op
        if step.parent is not latches[0] or following.get_user_of_unique_use() is None:
            return None
        if self.cfg.enclosing(latches[0])[0] is not loop:
            return None
        by = _other_operand(step, argument)
        if by is None or _block_of(by) in loop.blocks or _block_of(condition.rhs) in loop.blocks:
            return None
        if any(_region_block(use.operation, header) not in loop.blocks for use in argument.uses):
            return None
        return Counter(argument, condition, step)

    # flow that no structure fits

    def _write_flat(self) -> None:
        """Every block with a label, every branch a goto."""
        order = self.cfg.order
        self._declare_arguments(order[1:])
        self.labels = {block: Label(f"L{i}") for i, block in enumerate(order)}
        for i, block in enumerate(order):
            self.writer.label(self.labels[block])
            following = order[i + 1] if i + 1 < len(order) else None
            self._straight(block, following, following is None)


def _leaves(block: CBlock) -> bool:
    """Whether a block is a jump and nothing else."""
    if not block.items:
        return False
    text = getattr(block.items[-1], "text", "")
    return text in ("break;", "continue;") or text.startswith("goto ")


def _stays(loop: Loop, arms: Sequence[tuple[Block, object]]) -> bool:
    """Whether the first arm stays in the loop and the second leaves it."""
    return arms[0][0] in loop.blocks and arms[1][0] not in loop.blocks


def _only_computes(block: Block) -> bool:
    return all(op.name in VALUES for op in block.ops if op is not block.last_op)


def _other_operand(add: arith.AddiOp, argument: BlockArgument) -> SSAValue:
    """What an addition adds to `argument`; None if it does not."""
    if add.lhs is argument:
        return add.rhs
    return add.lhs if add.rhs is argument else None  # type: ignore[return-value]


def _block_of(value: SSAValue) -> Block | None:
    owner = value.owner
    return owner if isinstance(owner, Block) else owner.parent


def _region_block(op: Operation, header: Block) -> Block | None:
    """The block of the header's region that an op stands in, however deep."""
    block = op.parent
    while block is not None and block.parent is not header.parent:
        parent = block.parent_op()
        block = parent.parent if parent is not None else None
    return block
