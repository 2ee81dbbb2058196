"""Ops without an effect whose results nothing uses."""

from __future__ import annotations

from functools import cache

from xdsl.ir import Operation
from xdsl.traits import IsTerminator, MemoryEffect, SymbolOpInterface
from xdsl.transforms.dead_code_elimination import is_trivially_dead


def is_dead(op: Operation) -> bool:
    """Whether an op may go: as xDSL's `is_trivially_dead`, which asks each op for its traits."""
    for result in op.results:
        if result.first_use is not None:
            return False
    return may_be_dead(type(op)) and is_trivially_dead(op)


@cache
def may_be_dead(cls: type[Operation]) -> bool:
    """Whether it can ever be: its effects are known, and it neither ends a block nor is named."""
    return (
        cls.has_trait(MemoryEffect, value_if_unregistered=False)
        and not cls.has_trait(IsTerminator, value_if_unregistered=False)
        and not cls.has_trait(SymbolOpInterface, value_if_unregistered=False)
    )
