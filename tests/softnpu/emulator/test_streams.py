"""Streams: routes, buffering, broadcast, packets, arbiters, control packets and tokens."""

from __future__ import annotations

import numpy as np
import pytest

from softnpu.arch.address import tile_address
from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle
from softnpu.emulator import routes, waits
from softnpu.emulator.array import Array
from softnpu.emulator.controller import Controller
from softnpu.emulator.descriptors import packet_header, with_odd_parity
from softnpu.emulator.streams import (
    DMA_INGRESS_DEPTH,
    EXTERNAL_MASTER_DEPTH,
    FIFO_DEPTH,
    LOCAL_MASTER_DEPTH,
    SLAVE_DEPTH,
    DeadEnd,
)
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
    use_shim_dma,
)

S2MM, MM2S = Direction.S2MM, Direction.MM2S
LOW, HIGH, FAR = (0, 2), (0, 3), (0, 4)
OUT, IN = 0x1000, 0x2000

HOP = EXTERNAL_MASTER_DEPTH + SLAVE_DEPTH
INTO_DMA = LOCAL_MASTER_DEPTH + DMA_INGRESS_DEPTH


def send(array: Array, tile: tuple[int, int], count: int, channel: int = 0, **fields: int) -> None:
    """Sends `count` words from OUT on."""
    words = array.tile(*tile).words
    words[OUT : OUT + count] = np.arange(count) + 1000 * tile[1]
    bd = 2 * channel
    describe(array, tile, bd, base_address=OUT, buffer_length=count, **fields)
    start(array, tile, MM2S, channel, bd=bd)


def receive(array: Array, tile: tuple[int, int], count: int, channel: int = 0) -> None:
    """Receives `count` words to IN."""
    bd = 2 * channel + 1
    describe(array, tile, bd, base_address=IN + 0x400 * channel, buffer_length=count)
    start(array, tile, S2MM, channel, bd=bd)


def received(array: Array, tile: tuple[int, int], count: int, channel: int = 0) -> list[int]:
    at = IN + 0x400 * channel
    words: list[int] = array.tile(*tile).words[at : at + count].tolist()
    return words


def sent(tile: tuple[int, int], count: int) -> list[int]:
    return [1000 * tile[1] + i for i in range(count)]


def sent_words(array: Array, tile: tuple[int, int], channel: int = 0) -> int:
    return array.tile(*tile).dma.senders[channel].position


def upwards(array: Array, *ends: tuple[int, int]) -> None:
    """LOW's MM2S 0 goes north on channel 0, to the S2MM 0 of HIGH, of FAR, or of both."""
    connect(array, LOW, (Bundle.DMA, 0), (Bundle.North, 0))
    masters = [(Bundle.DMA, 0)] if HIGH in ends else []
    masters += [(Bundle.North, 0)] if FAR in ends else []
    connect(array, HIGH, (Bundle.South, 0), *masters)
    if FAR in ends:
        connect(array, FAR, (Bundle.South, 0), (Bundle.DMA, 0))


# circuits


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


def test_a_route_that_is_not_configured_says_where_it_ends() -> None:
    array = make_array()
    connect(array, LOW, (Bundle.DMA, 0), (Bundle.North, 0))
    (end,) = routes.ends(array.tile(*LOW).dma.senders[0].output)
    assert isinstance(end, DeadEnd)
    assert (end.place, end.why) == ("South 0 of tile (0,3)", "the port is not enabled")


def test_a_route_that_runs_in_a_circle_ends() -> None:
    array = make_array()
    connect(array, LOW, (Bundle.DMA, 0), (Bundle.North, 0))
    connect(array, HIGH, (Bundle.South, 0), (Bundle.South, 0))
    connect(array, LOW, (Bundle.North, 0), (Bundle.North, 0))
    (end,) = routes.ends(array.tile(*LOW).dma.senders[0].output)
    assert isinstance(end, DeadEnd)


def test_a_new_configuration_reroutes_an_empty_stream_only() -> None:
    array = make_array()
    upwards(array, HIGH)
    send(array, LOW, 10)
    receive(array, HIGH, 10)
    settle(array)
    upwards(array, FAR)
    array.write(tile_address(*HIGH, 0x3F004), 0)
    send(array, LOW, 10)
    receive(array, FAR, 10)
    settle(array)
    assert received(array, FAR, 10) == sent(LOW, 10)
    send(array, LOW, 10)
    settle(array)
    upwards(array, HIGH)
    array.write(tile_address(*HIGH, 0x3F034), 0)
    with pytest.raises(EmulatorError, match="re-routed while 10 words were in it"):
        send(array, LOW, 10)
        settle(array)


def test_the_shim_mux_decides_whether_the_dma_reaches_the_switch() -> None:
    array = make_array()
    connect(array, (0, 0), (Bundle.South, 3), (Bundle.North, 0))
    sender = array.tile(0, 0).dma.senders[0]
    (end,) = routes.ends(sender.output)
    assert isinstance(end, DeadEnd)
    assert "the shim mux connects the port to PLIO" in end.why
    use_shim_dma(array, 0)
    (end,) = routes.ends(sender.output)
    assert isinstance(end, DeadEnd)
    assert end.place == "South 0 of tile (0,1)"


# packets


def packet_flow(
    array: Array,
    source: tuple[int, int],
    to: tuple[int, int],
    id: int,
    channel: int,
    drop: bool = True,
    sender: int = 0,
) -> None:
    """Routes packets with `id` from a DMA north to S2MM `channel` of the tile above."""
    slot = id - 1
    arbiter = 2 * channel
    packet_rule(array, source, (Bundle.DMA, sender), slot, id, 0x1F, arbiter=0)
    packet_master(array, source, (Bundle.North, 0), arbiter=0)
    packet_rule(array, to, (Bundle.South, 0), slot, id, 0x1F, arbiter)
    packet_master(array, to, (Bundle.DMA, channel), arbiter, drop=drop)


def test_packets_are_told_apart_by_id_and_lose_their_header() -> None:
    array = make_array()
    for id, channel in ((1, 0), (2, 1)):
        packet_flow(array, LOW, HIGH, id, channel)
    send(array, LOW, 30, 0, enable_packet=1, packet_id=2)
    receive(array, HIGH, 30, channel=1)
    settle(array)
    assert received(array, HIGH, 30, channel=1) == sent(LOW, 30)


def test_a_master_port_can_keep_the_header() -> None:
    array = make_array()
    packet_flow(array, LOW, HIGH, 1, 0, drop=False)
    send(array, LOW, 4, enable_packet=1, packet_id=1, packet_type=5)
    receive(array, HIGH, 5)
    settle(array)
    header = packet_header(1, 5, LOW)
    assert header == 1 | 5 << 12 | 2 << 16 | 1 << 31, "id, type, row, odd parity"
    assert received(array, HIGH, 5) == [header, *sent(LOW, 4)]


def test_a_mask_matches_several_ids() -> None:
    array = make_array()
    packet_rule(array, LOW, (Bundle.DMA, 0), 0, id=4, mask=0x1C, arbiter=0)
    packet_master(array, LOW, (Bundle.DMA, 0), arbiter=0, drop=True)
    receive(array, LOW, 8)
    for id in (5, 7):
        send(array, LOW, 4, enable_packet=1, packet_id=id)
        settle(array)
    assert received(array, LOW, 8) == sent(LOW, 4) * 2


def test_a_packet_goes_to_every_port_that_listens_to_its_msel() -> None:
    array = make_array()
    packet_rule(array, LOW, (Bundle.DMA, 0), 0, id=1, mask=0x1F, arbiter=3, msel=2)
    packet_master(array, LOW, (Bundle.DMA, 0), arbiter=3, msels=0b0100, drop=True)
    packet_master(array, LOW, (Bundle.DMA, 1), arbiter=3, msels=0b0110, drop=True)
    send(array, LOW, 100, enable_packet=1, packet_id=1)
    receive(array, LOW, 100, channel=0)
    receive(array, LOW, 100, channel=1)
    settle(array)
    assert received(array, LOW, 100, 0) == received(array, LOW, 100, 1) == sent(LOW, 100)


def test_two_senders_share_a_port_packet_by_packet() -> None:
    """Fan-in: an arbiter passes one packet from header to TLAST before the next."""
    array = make_array()
    for sender in (0, 1):
        packet_rule(array, LOW, (Bundle.DMA, sender), 0, id=sender + 1, mask=0x1F, arbiter=0)
    packet_master(array, LOW, (Bundle.North, 0), arbiter=0)
    packet_rule(array, HIGH, (Bundle.South, 0), 0, id=0, mask=0, arbiter=0)
    packet_master(array, HIGH, (Bundle.DMA, 0), arbiter=0, drop=True)
    words = array.tile(*LOW).words
    for sender in (0, 1):
        words[OUT + 64 * sender : OUT + 64 * sender + 64] = sender + 1
        fields = {"enable_packet": 1, "packet_id": sender + 1}
        at = OUT + 64 * sender
        describe(array, LOW, 2 * sender, base_address=at, buffer_length=64, **fields)
        start(array, LOW, MM2S, sender, bd=2 * sender)
    settle(array)
    receive(array, HIGH, 128)
    settle(array)
    assert received(array, HIGH, 128) == [1] * 64 + [2] * 64


def test_a_blocked_packet_blocks_those_behind_it() -> None:
    array = make_array()
    for id, channel in ((1, 0), (2, 1)):
        packet_flow(array, LOW, HIGH, id, channel)
    words = array.tile(*LOW).words
    words[OUT : OUT + 200] = 1
    fields = {"enable_packet": 1, "packet_id": 1, "use_next_bd": 1, "next_bd": 1}
    describe(array, LOW, 0, base_address=OUT, buffer_length=100, **fields)
    describe(array, LOW, 1, base_address=OUT + 100, buffer_length=4, enable_packet=1, packet_id=2)
    start(array, LOW, MM2S, 0, bd=0)
    receive(array, HIGH, 4, channel=1)
    settle(array)
    assert array.tile(*HIGH).dma.receivers[1].position == 0
    receive(array, HIGH, 100, channel=0)
    settle(array)
    assert array.tile(*HIGH).dma.receivers[1].counts.tasks == 1


def test_a_packet_that_no_rule_matches_is_an_error_with_the_rules() -> None:
    array = make_array()
    packet_flow(array, LOW, HIGH, 1, 0)
    send(array, LOW, 4, enable_packet=1, packet_id=9)
    with pytest.raises(EmulatorError, match=r"DMA 0 of tile \(0,2\): no rule matches.*id 9.*id 1"):
        settle(array)


def test_a_rule_that_no_master_listens_to_is_an_error() -> None:
    array = make_array()
    packet_rule(array, LOW, (Bundle.DMA, 0), 0, id=1, mask=0x1F, arbiter=3, msel=2)
    send(array, LOW, 4, enable_packet=1, packet_id=1)
    with pytest.raises(EmulatorError, match="arbiter 3, msel 2, which no master port listens to"):
        settle(array)


# control packets


def control_flow(array: Array) -> None:
    """LOW's MM2S 0 reaches HIGH's control port; its responses come back with id 3."""
    packet_rule(array, LOW, (Bundle.DMA, 0), 0, id=1, mask=0x1F, arbiter=0)
    packet_master(array, LOW, (Bundle.North, 0), arbiter=0)
    packet_rule(array, HIGH, (Bundle.South, 0), 0, id=1, mask=0x1F, arbiter=0)
    packet_master(array, HIGH, (Bundle.TileControl, 0), arbiter=0)
    packet_rule(array, HIGH, (Bundle.TileControl, 0), 0, id=3, mask=0x1F, arbiter=1)
    packet_master(array, HIGH, (Bundle.South, 0), arbiter=1)
    packet_rule(array, LOW, (Bundle.North, 0), 0, id=3, mask=0x1F, arbiter=1)
    packet_master(array, LOW, (Bundle.DMA, 0), arbiter=1, drop=True)


def control_word(address: int, count: int, operation: int = 0, response: int = 0) -> int:
    return with_odd_parity(address | count - 1 << 20 | operation << 22 | response << 24)


def send_words(array: Array, words: list[int]) -> None:
    array.tile(*LOW).words[OUT : OUT + len(words)] = words
    describe(
        array, LOW, 0, base_address=OUT, buffer_length=len(words), enable_packet=1, packet_id=1
    )
    start(array, LOW, MM2S, 0, bd=0)


def test_a_control_packet_writes_registers_and_memory() -> None:
    array = make_array()
    control_flow(array)
    send_words(array, [control_word(0x1F000 + 0x10 * 5, 1), 7])
    settle(array)
    assert array.tile(*HIGH).locks[5].value == 7
    send_words(array, [control_word(0x400, 3), 11, 12, 13])
    settle(array)
    assert array.tile(*HIGH).words[0x100:0x103].tolist() == [11, 12, 13]


def test_a_control_packet_reads_and_the_answer_carries_the_words_alone() -> None:
    array = make_array()
    control_flow(array)
    array.tile(*HIGH).words[0x100:0x104] = [5, 6, 7, 8]
    receive(array, LOW, 4)
    send_words(array, [control_word(0x400, 4, operation=1, response=3)])
    settle(array)
    assert received(array, LOW, 4) == [5, 6, 7, 8]


def test_a_control_packet_with_even_parity_is_refused() -> None:
    array = make_array()
    control_flow(array)
    send_words(array, [control_word(0x400, 1) ^ 1 << 31, 1])
    with pytest.raises(EmulatorError, match=r"control header .* even number of bits"):
        settle(array)


def test_a_control_packet_that_is_cut_off_is_refused() -> None:
    array = make_array()
    control_flow(array)
    send_words(array, [control_word(0x400, 3), 1])
    with pytest.raises(EmulatorError, match="TLAST in the middle of a control packet"):
        settle(array)


# tokens


def token_route(array: Array, id: int) -> None:
    """From the shim's control port to its South 0 port, where the controller listens."""
    packet_rule(array, (0, 0), (Bundle.TileControl, 0), 0, id=id, mask=0x1F, arbiter=5)
    packet_master(array, (0, 0), (Bundle.South, 0), arbiter=5)


def shim_copy(array: Array) -> None:
    use_shim_dma(array, 0)
    connect(array, (0, 0), (Bundle.South, 3), (Bundle.South, 2))
    source, out = array.host.allocate(64), array.host.allocate(64)
    describe(array, (0, 0), 0, base_address=source.address, buffer_length=16)
    describe(array, (0, 0), 1, base_address=out.address, buffer_length=16)
    start(array, (0, 0), S2MM, 0, bd=1, token=True)
    start(array, (0, 0), MM2S, 0, bd=0)


def test_a_token_comes_back_by_the_controller_id() -> None:
    array = make_array()
    controller = Controller(array, lambda _: None)
    token_route(array, id=15)
    control(array, (0, 0), S2MM, 0, controller_id=15)
    shim_copy(array)
    settle(array)
    assert list(controller.tokens) == [((0, 0), S2MM, 0)]


def test_a_token_that_no_rule_routes_is_an_error() -> None:
    array = make_array()
    Controller(array, lambda _: None)
    token_route(array, id=15)
    shim_copy(array)
    with pytest.raises(EmulatorError, match=r"TileControl 0 of tile \(0,0\): no rule matches"):
        settle(array)


def test_a_token_without_any_route_waits_for_one() -> None:
    array = make_array()
    controller = Controller(array, lambda _: None)
    shim_copy(array)
    settle(array)
    assert not controller.tokens
    wait = array.tile(0, 0).control_port.wait()
    assert isinstance(wait, waits.SpaceWait)
    (end,) = routes.ends(wait.link)
    assert isinstance(end, DeadEnd)
    assert (end.place, end.why) == ("TileControl 0 of tile (0,0)", "the port is not enabled")
