"""Stream switch ports: which bundle and channel stands at which index of a tile's switch.

Sources: mlir-aie, AIETargetModel.cpp (`aie2_port_id`), and aie-rt, xaiemlgbl_reginit.c
(`XAie_StrmMod`). Both generations are alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from softnpu.arch.tiles import TileKind


class Bundle(IntEnum):
    """Bundles of wires, named and numbered as mlir-aie's `WireBundle` (passes sort by number)."""

    Core = 0
    DMA = 1
    FIFO = 2
    South = 3
    West = 4
    North = 5
    East = 6
    PLIO = 7
    NOC = 8
    Trace = 9
    TileControl = 10

    @property
    def opposite(self) -> Bundle:
        """The bundle of the neighbour that this one is wired to; itself if it leaves no tile."""
        return _OPPOSITE.get(self, self)


_OPPOSITE = {
    Bundle.South: Bundle.North,
    Bundle.North: Bundle.South,
    Bundle.West: Bundle.East,
    Bundle.East: Bundle.West,
}

STEPS: dict[Bundle, tuple[int, int]] = {
    Bundle.South: (0, -1),
    Bundle.West: (-1, 0),
    Bundle.North: (0, 1),
    Bundle.East: (1, 0),
}
"""(columns, rows) from a tile to the neighbour that a bundle leads to."""


@dataclass(frozen=True, order=True)
class Port:
    """One port of a stream switch, e.g. DMA 1."""

    bundle: Bundle
    channel: int

    def __str__(self) -> str:
        return f"{self.bundle.name}{self.channel}"


Tile = tuple[int, int]
"""(col, row)."""


class EndPoint(NamedTuple):
    """A port of a tile, as a flow names it; ordered as mlir-aie's `PathEndPoint`."""

    tile: Tile
    bundle: Bundle
    channel: int

    def __str__(self) -> str:
        col, row = self.tile
        return f"tile ({col}, {row}) {self.bundle.name} {self.channel}"


SLOTS = 4
"""Packet rules (slots) per slave port."""
ARBITERS = 8
"""Arbiters in a switch; mlir-aie hands out the first six only."""
MSELS = 4
"""Master selects per arbiter."""

_PortList = tuple[tuple[Bundle, int], ...]

_MASTERS: dict[TileKind, _PortList] = {
    TileKind.CORE: (
        (Bundle.Core, 1),
        (Bundle.DMA, 2),
        (Bundle.TileControl, 1),
        (Bundle.FIFO, 1),
        (Bundle.South, 4),
        (Bundle.West, 4),
        (Bundle.North, 6),
        (Bundle.East, 4),
    ),
    TileKind.MEMORY: (
        (Bundle.DMA, 6),
        (Bundle.TileControl, 1),
        (Bundle.South, 4),
        (Bundle.North, 6),
    ),
    TileKind.SHIM: (
        (Bundle.TileControl, 1),
        (Bundle.FIFO, 1),
        (Bundle.South, 6),
        (Bundle.West, 4),
        (Bundle.North, 6),
        (Bundle.East, 4),
    ),
}
"""Master (output) ports in the order of their indices: (bundle, number of channels)."""

_SLAVES: dict[TileKind, _PortList] = {
    TileKind.CORE: (
        (Bundle.Core, 1),
        (Bundle.DMA, 2),
        (Bundle.TileControl, 1),
        (Bundle.FIFO, 1),
        (Bundle.South, 6),
        (Bundle.West, 4),
        (Bundle.North, 4),
        (Bundle.East, 4),
        (Bundle.Trace, 2),
    ),
    TileKind.MEMORY: (
        (Bundle.DMA, 6),
        (Bundle.TileControl, 1),
        (Bundle.South, 6),
        (Bundle.North, 4),
        (Bundle.Trace, 1),
    ),
    TileKind.SHIM: (
        (Bundle.TileControl, 1),
        (Bundle.FIFO, 1),
        (Bundle.South, 8),
        (Bundle.West, 4),
        (Bundle.North, 4),
        (Bundle.East, 4),
        (Bundle.Trace, 1),
    ),
}
"""Slave (input) ports in the order of their indices: (bundle, number of channels)."""


@dataclass(frozen=True)
class StreamSwitch:
    """One kind of tile's stream switch: its ports, and where its registers lie in the tile.

    Attributes:
        masters, slaves: the ports, each at the index that the registers use.
        master_base: first master configuration register, one word a port.
        slave_base: first slave configuration register, one word a port.
        slot_base: first packet slot, four words a slave port.
    """

    kind: TileKind
    masters: tuple[Port, ...]
    slaves: tuple[Port, ...]
    master_base: int
    slave_base: int
    slot_base: int

    def master_index(self, bundle: Bundle, channel: int) -> int:
        """The index of a master port; KeyError if the switch has no such port."""
        return _INDICES[self.kind, True][bundle, channel]

    def slave_index(self, bundle: Bundle, channel: int) -> int:
        """The index of a slave port; KeyError if the switch has no such port."""
        return _INDICES[self.kind, False][bundle, channel]

    def master_register(self, bundle: Bundle, channel: int) -> int:
        """Offset in the tile of a master port's configuration."""
        return self.master_base + 4 * self.master_index(bundle, channel)

    def slave_register(self, bundle: Bundle, channel: int) -> int:
        """Offset in the tile of a slave port's configuration."""
        return self.slave_base + 4 * self.slave_index(bundle, channel)

    def slot_register(self, bundle: Bundle, channel: int, slot: int) -> int:
        """Offset in the tile of packet slot `slot` (0 to 3) of a slave port."""
        return self.slot_base + 4 * (SLOTS * self.slave_index(bundle, channel) + slot)


def _ports(bundles: _PortList) -> tuple[Port, ...]:
    return tuple(Port(bundle, channel) for bundle, count in bundles for channel in range(count))


def _switch(kind: TileKind, base: int) -> StreamSwitch:
    return StreamSwitch(
        kind,
        masters=_ports(_MASTERS[kind]),
        slaves=_ports(_SLAVES[kind]),
        master_base=base,
        slave_base=base + 0x100,
        slot_base=base + 0x200,
    )


STREAM_SWITCHES: dict[TileKind, StreamSwitch] = {
    TileKind.CORE: _switch(TileKind.CORE, 0x3F000),
    TileKind.MEMORY: _switch(TileKind.MEMORY, 0xB0000),
    TileKind.SHIM: _switch(TileKind.SHIM, 0x3F000),
}

_INDICES: dict[tuple[TileKind, bool], dict[tuple[Bundle, int], int]] = {
    (kind, master): {
        (port.bundle, port.channel): index
        for index, port in enumerate(switch.masters if master else switch.slaves)
    }
    for kind, switch in STREAM_SWITCHES.items()
    for master in (True, False)
}


class ShimSource(IntEnum):
    """What a shim mux or demux field selects (aie-rt, xaie_plif.c)."""

    PLIO = 0
    DMA = 1
    NOC = 2


SHIM_MUX_REGISTER = 0x1F000
"""Chooses what feeds the switch's south slave ports."""
SHIM_DEMUX_REGISTER = 0x1F004
"""Chooses where the switch's south master ports lead."""

SHIM_MUX_FIELDS: dict[int, int] = {2: 8, 3: 10, 6: 12, 7: 14}
"""South slave port of the switch -> lowest bit of its two-bit field in the mux register."""
SHIM_DEMUX_FIELDS: dict[int, int] = {2: 4, 3: 6, 4: 8, 5: 10}
"""South master port of the switch -> lowest bit of its two-bit field in the demux register."""

SHIM_MM2S_PORTS = (3, 7)
"""The south slave port of the shim's switch that MM2S channel 0 or 1 reaches through the mux."""
SHIM_S2MM_PORTS = (2, 3)
"""The south master port of the shim's switch that leads to S2MM channel 0 or 1."""

CASCADE_CONTROL_REGISTER = 0x36060
"""Accumulator_Control of a core tile: bit 0 input (0 north, 1 west), bit 1 output (0 south,
1 east). Source: aie-rt, xaie_core_aieml.c."""
