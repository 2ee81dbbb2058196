"""Bodies of ops set aside, so that what is done meanwhile does not pass over them: a runtime
sequence is by far the longest part of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from xdsl.ir import Operation, Region


@contextmanager
def set_aside(ops: Iterable[Operation]) -> Iterator[None]:
    """Ops of one region have an empty one meanwhile."""
    bodies = [(op, take_body(op)) for op in ops]
    try:
        yield
    finally:
        for op, body in bodies:
            take_body(op, body)


def take_body(op: Operation, other: Region | None = None) -> Region:
    """Give an op of one region another one, an empty one unless told; the one that it had."""
    body = op.detach_region(0)
    op.add_region(Region() if other is None else other)
    return body
