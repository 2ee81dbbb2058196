"""`aie-lower-broadcast-packet`: one packet flow for each id of a broadcast.

The flows follow the broadcast in reverse order of their ids' appearance
(mlir-aie, AIECreateBroadcastPacket.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.aie import PacketDestOp, PacketFlowOp, PacketSourceOp
from softnpu.dialects.aiex import BPDestOp, BPIDOp, BroadcastPacketOp
from softnpu.passes.concerns import Concerns
from softnpu.passes.device_ops import of_type, region_of
from softnpu.passes.sequence_ops import devices


@dataclass(frozen=True)
class LowerBroadcastPacketPass(ModulePass):
    """Replace packet broadcasts by packet flows from one source."""

    name = "aie-lower-broadcast-packet"
    concerns: ClassVar[Concerns] = (BroadcastPacketOp,)

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for broadcast in of_type(device, BroadcastPacketOp):
                for ids in broadcast.ports.block.ops:
                    if isinstance(ids, BPIDOp):
                        device.body.insert_op_after(_packet_flow(broadcast, ids), broadcast)
                device.body.erase_op(broadcast)


def _packet_flow(broadcast: BroadcastPacketOp, ids: BPIDOp) -> PacketFlowOp:
    source = PacketSourceOp(tile=broadcast.tile, bundle=broadcast.bundle, channel=broadcast.channel)
    destinations = [
        PacketDestOp(tile=end.tile, bundle=end.bundle, channel=end.channel)
        for end in ids.ports.block.ops
        if isinstance(end, BPDestOp)
    ]
    return PacketFlowOp(id=ids.id, ports=region_of(source, *destinations), location=ids.location)
