"""Making ops and numbers without xDSL's checks of each part, which a long sequence pays for by the
ten thousand.

What is set here is what xDSL 0.73's own constructors set (ir/core.py, `Operation.__init__`,
`IRWithUses.add_use`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    IndexType,
    IntAttr,
    IntegerAttr,
    IntegerType,
    LocationAttr,
    UnknownLoc,
)
from xdsl.ir import Attribute, Block, Operation, OpResult, Region, SSAValue, Use
from xdsl.ir.core import SSAValues
from xdsl.irdl import IRDLOperation

AttributeT = TypeVar("AttributeT", bound=Attribute)
OpT = TypeVar("OpT", bound=Operation)

for _one in (
    Block,
    Operation,
    IRDLOperation,
    Region,
    SSAValue,
    Use,
):  # what they say in Python, object says in C
    _one.__hash__ = object.__hash__  # type: ignore[method-assign]
    _one.__eq__ = object.__eq__  # type: ignore[method-assign]

NOTHING: Mapping[str, Attribute] = {}
NO_VALUES: SSAValues[Any] = SSAValues()


def trusted(cls: type[AttributeT], **parts: Any) -> AttributeT:
    """An attribute whose parts are right as they are made: xDSL's check of each is left out."""
    made = object.__new__(cls)
    made.__dict__.update(parts)  # attributes are frozen
    return made


@lru_cache(1 << 14)
def integer(number: int, type: IntegerType | IndexType) -> IntegerAttr[Any]:
    """The attribute of a number that its type holds."""
    return trusted(IntegerAttr, value=trusted(IntAttr, data=number), type=type)


def fill(
    op: Operation,
    operands: Iterable[SSAValue],
    result_types: Iterable[Attribute],
    properties: Mapping[str, Attribute],
    attributes: Mapping[str, Attribute] = NOTHING,
    location: LocationAttr = UNKNOWN_LOC,
) -> None:
    """Give a new op, which has neither regions nor successors, its parts."""
    values = op._operands = SSAValues(operands) if operands else NO_VALUES
    if values:
        uses = []
        for index, value in enumerate(values):
            use = Use(op, index)
            if (first := value.first_use) is not None:
                use._next_use, first._prev_use = first, use
            value.first_use = use
            uses.append(use)
        op._operand_uses = tuple(uses)
    types = tuple(result_types)
    op.results = (
        SSAValues([OpResult(type, op, index) for index, type in enumerate(types)])
        if types
        else NO_VALUES
    )
    op.properties = {**properties}
    op.attributes = {**attributes}
    op.location = location


def made(
    cls: type[OpT],
    operands: Iterable[SSAValue] = (),
    result_types: Iterable[Attribute] = (),
    properties: Mapping[str, Attribute] = NOTHING,
    attributes: Mapping[str, Attribute] = NOTHING,
    location: LocationAttr = UNKNOWN_LOC,
) -> OpT:
    """A new op of a class, as its `create` makes one of parts that lack no default."""
    op = cls.__new__(cls)
    fill(op, operands, result_types, properties, attributes, location)
    return op


@dataclass(frozen=True)
class _Step:
    """An op to be made again: its operands by their places among the values that there are."""

    op: type[Operation]
    operands: list[int]
    result_types: list[Attribute]
    properties: Mapping[str, Attribute]
    attributes: Mapping[str, Attribute]


class Again:
    """What many ops of a sequence become that differ in nothing which matters: ops without regions,
    which use each other's results."""

    def __init__(self, ops: Iterable[Operation]) -> None:
        """`ops`: those that the first becomes."""
        steps = list(ops)
        own = [result for op in steps for result in op.results]
        used = dict.fromkeys(value for op in steps for value in op._operands)
        self._outer = [value for value in used if value not in own]
        """The values of other ops, which come first."""
        places = {value: place for place, value in enumerate([*self._outer, *own])}
        self._steps = [
            _Step(
                type(op),
                [places[value] for value in op._operands],
                [result.type for result in op.results],
                {**op.properties},
                {**op.attributes},
            )
            for op in steps
        ]

    def made(self, location: LocationAttr) -> list[Operation]:
        """The same once more, from another place."""
        values: list[SSAValue] = [*self._outer]
        found: list[Operation] = []
        for step in self._steps:
            operands = [values[place] for place in step.operands]
            new = made(
                step.op, operands, step.result_types, step.properties, step.attributes, location
            )
            values += new.results
            found.append(new)
        return found


def locate(op: Operation, location: LocationAttr) -> None:
    """Say where an op comes from, and with it the ops inside that do not say so themselves."""
    op.location = location
    for block in (block for region in op.regions for block in region.blocks):
        for inner in block.ops:
            if isinstance(inner.location, UnknownLoc):
                locate(inner, location)


def place_before(anchor: Operation, ops: Sequence[Operation]) -> None:
    """Put new ops, in order, before one that stands in a block (as `Block.insert_ops_before`)."""
    block, last = anchor.parent, anchor._prev_op
    assert block is not None
    for op in ops:
        assert op.parent is None, f"{op.name} stands in a block already"
        op.parent, op._prev_op = block, last
        if last is None:
            block._first_op = op
        else:
            last._next_op = op
        last = op
    if ops:
        ops[-1]._next_op, anchor._prev_op = anchor, ops[-1]


def drop(op: Operation) -> None:
    """Take an op whose results nothing uses out of its block, with all that is in it (as
    `Block.erase_op`)."""
    block = op.parent
    assert block is not None
    assert all(result.first_use is None for result in op.results), f"{op.name} is used"
    block.detach_op(op)
    op.drop_all_references()


def place_last(block: Block, op: Operation) -> None:
    """Put a new op at the end of a block (as `Block.add_op`)."""
    last = block._last_op
    op.parent, op._prev_op = block, last
    if last is None:
        block._first_op = op
    else:
        last._next_op = op
    block._last_op = op


def put_in_order(block: Block, ops: Sequence[Operation]) -> None:
    """Put the ops of a block, which are these, in this order."""
    last: Operation | None = None
    for op in ops:
        op._prev_op = last
        if last is None:
            block._first_op = op
        else:
            last._next_op = op
        last = op
    block._last_op = last
    if last is not None:
        last._next_op = None
