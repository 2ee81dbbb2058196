"""`aie-generate-column-control-overlay`: packet flows between the tiles' controllers and the shim.

By default one flow a column, on which the shim's controller sends task-complete tokens south to
the NPU's controller. On demand also the flows by which control packets from the shim's DMA reach
every tile of the column (mlir-aie, AIEGenerateColumnControlOverlay.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.arch.ports import Bundle
from softnpu.dialects.aie import (
    DeviceOp,
    FlowOp,
    PacketDestOp,
    PacketFlowOp,
    PacketSourceOp,
    ShimDMAAllocationOp,
    TileOp,
)
from softnpu.dialects.enums import DMAChannelDir, WireBundle
from softnpu.dialects.source import design_error, location_of
from softnpu.dialects.symbols import lookup_in
from softnpu.passes.assign_tile_controller_ids import COLUMN_IDS, controller_id
from softnpu.passes.device_ops import append, of_type, region_of
from softnpu.passes.sequence_ops import devices, get_or_create_tile, model_of

TokenRoutes = Literal["shim-only", "all-tiles", "disable"]
"""Whose controllers get a flow for task-complete tokens."""

_TOKEN_CHANNEL = 0
"""The south port of the shim's switch that task-complete tokens leave by."""

End = tuple[TileOp, WireBundle, int]


@dataclass(frozen=True)
class GenerateColumnControlOverlayPass(ModulePass):
    """Add the control flows of every column that the design uses.

    Attributes:
        route_shim_to_tct: whose controllers get a flow for task-complete tokens.
        route_shim_to_tile_ctrl: also route control packets from the shim's DMA to all tiles.
    """

    name = "aie-generate-column-control-overlay"
    route_shim_to_tct: TokenRoutes = "shim-only"
    route_shim_to_tile_ctrl: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            tiles = list(of_type(device, TileOp))
            for col in sorted({tile.col for tile in tiles}):
                shim = get_or_create_tile(device, col, 0)
                column = [tile for tile in tiles if tile.col == col]
                self._overlay(device, shim, column)

    def _overlay(self, device: DeviceOp, shim: TileOp, column: list[TileOp]) -> None:
        if self.route_shim_to_tct == "all-tiles":
            _route_tokens(device, shim, column)
        elif self.route_shim_to_tct == "shim-only":
            _route_tokens(device, shim, [tile for tile in column if tile.row == 0])
        if self.route_shim_to_tile_ctrl:
            _route_control_packets(device, shim, column)


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
