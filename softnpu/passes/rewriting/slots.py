"""Counts that stand in memory become values, carried through loops, branches and blocks.

A slot is a `memref.alloca` of one scalar that is only loaded and stored. What MLIR's mem2reg does
of it: a loop that stores carries the value, a branch that stores gives it as a result, a block
where several values meet takes it as an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xdsl.dialects import cf, memref, scf
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue

from softnpu.dialects.source import design_error
from softnpu.passes.rewriting.ir import block_of, erase, insert_before, terminator_of


def promote(slots: Iterable[memref.AllocaOp]) -> None:
    """Replace slots by values, one after the other."""
    for slot in slots:
        memory = slot.results[0]
        users = [use.operation for use in memory.uses]
        storing = _around(op for op in users if isinstance(op, memref.StoreOp))
        touching = storing | _around(users)
        _Promotion(memory, storing, touching).through_blocks(block_of(slot))
        erase(slot)


def _around(ops: Iterable[Operation]) -> set[Operation]:
    """All ops in which those stand."""
    found: set[Operation] = set()
    for op in ops:
        parent = op.parent_op()
        while parent is not None and parent not in found:
            found.add(parent)
            parent = parent.parent_op()
    return found


class _Promotion:
    """One slot on its way: `storing` and `touching` are the ops in which it is stored to, or
    loaded from as well."""

    def __init__(self, memory: SSAValue, storing: set[Operation], touching: set[Operation]) -> None:
        self.memory = memory
        self.storing = storing
        self.touching = touching

    def through_blocks(self, entry: Block) -> None:
        """Follow the slot through the slot's own block, and all that control goes to from there."""
        region = entry.parent
        assert region is not None
        others = [block for block in region.blocks if block is not entry]
        if not others:
            self.through(entry, None)
            return
        type = self.memory.type
        assert isinstance(type, MemRefType)
        arguments = {
            block: self._argument(block, type.get_element_type())
            for block in self._awaiting(others)
        }
        ends = {block: self.through(block, arguments.get(block)) for block in region.blocks}
        _drop_alike(arguments, ends)
        for block, value in ends.items():
            _pass_on(block, value, arguments)

    def _argument(self, block: Block, type: Attribute) -> BlockArgument:
        """An argument behind those that a block has, from where the slot comes from."""
        slot = self.memory.owner
        assert isinstance(slot, Operation)
        return block.insert_arg(type, len(block.args), slot.location)

    def _awaiting(self, blocks: list[Block]) -> list[Block]:
        """The blocks at whose start the slot's value is still asked for."""
        found: set[Block] = set()
        stores: set[Block] = set()
        for block in blocks:
            first = next((op for op in block.ops if self._is_use(op)), None)
            if first is not None:
                is_store = isinstance(first, memref.StoreOp)
                (stores if is_store else found).add(block)
        grows = True
        while grows:
            more = {
                block
                for block in blocks
                if block not in found and block not in stores
                if found.intersection(terminator_of(block).successors)
            }
            grows = bool(more)
            found |= more
        return [block for block in blocks if block in found]

    def _is_use(self, op: Operation) -> bool:
        return op in self.touching or (
            isinstance(op, memref.LoadOp | memref.StoreOp) and op.memref is self.memory
        )

    def through(self, block: Block, value: SSAValue | None) -> SSAValue | None:
        """Follow the slot through a block; its value at the end."""
        for op in list(block.ops):
            if isinstance(op, memref.LoadOp) and op.memref is self.memory:
                assert value is not None
                op.results[0].replace_all_uses_with(value)
                erase(op)
            elif isinstance(op, memref.StoreOp) and op.memref is self.memory:
                value = op.value
                erase(op)
            elif op in self.touching:
                assert value is not None
                value = self._into(op, value)
        return value

    def _into(self, op: Operation, value: SSAValue) -> SSAValue:
        for region in op.regions:
            if region.first_block is not region.last_block:
                raise design_error(
                    op,
                    f"objects of an objectfifo are used where control jumps between blocks "
                    f"('{op.name}')",
                    "write loops and conditions as scf.for and scf.if",
                )
        if op not in self.storing:
            for region in op.regions:
                for block in region.blocks:
                    self.through(block, value)
            return value
        if isinstance(op, scf.ForOp):
            return self._through_for(op, value)
        if isinstance(op, scf.WhileOp):
            return self._through_while(op, value)
        return self._through_branches(op, value)

    def _through_for(self, op: scf.ForOp, value: SSAValue) -> SSAValue:
        body = op.body.block
        argument = self._argument(body, value.type)
        self._yield_also(body, self.through(body, argument))
        starts = (*op.iter_args, value)
        new = scf.ForOp(op.lb, op.ub, op.step, starts, op.detach_region(op.body))
        return _replace(op, new)

    def _through_while(self, op: scf.WhileOp, value: SSAValue) -> SSAValue:
        before, after = op.before_region.block, op.after_region.block
        argument = self._argument(before, value.type)
        checked = self.through(before, argument)
        self._yield_also(before, checked)
        carried = self._argument(after, value.type)
        self._yield_also(after, self.through(after, carried))
        regions = [op.detach_region(region) for region in list(op.regions)]
        types = [*(result.type for result in op.results), value.type]
        new = scf.WhileOp((*op.operands, value), types, *regions)
        return _replace(op, new)

    def _through_branches(self, op: Operation, value: SSAValue) -> SSAValue:
        """An op that runs one of its regions, or none."""
        for region in op.regions:
            if not region.blocks:
                region.add_block(Block([scf.YieldOp()]))
            block = region.block
            self._yield_also(block, self.through(block, value))
        new = type(op).create(
            operands=op.operands,
            result_types=[*(result.type for result in op.results), value.type],
            properties=op.properties,
            attributes=op.attributes,
            regions=[op.detach_region(region) for region in list(op.regions)],
        )
        return _replace(op, new)

    def _yield_also(self, block: Block, value: SSAValue | None) -> None:
        assert value is not None
        terminator = terminator_of(block)
        terminator.operands = [*terminator.operands, value]


def _drop_alike(arguments: dict[Block, BlockArgument], ends: dict[Block, SSAValue | None]) -> None:
    """Leave out arguments to which every branch brings the same value."""
    changed = True
    while changed:
        changed = False
        for block, argument in list(arguments.items()):
            sources = (source for source in ends if block in terminator_of(source).successors)
            values = {ends[source] for source in sources} - {argument}
            if len(values) == 1 and (value := values.pop()) is not None:
                argument.replace_all_uses_with(value)
                ends.update({at: value for at, end in ends.items() if end is argument})
                block.erase_arg(arguments.pop(block))
                changed = True


def _pass_on(
    block: Block, value: SSAValue | None, arguments: Mapping[Block, BlockArgument]
) -> None:
    """Give the slot's value to the blocks that take it, behind what they take already."""
    last = terminator_of(block)
    if value is None or not any(target in arguments for target in last.successors):
        return

    def behind(target: Block, operands: Sequence[SSAValue]) -> list[SSAValue]:
        return [*operands, value] if target in arguments else list(operands)

    new: Operation
    if isinstance(last, cf.BranchOp):
        new = cf.BranchOp(last.successor, *behind(last.successor, last.arguments))
    elif isinstance(last, cf.ConditionalBranchOp):
        new = cf.ConditionalBranchOp(
            last.cond,
            last.then_block,
            behind(last.then_block, last.then_arguments),
            last.else_block,
            behind(last.else_block, last.else_arguments),
        )
    else:
        raise design_error(
            last,
            f"objects of an objectfifo are used where '{last.name}' goes from block to block",
            "branch with cf.br and cf.cond_br, or write loops and conditions as scf.for and scf.if",
        )
    insert_before(last, new)
    erase(last)


def _replace(op: Operation, new: Operation) -> SSAValue:
    """Put `new` in the place of an op whose regions it has; its last result is new."""
    new.attributes.update(op.attributes)
    insert_before(op, new)
    for old, result in zip(op.results, new.results, strict=False):
        old.replace_all_uses_with(result)
    for _ in range(len(new.regions) - len(op.regions)):
        op.add_region(Region())
    erase(op)
    return new.results[-1]
