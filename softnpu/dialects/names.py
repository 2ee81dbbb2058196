"""The names that ops suggest for their results (MLIR's OpAsmOpInterface)."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from xdsl.dialects.builtin import IntegerAttr, IntegerType, StringAttr
from xdsl.ir import Operation

from softnpu.dialects.aie.tiles import LogicalTileOp, TileOp
from softnpu.dialects.enums import AIETileType

FIXED = {
    "memref.alloc": "alloc",
    "memref.alloca": "alloca",
    "memref.cast": "cast",
    "memref.collapse_shape": "collapse_shape",
    "memref.dim": "dim",
    "memref.expand_shape": "expand_shape",
    "memref.reinterpret_cast": "reinterpret_cast",
    "memref.subview": "subview",
    "memref.view": "view",
    "memref.transpose": "transpose",
    "memref.memory_space_cast": "memspacecast",
    "memref.reshape": "reshape",
}

LOGICAL = {
    AIETileType.CoreTile: "logical_core",
    AIETileType.ShimNOCTile: "logical_shim_noc",
    AIETileType.ShimPLTile: "logical_shim_pl",
    AIETileType.MemTile: "logical_mem",
}

IN_A_TILE = {
    "aie.switchbox": "switchbox",
    "aie.shim_mux": "shim_mux",
    "aie.shim_dma": "shim_dma",
    "aie.core": "core",
    "aie.mem": "mem",
    "aie.memtile_dma": "memtile_dma",
    "aie.lock": "lock",
    "aie.buffer": "buffer",
    "aiex.dma_configure_task": "dma_configure_task",
    "aiex.dma_start_bd_chain": "dma_start_bd_chain",
}

BY_SYMBOL = {"aie.lock", "aie.buffer", "aie.external_buffer", "aie.dma"}


def constant_name(op: Operation) -> str:
    """`c7_i32`, `c0`, `true`, or `cst` for all that is no integer."""
    value = op.get_attr_or_prop("value")
    type = op.results[0].type
    if not isinstance(value, IntegerAttr):
        return "cst"
    number = value.value.data
    if isinstance(type, IntegerType):
        if type.width.data == 1:
            return "true" if number else "false"
        return f"c{number}_{type}"
    return f"c{number}"


def tile_name(op: Operation) -> str:
    """`tile_0_2`, `mem_tile_0_1`, `shim_noc_tile_0_0`, after the tile's kind in the device."""
    tile = cast(TileOp, op)
    prefix = {0: "shim_noc_", 1: "mem_"}.get(tile.row, "")
    return f"{prefix}tile_{tile.col}_{tile.row}"


def logical_tile_name(op: Operation) -> str:
    return LOGICAL[cast(LogicalTileOp, op).tile_type]


COMPUTED: dict[str, Callable[[Operation], str]] = {
    "arith.constant": constant_name,
    "aie.tile": tile_name,
    "aie.logical_tile": logical_tile_name,
}


def suggested_name(op: Operation) -> str | None:
    """The name that an op suggests for its (first) result, if it does."""
    if (fixed := FIXED.get(op.name)) is not None:
        return fixed
    if (computed := COMPUTED.get(op.name)) is not None:
        return computed(op)
    if op.name in BY_SYMBOL:
        symbol = op.get_attr_or_prop("sym_name")
        if isinstance(symbol, StringAttr):
            return symbol.data
    if (kind := IN_A_TILE.get(op.name)) is not None:
        tile = op.operands[-1 if op.name == "aiex.dma_start_bd_chain" else 0].owner
        if isinstance(tile, TileOp):
            return f"{kind}_{tile.col}_{tile.row}"
    return None
