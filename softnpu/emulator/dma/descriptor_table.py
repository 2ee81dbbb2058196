"""The descriptors of one DMA engine, as their registers stand."""

from __future__ import annotations

from collections.abc import Callable

from softnpu.arch.dma import DmaEngine
from softnpu.emulator.dma.descriptors import Descriptor, decode
from softnpu.emulator.memory.locks import Lock


class DescriptorTable:
    """Registers, and what was read from them.

    Args:
        facts: the kind of engine.
        tile: its tile.
        generation: of the device.
        lock: gives a lock by the number that a descriptor has for it.
    """

    def __init__(
        self,
        facts: DmaEngine,
        tile: tuple[int, int],
        generation: str,
        lock: Callable[[int], Lock],
    ) -> None:
        self._facts = facts
        self._tile = tile
        self._generation = generation
        self._lock = lock
        self.clear()

    def clear(self) -> None:
        """Every register holds 0."""
        self._registers = [[0] * self._facts.bd.words for _ in range(self._facts.bds)]
        self._read: list[Descriptor | None] = [None] * self._facts.bds

    def word(self, number: int, word: int) -> int:
        """A register of a descriptor."""
        return self._registers[number][word]

    def write(self, number: int, word: int, value: int) -> None:
        """Writes a register of a descriptor."""
        self._registers[number][word] = value
        self._read[number] = None

    def load(self, number: int) -> tuple[Descriptor, bool]:
        """A descriptor as its registers stand now, and whether nobody has loaded it since."""
        found = self._read[number]
        if found is not None:
            return found, False
        self._read[number] = found = self._decode(number)
        return found, True

    def peek(self, number: int) -> Descriptor:
        """A descriptor as its registers stand now, which nobody loads by it."""
        return self._read[number] or self._decode(number)

    def _decode(self, number: int) -> Descriptor:
        words = self._registers[number]
        return decode(self._facts, self._tile, number, words, self._lock, self._generation)

    def store_iteration(self, descriptor: Descriptor) -> None:
        """Writes a descriptor's iteration back into its register."""
        field = self._facts.bd.field("iteration_current")
        words = self._registers[descriptor.number]
        words[field.word] = words[field.word] & ~field.mask | descriptor.current << field.lsb

    def chain(self, head: int) -> set[int]:
        """The descriptors that come one behind the other from `head` on, as they stand now."""
        found: set[int] = set()
        number: int | None = head
        while number is not None and number not in found:
            found.add(number)
            fields = self._facts.bd.unpack(self._registers[number])
            number = fields["next_bd"] if fields["use_next_bd"] else None
        return found
