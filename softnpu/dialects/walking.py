"""All ops of a block, or below an op, as a list: many times faster than xDSL's nested generators,
and what is done to an op does not change what comes next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from xdsl.ir import Block, Operation

OpT = TypeVar("OpT", bound=Operation)


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


class _Classes:
    """The ops in a list, by their classes."""

    def __init__(self, ops: Sequence[Operation]) -> None:
        self._ops = ops
        self.places: dict[type[Operation], list[int]] = defaultdict(list)
        for place, op in enumerate(ops):
            self.places[type(op)].append(place)

    def of(self, classes: tuple[type[OpT], ...]) -> list[OpT]:
        found = [places for cls, places in self.places.items() if issubclass(cls, classes)]
        joined = found[0] if len(found) == 1 else sorted(place for one in found for place in one)
        return [self._ops[place] for place in joined]  # type: ignore[misc]


_known: dict[Operation, _Classes] | None = None


@contextmanager
def nothing_changes() -> Iterator[None]:
    """Where nothing in a design changes: what `ops_of` and `classes_in` have walked over once,
    they do not walk over again. Most questions are about ops that a long sequence has none of."""
    global _known
    outer, _known = _known, {} if _known is None else _known
    try:
        yield
    finally:
        _known = outer


def ops_of(top: Operation, *classes: type[OpT]) -> list[OpT]:
    """The ops of some classes among an op and all inside it, each before what is in it."""
    if _known is not None:
        return _classes(top, _known).of(classes)
    ops = all_ops(top)
    wanted = {cls for cls in set(map(type, ops)) if issubclass(cls, classes)}
    return [op for op in ops if type(op) in wanted] if wanted else []  # type: ignore[misc]


def classes_in(top: Operation) -> set[type[Operation]]:
    """The classes of an op and all inside it."""
    if _known is None:
        return set(map(type, all_ops(top)))
    return set(_classes(top, _known).places)


def _classes(top: Operation, known: dict[Operation, _Classes]) -> _Classes:
    if top not in known:
        known[top] = _Classes(all_ops(top))
    return known[top]
