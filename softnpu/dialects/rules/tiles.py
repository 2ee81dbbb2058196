"""Rules of devices, tiles, cores, buffers and locks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.ir import Operation

from softnpu.arch.device import TileKind
from softnpu.arch.device import device as arch_device
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
from softnpu.dialects.rules.common import (
    KIND_NAMES,
    kind_of,
    model_of,
    parent_named,
    title,
    where,
)
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error, location_of
from softnpu.errors import DesignError

DMA_PROGRAMS = ("aie.mem", "aie.memtile_dma", "aie.shim_dma")
UNCHECKED_USERS = ("aie.bd_chain", "aiex.set_lock", "aiex.dma_start_bd_chain")
"""Ops that may name any tile's buffers and locks, themselves or in their region."""


def check_device(op: DeviceOp) -> None:
    """The device is an NPU."""
    try:
        arch_device(op.device.name)
    except DesignError as error:
        raise design_error(op, f"npuforge does not build for {op.device.name}", *error.notes) from (
            error
        )


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
            "row 0 shim tiles, row 1 memory tiles, the others cores",
        )
    if op.allocation_scheme is not None and model.is_shim(*op.position):
        raise design_error(op, f"shim {where(op)} has no memory: remove allocation_scheme")
    switches = [use.operation for use in op.result.uses if isinstance(use.operation, SwitchboxOp)]
    if len(switches) > 1:
        raise design_error(op, f"{where(op)} has {len(switches)} switchboxes, a tile has one")


def check_logical_tile(op: LogicalTileOp) -> None:
    """Nobody places tiles here, nor does aiecc."""
    raise design_error(
        op,
        "aie.logical_tile asks for placement, which aiecc's pipeline does not do either",
        "choose the tile: aie.tile(column, row)",
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
    if op.link_with is not None and op.link_files is not None:
        raise design_error(
            op,
            f"{title(op)} has both link_with and link_files",
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
    if holder.name not in DMA_PROGRAMS:
        return
    _check_one_value(op)
    if isinstance(holder, MemOp) and op.lock_op.tile_op is not holder.tile_op:
        raise design_error(
            op,
            f"the DMA of {where(holder.tile_op)} can only use the locks of its own tile; "
            f"{title(op.lock_op)} is in {where(op.lock_op.tile_op)}",
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


def check_tile_kind(op: Operation, tile: TileOp) -> None:
    """The op stands in a tile that has what it needs."""
    kinds = TILE_KINDS.get(op.name)
    if kinds is not None and (found := kind_of(tile)) not in kinds:
        wanted = " or ".join(KIND_NAMES[kind] for kind in kinds)
        raise design_error(
            op, f"'{op.name}' needs {wanted}, but {where(tile)} is {KIND_NAMES[found]}"
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
