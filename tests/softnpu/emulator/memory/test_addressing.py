"""The address generator against a plain model that counts like the hardware."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.emulator.memory.addressing import AccessPattern, Dimension

BASE = 50
MEMORY = np.arange(1, 200_001, dtype=np.uint32)


def model(length: int, dimensions: tuple[Dimension, ...]) -> list[int | None]:
    """The offset of each word in stream order, None for a zero that is padding."""
    outermost = len(dimensions) - 1
    counters = [0] * len(dimensions)
    offsets: list[int | None] = []
    while len(offsets) < length:
        places = [c - d.before for c, d in zip(counters, dimensions, strict=True)]
        inside = all(
            place >= 0 and (i == outermost or not d.wrap or place < d.wrap)
            for i, (place, d) in enumerate(zip(places, dimensions, strict=True))
        )
        offset = sum(p * d.step for p, d in zip(places, dimensions, strict=True))
        offsets.append(offset if inside else None)
        for i, dimension in enumerate(dimensions):
            counters[i] += 1
            limit = dimension.wrap + dimension.before + dimension.after
            if i == outermost or not dimension.wrap or counters[i] < limit:
                break
            counters[i] = 0
    return offsets


@st.composite
def patterns(draw: st.DrawFn, padding: bool = True) -> tuple[int, tuple[Dimension, ...]]:
    """A length and up to four dimensions; padding only where aie-rt allows it."""
    dimensions = []
    endless = False
    for i in range(count := draw(st.integers(1, 4))):
        wrap = draw(st.integers(0, 5))
        padded = padding and not endless
        before = draw(st.integers(0, 2)) if padded else 0
        after = draw(st.integers(0, 2)) if padded and wrap and i < count - 1 else 0
        dimensions.append(Dimension(draw(st.integers(1, 30)), wrap, before, after))
        endless = endless or not wrap
    return draw(st.integers(1, 120)), tuple(dimensions)


@given(patterns())
def test_reading_gathers_what_the_model_counts(case: tuple[int, tuple[Dimension, ...]]) -> None:
    pattern, offsets = AccessPattern(*case), model(*case)
    wanted = [0 if offset is None else MEMORY[BASE + offset] for offset in offsets]
    assert pattern.read(MEMORY, BASE).tolist() == wanted


@given(st.one_of(patterns(), patterns(padding=False)))
def test_the_span_ends_behind_the_last_word_touched(
    case: tuple[int, tuple[Dimension, ...]],
) -> None:
    touched = [offset for offset in model(*case) if offset is not None]
    assert AccessPattern(*case).span == max(touched, default=-1) + 1


def test_a_claim_of_four_thousand_million_words_is_measured_at_once() -> None:
    dimensions = (Dimension(1, 32), Dimension(64, 16), Dimension(32, 0))
    assert AccessPattern(0xFFFFFFFF, dimensions).span > 1 << 24


@given(patterns(padding=False), st.data())
def test_writing_in_pieces_scatters_what_the_model_counts(
    case: tuple[int, tuple[Dimension, ...]], data: st.DataObject
) -> None:
    pattern, offsets = AccessPattern(*case), model(*case)
    words = np.arange(1, pattern.length + 1, dtype=np.uint32)
    memory, wanted = np.zeros(4000, np.uint32), np.zeros(4000, np.uint32)
    position = 0
    while position < len(words):
        size = data.draw(st.integers(1, len(words) - position))
        pattern.write(memory, BASE, position, words[position : position + size])
        position += size
    for offset, word in zip(offsets, words, strict=True):
        assert offset is not None
        wanted[BASE + offset] = word
    assert (memory == wanted).all()


@pytest.mark.parametrize("pieces", [(27,), (20, 7)])
def test_of_words_for_the_same_place_the_last_one_stays(pieces: tuple[int, ...]) -> None:
    """Places 0 2 4, then 1 3 5, then 2 4 6: most are written more than once."""
    pattern = AccessPattern(27, (Dimension(2, 3), Dimension(1)))
    memory, position = np.zeros(40, np.uint32), 0
    for size in pieces:
        pattern.write(memory, 0, position, np.arange(position, position + size, dtype=np.uint32))
        position += size
    assert memory[:6].tolist() == [0, 3, 6, 9, 12, 15]


def test_a_contiguous_pattern_is_a_view_of_the_memory() -> None:
    memory = np.zeros(100, np.uint32)
    pattern = AccessPattern(12, (Dimension(1, 4), Dimension(4, 3), Dimension(12)))
    assert pattern.contiguous
    assert np.shares_memory(pattern.read(memory, 5), memory)


def test_padding_surrounds_each_dimension() -> None:
    image = np.arange(1, 7, dtype=np.uint32)
    columns = Dimension(1, 3, before=1, after=1)
    rows = Dimension(3, 2, before=1, after=1)
    pattern = AccessPattern(20, (columns, rows, Dimension(6)))
    wanted = np.zeros((4, 5), np.uint32)
    for row, column in product(range(2), range(3)):
        wanted[row + 1, column + 1] = image[3 * row + column]
    assert pattern.read(image, 0).reshape(4, 5).tolist() == wanted.tolist()
