"""The names of values and blocks in printed text.

They are given before anything is printed, by the rules of MLIR's AsmPrinter: all ops of a
region first, then the regions inside them, each starting from the counters that its
surroundings left; an op's own suggestion (MLIR's OpAsmOpInterface: `%tile_0_2`, `%c7_i32`)
where it has one, numbers otherwise. What the author called a value plays no part, as with
aie-opt.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from xdsl.dialects.builtin import IntegerAttr, IntegerType, StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue

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
    "memref.assume_alignment": "assume_align",
    "memref.extract_aligned_pointer_as_index": "intptr",
}
"""Ops that always suggest the same name."""


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


def index_constant_name(op: Operation) -> str:
    """`idx5`"""
    return f"idx{cast('IntegerAttr[Any]', op.properties['value']).value.data}"


def bool_constant_name(op: Operation) -> str:
    return "true" if cast("IntegerAttr[Any]", op.properties["value"]).value.data else "false"


COMPUTED: dict[str, Callable[[Operation], str]] = {
    "arith.constant": constant_name,
    "aie.tile": tile_name,
    "aie.logical_tile": logical_tile_name,
    "index.constant": index_constant_name,
    "index.bool.constant": bool_constant_name,
}


def suggested_names(op: Operation) -> dict[int, str]:
    """The names that an op suggests for its results, by the index where each group starts."""
    if op.name == "memref.extract_strided_metadata":
        rank = (len(op.results) - 2) // 2
        names = {0: "base_buffer", 1: "offset"}
        return {**names, 2: "sizes", 2 + rank: "strides"} if rank else names
    name = suggested_name(op)
    return {} if name is None else {0: name}


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
        tile = op.operands[0].owner
        if isinstance(tile, TileOp):
            return f"{kind}_{tile.col}_{tile.row}"
    return None


@dataclass
class Counters:
    """The next numbers of a naming scope."""

    value: int = 0
    argument: int = 0
    conflict: int = 0

    def copy(self) -> Counters:
        return Counters(self.value, self.argument, self.conflict)


def sanitized(name: str) -> str:
    """A name, not an empty one, as an MLIR identifier."""
    name = re.sub(r"[^A-Za-z0-9$._ -]", lambda match: f"{ord(match[0]):X}", name).replace(" ", "_")
    return f"_{name}" if name[0].isdigit() else name


class Names:
    """The names of all values and blocks under an op."""

    def __init__(self, top: Operation) -> None:
        self.values: dict[SSAValue, str] = {}
        self.blocks: dict[Block, str] = {}
        self.orders: dict[Block, int] = {}
        used: set[str] = set()
        counters = Counters()
        self._name_results(top, counters, used)
        pending = [(region, counters, used) for region in top.regions]
        while pending:
            region, outer, names = pending.pop()
            counters, used = outer.copy(), set(names)
            self._name_region(region, counters, used)
            pending.extend(
                (inner, counters, used)
                for block in region.blocks
                for op in block.ops
                for inner in op.regions
            )

    def _name_region(self, region: Region, counters: Counters, used: set[str]) -> None:
        for order, block in enumerate(region.blocks):
            self.blocks[block] = f"bb{order}"
            self.orders[block] = order
            for argument in block.args:
                if order == 0:
                    self._use(argument, f"arg{counters.argument}", counters, used)
                    counters.argument += 1
                else:
                    self._number(argument, counters)
            for op in block.ops:
                self._name_results(op, counters, used)

    def _name_results(self, op: Operation, counters: Counters, used: set[str]) -> None:
        results = op.results
        if not results:
            return
        suggested = suggested_names(op)
        starts = sorted({0, *suggested})
        for start, stop in zip(starts, [*starts[1:], len(results)], strict=True):
            if start in suggested:
                self._use(results[start], suggested[start], counters, used)
            else:
                self._number(results[start], counters)
            name = self.values[results[start]]
            if stop - start > 1:
                for index in range(start, stop):
                    self.values[results[index]] = f"{name}#{index - start}"

    def _number(self, value: SSAValue, counters: Counters) -> None:
        self.values[value] = str(counters.value)
        counters.value += 1

    def _use(self, value: SSAValue, name: str, counters: Counters, used: set[str]) -> None:
        if not name:
            self._number(value, counters)
            return
        name = sanitized(name)
        unique = name
        while unique in used:
            unique = f"{name}_{counters.conflict}"
            counters.conflict += 1
        used.add(unique)
        self.values[value] = unique
