"""The aiex dialect: what runtime sequences are made of, and a few abstractions of streams.

Ops have the names of mlir-aie's C++ classes; fields those of its AIEX.td in snake_case.
"""

from __future__ import annotations

from softnpu.dialects.aiex.npu import (
    NpuAddressPatchOp,
    NpuAssertBdDivisibleOp,
    NpuAssertBdFieldOp,
    NpuBlockWriteOp,
    NpuControlPacketOp,
    NpuCreateScratchpadOp,
    NpuDmaMemcpyNdOp,
    NpuDmaWaitOp,
    NpuLoadPdiOp,
    NpuMaskWrite32Op,
    NpuPreemptOp,
    NpuPushQueueOp,
    NpuSyncOp,
    NpuUpdateFromScratchpadOp,
    NpuWrite32Op,
    NpuWriteBdOp,
    NpuWriteRTPOp,
)
from softnpu.dialects.aiex.scratchpad import (
    ReadScratchpadParameterOp,
    ScratchpadParameterOp,
    SyncScratchpadParametersFromHostOp,
)
from softnpu.dialects.aiex.streams import (
    BPDestOp,
    BPIDOp,
    BroadcastPacketOp,
    MemcpyOp,
    MulticastOp,
    MultiDestOp,
    TokenOp,
    UseTokenOp,
)
from softnpu.dialects.aiex.tasks import (
    ConfigureOp,
    CoreResetOp,
    DMAAwaitTaskOp,
    DMABdPoolPopOp,
    DMABdPoolPushOp,
    DmaChannelResetForOp,
    DmaChannelResetOp,
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
from softnpu.dialects.opdef import defined

OPS = defined("aiex")

ATTRIBUTES = (BlockFloatType,)

__all__ = [
    "ATTRIBUTES",
    "OPS",
    "BPDestOp",
    "BPIDOp",
    "BlockFloatType",
    "BroadcastPacketOp",
    "ConfigureOp",
    "CoreResetOp",
    "DMAAwaitTaskOp",
    "DMABdPoolPopOp",
    "DMABdPoolPushOp",
    "DMAConfigureTaskForOp",
    "DMAConfigureTaskOp",
    "DMAFreeTaskOp",
    "DMAStartBdChainForOp",
    "DMAStartBdChainOp",
    "DMAStartTaskOp",
    "DmaChannelResetForOp",
    "DmaChannelResetOp",
    "MemcpyOp",
    "MultiDestOp",
    "MulticastOp",
    "NpuAddressPatchOp",
    "NpuAssertBdDivisibleOp",
    "NpuAssertBdFieldOp",
    "NpuBlockWriteOp",
    "NpuControlPacketOp",
    "NpuCreateScratchpadOp",
    "NpuDmaMemcpyNdOp",
    "NpuDmaWaitOp",
    "NpuLoadPdiOp",
    "NpuMaskWrite32Op",
    "NpuPreemptOp",
    "NpuPushQueueOp",
    "NpuSyncOp",
    "NpuUpdateFromScratchpadOp",
    "NpuWrite32Op",
    "NpuWriteBdOp",
    "NpuWriteRTPOp",
    "ReadScratchpadParameterOp",
    "RunOp",
    "ScratchpadParameterOp",
    "SetLockOp",
    "SyncScratchpadParametersFromHostOp",
    "TokenOp",
    "UseTokenOp",
]
