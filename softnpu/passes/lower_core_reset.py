"""`aie-lower-core-reset`: resetting a core as two writes of its reset bit.

Facts: mlir-aie, AIELowerCoreReset.cpp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.arch.register import Module
from softnpu.dialects.aiex import CoreResetOp
from softnpu.passes.concerns import Concerns
from softnpu.passes.reset_pulse import reset_pulse
from softnpu.passes.sequence_ops import devices, replace, sequence_ops


@dataclass(frozen=True)
class LowerCoreResetPass(ModulePass):
    """Lower `aiex.core_reset` in runtime sequences."""

    name = "aie-lower-core-reset"
    concerns: ClassVar[Concerns] = (CoreResetOp,)

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for step in sequence_ops(device):
                if isinstance(step, CoreResetOp):
                    replace(step, reset_pulse(step, Module.CORE, "Core_Control"))
