"""Where a buffer descriptor's words lie: the DMA's address generator, in numpy.

A descriptor steps through up to four dimensions, innermost first. Dimension i takes `step` words
a step and wraps after `wrap` steps; a wrap of 0 never does, so the dimensions above it stay
still. The outermost dimension has no wrap: the length ends the transfer. On a memory tile's MM2S,
padding can be put around the lower three dimensions; the length counts it too.

Sources: AM025 (D0_Wrap: "Wrap after this many dim0 steps (32-bit words) and increment dim1 by a
step. 0=do not wrap"; D1_Zero_Before: "Add this many zero wraps of dim0 before dim1"), AM020,
chapter 5 ("The padding on a dimension is added on top of the wrap for that dimension").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
"""A one-dimensional array of 32-bit words."""

_WORD = 4


@dataclass(frozen=True)
class Dimension:
    """One dimension of a transfer; all in 32-bit words as the hardware means them.

    Attributes:
        step: words from one element of the dimension to the next.
        wrap: elements before the next dimension steps; 0 for no wrap.
        before, after: elements of padding around the dimension (memory tile, MM2S).
    """

    step: int = 1
    wrap: int = 0
    before: int = 0
    after: int = 0

    @property
    def padded(self) -> bool:
        """Whether padding is put around it."""
        return bool(self.before or self.after)


@dataclass(frozen=True)
class _Extent:
    """A dimension cut to the transfer's length: `total` elements, `count` of them from memory."""

    step: int
    total: int
    before: int
    count: int


@dataclass(frozen=True)
class AccessPattern:
    """The words that one run of a descriptor moves, relative to its base address.

    Attributes:
        length: words in the stream, padding included.
        dimensions: innermost first.
    """

    length: int
    dimensions: tuple[Dimension, ...]
    extents: tuple[_Extent, ...] = field(init=False)
    contiguous: bool = field(init=False)
    span: int = field(init=False)
    """Words from the base to behind the last word touched; 0 for an empty transfer."""
    _shape: tuple[int, ...] | None = field(init=False)
    _strides: tuple[int, ...] = field(init=False)
    _cache: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        extents = _cut(self.length, self.dimensions)
        exact = prod(e.total for e in extents) == self.length
        plain = exact and all(e.total == e.count and not e.before for e in extents)
        put(self, "extents", extents)
        put(self, "_cache", {})
        put(self, "contiguous", plain and _is_contiguous(extents))
        put(self, "_shape", tuple(e.total for e in reversed(extents)) if plain else None)
        put(self, "_strides", tuple(e.step * _WORD for e in reversed(extents)))
        put(self, "span", self._measure())

    def _measure(self) -> int:
        if self.length == 0:
            return 0
        if all(e.total == e.count and not e.before for e in self.extents):
            return 1 + _furthest(self.length, self.extents)
        offsets, real = self._offsets()
        touched = offsets if real is None else offsets[real]
        return int(touched.max()) + 1 if touched.size else 0

    def _offsets(self) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
        """Each word's offset from the base, in stream order, and which ones are from memory."""
        if "offsets" not in self._cache:
            offsets = np.zeros(1, np.int64)
            real = np.ones(1, np.bool_)
            for extent in self.extents:
                index = np.arange(extent.total) - extent.before
                offsets = (offsets[None, :] + (index * extent.step)[:, None]).reshape(-1)
                inside = (index >= 0) & (index < extent.count)
                real = (real[None, :] & inside[:, None]).reshape(-1)
            offsets, real = offsets[: self.length], real[: self.length]
            self._cache["offsets"] = (offsets, None if bool(real.all()) else real)
        cached: tuple[NDArray[np.int64], NDArray[np.bool_] | None] = self._cache["offsets"]
        return cached

    def places(self, start: int, stop: int) -> NDArray[np.int64]:
        """Where the stream's words from `start` to `stop` lie, in words from the base."""
        return self._offsets()[0][start:stop]

    def read(self, memory: Words, base: int, pad: int = 0) -> Words:
        """The stream's words, gathered from `memory` (words) at word `base`, padded with `pad`.

        A contiguous pattern gives a view of the memory, anything else a new array. The caller
        has made sure that `base` + `span` lies inside the memory.
        """
        if self.contiguous:
            return memory[base : base + self.length]
        if self._shape is not None:
            view: Words = np.ndarray(
                self._shape, np.uint32, memory.data, base * _WORD, self._strides
            )
            return view.reshape(-1)
        offsets, real = self._offsets()
        if real is None:
            return memory[offsets + base]
        words = np.full(self.length, pad, np.uint32)
        words[real] = memory[offsets[real] + base]
        return words

    def write(self, memory: Words, base: int, start: int, words: Words) -> None:
        """Scatters `words`, the stream's words from `start` on, into `memory` at word `base`."""
        count = len(words)
        if self.contiguous:
            memory[base + start : base + start + count] = words
        elif self._shape is not None and count == self.length and self._distinct:
            view: Words = np.ndarray(
                self._shape, np.uint32, memory.data, base * _WORD, self._strides
            )
            view[...] = words.reshape(self._shape)
        else:
            places = self._offsets()[0][start : start + count] + base
            if not self._distinct:
                kept = _last_of_each(places)
                places, words = places[kept], words[kept]
            memory[places] = words

    @property
    def _distinct(self) -> bool:
        """Whether no word is surely touched twice: each step leaves all smaller ones behind."""
        if "distinct" not in self._cache:
            reach, distinct = 0, True
            for extent in sorted(self.extents, key=lambda e: e.step):
                distinct = distinct and (extent.total <= 1 or extent.step > reach)
                reach += (extent.total - 1) * extent.step
            self._cache["distinct"] = distinct
        return bool(self._cache["distinct"])


def _last_of_each(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each place occurs last: numpy does not say which of several words would stay."""
    _, last = np.unique(places[::-1], return_index=True)
    kept: NDArray[np.int64] = len(places) - 1 - last
    return kept


def _cut(length: int, dimensions: tuple[Dimension, ...]) -> tuple[_Extent, ...]:
    """The dimensions that a transfer of `length` words steps through, each cut to that length."""
    extents: list[_Extent] = []
    below = 1
    for position, dimension in enumerate(dimensions):
        left = -(-length // below)
        outermost = position == len(dimensions) - 1
        endless = outermost or not dimension.wrap
        padded = dimension.wrap + dimension.before + dimension.after
        total = left if endless else min(padded, left)
        count = total - dimension.before if endless else min(dimension.wrap, total)
        extents.append(_Extent(dimension.step, total, dimension.before, max(count, 0)))
        below *= max(total, 1)
        if endless:
            break
    return tuple(extents)


def _furthest(length: int, extents: tuple[_Extent, ...]) -> int:
    """The largest offset of a transfer without padding, which may end amid its dimensions.

    That is at the last word, or at the end of the last full turn of a dimension. Nothing is
    enumerated: a shim's descriptor can claim 2^32 words before anybody has seen its buffer.
    """
    counts, left = [], length - 1
    for extent in extents[:-1]:
        counts.append(left % extent.total)
        left //= extent.total
    counts.append(left)
    turns = [0]
    for extent in extents:
        turns.append(turns[-1] + (extent.total - 1) * extent.step)
    furthest = above = 0
    for extent, count, turn in reversed(list(zip(extents, counts, turns))):  # noqa: B905
        if count:
            furthest = max(furthest, above + (count - 1) * extent.step + turn)
        above += count * extent.step
    return max(furthest, above)


def _is_contiguous(extents: tuple[_Extent, ...]) -> bool:
    """Whether each dimension goes on where the one below it ends."""
    size = 1
    for extent in extents:
        if extent.total > 1 and extent.step != size:
            return False
        size *= extent.total
    return True
