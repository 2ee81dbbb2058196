"""Acquire, release and access in a core become lock operations and a choice among buffers.

A core counts at run time, for each end of a fifo, which object comes next and how many it holds.
An access picks its buffer by the first; an acquire takes what is missing by the second. The counts
stand in slots of memory here, which `rewriting.slots` turns into values; unrolling (see
`objectfifo_unroll`) makes most of them constants (mlir-aie, AIEObjectFifoStatefulTransform.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import DenseArrayBase, IndexType, IntegerAttr, i32, i64
from xdsl.ir import Block, Operation, Region, SSAValue

from softnpu.arch.tiles import LOCK_MAXIMUM
from softnpu.dialects.aie import (
    CoreOp,
    LockAction,
    ObjectFifoAcquireOp,
    ObjectFifoCreateOp,
    ObjectFifoPort,
    ObjectFifoReleaseOp,
    ObjectFifoSubviewAccessOp,
    UseLockOp,
)
from softnpu.dialects.source import design_error, location_of
from softnpu.passes.objectfifo.sharing import Shared, shared_memory
from softnpu.passes.objectfifo.state import FifoState
from softnpu.passes.rewriting.ir import erase, insert_after, insert_before


@dataclass(frozen=True)
class FifoEnd:
    """One end of a fifo as a core holds it; the same core may hold both."""

    fifo: ObjectFifoCreateOp
    port: ObjectFifoPort


class FifosOfCore:
    """A core's acquires, releases and accesses, in program order, and what they refer to."""

    def __init__(self, state: FifoState, core: CoreOp) -> None:
        self._by_name = {fifo.sym_name: fifo for fifo in state.fifos()}
        ops = list(core.body.walk())
        self.acquires = [op for op in ops if isinstance(op, ObjectFifoAcquireOp)]
        self.releases = [op for op in ops if isinstance(op, ObjectFifoReleaseOp)]
        self.accesses = [op for op in ops if isinstance(op, ObjectFifoSubviewAccessOp)]

    @property
    def moves(self) -> list[ObjectFifoAcquireOp | ObjectFifoReleaseOp]:
        """All acquires, then all releases."""
        return [*self.acquires, *self.releases]

    def end(self, op: ObjectFifoAcquireOp | ObjectFifoReleaseOp) -> FifoEnd:
        """The end of a fifo that an op acquires from or releases to."""
        fifo = self._by_name.get(op.obj_fifo_name)
        if fifo is None:
            raise design_error(op, f"there is no objectfifo @{op.obj_fifo_name}")
        return FifoEnd(fifo, op.port)


def check_accesses(state: FifoState, core: CoreOp) -> None:
    """Raise DesignError for what a core cannot do with its fifos."""
    fifos = FifosOfCore(state, core)
    for op in fifos.moves:
        end = fifos.end(op)
        _check_end(state, core, op, end)
        if isinstance(op, ObjectFifoAcquireOp):
            _check_number(state, op, end)
    for access in fifos.accesses:
        _check_link_shares_memory(state, access, fifos.end(access.acquire_op).fifo)


def _check_number(state: FifoState, op: ObjectFifoAcquireOp, end: FifoEnd) -> None:
    """As many can be acquired at once as there are; aie-opt lets more pass, which never come."""
    acquired = f"{op.acq_number:,} objects of {state.name(end.fifo)} are acquired at once"
    if op.acq_number > LOCK_MAXIMUM:
        raise design_error(op, f"{acquired}, but the locks that count them go to {LOCK_MAXIMUM}")
    if op.acq_number > end.fifo.size():
        where = location_of(end.fifo)
        raise design_error(
            op,
            f"{acquired}, but there are only {end.fifo.size()} of them here: "
            "the core would wait for ever",
            *([] if where is None else [f"it is declared at {where}"]),
            "make it deeper; where its ends share a memory, the producer's depth counts for both",
        )


def lower_accesses(state: FifoState, core: CoreOp) -> list[memref.AllocaOp]:
    """Replaces all that a core does with objectfifos; returns the slots of its counts."""
    fifos = FifosOfCore(state, core)
    slots = _Slots(core, fifos)
    for op in list(core.body.walk()):
        if isinstance(op, ObjectFifoAcquireOp):
            insert_after(op, *_acquire(state, op, fifos.end(op), slots))
        elif isinstance(op, ObjectFifoReleaseOp):
            insert_after(op, *_release(state, op, fifos.end(op), slots))
        elif isinstance(op, ObjectFifoSubviewAccessOp):
            end = fifos.end(op.acquire_op)
            steps = _choose(state, op, end, slots)
            insert_after(op, *steps)
            op.output.replace_all_uses_with(steps[-1].results[0])
    for op in (*fifos.accesses, *fifos.moves):
        erase(op)
    return slots.made


class _Slots:
    """A core's counts: the next object of each end that it acquires from, and how many it holds
    of each that it acquires from or releases to."""

    def __init__(self, core: CoreOp, fifos: FifosOfCore) -> None:
        acquired = dict.fromkeys(map(fifos.end, fifos.acquires))
        held = dict.fromkeys((*acquired, *map(fifos.end, fifos.releases)))
        self.made: list[memref.AllocaOp] = []
        zero = _integer(0)
        self._ops: list[Operation] = [zero]
        self.next = {end: self._slot(zero) for end in acquired}
        self.held = {end: self._slot(zero) for end in held}
        first = core.body.blocks[0].first_op
        assert first is not None
        if held:
            insert_before(first, *self._ops)
        for op in self._ops:
            op.location = core.location

    def _slot(self, zero: arith.ConstantOp) -> SSAValue:
        slot = memref.AllocaOp.get(i32, shape=[])
        self.made.append(slot)
        self._ops += (slot, memref.StoreOp.get(zero, slot, []))
        return slot.results[0]


def _integer(value: int) -> arith.ConstantOp:
    return arith.ConstantOp(IntegerAttr(value, i32))


def _acquire(
    state: FifoState, op: ObjectFifoAcquireOp, end: FifoEnd, slots: _Slots
) -> list[Operation]:
    """Take as many as are missing, none if enough are held."""
    slot = slots.held[end]
    held = memref.LoadOp.get(slot, [])
    wanted, zero = _integer(op.acq_number), _integer(0)
    missing = arith.SubiOp(wanted, held)
    fresh: arith.MaxSIOp | arith.MuliOp = arith.MaxSIOp(missing, zero)
    steps: list[Operation] = [held, wanted, zero, missing, fresh]
    repeat = end.fifo.repeat_count or 1
    if repeat > 1:
        # An object that is sent several times counts as often in its locks.
        times = _integer(repeat)
        fresh = arith.MuliOp(fresh, times)
        steps += (times, fresh)
    steps += _use_lock(state, end, LockAction.AcquireGreaterEqual, fresh.result)
    now = arith.AddiOp(held, fresh)
    return [*steps, now, memref.StoreOp.get(now, slot, [])]


def _release(
    state: FifoState, op: ObjectFifoReleaseOp, end: FifoEnd, slots: _Slots
) -> list[Operation]:
    """Give back, hold less, and go on to the objects behind."""
    slot = slots.held[end]
    number = _integer(op.rel_number * (end.fifo.repeat_count or 1))
    held = memref.LoadOp.get(slot, [])
    now = arith.SubiOp(held, number)
    return [
        number,
        *_use_lock(state, end, LockAction.Release, number.result),
        held,
        now,
        memref.StoreOp.get(now, slot, []),
        *_move_on(op.rel_number, end, slots.next.get(end)),
    ]


def _use_lock(
    state: FifoState, end: FifoEnd, action: LockAction, number: SSAValue
) -> list[Operation]:
    """A producer takes free objects and hands out full ones, a consumer the other way round."""
    locks = state.locks.get(state.owner(end.fifo), [])
    if not locks:
        return []
    takes_free = (end.port is ObjectFifoPort.Produce) is not (action is LockAction.Release)
    lock = locks[0 if takes_free else 1]
    return [UseLockOp(lock=lock.result, action=action, value=number)]


def _move_on(released: int, end: FifoEnd, slot: SSAValue | None) -> list[Operation]:
    """next = (next + released) mod depth, without a division."""
    if slot is None:
        return []
    depth, number = _integer(end.fifo.size()), _integer(released)
    old = memref.LoadOp.get(slot, [])
    total = arith.AddiOp(old, number)
    wraps = arith.CmpiOp(total, depth, "sge")
    # One object on, the count can only come round to exactly 0.
    start = _integer(0) if released == 1 else arith.SubiOp(total, depth)
    new = arith.SelectOp(wraps, start, total)
    store = memref.StoreOp.get(new, slot, [])
    return [depth, old, number, total, wraps, start, new, store]


def _choose(
    state: FifoState, op: ObjectFifoSubviewAccessOp, end: FifoEnd, slots: _Slots
) -> list[Operation]:
    """A switch over the count, one case an object; the default is as for a count of 0."""
    buffers = state.buffers.get(state.owner(end.fifo))
    if not buffers:
        raise design_error(
            op.acquire_op,
            f"objectfifo {state.name(end.fifo)} has no objects of its own here, for it is linked",
            "acquire from a fifo that ends at this core",
        )

    def case(start: int) -> Region:
        buffer = buffers[(op.index + start) % depth]
        return Region(Block([scf.YieldOp(buffer.buffer)]))

    depth = end.fifo.size()
    value = memref.LoadOp.get(slots.next[end], [])
    index = arith.IndexCastOp(value, IndexType())
    numbers = list(range(depth))
    switch = scf.IndexSwitchOp(
        index,
        DenseArrayBase.from_list(i64, numbers),
        case(0),
        [case(number) for number in numbers],
        [buffers[0].buffer.type],
    )
    return [value, index, switch]


# what cannot be accessed


def _check_end(
    state: FifoState,
    core: CoreOp,
    op: ObjectFifoAcquireOp | ObjectFifoReleaseOp,
    end: FifoEnd,
) -> None:
    verb = "acquire" if isinstance(op, ObjectFifoAcquireOp) else "release"
    link = state.link_of(end.fifo)
    if link is not None and link.shared_tile is core.tile:
        raise design_error(
            op,
            f"cannot {verb} {state.name(end.fifo)} in the tile where it is linked "
            f"({state.link_text(link)}): the DMAs pass its objects on",
            "remove the link, or do the work in a core between two fifos",
        )
    if end.fifo.aie_stream is not None:
        raise design_error(
            op,
            f"cannot {verb} objects of {state.name(end.fifo)} here: this end is a stream port "
            "of the core (aie_stream)",
            "read or write the stream in the kernel itself",
        )


def _check_link_shares_memory(
    state: FifoState, access: ObjectFifoSubviewAccessOp, fifo: ObjectFifoCreateOp
) -> None:
    link = state.link_of(fifo)
    if link is None:
        return
    text = state.link_text(link)
    if link.is_join or link.is_distribute:
        raise design_error(
            access, f"cannot access objects of {state.name(fifo)}, which is in the link {text}"
        )
    producer = fifo.producer_tile_op
    ends = fifo.consumer_tile_ops
    if any(shared_memory(state.target, producer, end) is Shared.NEITHER for end in ends):
        raise design_error(
            access,
            f"cannot access objects of {state.name(fifo)}, which is in the link {text}: "
            "its tiles share no memory",
        )
