"""What a run's DMAs moved of each buffer, by the buffer's own range and whatever the values."""

from __future__ import annotations

import numpy as np
import pytest

from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle
from softnpu.emulator.array.array import Array
from softnpu.emulator.dma.host_access import Use
from softnpu.emulator.memory.host_memory import HostBuffer
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.wiring import (
    connect,
    describe,
    make_array,
    settle,
    start,
    use_shim_dma,
)

S2MM, MM2S = Direction.S2MM, Direction.MM2S
SHIM = (0, 0)


def loop_back() -> Array:
    """An array whose shim sends host memory back to it."""
    array = make_array()
    use_shim_dma(array, 0)
    connect(array, SHIM, (Bundle.South, 3), (Bundle.South, 2))
    return array


def part(whole: HostBuffer, start: int, size: int, name: str = "part") -> HostBuffer:
    """Bytes of a buffer, as a run is given them."""
    return HostBuffer(whole.data[start : start + size], size, whole.address + start, name)


def move(array: Array, source: int, out: int, words: int, **fields: int) -> None:
    """Moves words from one host address to another; `fields` are of the descriptor that writes."""
    describe(array, SHIM, 0, base_address=source, buffer_length=words)
    describe(array, SHIM, 1, base_address=out, buffer_length=words, **fields)
    start(array, SHIM, S2MM, 0, bd=1)
    start(array, SHIM, MM2S, 0, bd=0)
    settle(array)


def used(array: Array) -> list[tuple[str, int, int]]:
    return [(use.name, use.read, use.written) for use in array.host_access.uses()]


def written(use: Use) -> list[int]:
    """The words that were written."""
    return np.flatnonzero(use.written_bytes()[::4]).tolist()


def test_what_was_written_is_known_whatever_the_value() -> None:
    array = loop_back()
    source, out = array.host.allocate(400), array.host.allocate(400)
    array.host_access.begin([source, out])
    move(array, source.address, out.address + 40, 20)
    assert not out.data.any(), "zeros over zeros"
    assert written(array.host_access.uses()[1]) == list(range(10, 30))


def test_words_between_those_of_a_strided_transfer_are_not_written() -> None:
    array = loop_back()
    source, out = array.host.allocate(400), array.host.allocate(400)
    array.host_access.begin([source, out])
    move(array, source.address, out.address, 6, d0_wrap=2, d1_stepsize=9)
    assert written(array.host_access.uses()[1]) == [0, 1, 10, 11, 20, 21]


def test_a_transfer_in_progress_counts_as_far_as_it_came() -> None:
    array = loop_back()
    source, out = array.host.allocate(400), array.host.allocate(400)
    array.host_access.begin([source, out])
    describe(array, SHIM, 0, base_address=source.address, buffer_length=30)
    describe(array, SHIM, 1, base_address=out.address, buffer_length=50)
    start(array, SHIM, S2MM, 0, bd=1)
    start(array, SHIM, MM2S, 0, bd=0)
    settle(array)
    for _ in range(2):  # to look changes nothing
        assert [use.written for use in array.host_access.uses()] == [0, 120]
    assert written(array.host_access.uses()[1]) == list(range(30))
    describe(array, SHIM, 0, base_address=source.address, buffer_length=20)
    start(array, SHIM, MM2S, 0, bd=0)
    settle(array)
    assert [use.written for use in array.host_access.uses()] == [0, 200], "no word twice"


def test_each_run_counts_anew() -> None:
    array = loop_back()
    source, out = array.host.allocate(400), array.host.allocate(400)
    for words in (100, 10):
        array.host_access.begin([source, out])
        move(array, source.address, out.address, words)
        assert used(array) == [("a buffer", 4 * words, 0), ("a buffer", 0, 4 * words)]


def test_parts_of_one_buffer_count_what_lies_in_them() -> None:
    array = loop_back()
    whole = array.host.allocate(800)
    parts = [part(whole, 0, 200, "in"), part(whole, 400, 200, "low"), part(whole, 500, 200, "high")]
    array.host_access.begin(parts)
    move(array, whole.address, whole.address + 400, 50)
    assert used(array) == [("in", 200, 0), ("low", 0, 200), ("high", 0, 100)]
    assert written(array.host_access.uses()[2]) == list(range(25))
    assert not array.hazards


def test_a_transfer_that_leaves_its_part_is_told_once() -> None:
    array = loop_back()
    whole, source = array.host.allocate(800), array.host.allocate(400)
    array.host_access.begin([source, part(whole, 400, 200, "argument 4 (y)")])
    for _ in range(2):
        move(array, source.address, whole.address + 440, 60)
    (told,) = array.hazards
    assert "writes bytes 40 to 280 of argument 4 (y), which has 200 bytes" in told
    assert "on hardware nothing stops it" in told
    assert array.host_access.uses()[1].written == 2 * 160


def test_the_argument_that_a_descriptor_was_patched_with_is_meant() -> None:
    array = loop_back()
    whole, source = array.host.allocate(800), array.host.allocate(400)
    large, small = part(whole, 0, 800, "large"), part(whole, 0, 100, "small")
    array.host_access.begin([source, large, small])
    move(array, source.address, whole.address, 50)
    assert not array.hazards
    array.host_access.patch(SHIM, 1, small)
    move(array, source.address, whole.address, 50)
    assert "bytes 0 to 200 of small, which has 100 bytes" in next(iter(array.hazards))


def test_a_transfer_out_of_the_buffer_is_refused() -> None:
    array = loop_back()
    whole, source = array.host.allocate(800), array.host.allocate(400)
    array.host_access.begin([source, part(whole, 400, 200, "argument 4 (y)")])
    with pytest.raises(EmulatorError, match=r"bytes 160 to 480 of argument 4 \(y\), which has 200"):
        move(array, source.address, whole.address + 560, 80)


def test_a_buffer_of_an_earlier_run_is_told() -> None:
    array = loop_back()
    source, out, old = (array.host.allocate(400, name) for name in ("in", "out", "old"))
    array.host_access.begin([source, out])
    move(array, source.address, old.address, 50)
    assert "old, which has 400 bytes; this run was not given" in next(iter(array.hazards))
    array.host.free(old)
    with pytest.raises(EmulatorError, match="the buffer that lay there is gone"):
        move(array, source.address, old.address, 50)


def test_an_address_that_nobody_gave_is_told() -> None:
    array = loop_back()
    source = array.host.allocate(400)
    array.host_access.begin([source])
    with pytest.raises(EmulatorError, match="no address patch gave this descriptor a buffer"):
        move(array, source.address, 0x1000, 50)


def test_what_a_reset_ends_counts_as_far_as_it_came() -> None:
    array = loop_back()
    source, out = array.host.allocate(400), array.host.allocate(400)
    array.host_access.begin([source, out])
    describe(array, SHIM, 0, base_address=source.address, buffer_length=30)
    describe(array, SHIM, 1, base_address=out.address, buffer_length=50)
    start(array, SHIM, S2MM, 0, bd=1)
    start(array, SHIM, MM2S, 0, bd=0)
    settle(array)
    array.reset()
    assert [use.written for use in array.host_access.uses()] == [0, 120]
