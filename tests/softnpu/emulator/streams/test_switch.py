"""Packets find their way by slots, arbiters and master selects."""

from __future__ import annotations

import pytest

from softnpu.arch.packets import packet_header
from softnpu.arch.ports import Bundle
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.flows import (
    HIGH,
    LOW,
    MM2S,
    OUT,
    packet_flow,
    receive,
    received,
    send,
    sent,
)
from tests.softnpu.emulator.wiring import (
    describe,
    make_array,
    packet_master,
    packet_rule,
    settle,
    start,
)


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
