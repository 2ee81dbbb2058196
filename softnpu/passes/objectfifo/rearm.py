"""What `aiex.dma_channel_reset_for` needs to know of a fifo once that is gone."""

from __future__ import annotations

from softnpu.dialects.aie import LockOp, ObjectFifoCreateOp, ObjectFifoRearmBindingOp
from softnpu.dialects.aiex import DmaChannelResetForOp
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import ops_of
from softnpu.passes.device_ops import append
from softnpu.passes.objectfifo.state import FifoState
from softnpu.passes.sequence_ops import Symbols


def bind_resets(state: FifoState) -> None:
    """Note channels and locks of each fifo that a sequence resets, and let the reset name them."""
    resets: dict[str, list[DmaChannelResetForOp]] = {}
    for op in ops_of(state.device, DmaChannelResetForOp):
        resets.setdefault(op.objfifo, []).append(op)
    if not resets:
        return
    split = dict(state.splits)
    symbols = Symbols(state.device)
    for fifo in (*split, *(f for f in state.fifos() if f not in split)):
        users = resets.get(fifo.sym_name, [])
        if users:
            binding = _binding(state, fifo, split.get(fifo, []), symbols, users[0])
            append(state.device, binding)
            for user in users:
                user.objfifo = binding.sym_name


def _binding(
    state: FifoState,
    fifo: ObjectFifoCreateOp,
    consumers: list[ObjectFifoCreateOp],
    symbols: Symbols,
    user: DmaChannelResetForOp,
) -> ObjectFifoRearmBindingOp:
    channels = state.channels.get(fifo, [])
    locks = [lock for end in (fifo, *consumers) for lock in _locks(state, end)]
    if not channels and not locks:
        raise design_error(
            user,
            f"objectfifo {state.name(fifo)} has no DMA channel or lock in a core or memory tile: "
            "there is nothing to arm anew",
            "the host arms a shim's channels with its transfers",
        )
    base = f"{fifo.sym_name}_rearm"
    names = (base, *(f"{base}_{number}" for number in range(len(state.fifos()) + 1)))
    return ObjectFifoRearmBindingOp(
        sym_name=next(name for name in names if name not in symbols),
        channel_tiles=tuple(tile for tile, _, _ in channels),
        locks=tuple(lock.result for lock in locks),
        channel_dirs=tuple(direction.value for _, direction, _ in channels),
        channel_indices=tuple(channel for _, _, channel in channels),
        lock_inits=tuple(lock.init or 0 for lock in locks),
        location=fifo.location,
    )


def _locks(state: FifoState, end: ObjectFifoCreateOp) -> list[LockOp]:
    return [lock for lock in state.locks.get(end, []) if not state.is_shim(lock.tile_op)]
