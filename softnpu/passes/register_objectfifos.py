"""`aie-register-objectFifos`: registered processes become loops of acquire, call and release.

mlir-aie, AIEObjectFifoRegisterProcess.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import func, scf
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, IndexType, ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from softnpu.arch.tiles import TileKind
from softnpu.dialects.aie import (
    AIEObjectFifoSubviewType,
    CoreOp,
    DeviceOp,
    ObjectFifoAcquireOp,
    ObjectFifoCreateOp,
    ObjectFifoPort,
    ObjectFifoRegisterProcessOp,
    ObjectFifoReleaseOp,
    ObjectFifoSubviewAccessOp,
    TileOp,
)
from softnpu.dialects.rules.common import where
from softnpu.dialects.source import design_error
from softnpu.passes.concerns import Concerns
from softnpu.passes.device_ops import append, of_type, region_of
from softnpu.passes.rewriting.constants import constant, constant_of, integer_of
from softnpu.passes.rewriting.ir import erase
from softnpu.passes.sequence_ops import devices, model_of

INDEX = IndexType()


class RegisterObjectFifosPass(ModulePass):
    """Writes the core code that `aie.objectfifo.register_process` asks for."""

    name = "aie-register-objectFifos"
    concerns: ClassVar[Concerns] = (ObjectFifoRegisterProcessOp,)

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            _register(device)


@dataclass(frozen=True)
class _Step:
    """How many objects are acquired and released around a call, and how often in a row."""

    acquired: int
    released: int
    times: int


def _register(device: DeviceOp) -> None:
    consumers: dict[ObjectFifoCreateOp, Iterator[SSAValue]] = {}
    processes = list(of_type(device, ObjectFifoRegisterProcessOp))
    for process in processes:
        fifo = process.object_fifo
        if fifo is None:
            raise design_error(process, f"there is no objectfifo @{process.obj_fifo_name}")
        tile: SSAValue | None = fifo.producer_tile
        if process.port is ObjectFifoPort.Consume:
            # Each further process consumes at the next consumer's tile.
            tile = next(consumers.setdefault(fifo, iter(fifo.consumer_tiles)), None)
        if tile is None:
            raise design_error(
                process,
                f"objectfifo @{fifo.sym_name} has {len(fifo.consumer_tiles)} consumers, "
                "and each of them has a process already",
            )
        block, anchor = _place(device, process, tile)
        for step in _steps(process):
            for op in _step_ops(process, fifo, step):
                _insert(block, anchor, op, process)
    for process in processes:
        erase(process)


def _place(
    device: DeviceOp, process: ObjectFifoRegisterProcessOp, tile: SSAValue
) -> tuple[Block, Operation | None]:
    """Where the code goes: at the start of the last block of the tile's core, made at need."""
    for core in of_type(device, CoreOp):
        if core.tile is tile:
            block = core.body.last_block
            assert block is not None
            return block, block.first_op
    owner, model = tile.owner, model_of(device)
    if isinstance(owner, TileOp) and model.kind(*owner.position) is not TileKind.CORE:
        raise design_error(
            process, f"a process runs on a core, but {where(owner)} at that end is none"
        )
    core = CoreOp(tile=tile, body=region_of(), location=process.location)
    append(device, core)
    return core.body.block, core.body.block.first_op


def _insert(
    block: Block, anchor: Operation | None, op: Operation, process: ObjectFifoRegisterProcessOp
) -> None:
    for inner in op.walk():
        inner.location = process.location
    if anchor is None:
        block.add_op(op)
    else:
        block.insert_op_before(op, anchor)


def _steps(process: ObjectFifoRegisterProcessOp) -> list[_Step]:
    length = integer_of(process.length)
    acquires = _pattern(process.acquire_pattern_tensor)
    releases = _pattern(process.release_pattern_tensor)
    if length is None or acquires is None or releases is None:
        raise design_error(
            process, "the patterns and the length of a registered process must be constants"
        )
    if len(acquires) == len(releases) == 1:
        return [_Step(acquires[0], releases[0], length)]
    if len(acquires) == 1:
        acquires = acquires * length
    elif len(releases) == 1:
        releases = releases * length
    if len(acquires) != len(releases):
        raise design_error(
            process,
            f"the process acquires in {len(acquires)} steps and releases in {len(releases)}",
            "give both patterns the same length, or one of them a single number",
        )
    runs = groupby(zip(acquires, releases, strict=True))
    return [_Step(acquired, released, len(list(run))) for (acquired, released), run in runs]


def _pattern(value: SSAValue) -> list[int] | None:
    attribute = constant_of(value)
    if not isinstance(attribute, DenseIntOrFPElementsAttr):
        return None
    return [int(number) for number in attribute.get_values()]


def _step_ops(
    process: ObjectFifoRegisterProcessOp, fifo: ObjectFifoCreateOp, step: _Step
) -> list[Operation]:
    """The ops of one step; in a loop if it is taken several times in a row."""
    body = [*_acquire_ops(process, fifo, step.acquired), *_release_ops(process, step.released)]
    if step.times <= 1:
        return body
    bounds = [constant(value, INDEX) for value in (0, step.times, 1)]
    block = Block([*body, scf.YieldOp()], arg_types=[INDEX])
    lower, upper, one = bounds
    return [*bounds, scf.ForOp(lower, upper, one, [], block)]


def _acquire_ops(
    process: ObjectFifoRegisterProcessOp, fifo: ObjectFifoCreateOp, number: int
) -> list[Operation]:
    if number == 0:
        return []
    element = fifo.element_type
    acquire = ObjectFifoAcquireOp(
        port=process.port,
        obj_fifo_name=fifo.sym_name,
        size=number,
        subview_type=AIEObjectFifoSubviewType(element),
    )
    accesses = [
        ObjectFifoSubviewAccessOp(subview=acquire.subview, index=index, output_type=element)
        for index in range(number)
    ]
    return [acquire, *accesses, func.CallOp(process.callee, [], [])]


def _release_ops(process: ObjectFifoRegisterProcessOp, number: int) -> list[Operation]:
    if number == 0:
        return []
    return [
        ObjectFifoReleaseOp(port=process.port, obj_fifo_name=process.obj_fifo_name, size=number)
    ]
