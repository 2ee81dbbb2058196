"""The operations of a configuration, each with the op of the design that asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xdsl.ir import Operation

from softnpu.formats import operations as ops


@dataclass(frozen=True, slots=True)
class Step:
    """An operation, and what asks for it.

    Attributes:
        source: as mlir-aie brackets what aie-rt is asked for (AIERT.cpp, `TxnLocBracket`); None
            where it brackets nothing, which is what loads a core's program.
    """

    operation: ops.Operation
    source: Operation | None = None


def steps_for(source: Operation | None, operations: Iterable[ops.Operation]) -> Iterator[Step]:
    """The steps that one op asks for."""
    return (Step(operation, source) for operation in operations)
