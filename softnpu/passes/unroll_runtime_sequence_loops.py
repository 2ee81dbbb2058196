"""`aie-unroll-runtime-sequence-loops`: a loop of the sequence becomes its iterations.

The controller has no branches. Loops whose count only the run knows stay, for passes behind this
one (mlir-aie, AIEUnrollRuntimeSequenceLoops.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.walking import ops_with_regions
from softnpu.passes.concerns import Concerns
from softnpu.passes.rewriting.loops import trip_count, unroll_by_factor
from softnpu.passes.sequence_ops import devices, sequences


@dataclass(frozen=True)
class UnrollRuntimeSequenceLoopsPass(ModulePass):
    """Unroll the loops of known count, inner ones first."""

    name = "aie-unroll-runtime-sequence-loops"
    concerns: ClassVar[Concerns] = (scf.ForOp,)

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for sequence in sequences(device):
                for inner in ops_with_regions(sequence):
                    if isinstance(inner, scf.ForOp) and (trips := trip_count(inner)):
                        unroll_by_factor(inner, trips)
