"""The tiles, stream switches and shim muxes of a device, made where a route needs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import Operation

from softnpu.arch.ports import Bundle, Tile
from softnpu.dialects.aie import (
    ConnectOp,
    DeviceOp,
    ShimMuxOp,
    SwitchboxOp,
    TileOp,
    WireOp,
)
from softnpu.dialects.enums import WireBundle
from softnpu.dialects.rules.common import has_shim_dma
from softnpu.passes.device_ops import append, append_to, of_type, region_of

OpT = TypeVar("OpT", SwitchboxOp, ShimMuxOp)


def wire_bundle(bundle: Bundle) -> WireBundle:
    """The dialect's name for a bundle."""
    return WireBundle(bundle.value)


class SwitchOps:
    """Finds the tile, switch and shim mux ops of a device by position, or adds them."""

    def __init__(self, device: DeviceOp) -> None:
        self._device = device
        self.tiles: dict[Tile, TileOp] = {op.position: op for op in of_type(device, TileOp)}
        self.switches = {op.position: op for op in of_type(device, SwitchboxOp)}
        self.shim_muxes = {op.position: op for op in of_type(device, ShimMuxOp)}

    def tile(self, position: Tile) -> TileOp:
        """The tile op at a position; a new one stands at the end of the device."""
        if position not in self.tiles:
            self.tiles[position] = TileOp(col=position[0], row=position[1])
            append(self._device, self.tiles[position])
        return self.tiles[position]

    def switch(self, position: Tile, after: Operation | None = None) -> SwitchboxOp:
        """The switch of a tile; a new one stands behind `after`, or at the end."""
        return self._element(self.switches, SwitchboxOp, position, after)

    def shim_mux(self, position: Tile, after: Operation | None = None) -> ShimMuxOp:
        """The mux of a shim tile; a new one stands behind `after`, or at the end."""
        return self._element(self.shim_muxes, ShimMuxOp, position, after)

    def _element(
        self,
        known: dict[Tile, OpT],
        make: Callable[..., OpT],
        position: Tile,
        after: Operation | None,
    ) -> OpT:
        if position in known:
            return known[position]
        tile = self.tile(position)
        op = known[position] = make(tile=tile.result, connections=region_of())
        if after is None:
            append(self._device, op)
        else:
            self._device.body.insert_op_after(op, after)
        return op

    def add_wires(self) -> None:
        """Say which switch is wired to which, and each switch to what is in its tile."""
        for position in sorted(self.switches):
            wires = self._wires(position)
            for wire in wires:
                wire.location = self.tiles[position].location
            append(self._device, *wires)

    def _wires(self, position: Tile) -> list[WireOp]:
        col, row = position
        tile, switch = self.tiles[position], self.switches[position]
        wires: list[WireOp] = []
        west = self.switches.get((col - 1, row))
        if west is not None:
            wires.append(_wire(west, WireBundle.East, switch, WireBundle.West))
        if row > 0:
            wires.append(_wire(tile, WireBundle.Core, switch, WireBundle.Core))
            wires.append(_wire(tile, WireBundle.DMA, switch, WireBundle.DMA))
            south = self.switches.get((col, row - 1))
            if south is not None:
                wires.append(_wire(south, WireBundle.North, switch, WireBundle.South))
        elif has_shim_dma(tile) and (mux := self.shim_muxes.get(position)) is not None:
            wires.append(_wire(mux, WireBundle.North, switch, WireBundle.South))
            wires.append(_wire(tile, WireBundle.DMA, mux, WireBundle.DMA))
        return wires


def _wire(
    source: TileOp | SwitchboxOp | ShimMuxOp,
    source_bundle: WireBundle,
    dest: SwitchboxOp | ShimMuxOp,
    dest_bundle: WireBundle,
) -> WireOp:
    return WireOp(
        source=source.results[0],
        source_bundle=source_bundle,
        dest=dest.results[0],
        dest_bundle=dest_bundle,
    )


Port = tuple[WireBundle, int]


def connect_op(source: Port, dest: Port, location: LocationAttr) -> ConnectOp:
    """A circuit-switched connection, said to come from where the flow or the tile does."""
    return ConnectOp(
        source_bundle=source[0],
        source_channel=source[1],
        dest_bundle=dest[0],
        dest_channel=dest[1],
        location=location,
    )


def connect(
    interconnect: SwitchboxOp | ShimMuxOp, source: Port, dest: Port, location: LocationAttr
) -> None:
    """Add a connection behind those that a switch or mux has."""
    append_to(interconnect.connections.block, connect_op(source, dest, location))
