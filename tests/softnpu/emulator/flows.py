"""Streams between the DMAs of three core tiles above each other, for tests."""

from __future__ import annotations

import numpy as np

from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle
from softnpu.emulator.array.array import Array
from softnpu.emulator.streams.streams import (
    DMA_INGRESS_DEPTH,
    EXTERNAL_MASTER_DEPTH,
    LOCAL_MASTER_DEPTH,
    SLAVE_DEPTH,
)
from tests.softnpu.emulator.wiring import (
    connect,
    describe,
    packet_master,
    packet_rule,
    start,
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
