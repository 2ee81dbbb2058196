"""`aie-place-tiles`: each `aie.logical_tile` becomes the `aie.tile` that a placer chooses."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.aie import (
    DeviceOp,
    LogicalTileOp,
    ObjectFifoAllocateOp,
    ObjectFifoCreateOp,
)
from softnpu.dialects.enums import AIETileType
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import of_type
from softnpu.passes.placement import PLACERS, Placer
from softnpu.passes.placement.connectivity import AnyTile, Connectivity, Position
from softnpu.passes.placement.sequential import SequentialPlacer
from softnpu.passes.rewriting.conversion import fold_by_the_way
from softnpu.passes.sequence_ops import devices, get_or_create_tile, model_of


@dataclass(frozen=True)
class PlaceTilesPass(ModulePass):
    """Place logical tiles.

    Attributes:
        placer: how: one of `PLACERS`.
        cores_per_col: at most so many cores in a column; -1 for all that there are. The
            annealing placer takes no notice.
        merge_logical_tiles: memory and shim tiles may share a place; by annealing they always may.
        sa_seed: of the annealing placer's random numbers; 0 for another one each time.
    """

    name = "aie-place-tiles"
    placer: Placer = PLACERS[0]
    cores_per_col: int = -1
    merge_logical_tiles: bool = True
    sa_seed: int = 1

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            self._place(device)

    def _place(self, device: DeviceOp) -> None:
        placed, allocations = self._positions(device)
        for logical in of_type(device, LogicalTileOp):
            tile = get_or_create_tile(device, *placed[logical])
            if logical.allocation_scheme is not None:
                tile.allocation_scheme = logical.allocation_scheme
            logical.result.replace_all_uses_with(tile.result)
            device.body.erase_op(logical)
        fold_by_the_way(device)
        for fifo, position in allocations:
            delegate = get_or_create_tile(device, *position).result
            allocate = ObjectFifoAllocateOp(obj_fifo_name=fifo.sym_name, delegate_tile=delegate)
            device.body.insert_op_after(allocate, fifo)

    def _positions(
        self, device: DeviceOp
    ) -> tuple[dict[AnyTile, Position], list[tuple[ObjectFifoCreateOp, Position]]]:
        """Where tiles go, and objectfifos whose objects go into another tile."""
        model = model_of(device)
        for logical in of_type(device, LogicalTileOp):
            _check_findable(logical)
        connectivity = Connectivity(device)
        if self.placer == "sa_placer":
            if not model.is_npu:
                raise design_error(
                    device,
                    f"sa_placer places on NPUs, {model.name} is none",
                    "use placer=sequential_placer",
                )
            from softnpu.passes.placement.annealing import AnnealingPlacer

            annealing = AnnealingPlacer(model, connectivity, self.sa_seed)
            return annealing.place(), annealing.allocations
        limit = self.cores_per_col if self.cores_per_col >= 0 else None
        return SequentialPlacer(model, connectivity, limit, self.merge_logical_tiles).place(), []


def _check_findable(logical: LogicalTileOp) -> None:
    """Tiles go where their transfers are short; a shim tile without a DMA has none."""
    if logical.tile_type is AIETileType.ShimPLTile and None in (logical.col, logical.row):
        raise design_error(
            logical,
            "a ShimPLTile has no DMA, by which a place could be found for it",
            "give it its column and row",
        )
