"""`aie-generate-column-control-overlay`: packet flows between the tiles' controllers and the shim.

By default one flow a column, on which the shim's controller sends task-complete tokens south to
the NPU's controller. On demand also the flows by which control packets from the shim's DMA reach
every tile of the column (mlir-aie, AIEGenerateColumnControlOverlay.cpp).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import BoolAttr, ModuleOp
from xdsl.ir import Block, Region
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.arch.ports import Bundle
from softnpu.dialects.aie import (
    DeviceOp,
    EndOp,
    FlowOp,
    PacketDestOp,
    PacketFlowOp,
    PacketSourceOp,
    ShimDMAAllocationOp,
    TileOp,
)
from softnpu.dialects.aie.symbols import lookup_in, symbol_name
from softnpu.dialects.enums import DMAChannelDir, WireBundle
from softnpu.dialects.source import design_error, location_of
from softnpu.passes.assign_tile_controller_ids import COLUMN_IDS, controller_id
from softnpu.passes.device_ops import append, of_type, region_of
from softnpu.passes.sequence_ops import devices, get_or_create_tile, model_of

TokenRoutes = Literal["shim-only", "all-tiles", "disable"]
"""Whose controllers get a flow for task-complete tokens."""

OVERLAY = "ctrl_pkt_overlay"
"""The device that holds the control flows alone."""
HAS_OVERLAY = "has_ctrl_pkt_overlay"
"""The attribute that says of a device whether it has the flows of `@ctrl_pkt_overlay`."""

_TOKEN_CHANNEL = 0
"""The south port of the shim's switch that task-complete tokens leave by."""

End = tuple[TileOp, WireBundle, int]


@dataclass(frozen=True)
class GenerateColumnControlOverlayPass(ModulePass):
    """Add the control flows of every column that the design uses.

    Attributes:
        route_shim_to_tct: whose controllers get a flow for task-complete tokens.
        route_shim_to_tile_ctrl: also route control packets from the shim's DMA to all tiles.
        emit_standalone_overlay: add a device, `@ctrl_pkt_overlay`, that has these flows and
            nothing else; all that have them get the same tiles.
    """

    name = "aie-generate-column-control-overlay"
    route_shim_to_tct: TokenRoutes = "shim-only"
    route_shim_to_tile_ctrl: bool = False
    emit_standalone_overlay: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        found = [device for device in devices(op) if device.sym_name != OVERLAY]
        wanted = [device for device in found if _wanted(device)]
        overlay = _standalone(op, wanted) if self.emit_standalone_overlay and wanted else None
        if overlay is not None:
            _share_tiles(wanted)
        for device in wanted:
            self._overlay(device)
        if overlay is not None:
            wanted.append(overlay)
            _share_tiles(wanted)
            self._overlay(overlay)
        if self.emit_standalone_overlay:
            for device in dict.fromkeys((*found, *wanted)):
                device.attributes[HAS_OVERLAY] = BoolAttr.from_bool(device in wanted)

    def _overlay(self, device: DeviceOp) -> None:
        tiles = list(of_type(device, TileOp))
        for col in self._columns(tiles):
            shim = get_or_create_tile(device, col, 0)
            column = [tile for tile in tiles if tile.col == col]
            if self.route_shim_to_tile_ctrl and shim not in column:
                column.append(shim)
            if self.route_shim_to_tct == "all-tiles":
                _route_tokens(device, shim, column)
            elif self.route_shim_to_tct == "shim-only":
                _route_tokens(device, shim, [tile for tile in column if tile.row == 0])
            if self.route_shim_to_tile_ctrl:
                top = _top_row(tiles, col)
                rows = [get_or_create_tile(device, col, row) for row in range(top + 1)]
                _route_control_packets(device, shim, rows)

    def _columns(self, tiles: list[TileOp]) -> Iterable[int]:
        """The columns in the order of their first tiles; for control packets all between, too."""
        columns = dict.fromkeys(tile.col for tile in tiles)
        if self.route_shim_to_tile_ctrl and columns:
            return range(min(columns), max(columns) + 1)
        return columns


def _wanted(device: DeviceOp) -> bool:
    """A device can do without: `{needs_ctrl_pkt_overlay = false}`."""
    return device.attributes.get("needs_ctrl_pkt_overlay") != BoolAttr.from_bool(False)


def _standalone(module: ModuleOp, like: list[DeviceOp]) -> DeviceOp:
    """A device for the control flows alone, behind all others.

    Raises:
        DesignError: the name is taken, or the devices are not alike.
    """
    taken = next((op for op in module.body.block.ops if symbol_name(op) == OVERLAY), None)
    if taken is not None:
        raise design_error(
            taken,
            f"the name '@{OVERLAY}' is taken: the device of the control flows is to have it",
            "give this one another name",
        )
    first, *others = like
    for other in others:
        if other.device is not first.device:
            raise design_error(
                other,
                f"control packets come to all devices of a file by one overlay; "
                f"'@{other.sym_name}' is an {other.device.name}, '@{first.sym_name}' an "
                f"{first.device.name}",
                "write both for the same device, or exclude one: {needs_ctrl_pkt_overlay = false}",
            )
    body = Region(Block([EndOp()]))
    overlay = DeviceOp(
        device=first.device, sym_name=OVERLAY, body_region=body, location=first.location
    )
    module.body.block.add_op(overlay)
    return overlay


def _share_tiles(sharing: list[DeviceOp]) -> None:
    """Give each of the devices the tiles of all, with their attributes."""
    union: dict[tuple[int, int], TileOp] = {}
    for device in sharing:
        for tile in of_type(device, TileOp):
            union.setdefault(tile.position, tile)
    for device in sharing:
        known = {tile.position for tile in of_type(device, TileOp)}
        first = device.body.first_op
        assert first is not None
        missing = (tile for position, tile in union.items() if position not in known)
        device.body.insert_ops_before([tile.clone() for tile in missing], first)


def _top_row(tiles: list[TileOp], col: int) -> int:
    """The highest row that control packets reach in a column: in one that data may only pass, the
    highest of all."""
    rows = [tile.row for tile in tiles if tile.col == col]
    return max(rows or (tile.row for tile in tiles))


def _route_tokens(device: DeviceOp, shim: TileOp, tiles: list[TileOp]) -> None:
    """A flow from each tile's controller out of the south of the shim's switch."""
    for tile in tiles:
        _require_free(shim, WireBundle.South, _TOKEN_CHANNEL, outgoing=False)
        controller = (tile, WireBundle.TileControl, 0)
        append(device, _packet_flow(tile, controller, (shim, WireBundle.South, _TOKEN_CHANNEL)))


def _route_control_packets(device: DeviceOp, shim: TileOp, tiles: list[TileOp]) -> None:
    """A flow from the shim's DMA to each tile's controller, and a name for the channel."""
    for tile in tiles:
        channel = control_channel(model_of(device), tile.col, tile.row)
        _require_free(shim, WireBundle.DMA, channel, outgoing=True)
        controller = (tile, WireBundle.TileControl, 0)
        append(device, _packet_flow(tile, (shim, WireBundle.DMA, channel), controller))
        name = f"ctrlpkt_col{shim.col}_mm2s_chan{channel}"
        if lookup_in(device, name) is None:
            allocation = ShimDMAAllocationOp(
                sym_name=name,
                tile=shim.result,
                channel_dir=DMAChannelDir.MM2S,
                channel_index=channel,
                location=tile.location,
            )
            append(device, allocation)


def control_channel(model: Device, col: int, row: int) -> int:
    """The shim's MM2S channel that serves a row: the rows are shared out evenly, from below."""
    channels = model.num_source_shim_mux_connections(col, 0, Bundle.DMA)
    return min(row // (model.rows // channels), channels - 1)


def _packet_flow(controlled: TileOp, source: End, destination: End) -> PacketFlowOp:
    id = controller_id(controlled)
    tile, bundle, channel = source
    dest_tile, dest_bundle, dest_channel = destination
    return PacketFlowOp(
        id=COLUMN_IDS[0][controlled.row] if id is None else id,
        keep_pkt_header=True,
        priority_route=True,
        ports=region_of(
            PacketSourceOp(tile=tile.result, bundle=bundle, channel=channel),
            PacketDestOp(tile=dest_tile.result, bundle=dest_bundle, channel=dest_channel),
        ),
        location=controlled.location,
    )


def _require_free(shim: TileOp, bundle: WireBundle, channel: int, *, outgoing: bool) -> None:
    """Refuse a shim port that a circuit-switched flow of the design has to itself."""
    for use in shim.result.uses:
        flow = use.operation
        if not isinstance(flow, FlowOp):
            continue
        end = (flow.source, flow.source_port) if outgoing else (flow.dest, flow.dest_port)
        if end == (shim.result, (bundle, channel)):
            raise design_error(
                flow,
                f"control packets need {bundle.name} {channel} of shim tile {shim.position}, "
                "which this flow has to itself",
                f"the shim tile stands at {location_of(shim)}",
                "use another channel for this flow",
            )
