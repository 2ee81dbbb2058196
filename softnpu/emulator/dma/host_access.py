"""What an array's shim DMAs do with the host's memory in a run: where they may, and what they did.

A run is given buffers, or parts of buffers (XRT's sub-buffers). A transfer belongs to the one whose
address its descriptor was patched with. It may not leave the buffer; that it leaves a part of one
is told, since nothing stops it on hardware.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.dma import Direction
from softnpu.emulator.memory.host_memory import WORD, HostBuffer, HostMemory
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.dma.channels import Channel
    from softnpu.emulator.dma.descriptors import Descriptor
    from softnpu.emulator.memory.addressing import AccessPattern, Words


@dataclass(frozen=True)
class Move:
    """Words of a transfer that have been moved: `start` to `stop` of its pattern.

    Attributes:
        base: the byte address where the pattern begins.
    """

    pattern: AccessPattern
    base: int
    start: int
    stop: int

    @property
    def end(self) -> int:
        """The byte address behind everything that the pattern can touch."""
        return self.base + self.pattern.span * WORD

    def lies_in(self, buffer: HostBuffer) -> bool:
        """Whether all that the pattern can touch is the buffer's."""
        return buffer.address <= self.base and self.end <= buffer.end

    def words_in(self, buffer: HostBuffer) -> NDArray[np.int64]:
        """The words of a buffer that were moved, counted from its begin; some maybe repeatedly."""
        words = self.pattern.places(self.start, self.stop) + self._word_of(buffer)
        return words[(words >= 0) & (words < len(buffer.data) // WORD)]

    def mark(self, words: Words, buffer: HostBuffer) -> None:
        """Sets the words of a buffer that were moved to 1."""
        if self.lies_in(buffer):
            ones = np.ones(self.stop - self.start, np.uint32)
            self.pattern.write(words, self._word_of(buffer), self.start, ones)
        else:
            words[self.words_in(buffer)] = 1

    def _word_of(self, buffer: HostBuffer) -> int:
        return (self.base - buffer.address) // WORD


@dataclass(eq=False)
class Use:
    """What DMAs have moved of one argument in a run.

    Attributes:
        read, written: bytes, those that were moved repeatedly counted as often.
    """

    buffer: HostBuffer
    read: int = 0
    written: int = 0
    _writes: dict[tuple[int, int, int, int], Move] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.buffer.name

    @property
    def size(self) -> int:
        """Bytes that the user asked for."""
        return self.buffer.size

    def note(self, move: Move, direction: Direction) -> None:
        """Counts what a transfer has moved of it."""
        inside = move.lies_in(self.buffer)
        count = move.stop - move.start if inside else len(move.words_in(self.buffer))
        if direction is Direction.MM2S:
            self.read += count * WORD
        else:
            self.written += count * WORD
            self._writes[id(move.pattern), move.base, move.start, move.stop] = move

    def written_bytes(self) -> NDArray[np.bool_]:
        """Which of its bytes were written, whatever the value: `size` booleans."""
        words = np.zeros(len(self.buffer.data) // WORD, np.uint32)
        for move in self._writes.values():
            move.mark(words, self.buffer)
        return words.astype(np.bool_).repeat(WORD)[: self.size]


@dataclass
class _Place:
    """Where a channel's descriptor lies: the buffer, the address, and how many words were noted."""

    buffer: HostBuffer
    address: int
    noted: int = 0


class HostAccess:
    """The host's memory as one array's shim DMAs reach it."""

    def __init__(self, memory: HostMemory) -> None:
        self._memory = memory
        self._uses: tuple[Use, ...] = ()
        self._patched: dict[tuple[tuple[int, int], int], HostBuffer] = {}
        self._places: dict[Channel, _Place] = {}
        self._told: set[int] = set()

    def begin(self, arguments: Sequence[HostBuffer | None]) -> None:
        """A run begins that is given these buffers."""
        self._uses = tuple(Use(buffer) for buffer in arguments if buffer is not None)
        self._patched.clear()
        self._told.clear()

    def uses(self) -> tuple[Use, ...]:
        """What was moved of the run's arguments so far, in their order."""
        for channel in self._places:
            self._note(channel)
        return self._uses

    def patch(self, tile: tuple[int, int], descriptor: int, buffer: HostBuffer) -> None:
        """A shim's descriptor is given the address of an argument, or one within it."""
        self._patched[tile, descriptor] = buffer

    def locate(self, descriptor: Descriptor, address: int, channel: Channel) -> tuple[Words, int]:
        """The words of the buffer at byte `address`, and the word where a transfer begins.

        Raises:
            EmulatorError: no buffer lies there, or the transfer leaves it.
        """
        buffer = self._memory.at(address)
        if buffer is None:
            why = (
                "the buffer that lay there is gone"
                if self._memory.was_freed(address)
                else "no address patch gave this descriptor a buffer"
            )
            raise EmulatorError(
                f"{channel.place}, descriptor {descriptor.number}: no buffer lies at host address "
                f"{address:#x}; {why}"
            )
        if address + descriptor.pattern.span * WORD > buffer.end:
            raise EmulatorError(
                _reach(channel, descriptor, address, self._owner(channel, address) or buffer)
            )
        self._places[channel] = _Place(buffer, address)
        return buffer.words, (address - buffer.address) // WORD

    def trespass(self, channel: Channel) -> str | None:
        """What is to be told of the transfer that was located last: that it leaves the argument
        that it was given, or touches none. Once for each argument."""
        place, descriptor = self._places[channel], channel.descriptor
        assert descriptor is not None
        end = place.address + descriptor.pattern.span * WORD
        owner = self._owner(channel, place.address)
        if owner is not None and owner.address <= place.address and end <= owner.end:
            return None
        told = id(owner or place.buffer)
        if told in self._told or not self._uses:
            return None
        self._told.add(told)
        reach = _reach(channel, descriptor, place.address, owner or place.buffer)
        if owner is not None:
            return f"{reach}: the rest is its parent's, and on hardware nothing stops it either"
        return (
            f"{reach}; this run was not given that part of it: the descriptor keeps the address of "
            "an earlier run"
        )

    def _owner(self, channel: Channel, address: int) -> HostBuffer | None:
        """The argument that a transfer from byte `address` on belongs to; None if it is of none.

        Of arguments that overlap, the one that the descriptor was patched with.
        """
        assert channel.descriptor is not None
        patched = self._patched.get((channel.tile, channel.descriptor.number))
        if patched is not None and self._memory.at(patched.address) is self._memory.at(address):
            return patched
        there = (use.buffer for use in self._uses)
        return next((b for b in there if b.address <= address < b.end), None)

    def moved(self, channel: Channel) -> HostBuffer | None:
        """A channel is done with its descriptor: counts what it moved; gives the buffer."""
        if channel not in self._places:
            return None
        self._note(channel)
        return self._places.pop(channel).buffer

    def _note(self, channel: Channel) -> None:
        place, descriptor = self._places[channel], channel.descriptor
        if descriptor is None or channel.position == place.noted:
            return
        move = Move(descriptor.pattern, place.address, place.noted, channel.position)
        place.noted = channel.position
        for use in self._uses:
            if use.buffer.address < move.end and move.base < use.buffer.end:
                use.note(move, channel.direction)


def _reach(channel: Channel, descriptor: Descriptor, address: int, buffer: HostBuffer) -> str:
    """How far a transfer reaches in a buffer, and how far the buffer."""
    start = address - buffer.address
    end = start + descriptor.pattern.span * WORD
    verb = "reads" if channel.direction is Direction.MM2S else "writes"
    return (
        f"{channel.place}, descriptor {descriptor.number} {verb} bytes {start} to {end} of "
        f"{buffer.name}, which has {buffer.size} bytes"
    )
