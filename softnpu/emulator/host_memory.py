"""The host's memory as the shim DMAs see it: the buffers that a run was given.

Each buffer lies at an address of its own, far from the others, so that a transfer that leaves its
buffer is noticed and never hits another one.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from softnpu.emulator.addressing import Words
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.descriptors import Descriptor
    from softnpu.emulator.dma import Channel

WORD = 4
_FIRST_ADDRESS = 0x1_0000_0000
_ALIGNMENT = 0x1_0000_0000
"""Buffers begin at multiples of 4 GiB: fewer than 2^14 of them fit a shim's 48 address bits."""


@dataclass
class HostBuffer:
    """A buffer in the host's memory.

    Attributes:
        data: its bytes as the device sees them, uint8; a whole number of words is kept.
        size: bytes that the user asked for.
        address: where the device sees it.
        name: what reports call it, e.g. "argument 1 (out)".
        read, written: words that DMAs moved out of it and into it.
    """

    data: NDArray[np.uint8]
    size: int
    address: int
    name: str = "buffer"
    read: int = 0
    written: int = 0

    @property
    def words(self) -> Words:
        """The bytes as little-endian words."""
        return self.data.view(np.uint32)


class HostMemory:
    """All buffers that exist, found by address."""

    def __init__(self) -> None:
        self._buffers: list[HostBuffer] = []
        self._addresses: list[int] = []
        self._next = _FIRST_ADDRESS
        self._in_use: dict[Channel, HostBuffer] = {}

    def allocate(self, size: int, name: str = "buffer") -> HostBuffer:
        """A new buffer of `size` zero bytes."""
        data = np.zeros(-(-size // WORD) * WORD, np.uint8)
        buffer = HostBuffer(data, size, self._next, name)
        self._next += max(-(-size // _ALIGNMENT), 1) * _ALIGNMENT
        self._buffers.append(buffer)
        self._addresses.append(buffer.address)
        return buffer

    def free(self, buffer: HostBuffer) -> None:
        """Removes a buffer; its address is not used again."""
        index = self._addresses.index(buffer.address)
        del self._buffers[index], self._addresses[index]

    def at(self, address: int) -> HostBuffer | None:
        """The buffer at or below `address`, or None if there is none."""
        index = bisect_right(self._addresses, address) - 1
        return self._buffers[index] if index >= 0 else None

    def locate(self, descriptor: Descriptor, address: int, channel: Channel) -> tuple[Words, int]:
        """The words of the buffer at byte `address`, and the word where a transfer begins.

        Raises:
            EmulatorError: no buffer lies there, or the transfer leaves it.
        """
        buffer = self.at(address)
        what = f"{channel.place}, descriptor {descriptor.number}"
        if buffer is None or address >= buffer.address + _ALIGNMENT:
            raise EmulatorError(
                f"{what}: no buffer lies at host address {address:#x}; "
                "no address patch gave this descriptor a buffer"
            )
        start = address - buffer.address
        end = start + descriptor.pattern.span * WORD
        if end > buffer.size:
            verb = "reads" if channel.direction else "writes"
            raise EmulatorError(
                f"{what} {verb} bytes {start} to {end} of {buffer.name}, "
                f"which has {buffer.size} bytes"
            )
        self._in_use[channel] = buffer
        return buffer.words, start // WORD

    def note(self, channel: Channel, how: Literal["read", "written"]) -> HostBuffer:
        """Counts what a channel's descriptor moves of the buffer that it was located in."""
        buffer = self._in_use[channel]
        descriptor = channel.descriptor
        assert descriptor is not None
        if how == "read":
            buffer.read += descriptor.pattern.length
        else:
            buffer.written += channel.position
        return buffer
