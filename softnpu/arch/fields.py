"""Bit fields in 32-bit words: what registers and buffer descriptors are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from softnpu.errors import DesignError


@dataclass(frozen=True)
class Field:
    """A bit field: `width` bits from bit `lsb` of word `word`, named as AMD's register database."""

    name: str
    word: int
    lsb: int
    width: int
    signed: bool = False

    @property
    def key(self) -> str:
        """The name in lower case, as `pack` takes it and `unpack` gives it."""
        return self.name.lower()

    @property
    def maximum(self) -> int:
        """The largest value that fits."""
        return (1 << (self.width - self.signed)) - 1

    @property
    def minimum(self) -> int:
        """The smallest value that fits."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def mask(self) -> int:
        """The field's bits in its word."""
        return ((1 << self.width) - 1) << self.lsb

    def insert(self, value: int) -> int:
        """`value` at the field's place in its word; DesignError if it does not fit."""
        if not self.minimum <= value <= self.maximum:
            raise DesignError(
                f"{self.name} = {value} does not fit in {self.width} bits "
                f"({self.minimum} to {self.maximum})"
            )
        return value << self.lsb & self.mask

    def extract(self, word: int) -> int:
        """The field's value in `word`, with its sign if it has one."""
        value = word >> self.lsb & ((1 << self.width) - 1)
        return value - (1 << self.width) if self.signed and value > self.maximum else value


@dataclass(frozen=True)
class Layout:
    """Named fields in one or more 32-bit words."""

    words: int
    fields: tuple[Field, ...]

    @cached_property
    def keyed(self) -> dict[str, Field]:
        """The fields by lower-case name."""
        return {field.key: field for field in self.fields}

    def field(self, key: str) -> Field:
        """The field named `key` (lower case); KeyError if there is none."""
        return self.keyed[key]

    def has(self, key: str) -> bool:
        """Whether the layout has a field named `key`."""
        return key in self.keyed

    def pack(self, values: Mapping[str, int]) -> list[int]:
        """The words that hold `values`; fields not named are 0.

        Raises:
            KeyError: a name that the layout does not have.
            DesignError: a value that does not fit its field.
        """
        fields = self.keyed
        words = [0] * self.words
        for key, value in values.items():
            field = fields[key]
            words[field.word] |= field.insert(value)
        return words

    def unpack(self, words: Sequence[int]) -> dict[str, int]:
        """Every field's value in `words`, by lower-case name."""
        return {key: field.extract(words[field.word]) for key, field in self.keyed.items()}
