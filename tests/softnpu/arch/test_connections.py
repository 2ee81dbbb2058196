"""Spot checks of mlir-aie's `isLegalTileConnection`, one a rule."""

import pytest

from softnpu.arch.device import device
from softnpu.arch.ports import Bundle

NPU = device("npu1")
SHIM, MEMORY, CORE = (1, 0), (1, 1), (1, 2)


@pytest.mark.parametrize(
    ("tile", "source", "destination"),
    [
        (CORE, (Bundle.South, 0), (Bundle.DMA, 1)),
        (CORE, (Bundle.Core, 0), (Bundle.TileControl, 0)),
        (CORE, (Bundle.North, 2), (Bundle.North, 2)),
        (CORE, (Bundle.Trace, 1), (Bundle.DMA, 0)),
        (MEMORY, (Bundle.DMA, 3), (Bundle.DMA, 3)),
        (MEMORY, (Bundle.South, 3), (Bundle.North, 3)),
        (MEMORY, (Bundle.TileControl, 0), (Bundle.DMA, 5)),
        (SHIM, (Bundle.South, 3), (Bundle.South, 1)),
        (SHIM, (Bundle.Trace, 0), (Bundle.West, 0)),
    ],
)
def test_the_switch_can_connect(tile, source, destination) -> None:
    assert NPU.is_legal_tile_connection(*tile, *source, *destination)


@pytest.mark.parametrize(
    ("tile", "source", "destination"),
    [
        (CORE, (Bundle.North, 2), (Bundle.North, 3)),
        (CORE, (Bundle.Core, 0), (Bundle.Core, 0)),
        (CORE, (Bundle.TileControl, 0), (Bundle.DMA, 0)),
        (CORE, (Bundle.Trace, 0), (Bundle.DMA, 1)),
        (CORE, (Bundle.South, 6), (Bundle.DMA, 0)),
        (MEMORY, (Bundle.DMA, 2), (Bundle.DMA, 3)),
        (MEMORY, (Bundle.South, 1), (Bundle.North, 2)),
        (MEMORY, (Bundle.TileControl, 0), (Bundle.DMA, 4)),
        (MEMORY, (Bundle.Trace, 0), (Bundle.North, 0)),
        (SHIM, (Bundle.Trace, 0), (Bundle.West, 1)),
        (SHIM, (Bundle.West, 0), (Bundle.West, 1)),
    ],
)
def test_the_switch_cannot_connect(tile, source, destination) -> None:
    assert not NPU.is_legal_tile_connection(*tile, *source, *destination)
