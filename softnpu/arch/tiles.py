"""The three kinds of tile and what each holds.

Sources: mlir-aie, AIETargetModel.h (`AIE2TargetModel`) and aie-rt, xaiemlgbl_reginit.c and
xaie2pgbl_reginit.c (`XAie_LockMod`, `XAie_CoreMod`); both generations are alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class TileKind(Enum):
    """What a tile is; the row decides it on every NPU."""

    SHIM = "shim"
    MEMORY = "memory"
    CORE = "core"


@dataclass(frozen=True)
class TileFacts:
    """Sizes and places that all tiles of one kind share; sizes in bytes, places in the tile.

    Attributes:
        data_memory: bytes of data memory, at offset 0 of the tile.
        banks: memory banks as mlir-aie's allocator counts them.
        program_memory: bytes of program memory, at `program_base`.
        locks: locks of the tile's own, `LOCK_STRIDE` apart from `lock_base`.
        lock_request_base: the window that acquires and releases by reading.
        bds: buffer descriptors.
        channels: DMA channels in each direction.
    """

    kind: TileKind
    data_memory: int
    banks: int
    program_memory: int
    program_base: int
    locks: int
    lock_base: int
    lock_request_base: int
    bds: int
    channels: int

    @property
    def bank_size(self) -> int:
        """Bytes in one memory bank; 0 where there is no memory."""
        return self.data_memory // self.banks if self.banks else 0

    def lock_address(self, lock: int) -> int:
        """Offset in the tile of the value register of `lock`."""
        return self.lock_base + LOCK_STRIDE * lock


LOCK_STRIDE = 0x10
LOCK_MAXIMUM = 63
LOCK_MINIMUM = -64
"""The range of a lock's value (aie-rt, LockValUpperBound and LockValLowerBound)."""

TILE_FACTS: dict[TileKind, TileFacts] = {
    TileKind.CORE: TileFacts(
        TileKind.CORE,
        data_memory=0x10000,
        banks=4,
        program_memory=0x4000,
        program_base=0x20000,
        locks=16,
        lock_base=0x1F000,
        lock_request_base=0x40000,
        bds=16,
        channels=2,
    ),
    TileKind.MEMORY: TileFacts(
        TileKind.MEMORY,
        data_memory=0x80000,
        banks=8,
        program_memory=0,
        program_base=0,
        locks=64,
        lock_base=0xC0000,
        lock_request_base=0xD0000,
        bds=48,
        channels=6,
    ),
    TileKind.SHIM: TileFacts(
        TileKind.SHIM,
        data_memory=0,
        banks=0,
        program_memory=0,
        program_base=0,
        locks=16,
        lock_base=0x14000,
        lock_request_base=0x40000,
        bds=16,
        channels=2,
    ),
}
