"""`aie-assign-lock-ids`: a number for every lock that the design leaves without one.

Within a tile, locks take the free numbers in the order in which they stand in the design
(mlir-aie, AIEAssignLockIDs.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.aie import DeviceOp, LockOp, TileOp
from softnpu.dialects.source import design_error, location_of
from softnpu.dialects.walking import ops_of
from softnpu.errors import DesignError
from softnpu.passes.concerns import Concerns
from softnpu.passes.sequence_ops import devices, model_of


@dataclass(frozen=True)
class AssignLockIDsPass(ModulePass):
    """Number the locks."""

    name = "aie-assign-lock-ids"
    concerns: ClassVar[Concerns] = (LockOp,)

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for tile, locks in _locks_by_tile(device).items():
                _assign(tile, locks, model_of(device).num_locks(*tile.position))


@dataclass
class _TileLocks:
    """The locks of one tile: those that have a number, by it, and those that need one."""

    numbered: dict[int, LockOp] = field(default_factory=dict)
    unnumbered: list[LockOp] = field(default_factory=list)


def _locks_by_tile(device: DeviceOp) -> dict[TileOp, _TileLocks]:
    tiles: dict[TileOp, _TileLocks] = {}
    for lock in ops_of(device, LockOp):
        locks = tiles.setdefault(lock.tile_op, _TileLocks())
        if lock.lock_id is None:
            locks.unnumbered.append(lock)
        elif (first := locks.numbered.setdefault(lock.lock_id, lock)) is not lock:
            raise _taken(lock, first)
    return tiles


def _assign(tile: TileOp, locks: _TileLocks, available: int) -> None:
    free = (number for number in range(available) if number not in locks.numbered)
    for lock in locks.unnumbered:
        number = next(free, None)
        if number is None:
            raise _exhausted(tile, lock, locks, available)
        lock.lock_id = number


def _taken(lock: LockOp, first: LockOp) -> DesignError:
    return design_error(
        lock,
        f"lock {lock.lock_id} of tile {lock.position} is taken by {lock_name(first)}",
        f"{lock_name(first)} stands at {location_of(first)}",
        "give this lock another number, or none: a free one is chosen then",
    )


def _exhausted(tile: TileOp, lock: LockOp, locks: _TileLocks, available: int) -> DesignError:
    needed = len(locks.numbered) + len(locks.unnumbered)
    every = [*locks.numbered.values(), *locks.unnumbered]
    return design_error(
        lock,
        f"tile {tile.position} has {available} locks, the design needs {needed} there; "
        f"{lock_name(lock)} is the first that gets none",
        f"locks of the tile: {', '.join(map(lock_name, every))}",
        "every objectfifo end takes two locks: use fewer objectfifos in this tile, or put some "
        "of their ends in a memory tile, which has 64",
    )


def lock_name(lock: LockOp) -> str:
    """A lock as its author knows it."""
    return f"'{lock.sym_name}'" if lock.sym_name else "a lock without a name"
