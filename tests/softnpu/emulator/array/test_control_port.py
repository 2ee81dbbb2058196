"""A tile's control port takes control packets, and sends answers and tokens."""

from __future__ import annotations

import pytest

from softnpu.arch.packets import with_odd_parity
from softnpu.arch.ports import Bundle
from softnpu.emulator import waits
from softnpu.emulator.array.array import Array
from softnpu.emulator.control.controller import Controller
from softnpu.emulator.explaining import routes
from softnpu.emulator.streams.streams import (
    DeadEnd,
)
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.flows import (
    HIGH,
    LOW,
    MM2S,
    OUT,
    S2MM,
    receive,
    received,
)
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
