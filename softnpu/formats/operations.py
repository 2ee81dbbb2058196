"""What a configuration asks of the array: the few operations that every stream decodes into.

A CDO (array start-up) and a TXN (runtime sequence) are two encodings of the same register
operations, so that one executor serves both. Addresses are array addresses (see arch.address),
data are little-endian 32-bit words.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Write:
    """Sets the register at `address` to `value`."""

    address: int
    value: int


@dataclass(frozen=True, slots=True)
class MaskWrite:
    """Sets the bits of `mask` in the register at `address` to those of `value`."""

    address: int
    mask: int
    value: int


@dataclass(frozen=True, slots=True)
class BlockWrite:
    """Writes `data`, whole words, from `address` on.

    Attributes:
        tile: what a TXN carries in its second word (column | row << 8 when the design names
            them, usually 0). It does not change the address.
    """

    address: int
    data: bytes
    tile: int = 0


@dataclass(frozen=True, slots=True)
class BlockSet:
    """Writes `value` into `count` words from `address` on."""

    address: int
    value: int
    count: int


@dataclass(frozen=True, slots=True)
class MaskPoll:
    """Waits until the register at `address`, masked with `mask`, equals `value`.

    Attributes:
        timeout: milliseconds (CDO); 0 in a TXN, which has none.
        busy: the TXN's MASKPOLL_BUSY, which does not yield meanwhile.
    """

    address: int
    mask: int
    value: int
    timeout: int = 0
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """Waits `cycles` of the configuration processor's clock (CDO)."""

    cycles: int


@dataclass(frozen=True, slots=True)
class Nop:
    """Nothing; in a CDO it aligns what follows, with `words` words of padding."""

    words: int = 0


@dataclass(frozen=True, slots=True)
class Sync:
    """Waits for a task-complete token of one DMA channel in a rectangle of tiles."""

    column: int
    row: int
    direction: int
    channel: int
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True, slots=True)
class MergeSync:
    """Waits for so many task-complete tokens from the first `columns` columns, whosever they are.

    Source: aiebu, the generator of preemption streams: after it has started two channels in each
    of n columns it adds one of these with 2 n tokens and n columns.
    """

    tokens: int
    columns: int

    def __str__(self) -> str:
        which = "the first column" if self.columns == 1 else f"the first {self.columns} columns"
        tokens = "task-complete token" if self.tokens == 1 else "task-complete tokens"
        return f"{self.tokens} {tokens} of {which}"


TRANSLATED_ARGUMENTS = 5
"""Buffers whose addresses the firmware translates from the host's to the array's, if an xclbin is
run with a stream (mlir-aie, AIETargetNPU.cpp, kNumFirmwareTranslatedArgs)."""
APERTURE = 0x8000_0000
"""What translates an address; a stream adds it itself from the sixth buffer on (the same file,
kDDRAIEAddrOffset). A full ELF's stream does not: there XRT gives the array's addresses."""


@dataclass(frozen=True, slots=True)
class AddressPatch:
    """Puts the address of buffer argument `argument`, plus `offset` bytes, into a shim descriptor.

    Attributes:
        address: the register that holds the low address word (word 1 of the descriptor).
        argument: counts the kernel's buffers from 0 (bo0).
        offset: with `APERTURE` in it, where the stream translates the address.
        action: always 0 in what mlir-aie writes.
    """

    address: int
    argument: int
    offset: int
    action: int = 0

    @classmethod
    def translated(cls, address: int, argument: int, start: int) -> AddressPatch:
        """The patch of a stream for an xclbin that leads to byte `start` of a buffer."""
        own = argument >= TRANSLATED_ARGUMENTS
        return cls(address, argument, start + APERTURE if own else start)

    @property
    def translates(self) -> bool:
        """Whether it translates the buffer's address, which the firmware does not."""
        return self.argument >= TRANSLATED_ARGUMENTS and self.offset >= APERTURE

    @property
    def untranslated(self) -> bool:
        """Whether nobody translates the address, if an xclbin is run with the stream."""
        return self.argument >= TRANSLATED_ARGUMENTS and self.offset < APERTURE

    @property
    def start(self) -> int:
        """The byte of the buffer that it leads to."""
        return self.offset - APERTURE if self.translates else self.offset


@dataclass(frozen=True, slots=True)
class LoadPdi:
    """Configures the array anew from PDI `id`; size and location are filled in by the driver."""

    id: int
    size: int = 0
    location: int = 0


@dataclass(frozen=True, slots=True)
class Preempt:
    """A point where the job may be interrupted.

    Attributes:
        level: what is saved: 0 nothing, 1 memory tiles, 2 core tiles, 3 registers.
    """

    level: int


@dataclass(frozen=True, slots=True)
class LoadProgram:
    """The `operations` operations that follow load program memory `id` by control packets.

    Source: aie-rt, `XAie_PmLoadHdr`.
    """

    id: int
    operations: int


@dataclass(frozen=True, slots=True)
class CreateScratchpad:
    """Fetches a table of values that the host filled, `size` bytes, into the controller.

    Attributes:
        usage: always 0, a state table of at most 32 words (mlir-aie, AIEX.td).
        location: its address on the host, filled in by XRT.
    """

    size: int
    usage: int = 0
    location: int = 0


STATE_FUNCTIONS = ("mul", "incr", "decr")
"""What is done with a value of the state table and an argument: its product, sum, difference."""


@dataclass(frozen=True, slots=True)
class UpdateState:
    """Changes entry `index` of the state table by a function (see `STATE_FUNCTIONS`)."""

    index: int
    function: int
    argument: int


@dataclass(frozen=True, slots=True)
class UpdateRegister:
    """Adds a function of entry `index` of the state table to the 48 bits at `address`.

    Source: mlir-aie, AIEX.td (`npu.update_from_scratchpad`).
    """

    address: int
    index: int
    function: int
    argument: int


@dataclass(frozen=True, slots=True)
class UpdateScratchpad:
    """Writes the state table back to the host."""


@dataclass(frozen=True, slots=True)
class Custom:
    """Another operation of the firmware, which says its size itself: read registers, record timer,
    and some that no published source names."""

    code: int
    payload: bytes


Operation = (
    Write
    | MaskWrite
    | BlockWrite
    | BlockSet
    | MaskPoll
    | Delay
    | Nop
    | Sync
    | MergeSync
    | AddressPatch
    | LoadPdi
    | Preempt
    | LoadProgram
    | CreateScratchpad
    | UpdateState
    | UpdateRegister
    | UpdateScratchpad
    | Custom
)
