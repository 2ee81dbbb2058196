"""`aie-vector-transfer-lowering`: folding once more, with loops unrolled and buffers known.

mlir-aie lowers vector transfers here, with MLIR's greedy driver; what that driver does besides
(folding, merging constants, dropping dead ops, tidying blocks) reaches every core. The
transfers themselves are left as they are: the code generator takes them so.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.passes.rewriting.greedy import apply_greedily
from softnpu.passes.sequence_ops import devices


@dataclass(frozen=True)
class VectorTransferLoweringPass(ModulePass):
    """Folds what can be folded in each device.

    Attributes:
        max_transfer_rank: accepted for the sake of the pipeline's text.
    """

    name = "aie-vector-transfer-lowering"
    max_transfer_rank: int = 1

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            apply_greedily(device, {}, merge_blocks=True)
