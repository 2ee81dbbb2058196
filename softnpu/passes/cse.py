"""`cse`: values that are computed twice are computed once, as by MLIR's pass of this name."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.passes.rewriting.common_subexpressions import merge_common_subexpressions


@dataclass(frozen=True)
class CommonSubexpressionsPass(ModulePass):
    """Merge equal ops without side effects in the whole module."""

    name = "cse"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        merge_common_subexpressions(op)
