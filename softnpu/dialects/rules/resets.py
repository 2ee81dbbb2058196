"""Rules of resets from the runtime sequence, and of the bindings that they name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from softnpu.arch.device import TileKind
from softnpu.dialects.aie.objectfifo import ObjectFifoCreateOp, ObjectFifoRearmBindingOp
from softnpu.dialects.aie.symbols import device_of, lookup
from softnpu.dialects.aie.tiles import LockOp, TileOp
from softnpu.dialects.aiex.tasks import CoreResetOp, DmaChannelResetForOp, DmaChannelResetOp
from softnpu.dialects.enums import DMAChannelDir
from softnpu.dialects.rules.common import KIND_NAMES, kind_of, model_of, title, where
from softnpu.dialects.source import design_error


def check_binding(op: ObjectFifoRearmBindingOp) -> None:
    """Tiles with a DMA of their own, locks, and as many entries as there are of each."""
    for tile in op.channel_tiles:
        if not isinstance(tile.owner, TileOp):
            raise design_error(op, f"{title(op)}: a channel's tile is an aie.tile")
        if kind_of(tile.owner) is TileKind.SHIM:
            raise design_error(
                op,
                f"{title(op)}: {where(tile.owner)} is a shim tile, whose channels the sequence "
                "itself starts",
            )
    if not all(isinstance(lock.owner, LockOp) for lock in op.locks):
        raise design_error(op, f"{title(op)}: its locks are aie.lock")
    _check_counts(op)
    directions = [direction.value for direction in DMAChannelDir]
    if any(direction not in directions for direction in op.channel_dirs):
        raise design_error(
            op, f"{title(op)}: a direction is 0 (S2MM) or 1 (MM2S), found {op.channel_dirs}"
        )


def _check_counts(op: ObjectFifoRearmBindingOp) -> None:
    if (op.head_bd_ids is None) != (op.repeat_counts is None):
        raise design_error(op, f"{title(op)}: head_bd_ids and repeat_counts go together")
    channels, locks = len(op.channel_tiles), len(op.locks)
    counts = (
        ("channel_dirs", op.channel_dirs, channels, "channels"),
        ("channel_indices", op.channel_indices, channels, "channels"),
        ("head_bd_ids", op.head_bd_ids, channels, "channels"),
        ("repeat_counts", op.repeat_counts, channels, "channels"),
        ("lock_inits", op.lock_inits, locks, "locks"),
    )
    for word, given, wanted, what in counts:
        if given is not None and len(given) != wanted:
            raise design_error(
                op, f"{title(op)}: {word} has {len(given)} entries for {wanted} {what}"
            )


def check_reset_for(op: DmaChannelResetForOp) -> None:
    """What is named, if it is there already, is an objectfifo or its binding."""
    found = lookup(op, op.objfifo) if device_of(op) is not None else None
    if found is not None and not isinstance(found, ObjectFifoCreateOp | ObjectFifoRearmBindingOp):
        raise design_error(op, f"'@{op.objfifo}' is no objectfifo, it is {found.name}")


def check_channel_reset(op: DmaChannelResetOp) -> None:
    """A channel that there is; a shim's has no reset."""
    kind, model = kind_of(op.tile_op), model_of(op)
    if kind is TileKind.SHIM:
        raise design_error(op, f"{where(op.tile_op)} is a shim tile, whose channels have no reset")
    channels = model.facts_at(*op.position).channels if model else 0
    if not 0 <= op.channel < channels:
        raise design_error(
            op,
            f"{where(op.tile_op)} has {op.direction.name} channels 0 to {channels - 1}, found "
            f"{op.channel}",
        )


def check_core_reset(op: CoreResetOp) -> None:
    """The tile has a core."""
    kind = kind_of(op.tile_op)
    if kind is not TileKind.CORE:
        raise design_error(
            op, f"{where(op.tile_op)} is {KIND_NAMES[kind]}: it has no core to reset"
        )


RULES: dict[str, Callable[[Any], None]] = {
    "aie.objectfifo_rearm_binding": check_binding,
    "aiex.core_reset": check_core_reset,
    "aiex.dma_channel_reset": check_channel_reset,
    "aiex.dma_channel_reset_for": check_reset_for,
}
