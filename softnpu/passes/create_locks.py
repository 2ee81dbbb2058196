"""`aie-create-locks`: tokens become locks.

A token has a value: who acquires one waits for it, who releases gives the next. Each release and
each acquire of the same value share a lock in a tile that both reach, which counts 1 while the
token has that value and nobody holds it. mlir-aie's pass of this name (AIECreateLocks.cpp) makes
the locks of first-generation tiles, which keep a value that is acquired; those of NPUs count down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.dialects.aie import (
    CoreOp,
    LockAction,
    LockOp,
    MemOp,
    ShimDMAOp,
    TileOp,
    UseLockOp,
)
from softnpu.dialects.aiex import MemcpyOp, TokenOp, UseTokenOp
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import of_type
from softnpu.passes.rewriting.ir import erase, insert_after, insert_before
from softnpu.passes.sequence_ops import devices, model_of

User = CoreOp | MemOp | ShimDMAOp


@dataclass(frozen=True)
class CreateLocksPass(ModulePass):
    """Lower `aiex.token` and `aiex.useToken`; aie-assign-lock-ids numbers the locks."""

    name = "aie-create-locks"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            tokens = list(of_type(device, TokenOp))
            uses = [each for each in device.walk() if isinstance(each, UseTokenOp)]
            for copy in of_type(device, MemcpyOp):
                raise design_error(
                    copy, "a copy's tokens are not known: run aie-lower-memcpy first"
                )
            chains = _Chains(model_of(device))
            for token in tokens:
                chains.add(token, [use for use in uses if use.token_name == token.sym_name])
            for use in uses:
                _replace(use, chains.locks.get(use, []))
            for token in tokens:
                erase(token)


@dataclass
class _Chains:
    """The locks of each use of a token."""

    model: Device
    locks: dict[UseTokenOp, list[LockOp]] = field(default_factory=dict)

    def add(self, token: TokenOp, uses: list[UseTokenOp]) -> None:
        releases = [use for use in uses if use.action is LockAction.Release]
        acquires = [use for use in uses if use.action is not LockAction.Release]
        for acquire in acquires:
            givers = [use for use in releases if use.value == acquire.value]
            made = [lock for use in givers if (lock := self._lock(token, use, acquire)) is not None]
            is_given = givers or acquire.value != token.value
            if is_given and not made and isinstance(_user(acquire), CoreOp):
                self._refuse(acquire, givers)

    def _lock(self, token: TokenOp, release: UseTokenOp, acquire: UseTokenOp) -> LockOp | None:
        tile = self._shared_tile(_user(release), _user(acquire))
        if tile is None:
            return None
        lock = LockOp(tile=tile.result, init=int(acquire.value == token.value))
        insert_after(tile, lock)
        for use in (release, acquire):
            self.locks.setdefault(use, []).append(lock)
        return lock

    def _shared_tile(self, one: User, other: User) -> TileOp | None:
        """The tile whose locks both reach: a DMA its own alone, a core its neighbours' as well."""
        for tile in (one.tile_op, other.tile_op):
            if all(self._reaches(user, tile) for user in (one, other)):
                return tile
        return None

    def _reaches(self, user: User, tile: TileOp) -> bool:
        if not isinstance(user, CoreOp):
            return user.tile_op is tile
        return self.model.is_legal_mem_affinity(*user.position, *tile.position)

    def _refuse(self, acquire: UseTokenOp, givers: Iterable[UseTokenOp]) -> None:
        positions = ", ".join(str(_user(use).position) for use in givers)
        where = f"tiles {positions}, which share no lock with it" if positions else "nobody"
        raise design_error(
            acquire,
            f"'@{acquire.token_name}' gets the value {acquire.value} from {where}",
        )


def _user(use: UseTokenOp) -> User:
    parent = use.parent_op()
    while parent is not None:
        if isinstance(parent, User):
            return parent
        parent = parent.parent_op()
    raise design_error(use, "a token is used by a core or a DMA program")


def _replace(use: UseTokenOp, locks: list[LockOp]) -> None:
    release = use.action is LockAction.Release
    action = LockAction.Release if release else LockAction.AcquireGreaterEqual
    for lock in locks:
        insert_before(use, UseLockOp(lock=lock.result, action=action, value=1))
    erase(use)
