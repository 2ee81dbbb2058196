"""The dynamic lowering: a core counts at run time which object of a fifo comes next.

Each fifo that a core acquires from gets a counter in one small buffer of the core's tile. A
release moves it on, modulo the fifo's depth, and every access picks its buffer by it. Code
stays as small as it was written, and bounds of loops may be anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import DenseArrayBase, IndexType, IntegerAttr, MemRefType, i32, i64
from xdsl.ir import Block, Operation, Region, SSAValue

from softnpu.dialects.aie import (
    BufferOp,
    CoreOp,
    ObjectFifoAcquireOp,
    ObjectFifoCreateOp,
    ObjectFifoReleaseOp,
    ObjectFifoSubviewAccessOp,
)
from softnpu.dialects.source import design_error
from softnpu.passes.objectfifo.accesses import FifoEnd, FifosOfCore
from softnpu.passes.objectfifo.state import FifoState
from softnpu.passes.rewriting.ir import insert_after, insert_before


@dataclass(frozen=True)
class _Counter:
    """Where one fifo end's counter is, and how far it counts."""

    index: SSAValue
    size: SSAValue
    depth: int


def count_at_run_time(state: FifoState, core: CoreOp) -> None:
    """Makes a core's accesses depend on counters instead of on the place in the program."""
    fifos = FifosOfCore(state, core)
    ends = list(dict.fromkeys(fifos.end(op) for op in fifos.acquires))
    counters, memory = _create_counters(core, ends)
    for op in list(core.body.walk()):
        if isinstance(op, ObjectFifoReleaseOp):
            end = fifos.end(op)
            if end not in counters:
                raise design_error(
                    op,
                    f"objectfifo {state.name(end.fifo)} is released, "
                    "but this core never acquires it",
                )
            _move_on(op, counters[end], memory)
        elif isinstance(op, ObjectFifoAcquireOp):
            end = fifos.end(op)
            if counters[end].depth > 1:
                _choose_buffers(state, op, end.fifo, counters[end], memory)


def _create_counters(core: CoreOp, ends: list[FifoEnd]) -> tuple[dict[FifoEnd, _Counter], BufferOp]:
    memory = BufferOp(
        tile=core.tile, buffer_type=MemRefType(i32, [len(ends)]), location=core.location
    )
    insert_before(core, memory)
    zero = _integer(0)
    made: list[Operation] = [zero]
    counters: dict[FifoEnd, _Counter] = {}
    for number, end in enumerate(ends):
        index = arith.ConstantOp(IntegerAttr(number, IndexType()))
        size = _integer(end.fifo.size())
        made += [index, size, memref.StoreOp.get(zero, memory.buffer, [index])]
        counters[end] = _Counter(index.result, size.result, end.fifo.size())
    first = core.body.blocks[0].first_op
    assert first is not None
    insert_before(first, *made)
    return counters, memory


def _integer(value: int) -> arith.ConstantOp:
    return arith.ConstantOp(IntegerAttr(value, i32))


def _move_on(release: ObjectFifoReleaseOp, counter: _Counter, memory: BufferOp) -> None:
    """counter = (counter + released) mod depth, without a division."""
    old = memref.LoadOp.get(memory.buffer, [counter.index])
    released = _integer(release.rel_number)
    total = arith.AddiOp(old, released)
    wraps = arith.CmpiOp(total, counter.size, "sge")
    wrapped = arith.SubiOp(total, counter.size)
    new = arith.SelectOp(wraps, wrapped, total)
    store = memref.StoreOp.get(new, memory.buffer, [counter.index])
    insert_after(release, old, released, total, wraps, wrapped, new, store)


def _choose_buffers(
    state: FifoState,
    acquire: ObjectFifoAcquireOp,
    fifo: ObjectFifoCreateOp,
    counter: _Counter,
    memory: BufferOp,
) -> None:
    buffers = state.buffers.get(fifo)
    if not buffers:
        raise design_error(
            acquire,
            f"objectfifo {state.name(fifo)} has no objects of its own here, for it is linked",
            "acquire from a fifo that ends at this core",
        )
    users = [use.operation for use in acquire.subview.uses]
    for access in users:
        if isinstance(access, ObjectFifoSubviewAccessOp):
            _choose_buffer(access, buffers, counter, memory)


def _choose_buffer(
    access: ObjectFifoSubviewAccessOp,
    buffers: list[BufferOp],
    counter: _Counter,
    memory: BufferOp,
) -> None:
    """A switch over the counter, one case an object; the default is as for a counter of 0."""

    def case(start: int) -> Region:
        buffer = buffers[(access.index + start) % counter.depth]
        return Region(Block([scf.YieldOp(buffer.buffer)]))

    value = memref.LoadOp.get(memory.buffer, [counter.index])
    index = arith.IndexCastOp(value, IndexType())
    numbers = range(counter.depth)
    switch = scf.IndexSwitchOp(
        index,
        DenseArrayBase.from_list(i64, list(numbers)),
        case(0),
        [case(number) for number in numbers],
        [access.output_type],
    )
    insert_after(access, value, index, switch)
    access.output.replace_all_uses_with(switch.results[0])
