"""Acquire, release and access in a core become lock operations and buffers."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.ir import Block, Operation

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
from softnpu.dialects.source import design_error
from softnpu.passes.objectfifo.sharing import Shared, shared_memory
from softnpu.passes.objectfifo.state import FifoState
from softnpu.passes.rewriting.ir import block_of, erase, insert_after


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

    def end(self, op: ObjectFifoAcquireOp | ObjectFifoReleaseOp) -> FifoEnd:
        """The end of a fifo that an op acquires from or releases to."""
        fifo = self._by_name.get(op.obj_fifo_name)
        if fifo is None:
            raise design_error(op, f"there is no objectfifo @{op.obj_fifo_name}")
        return FifoEnd(fifo, op.port)


def lower_accesses(state: FifoState, core: CoreOp) -> None:
    """Replaces all that a core does with objectfifos."""
    fifos = FifosOfCore(state, core)
    holdings = _Holdings(state, core)
    for release in fifos.releases:
        end = fifos.end(release)
        _check_end(state, core, release, end)
        _use_lock(state, release, end, release.rel_number, LockAction.Release)
        holdings.note_release(end, release)
    objects: dict[ObjectFifoAcquireOp, list[int]] = {}
    for acquire in fifos.acquires:
        end = fifos.end(acquire)
        _check_end(state, core, acquire, end)
        held, fresh = holdings.acquire(end, acquire)
        _use_lock(state, acquire, end, fresh, LockAction.AcquireGreaterEqual)
        objects[acquire] = held
    for access in fifos.accesses:
        _lower_access(state, access, fifos.end(access.acquire_op).fifo, objects)
    for op in (*fifos.accesses, *fifos.acquires, *fifos.releases):
        erase(op)


def _lower_access(
    state: FifoState,
    access: ObjectFifoSubviewAccessOp,
    fifo: ObjectFifoCreateOp,
    objects: dict[ObjectFifoAcquireOp, list[int]],
) -> None:
    _check_link_shares_memory(state, access, fifo)
    buffers = state.buffers[state.owner(fifo)]
    index = objects[access.acquire_op][access.index]
    access.output.replace_all_uses_with(buffers[index].buffer)


# counting


@dataclass
class _Held:
    """What a core holds of one end of a fifo, as the program goes on."""

    next: int = 0
    objects: list[int] = field(default_factory=list)
    releases: list[ObjectFifoReleaseOp] = field(default_factory=list)


_ABSURD = 1024
"""Objects from which on an acquire is refused before they are all listed."""


class _Holdings:
    """Which objects a core holds at each acquire.

    Acquires and releases are followed in the order in which they stand in the program, as if
    each loop ran once; loops were unrolled so that this is right for each of their iterations.
    """

    def __init__(self, state: FifoState, core: CoreOp) -> None:
        self._state = state
        self._held: dict[FifoEnd, _Held] = {}
        self._place = {op: number for number, op in enumerate(core.body.walk())}
        self._core = core

    def note_release(self, end: FifoEnd, release: ObjectFifoReleaseOp) -> None:
        self._held.setdefault(end, _Held()).releases.append(release)

    def acquire(self, end: FifoEnd, acquire: ObjectFifoAcquireOp) -> tuple[list[int], int]:
        """The objects held once `acquire` is through, and how many locks it must take for it."""
        held = self._held.setdefault(end, _Held())
        if acquire.acq_number > _ABSURD:
            raise design_error(
                acquire,
                f"{acquire.acq_number:,} objects of {self._state.name(end.fifo)} are acquired at "
                f"once, but the locks that count them go to {LOCK_MAXIMUM}",
            )
        released = sum(release.rel_number for release in self._released_before(held, acquire))
        if held.objects and released > len(held.objects):
            raise design_error(
                acquire,
                f"before this acquire, {released} objects of {self._state.name(end.fifo)} "
                "are released, "
                f"but only {len(held.objects)} are held",
                "release no more than was acquired; releases in a loop are counted once",
            )
        if held.objects:
            del held.objects[:released]
        fresh = max(0, acquire.acq_number - len(held.objects))
        fresh *= end.fifo.repeat_count or 1
        depth = end.fifo.size()
        held.objects += [(held.next + number) % depth for number in range(fresh)]
        held.next = (held.next + fresh) % depth
        return list(held.objects), fresh

    def _released_before(
        self, held: _Held, acquire: ObjectFifoAcquireOp
    ) -> list[ObjectFifoReleaseOp]:
        """The releases ahead of an acquire that no earlier acquire has accounted for."""
        blocks = self._ancestors(acquire)
        before: list[ObjectFifoReleaseOp] = []
        rest: list[ObjectFifoReleaseOp] = []
        for release in held.releases:
            (before if self._is_before(release, blocks) else rest).append(release)
        held.releases = rest
        return before

    def _ancestors(self, op: Operation) -> dict[Block, Operation]:
        """The blocks around an op, each with the op in it that stands for this one."""
        found: dict[Block, Operation] = {}
        current: Operation | None = op
        while current is not None and current is not self._core:
            found[block_of(current)] = current
            current = current.parent_op()
        return found

    def _is_before(self, release: Operation, blocks: dict[Block, Operation]) -> bool:
        """Whether a release, or what it stands in, comes before an acquire in any block."""
        for block, op in self._ancestors(release).items():
            other = blocks.get(block)
            if other is not None and self._place[op] < self._place[other]:
                return True
        return False


# locks


def _use_lock(
    state: FifoState,
    op: ObjectFifoAcquireOp | ObjectFifoReleaseOp,
    end: FifoEnd,
    number: int,
    action: LockAction,
) -> None:
    """Puts the lock operation behind an acquire or release; none where nothing is to be done.

    A producer takes free objects and hands out full ones, a consumer the other way round. An
    object that is sent several times (`repeat_count`) counts as often in its locks.
    """
    if action is LockAction.Release:
        number *= end.fifo.repeat_count or 1
    locks = state.locks.get(state.owner(end.fifo), [])
    if not number or not locks:
        return
    takes_free = (end.port is ObjectFifoPort.Produce) is not (action is LockAction.Release)
    lock = locks[0 if takes_free else 1]
    insert_after(op, UseLockOp(lock=lock.result, action=action, value=number))


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
