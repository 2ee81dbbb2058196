"""A difference between two files, and how two lists are laid side by side."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TypeVar


@dataclass(frozen=True)
class Difference:
    """One thing that two files say differently.

    Attributes:
        place: what it is about, e.g. "instruction 5" or "(0,2) core Core_Control".
        old, new: what the first and the second file have there, None where one has nothing.
        details: what exactly differs, one field a line.
        varies: it differs between any two runs of the tools, whatever was built (timestamp, uuid).
    """

    place: str
    old: str | None
    new: str | None
    details: tuple[str, ...] = ()
    varies: bool = False

    def within(self, place: str) -> Difference:
        """The same difference, seen from outside `place`."""
        return replace(self, place=f"{place}, {self.place}")

    def __str__(self) -> str:
        """As one line."""
        if self.old is None:
            return f"{self.place}: only in the second: {self.new}"
        if self.new is None:
            return f"{self.place}: only in the first: {self.old}"
        return f"{self.place}: {self.old} -> {self.new}"


Item = TypeVar("Item")
Pair = tuple[int | None, int | None]
"""Indexes into the two lists; None where one has nothing to match."""

_MOST_WORK = 4_000_000
"""Above this product of lengths, lists are compared item by item: difflib's time grows with it."""


def side_by_side(
    old: Sequence[Item], new: Sequence[Item], key: Callable[[Item], Hashable]
) -> Iterator[Pair]:
    """Pairs of indexes where two lists differ: changed, removed or added items.

    Items stand in for one another when they have the same `key`.
    """
    for tag, a, b, c, d in _opcodes(old, new, key):
        if tag == "equal":
            for at, to in zip(range(a, b), range(c, d), strict=True):
                if old[at] != new[to]:
                    yield at, to
        else:
            yield from ((at, None) for at in range(a, b))
            yield from ((None, to) for to in range(c, d))


def replaced(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[Pair]:
    """As `side_by_side`, for lists without keys: what stands where other items stood is paired."""
    for tag, a, b, c, d in _opcodes(old, new, lambda item: item):
        if tag != "equal":
            yield from zip_longest(range(a, b), range(c, d))


_Opcode = tuple[str, int, int, int, int]


def _opcodes(
    old: Sequence[Item], new: Sequence[Item], key: Callable[[Item], Hashable]
) -> Iterator[_Opcode]:
    """Difflib's of the keys, or by position where it would take too long; without common ends."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    mine = [key(item) for item in old[start : len(old) - end]]
    other = [key(item) for item in new[start : len(new) - end]]
    if len(mine) * len(other) <= _MOST_WORK:
        found: Iterable[_Opcode] = SequenceMatcher(None, mine, other, False).get_opcodes()
    else:
        found = _by_position(mine, other)
    for tag, a, b, c, d in found:
        yield tag, a + start, b + start, c + start, d + start


def _by_position(old: list[Hashable], new: list[Hashable]) -> Iterator[_Opcode]:
    both = min(len(old), len(new))
    for n in range(both):
        yield "equal" if old[n] == new[n] else "replace", n, n + 1, n, n + 1
    yield "replace", both, len(old), both, len(new)


def _common(old: Sequence[Item], new: Sequence[Item]) -> int:
    """How many items the two lists begin with alike."""
    pairs = zip(old, new, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))


def first_byte(old: bytes, new: bytes) -> Difference:
    """Where two runs of bytes part."""
    at = _common(memoryview(old), memoryview(new))
    lengths = (f"{len(old)} and {len(new)} bytes",) if len(old) != len(new) else ()
    return Difference(f"byte {at:#x}", _bytes(old, at), _bytes(new, at), lengths)


_SHOWN_BYTES = 8


def _bytes(data: bytes, at: int) -> str:
    return data[at : at + _SHOWN_BYTES].hex(" ", 4) or "the end"
