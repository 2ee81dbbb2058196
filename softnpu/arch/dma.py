"""The DMA engines: buffer descriptor layouts and channel registers per kind of tile.

Field values here are what the registers hold. They differ from what a design says: lengths and
addresses count 32-bit words, step sizes and the iteration's wrap are stored minus one, wraps as
they are, and lock values are signed.

Sources: mlir-aie, aie_registers_aie2.json, and aie-rt, xaiemlgbl_reginit.c and
xaie2pgbl_reginit.c (`XAie_DmaBdProp`, `XAie_DmaChProp`, `XAie_DmaMod`); both generations are
alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from softnpu.arch.fields import Field, Layout
from softnpu.arch.tiles import TileKind


class Direction(IntEnum):
    """DMA channel directions, numbered as mlir-aie's `DMAChannelDir` and the sync operation."""

    S2MM = 0
    MM2S = 1


class FinishOnLast(IntEnum):
    """Whether TLAST ends a descriptor of an S2MM channel, and where its length is told (AM025,
    FoT_Mode)."""

    DISABLED = 0
    NO_COUNTS = 1
    COUNTS_WITH_TOKENS = 2
    COUNTS_FROM_REGISTER = 3


FINISH_COUNT = Layout(
    words=1,
    fields=(
        Field("Valid", 0, 31, 1),
        Field("Last_in_Task", 0, 30, 1),
        Field("BD_ID", 0, 24, 6),
        Field("Write_Count", 0, 0, 18),
    ),
)
"""An entry of a channel's count FIFO, as DMA_S2MM_FoT_Count_FIFO_Pop reads it (AM025)."""

_CORE_BD = Layout(
    words=6,
    fields=(
        Field("Base_Address", 0, 14, 14),
        Field("Buffer_Length", 0, 0, 14),
        Field("Enable_Compression", 1, 31, 1),
        Field("Enable_Packet", 1, 30, 1),
        Field("Out_Of_Order_BD_ID", 1, 24, 6),
        Field("Packet_ID", 1, 19, 5),
        Field("Packet_Type", 1, 16, 3),
        Field("D1_Stepsize", 2, 13, 13),
        Field("D0_Stepsize", 2, 0, 13),
        Field("D1_Wrap", 3, 21, 8),
        Field("D0_Wrap", 3, 13, 8),
        Field("D2_Stepsize", 3, 0, 13),
        Field("Iteration_Current", 4, 19, 6),
        Field("Iteration_Wrap", 4, 13, 6),
        Field("Iteration_Stepsize", 4, 0, 13),
        Field("TLAST_Suppress", 5, 31, 1),
        Field("Next_BD", 5, 27, 4),
        Field("Use_Next_BD", 5, 26, 1),
        Field("Valid_BD", 5, 25, 1),
        Field("Lock_Rel_Value", 5, 18, 7, signed=True),
        Field("Lock_Rel_ID", 5, 13, 4),
        Field("Lock_Acq_Enable", 5, 12, 1),
        Field("Lock_Acq_Value", 5, 5, 7, signed=True),
        Field("Lock_Acq_ID", 5, 0, 4),
    ),
)

_MEMORY_BD = Layout(
    words=8,
    fields=(
        Field("Enable_Packet", 0, 31, 1),
        Field("Packet_Type", 0, 28, 3),
        Field("Packet_ID", 0, 23, 5),
        Field("Out_Of_Order_BD_ID", 0, 17, 6),
        Field("Buffer_Length", 0, 0, 17),
        Field("D0_Zero_Before", 1, 26, 6),
        Field("Next_BD", 1, 20, 6),
        Field("Use_Next_BD", 1, 19, 1),
        Field("Base_Address", 1, 0, 19),
        Field("TLAST_Suppress", 2, 31, 1),
        Field("D0_Wrap", 2, 17, 10),
        Field("D0_Stepsize", 2, 0, 17),
        Field("D1_Zero_Before", 3, 27, 5),
        Field("D1_Wrap", 3, 17, 10),
        Field("D1_Stepsize", 3, 0, 17),
        Field("Enable_Compression", 4, 31, 1),
        Field("D2_Zero_Before", 4, 27, 4),
        Field("D2_Wrap", 4, 17, 10),
        Field("D2_Stepsize", 4, 0, 17),
        Field("D2_Zero_After", 5, 28, 4),
        Field("D1_Zero_After", 5, 23, 5),
        Field("D0_Zero_After", 5, 17, 6),
        Field("D3_Stepsize", 5, 0, 17),
        Field("Iteration_Current", 6, 23, 6),
        Field("Iteration_Wrap", 6, 17, 6),
        Field("Iteration_Stepsize", 6, 0, 17),
        Field("Valid_BD", 7, 31, 1),
        Field("Lock_Rel_Value", 7, 24, 7, signed=True),
        Field("Lock_Rel_ID", 7, 16, 8),
        Field("Lock_Acq_Enable", 7, 15, 1),
        Field("Lock_Acq_Value", 7, 8, 7, signed=True),
        Field("Lock_Acq_ID", 7, 0, 8),
    ),
)

WIDER_PADDING = Layout(
    words=8,
    fields=(
        Field("D3_Stepsize_Zero", 2, 30, 1),
        Field("D2_Pad_Before_High", 2, 28, 2),
        Field("D1_Pad_Before_High", 2, 27, 1),
        Field("D2_Pad_After_High", 6, 30, 2),
        Field("D1_Pad_After_High", 6, 29, 1),
    ),
)
"""What a memory tile's descriptor of the second generation has besides (AM029): higher bits of the
padding's widths, and a fourth dimension that stays where it is."""

_SHIM_BD = Layout(
    words=8,
    fields=(
        Field("Buffer_Length", 0, 0, 32),
        Field("Base_Address_Low", 1, 2, 30),
        Field("Enable_Packet", 2, 30, 1),
        Field("Out_Of_Order_BD_ID", 2, 24, 6),
        Field("Packet_ID", 2, 19, 5),
        Field("Packet_Type", 2, 16, 3),
        Field("Base_Address_High", 2, 0, 16),
        Field("Secure_Access", 3, 30, 1),
        Field("D0_Wrap", 3, 20, 10),
        Field("D0_Stepsize", 3, 0, 20),
        Field("Burst_Length", 4, 30, 2),
        Field("D1_Wrap", 4, 20, 10),
        Field("D1_Stepsize", 4, 0, 20),
        Field("SMID", 5, 28, 4),
        Field("AxCache", 5, 24, 4),
        Field("AxQoS", 5, 20, 4),
        Field("D2_Stepsize", 5, 0, 20),
        Field("Iteration_Current", 6, 26, 6),
        Field("Iteration_Wrap", 6, 20, 6),
        Field("Iteration_Stepsize", 6, 0, 20),
        Field("TLAST_Suppress", 7, 31, 1),
        Field("Next_BD", 7, 27, 4),
        Field("Use_Next_BD", 7, 26, 1),
        Field("Valid_BD", 7, 25, 1),
        Field("Lock_Rel_Value", 7, 18, 7, signed=True),
        Field("Lock_Rel_ID", 7, 13, 4),
        Field("Lock_Acq_Enable", 7, 12, 1),
        Field("Lock_Acq_Value", 7, 5, 7, signed=True),
        Field("Lock_Acq_ID", 7, 0, 4),
    ),
)

HOST_ACCESS = ("Burst_Length", "AxCache", "AxQoS", "SMID", "Secure_Access")
"""The fields of a shim's descriptor that tell how it asks the NoC for the host's memory, not what
it moves (AM025)."""

_CONTROL_COMMON = (Field("Controller_ID", 0, 8, 8),)
_S2MM_ORDER = (Field("FoT_Mode", 0, 16, 2), Field("Enable_Out_of_Order", 0, 3, 1))
_RESET = (Field("Reset", 0, 1, 1),)
_PAUSE = (Field("Pause_Stream", 0, 2, 1), Field("Pause_Mem", 0, 1, 1))

_TILE_CONTROL = {
    Direction.S2MM: Layout(
        1, (*_S2MM_ORDER, *_CONTROL_COMMON, Field("Decompression_Enable", 0, 4, 1), *_RESET)
    ),
    Direction.MM2S: Layout(1, (*_CONTROL_COMMON, Field("Compression_Enable", 0, 4, 1), *_RESET)),
}
_SHIM_CONTROL = {
    Direction.S2MM: Layout(1, (*_S2MM_ORDER, *_CONTROL_COMMON, *_PAUSE)),
    Direction.MM2S: Layout(1, (*_CONTROL_COMMON, *_PAUSE)),
}


def _queue(bd_bits: int) -> Layout:
    return Layout(
        1,
        (
            Field("Enable_Token_Issue", 0, 31, 1),
            Field("Repeat_Count", 0, 16, 8),
            Field("Start_BD_ID", 0, 0, bd_bits),
        ),
    )


@dataclass(frozen=True)
class DmaEngine:
    """The DMA of one kind of tile; places are byte offsets in the tile.

    Attributes:
        bd: the layout of one buffer descriptor, `bd_stride` bytes apart from `bd_base`.
        dimensions: address dimensions of a descriptor, the iteration not counted.
        control: the layout of a channel's control register, by direction.
        queue: the layout of a channel's task queue register (start BD, repeat count, token).
        write_count_base: where the S2MM channels' Current_Write_Count registers begin; those that
            pop finish-on-TLAST counts follow.
        lock_ids: locks that a descriptor can name, its own and its neighbours'.
    """

    kind: TileKind
    bd: Layout
    bds: int
    bd_base: int
    channels: int
    dimensions: int
    control: dict[Direction, Layout]
    queue: Layout
    control_base: int
    status_base: int
    status_stride: int
    write_count_base: int
    lock_ids: int
    queue_name: str = "Start_Queue"

    def bd_address(self, bd: int) -> int:
        """Offset of the first word of descriptor `bd`."""
        return self.bd_base + BD_STRIDE * bd

    def bd_at(self, offset: int) -> tuple[int, int] | None:
        """The (descriptor, word) at `offset`, or None where there is none."""
        bd, byte = divmod(offset - self.bd_base, BD_STRIDE)
        if 0 <= bd < self.bds and byte % 4 == 0 and byte // 4 < self.bd.words:
            return bd, byte // 4
        return None

    def address_fields(self, address: int) -> dict[str, int]:
        """The descriptor fields that hold byte address `address`.

        A core or memory tile's DMA counts words of its own window (a memory tile's: west
        neighbour, own, east neighbour, one after another); a shim's takes a host address.
        """
        words = address // 4
        if self.kind is not TileKind.SHIM:
            return {"base_address": words}
        low = self.bd.field("base_address_low").maximum
        return {"base_address_low": words & low, "base_address_high": address >> 32}

    def byte_address(self, fields: Mapping[str, int]) -> int:
        """The byte address that a descriptor's unpacked `fields` hold."""
        if self.kind is not TileKind.SHIM:
            return fields["base_address"] * 4
        return fields["base_address_high"] << 32 | fields["base_address_low"] << 2

    def control_address(self, direction: Direction, channel: int) -> int:
        """Offset of a channel's control register."""
        return self.control_base + CHANNEL_STRIDE * (direction * self.channels + channel)

    def queue_address(self, direction: Direction, channel: int) -> int:
        """Offset of a channel's task queue register."""
        return self.control_address(direction, channel) + 4

    def channel_at(self, offset: int) -> tuple[Direction, int, bool] | None:
        """The (direction, channel, is it the task queue) at `offset`, or None."""
        index, byte = divmod(offset - self.control_base, CHANNEL_STRIDE)
        if 0 <= index < 2 * self.channels and byte in (0, 4):
            direction, channel = divmod(index, self.channels)
            return Direction(direction), channel, byte == 4
        return None

    def status_address(self, direction: Direction, channel: int) -> int:
        """Offset of a channel's status register."""
        return self.status_base + self.status_stride * direction + 4 * channel

    def write_count_address(self, channel: int) -> int:
        """Offset of the register with the words that an S2MM channel's transfer has written."""
        return self.write_count_base + 4 * channel

    def finish_count_address(self, channel: int) -> int:
        """Offset of the register that pops an S2MM channel's finish-on-TLAST counts."""
        return self.write_count_base + 4 * (self.channels + channel)

    def can_use(self, bd: int, channel: int) -> bool:
        """Whether a channel can run descriptor `bd`.

        On a memory tile even channels have descriptors 0 to 23, odd ones 24 to 47
        (mlir-aie, AIETargetModel.h, `isBdChannelAccessible`).
        """
        return self.kind is not TileKind.MEMORY or (bd >= self.bds // 2) == bool(channel & 1)

    def maximum(self, key: str) -> int:
        """The largest value that the descriptor field `key` can hold."""
        return self.bd.field(key).maximum


BD_STRIDE = 0x20
CHANNEL_STRIDE = 8
QUEUE_DEPTH = 4
"""Tasks that a channel's queue holds (aie-rt, StartQSizeMax)."""
MAXIMUM_REPEAT = 255
"""The queue's repeat count runs the task that many times more."""

DMA_ENGINES: dict[TileKind, DmaEngine] = {
    TileKind.CORE: DmaEngine(
        TileKind.CORE,
        bd=_CORE_BD,
        bds=16,
        bd_base=0x1D000,
        channels=2,
        dimensions=3,
        control=_TILE_CONTROL,
        queue=_queue(4),
        control_base=0x1DE00,
        status_base=0x1DF00,
        status_stride=0x10,
        write_count_base=0x1DF18,
        lock_ids=16,
    ),
    TileKind.MEMORY: DmaEngine(
        TileKind.MEMORY,
        bd=_MEMORY_BD,
        bds=48,
        bd_base=0xA0000,
        channels=6,
        dimensions=4,
        control=_TILE_CONTROL,
        queue=_queue(6),
        control_base=0xA0600,
        status_base=0xA0660,
        status_stride=0x20,
        write_count_base=0xA06B0,
        lock_ids=192,
    ),
    TileKind.SHIM: DmaEngine(
        TileKind.SHIM,
        bd=_SHIM_BD,
        bds=16,
        bd_base=0x1D000,
        channels=2,
        dimensions=3,
        control=_SHIM_CONTROL,
        queue=_queue(4),
        control_base=0x1D200,
        status_base=0x1D220,
        status_stride=8,
        write_count_base=0x1D230,
        lock_ids=16,
        queue_name="Task_Queue",
    ),
}
