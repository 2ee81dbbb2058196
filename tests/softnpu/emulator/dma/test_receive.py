"""S2MM channels: when TLAST ends a descriptor, and packets that name their descriptor."""

from __future__ import annotations

import numpy as np
import pytest

from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.ports import Bundle
from softnpu.arch.tiles import TileKind
from softnpu.emulator import waits
from softnpu.emulator.array.array import Array
from softnpu.emulator.explaining.explain import wait_chain
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.wiring import (
    connect,
    control,
    describe,
    make_array,
    packet_master,
    packet_rule,
    settle,
    start,
)

S2MM, MM2S = Direction.S2MM, Direction.MM2S
MEMORY, CORE = (0, 1), (0, 2)
OUT, IN = 0x1000, 0x2000


def fill(array: Array, tile: tuple[int, int] = CORE) -> np.ndarray:
    words = array.tile(*tile).words
    words[:] = np.arange(len(words)) + 1
    return words


def loop_back() -> Array:
    """An array with MM2S 0 of a core tile connected to its own S2MM 0."""
    array = make_array()
    connect(array, CORE, (Bundle.DMA, 0), (Bundle.DMA, 0))
    return array


def test_finish_on_tlast_ends_a_descriptor_early() -> None:
    array = loop_back()
    words = fill(array)
    control(array, CORE, S2MM, 0, fot_mode=1)
    describe(array, CORE, 0, base_address=OUT, buffer_length=5)
    describe(array, CORE, 1, base_address=IN, buffer_length=100, use_next_bd=1, next_bd=2)
    describe(array, CORE, 2, base_address=IN + 200, buffer_length=100)
    start(array, CORE, S2MM, 0, bd=1)
    start(array, CORE, MM2S, 0, bd=0, repeat=1)
    settle(array)
    assert (words[IN : IN + 5] == words[OUT : OUT + 5]).all()
    assert (words[IN + 200 : IN + 205] == words[OUT : OUT + 5]).all()
    assert words[IN + 5] == IN + 6


def test_a_descriptor_that_suppresses_tlast_goes_on_in_the_next_ones_packet() -> None:
    array = loop_back()
    words = fill(array)
    control(array, CORE, S2MM, 0, fot_mode=3)
    describe(
        array,
        CORE,
        0,
        base_address=OUT,
        buffer_length=5,
        tlast_suppress=1,
        use_next_bd=1,
        next_bd=3,
    )
    describe(array, CORE, 3, base_address=OUT + 50, buffer_length=3)
    describe(array, CORE, 1, base_address=IN, buffer_length=100)
    start(array, CORE, S2MM, 0, bd=1)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    sent = [*range(OUT + 1, OUT + 6), *range(OUT + 51, OUT + 54)]
    assert words[IN : IN + 8].tolist() == sent
    assert read_count(array) & 0x3FFFF == 8


def test_without_finish_on_tlast_packets_run_together() -> None:
    array = loop_back()
    words = fill(array)
    describe(array, CORE, 0, base_address=OUT, buffer_length=5)
    describe(array, CORE, 1, base_address=IN, buffer_length=10)
    start(array, CORE, S2MM, 0, bd=1)
    start(array, CORE, MM2S, 0, bd=0, repeat=1)
    settle(array)
    assert (words[IN : IN + 10] == np.tile(words[OUT : OUT + 5], 2)).all()


def test_a_full_descriptor_without_tlast_is_an_error_in_finish_on_tlast_mode() -> None:
    array = loop_back()
    fill(array)
    control(array, CORE, S2MM, 0, fot_mode=1)
    describe(array, CORE, 0, base_address=OUT, buffer_length=50)
    describe(array, CORE, 1, base_address=IN, buffer_length=10)
    start(array, CORE, S2MM, 0, bd=1)
    start(array, CORE, MM2S, 0, bd=0)
    with pytest.raises(EmulatorError, match="Error_FoT_Length_Exceeded"):
        settle(array)


def read_count(array: Array, tile: tuple[int, int] = CORE, channel: int = 0) -> int:
    engine = DMA_ENGINES[array.device.kind(*tile)]
    return array.tile(*tile).read(engine.finish_count_address(channel))


def test_a_register_tells_how_long_each_packet_was() -> None:
    """AM025, DMA_S2MM_FoT_Count_FIFO_Pop: valid, last in task, descriptor, words."""
    array = loop_back()
    fill(array)
    control(array, CORE, S2MM, 0, fot_mode=3)
    describe(array, CORE, 0, base_address=OUT, buffer_length=5, use_next_bd=1, next_bd=1)
    describe(array, CORE, 1, base_address=OUT, buffer_length=7)
    describe(array, CORE, 2, base_address=IN, buffer_length=100, use_next_bd=1, next_bd=3)
    describe(array, CORE, 3, base_address=IN + 200, buffer_length=100)
    start(array, CORE, S2MM, 0, bd=2)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    assert read_count(array) == 1 << 31 | 2 << 24 | 5
    assert read_count(array) == 1 << 31 | 1 << 30 | 3 << 24 | 7
    assert read_count(array) == 0, "not valid: there are no more"


def test_the_words_of_the_transfer_in_progress_can_be_read() -> None:
    array = loop_back()
    fill(array)
    describe(array, CORE, 0, base_address=OUT, buffer_length=5)
    describe(array, CORE, 1, base_address=IN, buffer_length=100)
    start(array, CORE, S2MM, 0, bd=1)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    assert array.tile(*CORE).read(0x1DF18) == 5


@pytest.mark.parametrize(
    ("kind", "first_pop"),
    [(TileKind.CORE, 0x1DF20), (TileKind.MEMORY, 0xA06C8), (TileKind.SHIM, 0x1D238)],
)
def test_the_count_registers_lie_where_am025_puts_them(kind: TileKind, first_pop: int) -> None:
    assert DMA_ENGINES[kind].finish_count_address(0) == first_pop


# out of order


def merge(seed: int | None = None, tile: tuple[int, int] = CORE) -> Array:
    """Both MM2S channels of a tile lead to its S2MM 0, which takes packets out of order."""
    array = make_array(seed=seed)
    for sender in (0, 1):
        packet_rule(array, tile, (Bundle.DMA, sender), 0, id=0, mask=0, arbiter=0)
    packet_master(array, tile, (Bundle.DMA, 0), arbiter=0)
    control(array, tile, S2MM, 0, enable_out_of_order=1)
    return array


def sends(array: Array, bd: int, at: int, to: int, length: int = 4, **more: int) -> None:
    """A descriptor whose packet asks for descriptor `to` of the receiver."""
    fields = {"enable_packet": 1, "out_of_order_bd_id": to, **more}
    describe(array, CORE, bd, base_address=at, buffer_length=length, **fields)


def slots(array: Array, *numbers: int, **more: int) -> None:
    """Receiving descriptors of four words each; number n writes to IN + 4 n."""
    for number in numbers:
        describe(array, CORE, number, base_address=IN + 4 * number, buffer_length=4, **more)


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_packets_land_where_their_headers_say_whoever_comes_first(seed: int | None) -> None:
    array = merge(seed)
    words = fill(array)
    slots(array, 9, 4, 12, 7)
    sends(array, 0, OUT, to=12, use_next_bd=1, next_bd=1)
    sends(array, 1, OUT + 4, to=4)
    sends(array, 2, OUT + 8, to=7, use_next_bd=1, next_bd=3)
    sends(array, 3, OUT + 12, to=9)
    start(array, CORE, S2MM, 0, bd=0, repeat=3)
    start(array, CORE, MM2S, 0, bd=0)
    start(array, CORE, MM2S, 1, bd=2)
    settle(array)
    for slot, source in ((12, 0), (4, 4), (7, 8), (9, 12)):
        found = words[IN + 4 * slot : IN + 4 * slot + 4]
        assert (found == words[OUT + source : OUT + source + 4]).all()
    assert isinstance(array.tile(*CORE).dma.channels[S2MM, 0].wait(), waits.NoTask)


def test_a_slots_iteration_spreads_its_packets() -> None:
    array = merge()
    words = fill(array)
    iteration = {"iteration_stepsize": 15, "iteration_wrap": 2}
    slots(array, 5, 6, **iteration)
    sends(array, 0, OUT, to=5, iteration_stepsize=3, iteration_wrap=2)
    sends(array, 1, OUT + 12, to=6, iteration_stepsize=3, iteration_wrap=2)
    start(array, CORE, S2MM, 0, bd=0, repeat=5)
    start(array, CORE, MM2S, 0, bd=0, repeat=2)
    start(array, CORE, MM2S, 1, bd=1, repeat=2)
    settle(array)
    for slot, source in ((5, 0), (6, 12)):
        runs = [words[IN + 4 * slot + 16 * i :][:4] for i in range(3)]
        assert (np.concatenate(runs) == words[OUT + source :][:12]).all()


def test_a_counting_lock_tells_when_all_have_come() -> None:
    array = merge()
    fill(array)
    slots(array, 5, 6, lock_rel_id=3, lock_rel_value=1)
    sends(array, 0, OUT, to=5)
    sends(array, 1, OUT, to=6)
    start(array, CORE, S2MM, 0, bd=0, repeat=1)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    lock = array.tile(*CORE).locks[3]
    assert lock.value == 1
    start(array, CORE, MM2S, 1, bd=1)
    settle(array)
    assert lock.value == 2


def test_a_blocked_slot_holds_up_the_packets_behind_it() -> None:
    """The channel is a queue that places by header: it does not look past the packet in front."""
    array = merge()
    words = fill(array)
    slots(array, 5, lock_acq_enable=1, lock_acq_value=-1, lock_acq_id=2)
    slots(array, 6)
    sends(array, 0, OUT, to=5, use_next_bd=1, next_bd=1)
    sends(array, 1, OUT + 4, to=6)
    start(array, CORE, S2MM, 0, bd=0, repeat=1)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    assert words[IN + 24] == IN + 25, "the second packet waits behind the first"
    array.tile(*CORE).locks[2].set(1)
    settle(array)
    assert (words[IN + 20 : IN + 28] == words[OUT : OUT + 8]).all()


def test_packets_wait_for_a_task_that_counts_them() -> None:
    array = merge()
    words = fill(array)
    slots(array, 5)
    sends(array, 0, OUT, to=5)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    assert words[IN + 20] == IN + 21
    start(array, CORE, S2MM, 0, bd=0)
    settle(array)
    assert (words[IN + 20 : IN + 24] == words[OUT : OUT + 4]).all()


def test_a_channel_without_a_packet_waits_for_data() -> None:
    array = merge()
    slots(array, 5)
    start(array, CORE, S2MM, 0, bd=0)
    reason = array.tile(*CORE).dma.channels[S2MM, 0].wait()
    assert isinstance(reason, waits.DataWait)
    senders = {step.wait.actor.place for _, step in wait_chain(array, reason).walk()}
    assert "tile (0,2) MM2S 1" in senders


def test_finish_on_tlast_lets_packets_be_short() -> None:
    array = merge()
    words = fill(array)
    control(array, CORE, S2MM, 0, enable_out_of_order=1, fot_mode=3)
    describe(array, CORE, 5, base_address=IN, buffer_length=100)
    sends(array, 0, OUT, to=5, length=6)
    start(array, CORE, S2MM, 0, bd=0)
    start(array, CORE, MM2S, 0, bd=0)
    settle(array)
    assert (words[IN : IN + 6] == words[OUT : OUT + 6]).all()
    assert words[IN + 6] == IN + 7
    assert read_count(array) == 1 << 31 | 1 << 30 | 5 << 24 | 6


@pytest.mark.parametrize(
    ("fields", "length", "what"),
    [
        ({}, 3, "a packet has 3 of the 4 words of descriptor 5"),
        ({}, 5, "a packet has more than the 4 words of descriptor 5"),
        ({"use_next_bd": 1, "next_bd": 6}, 4, "Use_Next_BD"),
        ({"valid_bd": 0}, 4, "Valid_BD is 0"),
    ],
)
def test_what_no_source_describes_is_refused(
    fields: dict[str, int], length: int, what: str
) -> None:
    array = merge()
    slots(array, 5, **fields)
    sends(array, 0, OUT, to=5, length=length)
    start(array, CORE, S2MM, 0, bd=0)
    start(array, CORE, MM2S, 0, bd=0)
    with pytest.raises(EmulatorError, match=what):
        settle(array)


def test_a_header_that_names_no_descriptor_of_the_channel_is_an_error() -> None:
    array = merge()
    sends(array, 0, OUT, to=33)
    start(array, CORE, S2MM, 0, bd=0)
    start(array, CORE, MM2S, 0, bd=0)
    with pytest.raises(EmulatorError, match=r"asks for descriptor 33.*Error_BD_Unavailable"):
        settle(array)


def test_a_route_that_drops_headers_is_told() -> None:
    array = merge()
    packet_master(array, CORE, (Bundle.DMA, 0), arbiter=0, drop=True)
    array.tile(*CORE).words[OUT] = 3
    sends(array, 0, OUT, to=5)
    start(array, CORE, S2MM, 0, bd=0)
    start(array, CORE, MM2S, 0, bd=0)
    with pytest.raises(EmulatorError, match=r"0x00000003, which is no header.*keep_pkt_header"):
        settle(array)


def test_no_token_can_be_asked_for() -> None:
    array = merge()
    slots(array, 5)
    with pytest.raises(EmulatorError, match="issues none: let its descriptors release a lock"):
        start(array, CORE, S2MM, 0, bd=0, token=True)


def test_the_mode_does_not_change_under_a_task() -> None:
    array = loop_back()
    describe(array, CORE, 1, base_address=IN, buffer_length=4)
    start(array, CORE, S2MM, 0, bd=1)
    with pytest.raises(EmulatorError, match="changes while the channel has a task"):
        control(array, CORE, S2MM, 0, enable_out_of_order=1)
