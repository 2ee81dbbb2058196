"""Moving, inserting and erasing ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from xdsl.ir import Block, Operation

from softnpu.dialects.making import locate, place_before, put_in_order
from softnpu.dialects.scalars import with_constants
from softnpu.dialects.walking import ops_in

OpT = TypeVar("OpT", bound=Operation)


def block_of(op: Operation) -> Block:
    """The block that an op stands in."""
    block = op.parent_block()
    assert block is not None, f"{op.name} stands in no block"
    return block


def terminator_of(block: Block) -> Operation:
    """The last op of a block."""
    last = block.last_op
    assert last is not None, "the block is empty"
    return last


def same_location(op: OpT, source: Operation) -> OpT:
    """`op`, said to come from where `source` comes from, with what is new inside."""
    locate(op, source.location)
    return op


def insert_before(anchor: Operation, *new: Operation) -> None:
    """Inserts ops before one, in order, with its place in the source."""
    placed = with_constants(*new)
    place_before(anchor, [same_location(op, anchor) for op in placed])


def insert_after(anchor: Operation, *new: Operation) -> None:
    """Inserts ops behind one, in order, with its place in the source."""
    placed = with_constants(*new)
    block_of(anchor).insert_ops_after([same_location(op, anchor) for op in placed], anchor)


def detach(op: OpT) -> OpT:
    """Takes an op out of its block, and gives it."""
    block_of(op).detach_op(op)
    return op


def move_before(anchor: Operation, *ops: Operation) -> None:
    """Moves ops before one, in order; they keep their places in the source."""
    block = block_of(anchor)
    for op in ops:
        block.insert_op_before(detach(op), anchor)


def bring_to_head(block: Block, ops: Sequence[Operation]) -> None:
    """Moves ops to the very front of a block, in order."""
    for op in ops:
        if op.parent is not block:
            block.add_op(detach(op))
    moved = set(ops)
    put_in_order(block, [*ops, *(op for op in ops_in(block) if op not in moved)])


def erase(op: Operation) -> None:
    """Erases an op, with all that is in it; uses of its results are not looked for."""
    block_of(op).erase_op(op, safe_erase=False)
