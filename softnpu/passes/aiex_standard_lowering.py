"""`aiex-standard-lowering`: what the controller does is no code of a core (AIEXToStandard.cpp)."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects import aiex
from softnpu.dialects.walking import all_ops
from softnpu.passes.rewriting.ir import erase

REMOVED = (
    aiex.NpuAddressPatchOp,
    aiex.NpuCreateScratchpadOp,
    aiex.NpuDmaMemcpyNdOp,
    aiex.NpuDmaWaitOp,
    aiex.NpuPreemptOp,
    aiex.NpuPushQueueOp,
    aiex.NpuSyncOp,
    aiex.NpuUpdateFromScratchpadOp,
    aiex.NpuWrite32Op,
    aiex.NpuWriteBdOp,
    aiex.NpuWriteRTPOp,
    aiex.ScratchpadParameterOp,
    aiex.SyncScratchpadParametersFromHostOp,
)


@dataclass(frozen=True)
class AIEXStandardLoweringPass(ModulePass):
    """Remove the ops of runtime sequences, and scratchpad parameters."""

    name = "aiex-standard-lowering"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for each in all_ops(op):
            if isinstance(each, REMOVED):
                erase(each)
