"""DMA channels: what a task does to memory, locks and streams."""

from __future__ import annotations

import numpy as np
import pytest

from softnpu.arch.address import tile_address
from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle
from softnpu.emulator import waits
from softnpu.emulator.array.array import Array
from softnpu.emulator.streams.streams import DMA_INGRESS_DEPTH
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.wiring import (
    connect,
    control,
    describe,
    make_array,
    settle,
    start,
    use_shim_dma,
)

S2MM, MM2S = Direction.S2MM, Direction.MM2S
MEMORY, CORE = (0, 1), (0, 2)
WEST, OWN, EAST = 0, 0x20000, 0x40000
"""Where a memory tile's DMA sees the memories around it, in words."""
OUT, IN = 0x1000, 0x2000


def loop_back(tile: tuple[int, int] = CORE, name: str = "npu1_2col") -> Array:
    """An array with MM2S 0 of a tile connected to its own S2MM 0."""
    array = make_array(name)
    connect(array, tile, (Bundle.DMA, 0), (Bundle.DMA, 0))
    return array


def fill(array: Array, tile: tuple[int, int] = CORE) -> np.ndarray:
    words = array.tile(*tile).words
    words[:] = np.arange(len(words)) + 1
    return words


def test_a_transfer_copies_memory_through_the_switch() -> None:
    array = loop_back()
    words = fill(array)
    describe(array, CORE, 0, base_address=OUT, buffer_length=100)
    describe(array, CORE, 1, base_address=IN, buffer_length=100)
    start(array, CORE, S2MM, 0, bd=1)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    assert (words[IN : IN + 100] == words[OUT : OUT + 100]).all()
    assert words[IN + 100] == IN + 101, "not a word more"


def test_steps_and_wraps_transpose() -> None:
    array = loop_back()
    words = fill(array)
    describe(
        array, CORE, 0, base_address=OUT, buffer_length=12, d0_stepsize=3, d0_wrap=3, d1_stepsize=0
    )
    describe(array, CORE, 1, base_address=IN, buffer_length=12)
    start(array, CORE, S2MM, 0, bd=1)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    wanted = words[OUT : OUT + 12].reshape(3, 4).T.reshape(-1)
    assert (words[IN : IN + 12] == wanted).all()


def test_the_iteration_moves_each_run_and_its_state_can_be_read() -> None:
    array = loop_back()
    words = fill(array)
    iteration = {"iteration_stepsize": 9, "iteration_wrap": 2}
    describe(array, CORE, 0, base_address=OUT, buffer_length=4, **iteration)
    describe(array, CORE, 1, base_address=IN, buffer_length=16)
    start(array, CORE, S2MM, 0, bd=1)
    start(array, CORE, MM2S, 0, bd=0, repeat=3)
    settle(array)
    runs = [words[OUT + 10 * i : OUT + 10 * i + 4] for i in (0, 1, 2, 0)]
    assert (words[IN : IN + 16] == np.concatenate(runs)).all()
    assert array.tile(*CORE).read(0x1D010) >> 19 == 1, "Iteration_Current has gone on to 1"


def test_a_chain_runs_descriptor_after_descriptor_and_repeats_from_its_start() -> None:
    array = loop_back()
    words = fill(array)
    describe(array, CORE, 0, base_address=OUT, buffer_length=4, use_next_bd=1, next_bd=3)
    describe(array, CORE, 3, base_address=OUT + 100, buffer_length=4)
    describe(array, CORE, 1, base_address=IN, buffer_length=16)
    start(array, CORE, S2MM, 0, bd=1)
    start(array, CORE, MM2S, 0, bd=0, repeat=1)
    settle(array)
    pair = np.concatenate([words[OUT : OUT + 4], words[OUT + 100 : OUT + 104]])
    assert (words[IN : IN + 16] == np.tile(pair, 2)).all()


def test_locks_hold_a_transfer_until_they_are_released() -> None:
    array = loop_back()
    words = fill(array)
    lock = array.tile(*CORE).locks
    describe(array, CORE, 0, base_address=OUT, buffer_length=4)
    describe(
        array,
        CORE,
        1,
        base_address=IN,
        buffer_length=4,
        lock_acq_enable=1,
        lock_acq_value=-2,
        lock_acq_id=5,
        lock_rel_value=1,
        lock_rel_id=6,
    )
    start(array, CORE, S2MM, 0, bd=1)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    assert words[IN] == IN + 1
    assert array.tile(*CORE).dma.receivers[0].wait() == waits.LockWait(
        array.tile(*CORE).dma.receivers[0], lock[5], -2
    )
    array.write(tile_address(*CORE, 0x1F050), 3)
    settle(array)
    assert words[IN] == OUT + 1
    assert (lock[5].value, lock[6].value) == (1, 1)


def test_a_receiver_without_its_lock_takes_in_only_what_buffers_hold() -> None:
    """Slave port 4, master port 2, and the DMA's own ingress."""
    array = loop_back()
    fill(array)
    describe(array, CORE, 0, base_address=OUT, buffer_length=100)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    assert array.tile(*CORE).dma.senders[0].position == 4 + 2 + DMA_INGRESS_DEPTH


def test_memory_tiles_reach_their_neighbours_memory_and_locks() -> None:
    array = loop_back(MEMORY)
    west, east = array.tile(0, 1), array.tile(1, 1)
    east.words[:100] = np.arange(100) + 1
    describe(
        array,
        MEMORY,
        0,
        base_address=EAST,
        buffer_length=100,
        lock_acq_enable=1,
        lock_acq_value=-1,
        lock_acq_id=128 + 7,
    )
    describe(array, MEMORY, 1, base_address=OWN + IN, buffer_length=100)
    east.locks[7].set(1)
    start(array, MEMORY, S2MM, 0, bd=1)
    start(array, MEMORY, MM2S, 0, bd=0)
    settle(array)
    assert (west.words[IN : IN + 100] == east.words[:100]).all()
    assert east.locks[7].value == 0


def test_the_last_channels_of_a_memory_tile_stay_in_their_own() -> None:
    array = make_array()
    describe(array, MEMORY, 0, base_address=EAST, buffer_length=4)
    with pytest.raises(EmulatorError, match=r"only channels below 4 reach"):
        start(array, MEMORY, MM2S, 4, bd=0)


def test_zero_padding_is_for_the_sender() -> None:
    array = loop_back(MEMORY)
    words = fill(array, MEMORY)
    describe(
        array,
        MEMORY,
        0,
        base_address=OWN + OUT,
        buffer_length=12,
        d0_wrap=2,
        d0_zero_before=1,
        d0_zero_after=1,
        d1_wrap=2,
        d1_stepsize=1,
        d1_zero_before=1,
    )
    describe(array, MEMORY, 1, base_address=OWN + IN, buffer_length=12)
    start(array, MEMORY, S2MM, 0, bd=1)
    start(array, MEMORY, MM2S, 0, bd=0)
    settle(array)
    a = OUT + 1
    wanted = [[0, 0, 0, 0], [0, a, a + 1, 0], [0, a + 2, a + 3, 0]]
    assert words[IN : IN + 12].reshape(3, 4).tolist() == wanted


def test_npu2s_memory_tiles_pad_wider_and_repeat_in_place() -> None:
    """33 rows before, from the sixth bit of their number; a fourth dimension without a step."""
    array = loop_back(MEMORY, "npu2_2col")
    words = fill(array, MEMORY)
    sends = {"base_address": OWN + OUT, "d0_wrap": 2, "d1_wrap": 1, "d2_wrap": 1, "d3_stepsize": 7}
    describe(array, MEMORY, 0, buffer_length=2 * 34 * 2, d1_zero_before=1, **sends)
    describe(array, MEMORY, 1, base_address=OWN + IN, buffer_length=2 * 34 * 2)
    word = tile_address(*MEMORY, 0xA0000 + 2 * 4)
    array.write(word, array.read(word) | 1 << 30 | 1 << 27)
    start(array, MEMORY, S2MM, 0, bd=1)
    start(array, MEMORY, MM2S, 0, bd=0)
    settle(array)
    once = [[0, 0]] * 33 + [[OUT + 1, OUT + 2]]
    assert words[IN : IN + 2 * 34 * 2].reshape(68, 2).tolist() == 2 * once


def test_what_npu1s_descriptors_lack_is_refused_by_name() -> None:
    array = make_array()
    describe(array, MEMORY, 0, base_address=OWN, buffer_length=4)
    word = tile_address(*MEMORY, 0xA0000 + 2 * 4)
    array.write(word, 1 << 30)
    with pytest.raises(EmulatorError, match=r"only the second generation .* has D3_Stepsize_Zero"):
        start(array, MEMORY, MM2S, 0, bd=0)


def test_a_reset_amid_a_transfer_leaves_its_words_in_the_stream() -> None:
    """Twenty of them fit into the way to the receiver, which has no task yet."""
    array = loop_back()
    words = fill(array)
    describe(array, CORE, 0, base_address=OUT, buffer_length=40)
    describe(array, CORE, 1, base_address=IN, buffer_length=4)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    for direction in (MM2S, S2MM):
        for held in (1, 0):
            control(array, CORE, direction, 0, reset=held)
    sent = array.tile(*CORE).dma.channels[MM2S, 0].output.level
    assert [note.partition(":")[0] for note in array.hazards] == [
        f"tile (0,2) MM2S 0 is reset while {sent} of 40 words of descriptor 0 are sent",
        f"tile (0,2) S2MM 0 is reset while {sent} words wait in the stream to it",
    ]
    start(array, CORE, S2MM, 0, bd=1)
    settle(array)
    assert words[IN : IN + 4].tolist() == words[OUT : OUT + 4].tolist()


def test_a_reset_at_rest_is_no_hazard() -> None:
    array = loop_back()
    fill(array)
    describe(array, CORE, 0, base_address=OUT, buffer_length=4)
    describe(array, CORE, 1, base_address=IN, buffer_length=4)
    start(array, CORE, S2MM, 0, bd=1)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    for direction in (MM2S, S2MM):
        control(array, CORE, direction, 0, reset=1)
    assert not array.hazards


def test_the_queue_holds_four_tasks_beside_the_one_in_progress() -> None:
    array = make_array()
    describe(array, CORE, 1, base_address=IN, buffer_length=4)
    for _ in range(5):
        start(array, CORE, S2MM, 0, bd=1)
    status = array.tile(*CORE).read(0x1DF00)
    assert (status >> 20 & 7, status >> 19 & 1) == (4, 1)
    with pytest.raises(EmulatorError, match=r"a fifth task"):
        start(array, CORE, S2MM, 0, bd=1)


def test_a_channel_with_a_task_is_not_taken_for_an_idle_one() -> None:
    array = loop_back()
    sender = array.tile(*CORE).dma.channels[MM2S, 0]
    assert isinstance(sender.wait(), waits.NoTask)
    describe(array, CORE, 0, base_address=OUT, buffer_length=4)
    describe(array, CORE, 1, base_address=IN, buffer_length=4)
    start(array, CORE, S2MM, 0, bd=1, repeat=3)
    start(array, CORE, MM2S, 0, bd=0, repeat=3)
    seen = set()
    array.scheduler.run(until=lambda: bool(seen.add(type(sender.wait()))))
    assert waits.AboutToBegin in seen
    assert isinstance(sender.wait(), waits.NoTask), "now it has done them all"
    assert isinstance(sender.wait(), waits.NoTask)


def test_a_descriptor_written_while_its_task_is_queued_is_a_hazard() -> None:
    array = make_array()
    describe(array, CORE, 1, base_address=IN, buffer_length=4)
    start(array, CORE, S2MM, 0, bd=1)
    describe(array, CORE, 1, base_address=IN, buffer_length=8)
    assert not array.hazards, "the channel has read it already"
    start(array, CORE, S2MM, 0, bd=1)
    describe(array, CORE, 1, base_address=IN, buffer_length=8)
    assert any("descriptor 1 of tile (0,2) is written" in hazard for hazard in array.hazards)


def test_a_descriptor_written_while_a_chain_leads_to_it_is_a_hazard() -> None:
    array = make_array()
    describe(array, CORE, 1, base_address=IN, buffer_length=4, next_bd=2, use_next_bd=1)
    describe(array, CORE, 2, base_address=IN, buffer_length=4)
    describe(array, CORE, 3, base_address=IN, buffer_length=4)
    start(array, CORE, S2MM, 0, bd=1)
    describe(array, CORE, 1, base_address=IN, buffer_length=4)
    describe(array, CORE, 3, base_address=IN, buffer_length=8)
    assert not array.hazards, "one has been read already, one is in nobody's chain"
    describe(array, CORE, 2, base_address=IN, buffer_length=8)
    told = "descriptor 2 of tile (0,2) is written while the chain of a task of tile (0,2) S2MM 0"
    assert [hazard.startswith(told) for hazard in array.hazards] == [True]


def test_a_repeated_task_reads_its_descriptor_again() -> None:
    array = make_array()
    describe(array, CORE, 1, base_address=IN, buffer_length=4)
    start(array, CORE, S2MM, 0, bd=1, repeat=1)
    describe(array, CORE, 1, base_address=IN, buffer_length=8)
    assert len(array.hazards) == 1


def test_a_shim_moves_host_memory() -> None:
    array = make_array()
    use_shim_dma(array, 0)
    connect(array, (0, 0), (Bundle.South, 3), (Bundle.South, 2))
    source, out = array.host.allocate(400), array.host.allocate(400)
    array.host_access.begin([source, out])
    source.words[:] = np.arange(100)
    describe(array, (0, 0), 0, base_address=source.address, buffer_length=100)
    describe(array, (0, 0), 1, base_address=out.address, buffer_length=100)
    start(array, (0, 0), S2MM, 0, bd=1)
    start(array, (0, 0), MM2S, 0, bd=0)
    settle(array)
    assert (out.words == source.words).all()
    assert [(use.read, use.written) for use in array.host_access.uses()] == [(400, 0), (0, 400)]


# refusals


def test_a_descriptor_that_was_never_written_is_named() -> None:
    array = make_array()
    with pytest.raises(EmulatorError, match=r"tile \(0,2\) S2MM 0 loads descriptor 3.*not valid"):
        start(array, CORE, S2MM, 0, bd=3)


def test_odd_channels_of_a_memory_tile_have_other_descriptors() -> None:
    array = make_array()
    describe(array, MEMORY, 3, base_address=OWN, buffer_length=4)
    with pytest.raises(EmulatorError, match=r"MM2S 1 cannot use descriptor 3"):
        start(array, MEMORY, MM2S, 1, bd=3)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"enable_compression": 1}, "Enable_Compression is not modelled"),
        ({"buffer_length": 0}, "moves 0 words"),
        ({"base_address": 0x3FFF, "buffer_length": 2}, "whose memory ends at 0x4000"),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(fields: dict[str, int], what: str) -> None:
    array = make_array()
    describe(array, CORE, 0, **{"buffer_length": 4, **fields})
    with pytest.raises(EmulatorError, match=what):
        start(array, CORE, S2MM, 0, bd=0)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"decompression_enable": 1}, "decompression_enable is not modelled"),
        ({"fot_mode": 2}, "FoT_Mode 2"),
    ],
)
def test_channel_modes_that_are_not_modelled_are_refused(fields: dict[str, int], what: str) -> None:
    with pytest.raises(EmulatorError, match=what):
        control(make_array(), CORE, S2MM, 0, **fields)


def test_padding_above_a_dimension_without_a_wrap_is_refused() -> None:
    array = make_array()
    describe(array, MEMORY, 0, base_address=OWN, buffer_length=4, d1_wrap=2, d1_zero_before=1)
    with pytest.raises(EmulatorError, match=r"D0_Wrap is 0"):
        start(array, MEMORY, MM2S, 0, bd=0)


def test_a_transfer_outside_its_buffer_names_buffer_extent_and_size() -> None:
    array = make_array()
    use_shim_dma(array, 0)
    buffer = array.host.allocate(400, "argument 0 (in)")
    describe(array, (0, 0), 0, base_address=buffer.address + 8, buffer_length=100)
    start(array, (0, 0), MM2S, 0, bd=0)
    with pytest.raises(EmulatorError, match=r"reads bytes 8 to 408 of argument 0 \(in\).*400"):
        settle(array)


def test_a_descriptor_without_a_buffer_says_that_nothing_patched_it() -> None:
    array = make_array()
    describe(array, (0, 0), 0, base_address=64, buffer_length=100)
    start(array, (0, 0), MM2S, 0, bd=0)
    with pytest.raises(EmulatorError, match=r"no buffer lies at host address 0x40"):
        settle(array)


def test_a_receiver_that_gets_no_data_needs_no_buffer() -> None:
    """Designs set up trace buffers that nothing fills here."""
    array = make_array()
    describe(array, (0, 0), 0, base_address=64, buffer_length=100)
    start(array, (0, 0), S2MM, 0, bd=0)
    settle(array)
