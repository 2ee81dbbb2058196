"""One op for all that compute the same, as MLIR's pass of this name leaves them."""

from __future__ import annotations

from typing import Any

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Operation, Region
from xdsl.traits import MemoryEffect
from xdsl.transforms.common_subexpression_elimination import CSEDriver, KnownOps, OperationInfo

from softnpu.passes.rewriting.constants import identity


def merge_common_subexpressions(root: Operation) -> bool:
    """Merges what is below `root`, and tells whether there was anything to merge or to drop.

    By xDSL's driver, made fit for long sequences.
    """
    driver = _Driver(_known_ops=_Known())
    driver.simplify(root)
    return bool(driver._to_erase)


class _Driver(CSEDriver):
    """Passes over ops whose effects are not known, most of a sequence; keeps known ops by scope."""

    def _simplify_operation(self, op: Operation) -> None:
        if (
            type(op) is ConstantOp
            and op.results[0].first_use is not None
            and op not in self._known_ops
        ):
            self._known_ops[op] = op
        elif op.has_trait(MemoryEffect, value_if_unregistered=False):
            super()._simplify_operation(op)

    def _simplify_region(self, region: Region) -> None:
        if region.first_block is None or region.first_block is not region.last_block:
            return
        around = self._known_ops
        self._known_ops = _Known(around)
        self._simplify_block(region.first_block)
        self._known_ops = around


class _Known(KnownOps):
    """The ops of a scope, and those of the scopes around it, which are not copied."""

    def __init__(self, around: KnownOps | None = None) -> None:
        super().__init__()
        self._ops: dict[object, Operation] = {}
        self._around = around if isinstance(around, _Known) else None

    def __contains__(self, op: Operation) -> bool:
        return self.get(op) is not None

    def __setitem__(self, op: Operation, known: Operation) -> None:
        self._ops[_key(op)] = known

    def get(self, op: Operation, default: Any = None) -> Any:
        key, scope = _key(op), self
        while key not in scope._ops:
            if scope._around is None:
                return default
            scope = scope._around
        return scope._ops[key]


def _key(op: Operation) -> object:
    if type(op) is ConstantOp and not op.attributes:
        value = op.properties["value"]
        if isinstance(value, IntegerAttr):
            return identity(value, value.type)
    return OperationInfo(op)
