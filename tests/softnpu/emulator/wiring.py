"""Sets up an array by hand, register by register, for tests of one part at a time."""

from __future__ import annotations

import numpy as np

from softnpu.arch.address import tile_address
from softnpu.arch.device import device
from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.ports import (
    SHIM_DEMUX_FIELDS,
    SHIM_DEMUX_REGISTER,
    SHIM_MM2S_PORTS,
    SHIM_MUX_FIELDS,
    SHIM_MUX_REGISTER,
    SHIM_S2MM_PORTS,
    STREAM_SWITCHES,
    Bundle,
)
from softnpu.arch.tiles import TileKind
from softnpu.emulator.array.array import Array

Tile = tuple[int, int]
End = tuple[Bundle, int]

ENABLE, PACKET, DROP_HEADER = 1 << 31, 1 << 30, 1 << 7
FOREVER = 1 << 40


def make_array(
    name: str = "npu1_2col", seed: int | None = None, core_isa: str | None = "rv32"
) -> Array:
    """An array with nothing set up; its clock never runs out."""
    array = Array(device(name), core_isa=core_isa, seed=seed)
    array.set_deadline(FOREVER, settling=False)
    return array


def settle(array: Array) -> None:
    """Runs until nothing can move."""
    assert array.scheduler.run()


def connect(array: Array, tile: Tile, slave: End, *masters: End) -> None:
    """Circuit-switches a slave port of a tile to master ports."""
    switch = STREAM_SWITCHES[array.device.kind(*tile)]
    array.write(tile_address(*tile, switch.slave_register(*slave)), ENABLE)
    for master in masters:
        value = ENABLE | switch.slave_index(*slave)
        array.write(tile_address(*tile, switch.master_register(*master)), value)


def packet_rule(
    array: Array, tile: Tile, slave: End, slot: int, id: int, mask: int, arbiter: int, msel: int = 0
) -> None:
    """Adds a packet rule to a slave port."""
    switch = STREAM_SWITCHES[array.device.kind(*tile)]
    array.write(tile_address(*tile, switch.slave_register(*slave)), ENABLE | PACKET)
    value = id << 24 | mask << 16 | 1 << 8 | msel << 4 | arbiter
    array.write(tile_address(*tile, switch.slot_register(*slave, slot)), value)


def packet_master(
    array: Array, tile: Tile, master: End, arbiter: int, msels: int = 1, drop: bool = False
) -> None:
    """Lets a master port listen to an arbiter."""
    switch = STREAM_SWITCHES[array.device.kind(*tile)]
    value = ENABLE | PACKET | (DROP_HEADER if drop else 0) | msels << 3 | arbiter
    array.write(tile_address(*tile, switch.master_register(*master)), value)


def use_shim_dma(array: Array, col: int) -> None:
    """Connects all four shim DMA channels of a column to its switch."""
    mux = sum(1 << SHIM_MUX_FIELDS[port] for port in SHIM_MM2S_PORTS)
    demux = sum(1 << SHIM_DEMUX_FIELDS[port] for port in SHIM_S2MM_PORTS)
    array.write(tile_address(col, 0, SHIM_MUX_REGISTER), mux)
    array.write(tile_address(col, 0, SHIM_DEMUX_REGISTER), demux)


def describe(array: Array, tile: Tile, bd: int, **fields: int) -> None:
    """Writes a buffer descriptor; valid unless told otherwise, addresses in words."""
    kind = array.device.kind(*tile)
    engine = DMA_ENGINES[kind]
    if kind is TileKind.SHIM and "base_address" in fields:
        address = fields.pop("base_address")
        fields |= {"base_address_low": address >> 2 & (1 << 30) - 1}
        fields |= {"base_address_high": address >> 32}
    words = engine.bd.pack({"valid_bd": 1, **fields})
    array.write_block(tile_address(*tile, engine.bd_address(bd)), np.array(words, "<u4").tobytes())


def start(
    array: Array,
    tile: Tile,
    direction: Direction,
    channel: int,
    bd: int,
    repeat: int = 0,
    token: bool = False,
) -> None:
    """Pushes a task into a channel's queue."""
    engine = DMA_ENGINES[array.device.kind(*tile)]
    value = bd | repeat << 16 | token << 31
    array.write(tile_address(*tile, engine.queue_address(direction, channel)), value)


def control(array: Array, tile: Tile, direction: Direction, channel: int, **fields: int) -> None:
    """Writes a channel's control register."""
    engine = DMA_ENGINES[array.device.kind(*tile)]
    (value,) = engine.control[direction].pack(fields)
    array.write(tile_address(*tile, engine.control_address(direction, channel)), value)
