"""All ops of a block, or below an op, as a list: many times faster than xDSL's nested generators,
and what is done to an op does not change what comes next."""

from __future__ import annotations

from xdsl.ir import Block, Operation


def ops_in(block: Block) -> list[Operation]:
    """The ops of a block, in order."""
    found: list[Operation] = []
    op = block._first_op
    while op is not None:
        found.append(op)
        op = op._next_op
    return found


def all_ops(top: Operation, closed: tuple[type[Operation], ...] = ()) -> list[Operation]:
    """An op and all inside it, each before what is in it; of ops of the classes `closed`, not what
    is in them."""
    found = [top]
    _add_inner(top, found, closed)
    return found


def _add_inner(top: Operation, found: list[Operation], closed: tuple[type[Operation], ...]) -> None:
    for region in top.regions:
        block = region._first_block
        while block is not None:
            op = block._first_op
            while op is not None:
                found.append(op)
                if op.regions and type(op) not in closed:
                    _add_inner(op, found, closed)
                op = op._next_op
            block = block._next_block


def outer_ops(top: Operation) -> list[Operation]:
    """The ops with regions among those below an op, and itself; each before what is in it."""
    found = [top]
    for region in top.regions:
        block = region._first_block
        while block is not None:
            op = block._first_op
            while op is not None:
                if op.regions:
                    found += outer_ops(op)
                op = op._next_op
            block = block._next_block
    return found


def ops_with_regions(top: Operation) -> list[Operation]:
    """The ops with regions among those below an op, and itself; each behind what is in it."""
    inner = [
        one
        for region in top.regions
        for block in region.blocks
        for op in ops_in(block)
        if op.regions
        for one in ops_with_regions(op)
    ]
    return [*inner, top]
