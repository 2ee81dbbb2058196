"""Transfers of an instruction stream."""

from __future__ import annotations

from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.tiles import TileKind
from softnpu.formats.operations import (
    APERTURE,
    AddressPatch,
    BlockWrite,
    MergeSync,
    Operation,
    Sync,
    Write,
)
from softnpu.formats.records import word_bytes
from softnpu.formats.transfers import QueuePressure, queue_pressure, stream_transfers

SHIM = DMA_ENGINES[TileKind.SHIM]
COLUMN = 1 << 25


def descriptor(bd: int, *, argument: int = 0, offset: int = 0, **fields: int) -> list[Operation]:
    """A descriptor of column 1, patched with a buffer's address."""
    place = COLUMN + SHIM.bd_address(bd)
    words = SHIM.bd.pack({"valid_bd": 1, **fields})
    return [BlockWrite(place, word_bytes(words)), AddressPatch(place + 4, argument, offset)]


def push(bd: int, *, repeat: int = 0, token: bool = False) -> Write:
    """Start descriptor `bd` on MM2S channel 1 of column 1."""
    place = COLUMN + SHIM.queue_address(Direction.MM2S, 1)
    return Write(place, bd | repeat << 16 | token << 31)


def extents(*operations: Operation) -> list[tuple[int, int]]:
    return [(it.start, it.end) for it in stream_transfers(operations)]


def test_a_run_reaches_from_its_offset_over_its_length() -> None:
    (transfer,) = stream_transfers(
        [*descriptor(3, argument=2, offset=64, buffer_length=8), push(3)]
    )
    assert (transfer.argument, transfer.start, transfer.end, transfer.length) == (2, 64, 96, 32)
    assert (transfer.direction, transfer.column, transfer.channel) == (Direction.MM2S, 1, 1)


def test_steps_reach_to_the_farthest_word() -> None:
    shape = {"d0_wrap": 4, "d0_stepsize": 1, "d1_wrap": 3, "d1_stepsize": 99, "d2_stepsize": 999}
    whole = descriptor(0, buffer_length=24, **shape)
    assert extents(*whole, push(0)) == [(0, 4 * (1000 + 2 * 100 + 3 * 2 + 1))]
    partly = descriptor(0, buffer_length=14, **shape)
    assert extents(*partly, push(0)) == [(0, 4 * (1000 + 2 + 1))]


def test_repetitions_go_on_where_the_last_push_left_off() -> None:
    bd = descriptor(0, buffer_length=8, iteration_wrap=3, iteration_stepsize=9)
    found = extents(*bd, push(0, repeat=1), push(0, repeat=1), push(0))
    assert found == [(0, 72), (80, 152), (0, 32)]


def test_a_chain_is_followed_once_round() -> None:
    first = descriptor(0, buffer_length=8, use_next_bd=1, next_bd=1)
    second = descriptor(1, offset=400, buffer_length=4, use_next_bd=1, next_bd=0)
    assert extents(*first, *second, push(0)) == [(0, 32), (400, 416)]


def test_a_buffers_bytes_count_from_its_begin_whoever_translates_its_address() -> None:
    told = [(5, 0x80000010), (5, 16), (4, 0x80000010)]
    found = []
    for argument, offset in told:
        given = descriptor(0, argument=argument, offset=offset, buffer_length=2)
        found += extents(*given, push(0))
    assert found == [(16, 24), (16, 24), (0x80000010, 0x80000018)]


def test_a_descriptor_written_anew_forgets_its_buffer() -> None:
    stale = [*descriptor(0, buffer_length=8), descriptor(0, buffer_length=8)[0]]
    assert extents(*stale, push(0)) == []


def test_a_fifth_task_that_nothing_waited_for_may_find_the_queue_full() -> None:
    pushes = [push(0), push(0, token=True), push(0), push(0)]
    assert queue_pressure(pushes) == []
    assert queue_pressure([*pushes, push(0)]) == [QueuePressure(4, Direction.MM2S, 1, 1, 5)]
    sync = Sync(column=1, row=0, direction=1, channel=1)
    assert queue_pressure([*pushes, sync, push(0), push(0)]) == []


def test_a_wait_for_several_columns_empties_all_their_queues() -> None:
    pushes = [push(0, token=True), push(0, token=True), push(0), push(0)]
    wide = Sync(column=0, row=0, direction=1, channel=1, columns=2)
    assert queue_pressure([*pushes, wide, push(0)]) == []
    every = MergeSync(tokens=2, columns=2)
    assert queue_pressure([*pushes, every, push(0), push(0)]) == []
    assert queue_pressure([*pushes, MergeSync(tokens=1, columns=2), push(0)]), "which one?"
    assert queue_pressure([*pushes, MergeSync(tokens=2, columns=1), push(0)]), "not this column"


def test_the_arrays_offset_in_patches_behind_the_fifth_buffer_is_no_part_of_the_buffer() -> None:
    patches = (AddressPatch(4, argument, offset) for argument, offset in ((4, 64), (5, 64)))
    assert [patch.start for patch in patches] == [64, 64]
    assert AddressPatch(4, 5, APERTURE + 64).start == 64
    assert AddressPatch(4, 4, APERTURE + 64).start == APERTURE + 64
