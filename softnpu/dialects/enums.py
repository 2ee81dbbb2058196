"""The enumerations of the aie dialect, with AMD's numbers (mlir-aie, AIEAttrs.td)."""

from __future__ import annotations

from enum import Enum

from softnpu.arch.dma import Direction as DMAChannelDir
from softnpu.arch.ports import Bundle as WireBundle


class CascadeDir(Enum):
    """Where a core's cascade comes from or goes to; the numbers are those of WireBundle."""

    South = 3
    West = 4
    North = 5
    East = 6


class LockAction(Enum):
    """What `aie.use_lock` does."""

    Acquire = 0
    AcquireGreaterEqual = 2
    Release = 1


class LockBlocking(Enum):
    """Whether a lock request waits."""

    NonBlocking = 0
    Blocking = 1


class AIETileType(Enum):
    """The kind of tile that `aie.logical_tile` asks for."""

    CoreTile = 0
    MemTile = 1
    ShimNOCTile = 2
    ShimPLTile = 3


class AIEDevice(Enum):
    """The devices that the dialect names."""

    xcvc1902 = 1
    xcve2302 = 2
    xcve2802 = 3
    npu1 = 4
    npu1_1col = 5
    npu1_2col = 6
    npu1_3col = 7
    npu2 = 8
    npu2_1col = 9
    npu2_2col = 10
    npu2_3col = 11
    npu2_4col = 12
    npu2_5col = 13
    npu2_6col = 14
    npu2_7col = 15


class ObjectFifoPort(Enum):
    """The end of an objectfifo that a core holds."""

    Produce = 0
    Consume = 1


class TraceMode(Enum):
    """What a trace unit records."""

    EventTime = 0
    EventPC = 1
    Execution = 2


class TracePacketType(Enum):
    """The packet type by which a trace parser tells the units apart."""

    Core = 0
    Mem = 1
    ShimTile = 2
    MemTile = 3


class TraceShimRouting(Enum):
    """Which shim tiles take traces to the host."""

    Single = 0


class StateTableFunc(Enum):
    """What the controller does with a scratchpad value and what an address holds."""

    Mul = 0
    Incr = 1
    Decr = 2


class ScratchpadParameterKind(Enum):
    """Who uses a scratchpad parameter: cores, or descriptors as an address offset."""

    Core = 0
    Addr = 1


class ExpandMode(Enum):
    """What `aie-expand-load-pdi` makes of a load_pdi."""

    none = 0
    write32 = 1
    ctrlpkt = 2


class ComboLogic(Enum):
    """How a combo event joins its two events."""

    AND = 0
    AND_NOT = 1
    OR = 2
    OR_NOT = 3


class EdgeTrigger(Enum):
    """The edge on which an edge event fires."""

    RISING = 1
    FALLING = 2
    BOTH = 3


__all__ = [
    "AIEDevice",
    "AIETileType",
    "CascadeDir",
    "ComboLogic",
    "DMAChannelDir",
    "EdgeTrigger",
    "ExpandMode",
    "LockAction",
    "LockBlocking",
    "ObjectFifoPort",
    "ScratchpadParameterKind",
    "StateTableFunc",
    "TraceMode",
    "TracePacketType",
    "TraceShimRouting",
    "WireBundle",
    "spelling",
]

SPELLINGS: dict[Enum, str] = {
    TraceMode.EventTime: "Event-Time",
    TraceMode.EventPC: "Event-PC",
    TracePacketType.Core: "core",
    TracePacketType.Mem: "mem",
    TracePacketType.ShimTile: "shimtile",
    TracePacketType.MemTile: "memtile",
    TraceShimRouting.Single: "single",
    StateTableFunc.Mul: "mul",
    StateTableFunc.Incr: "incr",
    StateTableFunc.Decr: "decr",
    ScratchpadParameterKind.Core: "core",
    ScratchpadParameterKind.Addr: "addr",
}
"""Members whose MLIR spelling is not their name."""


def spelling(member: Enum) -> str:
    """How MLIR writes an enum member."""
    return SPELLINGS.get(member, member.name)
