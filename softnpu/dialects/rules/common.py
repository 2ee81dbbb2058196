"""What several rules need: how to name things to an author, and what stands around an op."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from xdsl.ir import Operation

from softnpu.arch.device import Device, TileKind
from softnpu.arch.device import device as arch_device
from softnpu.dialects.aie.symbols import device_of, symbol_name, tables_around
from softnpu.dialects.aie.tiles import LogicalTileOp, TileOp
from softnpu.dialects.enums import AIETileType

KIND_NAMES = {
    TileKind.SHIM: "a shim tile",
    TileKind.MEMORY: "a memory tile",
    TileKind.CORE: "a core tile",
}

DMA_PROGRAMS = ("aie.mem", "aie.memtile_dma", "aie.shim_dma")

WORD_BYTES = 4
"""What a DMA moves at a time."""


def model_of(op: Operation) -> Device | None:
    """The device that an op is for, or None when it stands in none."""
    found = device_of(op)
    return None if found is None else arch_device(found.device.name)


LOGICAL_KINDS = {
    AIETileType.CoreTile: TileKind.CORE,
    AIETileType.MemTile: TileKind.MEMORY,
    AIETileType.ShimNOCTile: TileKind.SHIM,
    AIETileType.ShimPLTile: TileKind.SHIM,
}
"""What a logical tile becomes; no NPU has shim tiles of programmable logic."""


def kind_of(tile: TileOp | LogicalTileOp) -> TileKind:
    """What a tile is, by its row, or what it will be."""
    if isinstance(tile, LogicalTileOp):
        return LOGICAL_KINDS[tile.tile_type]
    model = model_of(tile)
    assert model is not None
    return model.kind(*tile.position)


def has_shim_dma(tile: TileOp | LogicalTileOp) -> bool:
    """Whether a shim tile is one with a DMA (all of an NPU's are)."""
    if isinstance(tile, LogicalTileOp):
        return tile.tile_type is AIETileType.ShimNOCTile
    model = model_of(tile)
    return model is not None and model.is_shim_noc(*tile.position)


def title(op: Operation) -> str:
    """An op as an author calls it: `lock 'in_lock'`, `core (0, 2)`, or its op name."""
    name = symbol_name(op)
    word = op.name.partition(".")[2]
    if name is not None:
        return f"{word} '{name}'"
    tile = getattr(op, "tile", None)
    owner = getattr(tile, "owner", None)
    return f"{word} {owner.position}" if isinstance(owner, TileOp) else f"'{op.name}'"


def where(tile: TileOp | LogicalTileOp) -> str:
    """`tile (0, 2)`, or `tile <MemTile>(?, ?)` while it has no place."""
    if isinstance(tile, TileOp):
        return f"tile {tile.position}"
    col, row = ("?" if number is None else number for number in (tile.col, tile.row))
    return f"tile <{tile.tile_type.name}>({col}, {row})"


def parent_named(op: Operation, *names: str) -> Operation | None:
    """The nearest op around one that has one of the names."""
    current = op.parent_op()
    while current is not None and current.name not in names:
        current = current.parent_op()
    return current


def symbols_seen_from(op: Operation) -> list[str]:
    """Every symbol that an op can refer to."""
    names = [
        symbol_name(candidate)
        for table in tables_around(op)
        for block in table.regions[0].blocks
        for candidate in block.ops
    ]
    return [name for name in names if name is not None]


def did_you_mean(word: str, known: Iterable[str], mark: str = "@") -> str:
    """`; did you mean '@in'?`, or nothing when nothing is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{mark}{near[0]}'?" if near else ""
