"""`aie-lower-multicast`: one flow for each destination of a multicast.

(mlir-aie, AIELowerMulticast.cpp.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.aie import FlowOp
from softnpu.dialects.aiex import MulticastOp, MultiDestOp
from softnpu.passes.concerns import Concerns
from softnpu.passes.device_ops import append, of_type
from softnpu.passes.sequence_ops import devices


@dataclass(frozen=True)
class LowerMulticastPass(ModulePass):
    """Replace multicasts by flows from one source."""

    name = "aie-lower-multicast"
    concerns: ClassVar[Concerns] = (MulticastOp,)

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            multicasts = list(of_type(device, MulticastOp))
            for multicast in multicasts:
                append(device, *_flows(multicast))
            for multicast in multicasts:
                device.body.erase_op(multicast)


def _flows(multicast: MulticastOp) -> list[FlowOp]:
    return [
        FlowOp(
            source=multicast.tile,
            source_bundle=multicast.bundle,
            source_channel=multicast.channel,
            dest=end.tile,
            dest_bundle=end.bundle,
            dest_channel=end.channel,
            location=multicast.location,
        )
        for end in multicast.ports.block.ops
        if isinstance(end, MultiDestOp)
    ]
