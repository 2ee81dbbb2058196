"""Host buffers lie apart, so that a transfer that leaves one hits no other."""

from __future__ import annotations

import pytest

from softnpu.emulator.memory.host_memory import HostMemory


def test_buffers_are_far_apart_and_zero() -> None:
    memory = HostMemory()
    first, second = memory.allocate(100), memory.allocate(100)
    assert second.address - first.address >= 1 << 32
    assert not first.data.any()
    assert (first.size, len(first.data)) == (100, 100)


def test_a_size_that_is_no_whole_word_is_kept_and_filled_up() -> None:
    buffer = HostMemory().allocate(6)
    assert (buffer.size, len(buffer.words)) == (6, 2)


@pytest.mark.parametrize("offset", [0, 40, 99])
def test_an_address_inside_finds_its_buffer(offset: int) -> None:
    memory = HostMemory()
    memory.allocate(100)
    buffer = memory.allocate(100)
    assert memory.at(buffer.address + offset) is buffer


def test_nothing_lies_below_the_first_buffer() -> None:
    memory = HostMemory()
    assert memory.at(0x1000) is None
    assert memory.at(memory.allocate(4).address - 1) is None


def test_a_freed_buffers_address_is_not_used_again() -> None:
    memory = HostMemory()
    gone = memory.allocate(100)
    memory.free(gone)
    assert memory.allocate(100).address != gone.address


def test_a_buffer_larger_than_the_spacing_pushes_the_next_one_on() -> None:
    memory = HostMemory()
    memory._next = 1 << 32
    large = memory.allocate(8)
    large.size = (1 << 32) + 8
    assert memory.allocate(8).address > large.address
