"""`aie-lower-cascade-flows`: the directions of each tile's cascade for the flows between cores.

A tile that only gives or only takes has the other direction at its default, from the north and
to the south (mlir-aie, AIELowerCascadeFlows.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.aie import CascadeFlowOp, ConfigureCascadeOp, DeviceOp, TileOp
from softnpu.dialects.enums import CascadeDir
from softnpu.dialects.source import design_error
from softnpu.passes.concerns import Concerns
from softnpu.passes.device_ops import append, of_type
from softnpu.passes.sequence_ops import devices

_DIRECTIONS = {
    (0, -1): (CascadeDir.South, CascadeDir.North),
    (1, 0): (CascadeDir.East, CascadeDir.West),
}
"""(columns, rows) from source to destination -> (output of the source, input of the other)."""


@dataclass(frozen=True)
class LowerCascadeFlowsPass(ModulePass):
    """Replace cascade flows by cascade configurations."""

    name = "aie-lower-cascade-flows"
    concerns: ClassVar[Concerns] = (CascadeFlowOp,)

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            _lower(device)


def _lower(device: DeviceOp) -> None:
    flows = list(of_type(device, CascadeFlowOp))
    inputs: dict[TileOp, CascadeDir] = {}
    outputs: dict[TileOp, CascadeDir] = {}
    for flow in flows:
        source, destination = flow.source_tile_op, flow.dest_tile_op
        outputs[source], inputs[destination] = _directions(flow, source, destination)
    for tile in of_type(device, TileOp):
        if tile in inputs or tile in outputs:
            configure = ConfigureCascadeOp(
                tile=tile.result,
                input_dir=inputs.get(tile, CascadeDir.North),
                output_dir=outputs.get(tile, CascadeDir.South),
                location=tile.location,
            )
            append(device, configure)
    for flow in flows:
        device.body.erase_op(flow)


def _directions(
    flow: CascadeFlowOp, source: TileOp, destination: TileOp
) -> tuple[CascadeDir, CascadeDir]:
    step = (destination.col - source.col, destination.row - source.row)
    if step not in _DIRECTIONS:
        raise design_error(
            flow,
            f"a cascade leads to the tile below or to the one on the right, "
            f"not from {source.position} to {destination.position}",
        )
    return _DIRECTIONS[step]
