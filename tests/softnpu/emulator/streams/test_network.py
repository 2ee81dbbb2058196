"""Routes follow the switches' registers, and say where they end."""

from __future__ import annotations

import pytest

from softnpu.arch.address import tile_address
from softnpu.arch.ports import Bundle
from softnpu.emulator.explaining import routes
from softnpu.emulator.streams.streams import (
    DeadEnd,
)
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.flows import (
    FAR,
    HIGH,
    LOW,
    receive,
    received,
    send,
    sent,
    upwards,
)
from tests.softnpu.emulator.wiring import (
    connect,
    make_array,
    settle,
    use_shim_dma,
)


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
