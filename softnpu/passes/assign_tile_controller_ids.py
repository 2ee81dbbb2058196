"""`aie-assign-tile-controller-ids`: the packet id by which each tile's controller speaks.

The ids are mlir-aie's (AIEGenerateColumnControlOverlay.cpp, `AIEAssignTileCtrlIDsPass`): chosen
so that the masks of packet rules can tell them apart, and below 16 on the shim, whose id must
fit the four bits of a task-complete token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.aie import DeviceOp, PacketInfoAttr, TileOp
from softnpu.dialects.source import design_error
from softnpu.passes.concerns import Concerns
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import devices

CONTROLLER_ID = "controller_id"

COLUMN_IDS: tuple[tuple[int, ...], ...] = (
    (15, 26, 27, 29, 30, 31),
    (14, 21, 22, 23, 24, 25),
    (13, 11, 17, 18, 19, 20),
    (12, 28, 7, 8, 9, 10),
)
"""Controller ids by column and row; the first column's serve every column where ids need to be
unique in a column only."""


@dataclass(frozen=True)
class AssignTileCtrlIDsPass(ModulePass):
    """Give every tile without a controller id one.

    Attributes:
        column_wise_unique_ids: ids differ within a column; otherwise in the whole device.
    """

    name = "aie-assign-tile-controller-ids"
    concerns: ClassVar[Concerns] = (TileOp,)
    column_wise_unique_ids: bool = True

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            _assign(device, column_wise=self.column_wise_unique_ids)


def controller_id(tile: TileOp) -> int | None:
    """The packet id of a tile's controller, None if it has none yet."""
    info = tile.attributes.get(CONTROLLER_ID)
    return info.pkt_id if isinstance(info, PacketInfoAttr) else None


def _assign(device: DeviceOp, *, column_wise: bool) -> None:
    for tile in of_type(device, TileOp):
        if CONTROLLER_ID in tile.attributes:
            continue
        if not column_wise and tile.col >= len(COLUMN_IDS):
            raise design_error(
                tile,
                f"there are controller ids that differ in the whole device for "
                f"{len(COLUMN_IDS)} columns only; this tile is in column {tile.col}",
                "use ids that are unique in each column: column-wise-unique-ids=true",
            )
        ids = COLUMN_IDS[0 if column_wise else tile.col]
        tile.attributes[CONTROLLER_ID] = PacketInfoAttr.of(pkt_type=0, pkt_id=ids[tile.row])
