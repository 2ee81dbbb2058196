"""`canonicalize`: folding, dead code and the patterns of ops, as MLIR's pass of this name."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.passes.rewriting.arithmetic import ARITHMETIC
from softnpu.passes.rewriting.control_flow import CONTROL_FLOW
from softnpu.passes.rewriting.dma import DMA_PROGRAMS
from softnpu.passes.rewriting.greedy import Patterns, apply_greedily
from softnpu.passes.rewriting.memref import VIEWS
from softnpu.passes.sequence_ops import devices

CANONICALIZATIONS: Patterns = {**ARITHMETIC, **CONTROL_FLOW, **DMA_PROGRAMS, **VIEWS}


@dataclass(frozen=True)
class CanonicalizePass(ModulePass):
    """Simplify each device, cores and sequences alike."""

    name = "canonicalize"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            apply_greedily(device, CANONICALIZATIONS, merge_blocks=False)
