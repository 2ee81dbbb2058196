"""Constants found where folding alone does not find them: in what loops carry.

A carried value that starts as a constant is taken for one until an iteration proves otherwise
(MLIR's sparse conditional constant propagation, here for structured control flow).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import cast

from xdsl.dialects import scf
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from softnpu.dialects.walking import ops_in
from softnpu.passes.rewriting.constants import identity, insert_at_head, scope_of
from softnpu.passes.rewriting.dead import is_dead
from softnpu.passes.rewriting.folding import fold
from softnpu.passes.rewriting.ir import bring_to_head, erase, terminator_of
from softnpu.passes.rewriting.loops import trip_count

Known = Attribute | None
"""A constant; None for a value that is none."""


def propagate_constants(region: Region) -> None:
    """Put constants in the place of values below `region` that are always the same."""
    knowledge = _Knowledge()
    for block in region.blocks:
        for argument in block.args:
            knowledge.meet(argument, None)
    for block in region.blocks:
        knowledge.through(block)
    _write_out(region, knowledge.values)


class _Knowledge:
    """What is known of each value; a value that is missing has not been reached."""

    def __init__(self) -> None:
        self.values: dict[SSAValue, Known] = {}

    def meet(self, value: SSAValue, known: Known) -> None:
        """Learn of one more thing that a value may be."""
        if self.values.setdefault(value, known) != known:
            self.values[value] = None

    def of(self, value: SSAValue) -> Known:
        if value in self.values:
            return self.values[value]
        owner = value.owner
        return owner.value if isinstance(owner, ConstantOp) else None

    def meet_all(self, values: Sequence[SSAValue], sources: Sequence[SSAValue]) -> None:
        for value, source in zip(values, sources, strict=True):
            self.meet(value, self.of(source))

    def through(self, block: Block) -> None:
        """Follow all that a block does."""
        for op in ops_in(block):
            if type(op) is ConstantOp:
                self.meet(op.results[0], op.value)
            elif not op.regions and not op.results:
                continue
            elif isinstance(op, scf.ForOp):
                self._for(op)
            elif isinstance(op, scf.WhileOp):
                self._while(op)
            elif isinstance(op, scf.IfOp | scf.IndexSwitchOp | scf.ExecuteRegionOp):
                self._branches(op)
            else:
                for region in op.regions:
                    self._unknown(region)
                for result in op.results:
                    self.meet(result, self._result(op))

    def _unknown(self, region: Region) -> None:
        for block in region.blocks:
            for argument in block.args:
                self.meet(argument, None)
        for block in region.blocks:
            self.through(block)

    def _for(self, op: scf.ForOp) -> None:
        body = op.body.block
        trips = trip_count(op)
        if trips != 0:
            self.meet(body.args[0], None)
            self.meet_all(body.args[1:], op.iter_args)
            yielded = terminator_of(body).operands
            again = True
            while again:
                self.through(body)
                known = [self.values[argument] for argument in body.args]
                if trips != 1:
                    self.meet_all(body.args[1:], yielded)
                again = known != [self.values[argument] for argument in body.args]
            self.meet_all(op.results, yielded)
        if not trips:
            self.meet_all(op.results, op.iter_args)

    def _while(self, op: scf.WhileOp) -> None:
        before, after = op.before_region.block, op.after_region.block
        self.meet_all(before.args, op.operands)
        again = True
        while again:
            self.through(before)
            passed = terminator_of(before).operands[1:]
            self.meet_all(after.args, passed)
            self.through(after)
            known = [self.values[argument] for argument in before.args]
            self.meet_all(before.args, terminator_of(after).operands)
            again = known != [self.values[argument] for argument in before.args]
        self.meet_all(op.results, passed)

    def _branches(self, op: Operation) -> None:
        for region in self._taken(op):
            if not region.blocks:
                continue
            for block in region.blocks:
                self.through(block)
            self.meet_all(op.results, terminator_of(region.blocks[-1]).operands)

    def _taken(self, op: Operation) -> Sequence[Region]:
        choice = self.of(op.operands[0]) if op.operands else None
        if not isinstance(choice, IntegerAttr):
            return op.regions
        number = choice.value.data
        if isinstance(op, scf.IfOp):
            return [op.true_region if number else op.false_region]
        assert isinstance(op, scf.IndexSwitchOp)
        cases = dict(zip(op.cases.get_values(), op.case_regions, strict=True))
        return [cases.get(number, op.default_region)]

    def _result(self, op: Operation) -> Known:
        if isinstance(op, ConstantOp):
            return op.value
        if len(op.results) != 1 or op.regions or not op.operands:
            return None
        operands = [self.of(value) for value in op.operands]
        if all(known is None for known in operands):
            return None
        stand_ins: dict[SSAValue, SSAValue] = {
            value: ConstantOp(known).result  # type: ignore[arg-type]
            for value, known in zip(op.operands, operands, strict=True)
            if known is not None
        }
        trial = op.clone(value_mapper=stand_ins)
        found = fold(trial)
        trial.drop_all_references()
        if isinstance(found, SSAValue):
            owner = found.owner
            return owner.value if isinstance(owner, ConstantOp) else self.of(found)
        return found


def _write_out(root: Region, values: dict[SSAValue, Known]) -> None:
    """Each constant comes to the head of its scope when it is first met, so that in the end they
    stand in the opposite order; blocks are visited last in, first out, as in MLIR."""
    constants: dict[tuple[Region, object, object], SSAValue] = {}
    heads: dict[Region, list[Operation]] = defaultdict(list)

    def settle(value: SSAValue, scope: Region) -> bool:
        """Whether a constant stands for the value from now on; one that is such itself moves."""
        known = values.get(value)
        if known is None:
            return False
        key = scope, *identity(known, value.type)
        if key not in constants:
            if isinstance(owner := value.owner, ConstantOp):
                heads[scope].append(owner)
                constants[key] = value
                return False
            constants[key] = insert_at_head(scope, known)
            heads[scope].append(cast(Operation, constants[key].owner))
        value.replace_all_uses_with(constants[key])
        return True

    pending = list(root.blocks)
    while pending:
        block = pending.pop()
        scope = scope_of(block)
        for op in ops_in(block):
            replaced = [settle(result, scope) for result in op.results]
            if replaced and all(replaced) and is_dead(op):
                erase(op)
            elif op.regions:
                pending += (inner for region in op.regions for inner in region.blocks)
        for argument in block.args:
            settle(argument, scope)
    for scope, found in heads.items():
        bring_to_head(scope.blocks[0], found[::-1])
