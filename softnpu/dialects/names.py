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

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IntegerAttr, IntegerType, StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue

from softnpu.arch.device import DEVICES, TileKind
from softnpu.dialects.aie.symbols import device_of
from softnpu.dialects.aie.tiles import LogicalTileOp, TileOp
from softnpu.dialects.attribute_printer import integer_type
from softnpu.dialects.enums import AIETileType
from softnpu.dialects.kinds import OfAttributes, of_attributes
from softnpu.dialects.walking import ops_in

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

KIND_PREFIXES = {TileKind.CORE: "", TileKind.MEMORY: "mem_", TileKind.SHIM: "shim_"}

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
        return f"c{number}_{integer_type(type)}"
    return f"c{number}"


def tile_name(op: Operation) -> str:
    """`tile_0_2`, `mem_tile_0_1`, `shim_noc_tile_0_0`, after the tile's kind in the device."""
    tile, owner = cast(TileOp, op), device_of(op)
    model = None if owner is None else DEVICES.get(owner.device.name)
    prefix = "" if model is None else KIND_PREFIXES[model.kind(*tile.position)]
    if model is not None and model.is_shim(*tile.position):
        prefix += "noc_" if model.is_shim_noc(*tile.position) else "pl_"
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


_FOREIGN = re.compile(r"[^A-Za-z0-9$._ -]")


def sanitized(name: str) -> str:
    """A name, not an empty one, as an MLIR identifier."""
    if name.isascii() and name.isidentifier():
        return name
    name = _FOREIGN.sub(lambda match: f"{ord(match[0]):X}", name).replace(" ", "_")
    return f"_{name}" if name[0].isdigit() else name


class Scope:
    """The names that are taken in a region: its own, and those of the regions around it."""

    def __init__(self, around: Scope | None = None) -> None:
        self.own: set[str] = set()
        self.around = around

    def __contains__(self, name: str) -> bool:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.own:
                return True
            scope = scope.around
        return False


class Names:
    """The names of all values and blocks under an op."""

    def __init__(self, top: Operation) -> None:
        self.values: dict[SSAValue, str] = {}
        self.blocks: dict[Block, str] = {}
        self.orders: dict[Block, int] = {}
        self._constants: OfAttributes[str] = of_attributes("name")
        counters, scope = Counters(), Scope()
        if top.results:
            self._name_results(top, counters, scope)
        pending = [(region, counters, scope) for region in top.regions]
        while pending:
            region, outer, around = pending.pop()
            counters, scope = outer.copy(), Scope(around)
            inner = self._name_region(region, counters, scope)
            pending += [(one, counters, scope) for one in inner]

    def _name_region(self, region: Region, counters: Counters, scope: Scope) -> list[Region]:
        """Names what a region defines itself; the regions in it are given."""
        inner: list[Region] = []
        for order, block in enumerate(region.blocks):
            self.blocks[block] = f"bb{order}"
            self.orders[block] = order
            for argument in block.args:
                if order == 0:
                    self._use(argument, f"arg{counters.argument}", counters, scope)
                    counters.argument += 1
                else:
                    self._number(argument, counters)
            for op in ops_in(block):
                if op.results:
                    self._name_results(op, counters, scope)
                if op.regions:
                    inner += op.regions
        return inner

    def _name_results(self, op: Operation, counters: Counters, scope: Scope) -> None:
        results = op.results
        if len(results) == 1:
            (result,) = results
            if type(op) is ConstantOp:
                self._use(result, self._constant(op), counters, scope)
            else:
                self._name(result, suggested_name(op), counters, scope)
            return
        suggested = suggested_names(op)
        starts = sorted({0, *suggested})
        for start, stop in zip(starts, [*starts[1:], len(results)], strict=True):
            self._name(results[start], suggested.get(start), counters, scope)
            name = self.values[results[start]]
            if stop - start > 1:
                for index in range(start, stop):
                    self.values[results[index]] = f"{name}#{index - start}"

    def _constant(self, op: ConstantOp) -> str:
        """A constant's name, an identifier; each value is looked at once for all that have it."""
        value = op.properties["value"]
        known = self._constants.known.get(id(value))
        if known is None:
            known = sanitized(constant_name(op))
            self._constants.learn(value, known)
        return known

    def _name(
        self, value: SSAValue, suggested: str | None, counters: Counters, scope: Scope
    ) -> None:
        if suggested:
            self._use(value, sanitized(suggested), counters, scope)
        else:
            self._number(value, counters)

    def _number(self, value: SSAValue, counters: Counters) -> None:
        self.values[value] = str(counters.value)
        counters.value += 1

    def _use(self, value: SSAValue, name: str, counters: Counters, scope: Scope) -> None:
        unique = name
        while unique in scope:
            unique = f"{name}_{counters.conflict}"
            counters.conflict += 1
        scope.own.add(unique)
        self.values[value] = unique
