"""`convert-vector-to-aievec`: what that pipeline does to code without vector instructions.

In mlir-aie it canonicalizes, merges common subexpressions and moves loop-invariant code, all on
the whole module, before and after it turns vector ops into aievec ops. The turning is left out:
the code generator takes vector ops as they are. The rest decides which tiles are left in a
design (an unused one goes), how often a loop runs, and in which order constants stand.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.passes.canonicalize import CANONICALIZATIONS
from softnpu.passes.rewriting.common_subexpressions import merge_common_subexpressions
from softnpu.passes.rewriting.dma import warn_of_cut_chains
from softnpu.passes.rewriting.greedy import apply_greedily
from softnpu.passes.rewriting.invariants import hoist_invariants


@dataclass(frozen=True)
class ConvertVectorToAIEVecPass(ModulePass):
    """Simplifies the module as the pipeline of this name does.

    Attributes:
        aie_target, target_backend: accepted for the sake of the pipeline's text.
    """

    name = "convert-vector-to-aievec"
    aie_target: str = "aie2"
    target_backend: str = "llvmir"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        warn_of_cut_chains(op)
        apply_greedily(op, CANONICALIZATIONS, merge_blocks=False)
        for change in (merge_common_subexpressions, hoist_invariants):
            if change(op):
                apply_greedily(op, CANONICALIZATIONS, merge_blocks=False)
