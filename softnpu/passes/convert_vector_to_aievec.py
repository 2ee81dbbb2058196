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
from xdsl.transforms.common_subexpression_elimination import cse

from softnpu.passes.rewriting.arithmetic import ARITHMETIC
from softnpu.passes.rewriting.control_flow import CONTROL_FLOW
from softnpu.passes.rewriting.dma import DMA_PROGRAMS
from softnpu.passes.rewriting.greedy import Patterns, apply_greedily
from softnpu.passes.rewriting.invariants import hoist_invariants
from softnpu.passes.rewriting.memref import VIEWS

CANONICALIZATIONS: Patterns = {**ARITHMETIC, **CONTROL_FLOW, **DMA_PROGRAMS, **VIEWS}


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
        apply_greedily(op, CANONICALIZATIONS, merge_blocks=False)
        cse(op)
        apply_greedily(op, CANONICALIZATIONS, merge_blocks=False)
        hoist_invariants(op)
        apply_greedily(op, CANONICALIZATIONS, merge_blocks=False)
