"""Rules of devices, tiles, cores, buffers and locks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.ir import Operation

from softnpu.arch.device import Device, TileKind
from softnpu.arch.device import device as arch_device
from softnpu.arch.tiles import LOCK_MAXIMUM, LOCK_MINIMUM
from softnpu.dialects.aie.dma import MemOp
from softnpu.dialects.aie.streams import SwitchboxOp
from softnpu.dialects.aie.tiles import (
    BufferOp,
    CoreOp,
    DeviceOp,
    EndOp,
    LockOp,
    LogicalTileOp,
    TileElement,
    TileOp,
    UseLockOp,
)
from softnpu.dialects.enums import AIETileType
from softnpu.dialects.rules.common import (
    DMA_PROGRAMS,
    KIND_NAMES,
    has_shim_dma,
    kind_of,
    model_of,
    parent_named,
    title,
    where,
)
from softnpu.dialects.scalars import number_of
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error, location_of
from softnpu.errors import DesignError

UNCHECKED_USERS = ("aie.bd_chain", "aiex.set_lock", "aiex.dma_start_bd_chain")
"""Ops that may name any tile's buffers and locks, themselves or in their region."""


def check_device(op: DeviceOp) -> None:
    """The device is known, and a tile has one core."""
    try:
        arch_device(op.device.name)
    except DesignError as error:
        raise design_error(op, f"npuforge does not build for {op.device.name}", *error.notes) from (
            error
        )
    cores: dict[tuple[int, int], CoreOp] = {}
    for core in op.body.ops:
        if isinstance(core, CoreOp) and (position := _place_of(core)) is not None:
            first = cores.setdefault(position, core)
            if first is not core:
                raise design_error(
                    core,
                    f"tile {position} has a core already",
                    f"the other one stands at {location_of(first)}",
                )


def _place_of(core: CoreOp) -> tuple[int, int] | None:
    """Where a core is, or will be for certain."""
    tile = core.tile.owner
    assert isinstance(tile, TileOp | LogicalTileOp)
    return None if tile.col is None or tile.row is None else (tile.col, tile.row)


def check_tile(op: TileOp) -> None:
    """The tile exists in the device; it has one stream switch; a shim allocates nothing."""
    model = model_of(op)
    if model is None:
        raise design_error(op, f"{where(op)} stands outside of aie.device")
    if op.col >= model.columns or op.row >= model.rows:
        raise design_error(
            op,
            f"there is no {where(op)} in {model.name}",
            f"{model.name} has columns 0 to {model.columns - 1} and rows 0 to {model.rows - 1}: "
            f"row 0 shim tiles, {_rows(model.memory_tile_rows)} memory tiles, the others cores",
        )
    if op.allocation_scheme is not None and model.is_shim(*op.position):
        raise design_error(op, f"shim {where(op)} has no memory: remove allocation_scheme")
    switches = [use.operation for use in op.result.uses if isinstance(use.operation, SwitchboxOp)]
    if len(switches) > 1:
        raise design_error(op, f"{where(op)} has {len(switches)} switchboxes, a tile has one")


def _rows(memory_tile_rows: int) -> str:
    return "row 1" if memory_tile_rows == 1 else f"rows 1 to {memory_tile_rows}"


def check_logical_tile(op: LogicalTileOp) -> None:
    """The device has such tiles, and the coordinates that are given are those of one."""
    model = model_of(op)
    if model is None:
        raise design_error(op, f"{where(op)} stands outside of aie.device")
    if op.tile_type is AIETileType.ShimPLTile and model.noc_columns is None:
        raise design_error(op, f"{model.name} has no tiles of type {op.tile_type.name}")
    for word, given, count in (("column", op.col, model.columns), ("row", op.row, model.rows)):
        if given is not None and given >= count:
            raise design_error(op, f"{model.name} has {word}s 0 to {count - 1}, found {given}")
    kind = kind_of(op)
    if op.col is not None and op.row is not None and model.kind(op.col, op.row) is not kind:
        found = KIND_NAMES[model.kind(op.col, op.row)]
        raise design_error(op, f"tile ({op.col}, {op.row}) is {found}, not {KIND_NAMES[kind]}")
    if kind is TileKind.SHIM and None not in (op.col, op.row):
        check_shim_kind(op, model)
    if op.allocation_scheme is not None and kind is TileKind.SHIM:
        raise design_error(op, f"shim {where(op)} has no memory: remove allocation_scheme")


def check_shim_kind(op: LogicalTileOp, model: Device) -> None:
    """A shim tile with both coordinates has the DMA that its type says, or has none."""
    assert op.col is not None
    assert op.row is not None
    if model.is_shim_noc(op.col, op.row) is not has_shim_dma(op):
        word = "a" if model.is_shim_noc(op.col, op.row) else "no"
        raise design_error(
            op,
            f"shim tile ({op.col}, {op.row}) of {model.name} has {word} DMA, so it is no "
            f"{op.tile_type.name}",
        )


def check_core(op: CoreOp) -> None:
    """A core has a body or an ELF, not both."""
    if not op.body.blocks:
        raise design_error(op, f"{title(op)} has no body: end it with aie.end at least")
    if op.elf_file is not None and not is_empty(op):
        raise design_error(
            op,
            f'{title(op)} has both elf_file = "{op.elf_file}" and a body',
            "leave only aie.end in the body, or remove elf_file",
        )
    if twice := sorted({*(op.link_files or ())} & {*(op.link_merge_files or ())}):
        raise design_error(
            op, f"{title(op)} both links and merges '{twice[0]}': name it in one of the lists"
        )
    for newer in ("link_files", "link_merge_files"):
        if op.link_with is not None and getattr(op, newer) is not None:
            raise design_error(
                op,
                f"{title(op)} has both link_with and {newer}",
                "link_with is the older form of link_files: keep one of them",
            )


def is_empty(core: CoreOp) -> bool:
    """Whether the body is `aie.end` alone."""
    blocks = core.body.blocks
    return len(blocks) == 1 and isinstance(blocks[0].first_op, EndOp)


def check_buffer(op: BufferOp) -> None:
    """The type has a size, the tile has that much memory, and whoever uses it can reach it."""
    if not op.buffer_type.has_static_shape():
        raise design_error(op, f"{title(op)}: {op.buffer_type} has no fixed size")
    model = model_of(op)
    memory = model.facts_at(*op.position).data_memory if model else 0
    size = memref_bytes(op.buffer_type)
    if size > memory:
        raise design_error(
            op,
            f"{title(op)} needs {size} bytes, {where(op.tile_op)} has {memory}",
        )
    check_uses(op)


def check_lock(op: LockOp) -> None:
    """The number exists in the tile, and whoever uses the lock can reach it."""
    model = model_of(op)
    if model is not None and op.lock_id is not None:
        locks = model.num_locks(*op.position)
        if op.lock_id >= locks:
            raise design_error(
                op,
                f"{title(op)} has number {op.lock_id}; {where(op.tile_op)} has locks 0 to "
                f"{locks - 1}",
            )
    check_uses(op)


def check_uses(op: BufferOp | LockOp) -> None:
    """Each use is in a tile that shares memory with the op's."""
    model = model_of(op)
    for use in op.results[0].uses:
        user = use.operation
        if user.parent_op() is None or isinstance(user.parent_op(), DeviceOp):
            continue
        if user.name in UNCHECKED_USERS or parent_named(user, *UNCHECKED_USERS) is not None:
            continue
        element = user if isinstance(user, TileElement) else _tile_element(user)
        if element is None:
            raise design_error(
                op, f"{title(op)} is used outside of a tile", f"used at {location_of(user)}"
            )
        if not isinstance(element.tile.owner, TileOp):
            continue  # refused when the check comes to it
        if model and not model.is_legal_mem_affinity(*element.position, *op.position):
            raise design_error(
                user,
                f"{title(element)} cannot reach {title(op)} in {where(op.tile_op)}",
                f"{title(op)} is declared at {location_of(op)}",
                "a core reaches its own memory and that of its west, north and south neighbour "
                "cores, a memory tile its own and its west and east neighbours'",
            )


def _tile_element(op: Operation) -> TileElement | None:
    """The core, DMA program or the like around an op."""
    current = op.parent_op()
    while current is not None and not isinstance(current, (TileElement, DeviceOp)):
        current = current.parent_op()
    return current if isinstance(current, TileElement) else None


def check_use_lock(op: UseLockOp) -> None:
    """Locks are used by cores and in descriptors, there with one value each way."""
    parents = ("aie.core", "func.func", *DMA_PROGRAMS, "aiex.dma_configure_task")
    allowed = (*parents, "aiex.dma_configure_task_for", "aie.bd_chain")
    holder = parent_named(op, *allowed)
    if holder is None:
        raise design_error(
            op, "aie.use_lock belongs into a core, a function that a core calls, or a DMA program"
        )
    _check_lock_value(op)
    if holder.name not in DMA_PROGRAMS:
        return
    _check_one_value(op)
    if isinstance(holder, MemOp) and op.lock_op.tile_op is not holder.tile_op:
        raise design_error(
            op,
            f"the DMA of {where(holder.tile_op)} can only use the locks of its own tile; "
            f"{title(op.lock_op)} is in {where(op.lock_op.tile_op)}",
        )


def _check_lock_value(op: UseLockOp) -> None:
    """A lock goes to 63, and the sign of an acquire's value says which kind of acquire it is.

    Stricter than aie-opt, with which one of -1 "or more" waits for just 1.
    """
    value = number_of(op.value)
    least = LOCK_MINIMUM if op.release else 0
    if value is not None and not least <= value <= LOCK_MAXIMUM:
        verb = "releases" if op.release else "acquires"
        raise design_error(
            op, f"this {verb} {value} of a lock; what fits is {least} to {LOCK_MAXIMUM}"
        )


def _check_one_value(op: UseLockOp) -> None:
    """The descriptor in this block acquires with one value and releases with one."""
    block = op.parent_block()
    assert block is not None
    for release in (False, True):
        values = {
            other.lock_value
            for other in block.ops
            if isinstance(other, UseLockOp) and other.release is release
        }
        if len(values) > 1:
            verb = "releases" if release else "acquires"
            listed = ", ".join(map(str, sorted(values)))
            raise design_error(op, f"this descriptor {verb} with several values: {listed}")


TILE_KINDS: dict[str, tuple[TileKind, ...]] = {
    "aie.core": (TileKind.CORE,),
    "aie.mem": (TileKind.CORE,),
    "aie.memtile_dma": (TileKind.MEMORY,),
    "aie.shim_dma": (TileKind.SHIM,),
    "aie.shim_mux": (TileKind.SHIM,),
    "aie.buffer": (TileKind.CORE, TileKind.MEMORY),
    "aie.shim_dma_allocation": (TileKind.SHIM,),
    "aie.objectfifo.register_external_buffers": (TileKind.SHIM,),
}
"""The kinds of tile in which an op can stand."""
NEED_A_SHIM_DMA = ("aie.shim_dma", "aie.objectfifo.register_external_buffers")


def check_tile_kind(op: Operation, tile: TileOp | LogicalTileOp) -> None:
    """The op stands in a tile that has what it needs."""
    kinds = TILE_KINDS.get(op.name)
    if kinds is not None and (found := kind_of(tile)) not in kinds:
        wanted = " or ".join(KIND_NAMES[kind] for kind in kinds)
        raise design_error(
            op, f"'{op.name}' needs {wanted}, but {where(tile)} is {KIND_NAMES[found]}"
        )
    if op.name in NEED_A_SHIM_DMA and not has_shim_dma(tile):
        model = model_of(op)
        columns = sorted(model.noc_columns or ()) if model else ()
        raise design_error(
            op,
            f"'{op.name}' needs a shim tile with a DMA, but {where(tile)} leads to programmable "
            "logic alone",
            f"columns with a shim DMA: {', '.join(map(str, columns))}",
        )


RULES: dict[str, Callable[[Any], None]] = {
    "aie.buffer": check_buffer,
    "aie.core": check_core,
    "aie.device": check_device,
    "aie.lock": check_lock,
    "aie.logical_tile": check_logical_tile,
    "aie.tile": check_tile,
    "aie.use_lock": check_use_lock,
}
