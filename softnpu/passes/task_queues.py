"""Tasks that the host puts into a DMA channel's queue before it waits for earlier ones.

aie-opt does not ask. Whether the queue really overflows depends on how fast the array takes or
gives the data, so that this warns; a push into a full queue blocks the controller at best.
(formats.transfers finds the same in a finished instruction stream.)
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from softnpu.arch.address import split_address
from softnpu.arch.device import Device
from softnpu.arch.dma import QUEUE_DEPTH, Direction
from softnpu.dialects.aie import RuntimeSequenceOp
from softnpu.dialects.aiex import NpuSyncOp, NpuWrite32Op
from softnpu.dialects.kinds import OfKinds, constants_of, said_by
from softnpu.dialects.source import design_warning
from softnpu.dialects.walking import ops_of
from softnpu.passes.handed_on_tasks import is_rolled
from softnpu.passes.sequence_ops import devices, model_of, sequences

Channel = tuple[int, int, Direction, int]
"""(column, row, direction, channel)."""


class Task(NamedTuple):
    """A task in a queue: where in the sequence it was sent, and whether it gives a token."""

    place: int
    gives_token: bool


_log = logging.getLogger(__name__)


def warn_of_full_queues(module: ModuleOp) -> None:
    """Warn, once a channel, of the first task that may find its queue full.

    Asks for sequences after `aie-dma-to-npu`; what depends on the run is not asked.
    """
    for device in devices(module):
        for sequence in (one for one in sequences(device) if not is_rolled(one)):
            for warning in full_queues(sequence, model_of(device)):
                _log.warning(warning)


def full_queues(sequence: RuntimeSequenceOp, model: Device) -> list[str]:
    """The warnings for one sequence."""
    awaited: OfKinds[Channel | None] = OfKinds()
    waiting: dict[Channel, list[Task]] = {}
    warnings: dict[Channel, str] = {}
    for place, op in enumerate(ops_of(sequence, NpuSyncOp, NpuWrite32Op)):
        if isinstance(op, NpuSyncOp):
            said = said_by(op) or ()  # of what is not known, nothing is remembered: it is refused
            if said not in awaited.known:
                awaited.learn(said, op, _channel_of(op), *constants_of(op))
            if (channel := awaited.known[said]) is not None:
                _complete(waiting, channel)
        elif isinstance(op, NpuWrite32Op) and (pushed := _queue_at(op, model)) is not None:
            tasks = waiting.setdefault(pushed, [])
            queued = model.dma(*pushed[:2]).queue.unpack([op.word("value")])
            tasks.append(Task(place, bool(queued["enable_token_issue"])))
            if len(tasks) > QUEUE_DEPTH:
                warnings.setdefault(pushed, _warning(op, pushed, len(tasks)))
    return list(warnings.values())


def _channel_of(op: NpuSyncOp) -> Channel | None:
    """The channel whose token is awaited."""
    column, row, direction, number = (
        op.number(name) for name in ("column", "row", "direction", "channel")
    )
    if direction not in tuple(Direction):
        return None
    return column, row, Direction(direction), number


def _complete(waiting: dict[Channel, list[Task]], channel: Channel) -> None:
    """Forget the tasks up to the first that gives a token: the sync has seen it.

    What has come out of the array has needed what went in for it: with a shim's S2MM task, those
    of its MM2S channels are over that were sent before the next one that takes results.
    """
    tasks = waiting.get(channel, [])
    seen = next((n for n, task in enumerate(tasks) if task.gives_token), None)
    if seen is None:
        return
    del tasks[: seen + 1]
    if channel[1] != 0 or channel[2] is not Direction.S2MM:
        return
    for (_, row, direction, _), sent in waiting.items():
        if row == 0 and direction is Direction.MM2S:
            sent[:] = [task for task in sent if tasks and task.place > tasks[0].place]


def _queue_at(op: NpuWrite32Op, model: Device) -> Channel | None:
    """The channel whose task queue is written."""
    column, row, offset = split_address(op.word("address"))
    if op.column is not None and op.row is not None:
        column, row = op.column, op.row
    if not model.is_valid_tile(column, row):
        return None
    found = model.dma(column, row).channel_at(offset)
    if found is None or not found[2]:
        return None
    return column, row, found[0], found[1]


def _warning(op: Operation, channel: Channel, waiting: int) -> str:
    column, row, direction, number = channel
    return design_warning(
        op,
        f"this is task {waiting} for {direction.name} {number} of tile ({column}, {row}) without a "
        f"wait; its queue holds {QUEUE_DEPTH}",
        "wait for earlier tasks (dma_wait, dma_await_task), or join them into one",
    )
