"""The host's memory as the shim DMAs see it: the buffers that a run was given.

Each buffer lies at an address of its own, far from the others, so that a transfer that leaves its
buffer is noticed and never hits another one.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softnpu.emulator.memory.addressing import Words

WORD = 4
_FIRST_ADDRESS = 0x1_0000_0000
_ALIGNMENT = 0x1_0000_0000
"""Buffers begin at multiples of 4 GiB: fewer than 2^14 of them fit a shim's 48 address bits."""


@dataclass
class HostBuffer:
    """A buffer in the host's memory, or a part of one that a run is given.

    Attributes:
        data: its bytes as the device sees them, uint8; a whole number of words is kept.
        size: bytes that the user asked for.
        address: where the device sees it.
        name: what reports call it, e.g. "argument 1 (out)".
    """

    data: NDArray[np.uint8]
    size: int
    address: int
    name: str = "a buffer"

    @property
    def end(self) -> int:
        """The address behind its last byte."""
        return self.address + self.size

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

    def allocate(self, size: int, name: str = "a buffer") -> HostBuffer:
        """A new buffer of `size` zero bytes."""
        data = np.zeros(-(-size // WORD) * WORD, np.uint8)
        buffer = HostBuffer(data, size, self._next, name)
        self._next += _room(size)
        self._buffers.append(buffer)
        self._addresses.append(buffer.address)
        return buffer

    def free(self, buffer: HostBuffer) -> None:
        """Removes a buffer; its address is not used again."""
        index = self._addresses.index(buffer.address)
        del self._buffers[index], self._addresses[index]

    def at(self, address: int) -> HostBuffer | None:
        """The buffer at `address`, or in the room behind it that is no other's; None without."""
        index = bisect_right(self._addresses, address) - 1
        found = self._buffers[index] if index >= 0 else None
        return found if found is not None and address < found.address + _room(found.size) else None

    def was_freed(self, address: int) -> bool:
        """Whether a buffer lay at `address` once and does not any more."""
        return _FIRST_ADDRESS <= address < self._next and self.at(address) is None


def _room(size: int) -> int:
    """Addresses that a buffer keeps to itself."""
    return max(-(-size // _ALIGNMENT), 1) * _ALIGNMENT
