"""The aiex dialect: what runtime sequences are made of, and a few abstractions of streams.

Ops have the names of mlir-aie's C++ classes; fields those of its AIEX.td in snake_case.
"""

from __future__ import annotations

from softnpu.dialects.aiex.npu import (
    NpuAddressPatchOp,
    NpuBlockWriteOp,
    NpuControlPacketOp,
    NpuDmaMemcpyNdOp,
    NpuDmaWaitOp,
    NpuLoadPdiOp,
    NpuMaskWrite32Op,
    NpuPreemptOp,
    NpuPushQueueOp,
    NpuSyncOp,
    NpuWrite32Op,
    NpuWriteBdOp,
    NpuWriteRTPOp,
)
from softnpu.dialects.aiex.streams import (
    BPDestOp,
    BPIDOp,
    BroadcastPacketOp,
    ConnectionOp,
    GetTileOp,
    HerdOp,
    IterOp,
    MemcpyOp,
    MulticastOp,
    MultiDestOp,
    PlaceOp,
    RouteOp,
    SelectOp,
    TokenOp,
    UseTokenOp,
)
from softnpu.dialects.aiex.tasks import (
    ConfigureOp,
    DMAAwaitTaskOp,
    DMAConfigureTaskForOp,
    DMAConfigureTaskOp,
    DMAFreeTaskOp,
    DMAStartBdChainForOp,
    DMAStartBdChainOp,
    DMAStartTaskOp,
    RunOp,
    SetLockOp,
)
from softnpu.dialects.attributes import BlockFloatType
from softnpu.dialects.opdef import DefinedOp

OPS: tuple[type[DefinedOp], ...] = (
    GetTileOp,
    ConnectionOp,
    MulticastOp,
    MultiDestOp,
    BroadcastPacketOp,
    BPIDOp,
    BPDestOp,
    TokenOp,
    UseTokenOp,
    MemcpyOp,
    HerdOp,
    PlaceOp,
    RouteOp,
    IterOp,
    SelectOp,
    ConfigureOp,
    RunOp,
    NpuDmaMemcpyNdOp,
    NpuDmaWaitOp,
    NpuWriteRTPOp,
    NpuPushQueueOp,
    NpuWrite32Op,
    NpuMaskWrite32Op,
    NpuBlockWriteOp,
    NpuSyncOp,
    NpuAddressPatchOp,
    NpuPreemptOp,
    NpuControlPacketOp,
    NpuWriteBdOp,
    NpuLoadPdiOp,
    DMAConfigureTaskOp,
    DMAConfigureTaskForOp,
    DMAFreeTaskOp,
    DMAStartTaskOp,
    DMAAwaitTaskOp,
    DMAStartBdChainOp,
    DMAStartBdChainForOp,
    SetLockOp,
)

ATTRIBUTES = (BlockFloatType,)

__all__ = ["ATTRIBUTES", "OPS", "BlockFloatType", *[op.__name__ for op in OPS]]
