"""Streams hold as much as the hardware's ports do, and a broadcast waits for all receivers."""

from __future__ import annotations

import pytest

from softnpu.arch.ports import Bundle
from softnpu.emulator.streams.streams import (
    EXTERNAL_MASTER_DEPTH,
    FIFO_DEPTH,
    LOCAL_MASTER_DEPTH,
    SLAVE_DEPTH,
)
from tests.softnpu.emulator.flows import (
    FAR,
    HIGH,
    HOP,
    IN,
    INTO_DMA,
    LOW,
    MM2S,
    OUT,
    S2MM,
    packet_flow,
    receive,
    received,
    send,
    sent,
    sent_words,
    upwards,
)
from tests.softnpu.emulator.wiring import (
    connect,
    describe,
    make_array,
    settle,
    start,
)


def test_words_go_from_tile_to_tile() -> None:
    array = make_array()
    upwards(array, FAR)
    send(array, LOW, 64)
    receive(array, FAR, 64)
    settle(array)
    assert received(array, FAR, 64) == sent(LOW, 64)


def test_a_route_holds_as_much_as_its_ports_do() -> None:
    array = make_array()
    upwards(array, FAR)
    send(array, LOW, 200)
    settle(array)
    assert sent_words(array, LOW) == SLAVE_DEPTH + 2 * HOP + INTO_DMA


def test_the_stream_fifo_adds_its_sixteen_words() -> None:
    array = make_array()
    connect(array, LOW, (Bundle.DMA, 0), (Bundle.FIFO, 0))
    connect(array, LOW, (Bundle.FIFO, 0), (Bundle.DMA, 0))
    send(array, LOW, 200)
    settle(array)
    through_fifo = SLAVE_DEPTH + LOCAL_MASTER_DEPTH + FIFO_DEPTH + SLAVE_DEPTH + INTO_DMA
    assert sent_words(array, LOW) == through_fifo


def test_a_broadcast_reaches_all_receivers() -> None:
    array = make_array()
    upwards(array, HIGH, FAR)
    send(array, LOW, 300)
    receive(array, HIGH, 300)
    receive(array, FAR, 300)
    settle(array)
    assert received(array, HIGH, 300) == received(array, FAR, 300) == sent(LOW, 300)


def test_a_broadcast_stops_with_its_slowest_receiver() -> None:
    """HIGH takes everything, FAR nothing: HIGH gets what the way to FAR can hold."""
    array = make_array()
    upwards(array, HIGH, FAR)
    send(array, LOW, 300)
    receive(array, HIGH, 300)
    settle(array)
    behind_the_branch = EXTERNAL_MASTER_DEPTH + SLAVE_DEPTH + INTO_DMA
    channel = array.tile(*HIGH).dma.receivers[0]
    assert channel.position == behind_the_branch
    receive(array, FAR, 300)
    settle(array)
    assert received(array, HIGH, 300) == received(array, FAR, 300) == sent(LOW, 300)


@pytest.mark.parametrize(("count", "deadlocks"), [(16, False), (200, True)])
def test_a_design_that_needs_more_buffering_deadlocks(count: int, deadlocks: bool) -> None:
    """HIGH takes the two streams one after the other, LOW sends them in the other order, both
    with one channel: only what fits on the way lets it get to the first."""
    array = make_array()
    packet_flow(array, LOW, HIGH, id=1, channel=0)
    packet_flow(array, LOW, HIGH, id=2, channel=1)
    words = array.tile(*LOW).words
    words[OUT : OUT + count] = 7
    fields = {"enable_packet": 1, "packet_id": 2, "use_next_bd": 1, "next_bd": 1}
    describe(array, LOW, 0, base_address=OUT, buffer_length=count, **fields)
    describe(array, LOW, 1, base_address=OUT, buffer_length=4, enable_packet=1, packet_id=1)
    start(array, LOW, MM2S, 0, bd=0)
    locks = array.tile(*HIGH).locks
    waits_for = {"lock_acq_enable": 1, "lock_acq_value": -1, "lock_acq_id": 0}
    describe(array, HIGH, 1, base_address=IN, buffer_length=4, lock_rel_value=1, lock_rel_id=0)
    describe(array, HIGH, 3, base_address=IN + 0x400, buffer_length=count, **waits_for)
    start(array, HIGH, S2MM, 0, bd=1)
    start(array, HIGH, S2MM, 1, bd=3)
    settle(array)
    assert (array.tile(*HIGH).dma.receivers[1].counts.tasks == 0) == deadlocks
    assert locks[0].value == 0
