"""The controller runs an instruction stream, and waits as the firmware does."""

from __future__ import annotations

import numpy as np
import pytest

from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.tiles import TileKind
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import Outcome
from softnpu.formats.operations import (
    AddressPatch,
    BlockWrite,
    Custom,
    MaskPoll,
    MergeSync,
    Operation,
    Sync,
    Write,
)
from tests.softnpu.emulator.contexts import (
    MEMTILE,
    buffers,
    operations_of,
    with_operations,
)
from tests.softnpu.emulator.programs import Cores

WORDS = 2048
"""What the design moves."""


def test_what_the_sequence_does_not_wait_for_is_a_hazard(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    insts = cores.insts(MEMTILE).read_bytes()
    quiet = [o for o in operations_of(insts) if not isinstance(o, Sync)]
    data = buffers(context)
    report = context.run(with_operations(insts, *quiet), data)
    assert (data[1].words == data[0].words).all()
    assert "tile (0,0) S2MM 0 still wrote to out after the end" in report.hazards[0]


def test_a_poll_that_never_holds_is_a_hang(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    poll = MaskPoll(address=1 << 20 | 0xC0000, mask=0x3F, value=40)
    insts = with_operations(cores.insts(MEMTILE).read_bytes(), poll)
    report = context.run(insts, buffers(context))
    assert report.outcome is Outcome.HANG
    assert "polls 0x1c0000 until its bits 0x3f are 0x28" in explain(report)


@pytest.mark.parametrize("seed", [None, 1])
def test_a_poll_waits_until_its_register_has_the_value(cores: Cores, seed: int | None) -> None:
    context = cores.context(MEMTILE, seed=seed)
    insts = cores.insts(MEMTILE).read_bytes()
    kept = [o for o in operations_of(insts) if not isinstance(o, Sync)]
    still_running = DMA_ENGINES[TileKind.SHIM].status_address(Direction.S2MM, 0)
    poll = MaskPoll(address=still_running, mask=1 << 19, value=0)
    data = buffers(context)
    report = context.run(with_operations(insts, *kept, poll), data)
    assert report.completed, explain(report)
    assert (data[1].words == data[0].words).all()
    assert report.cycles >= WORDS, "it took as long as the transfer"


def test_a_channel_that_is_not_there_cannot_be_waited_for(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    insts = with_operations(cores.insts(MEMTILE).read_bytes(), Sync(0, 0, 0, 5))
    report = context.run(insts, buffers(context))
    assert "tile (0,0) S2MM 5, a channel that does not exist" in explain(report)


def test_firmware_operations_that_only_observe_are_passed_over(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    observing = [Custom(0x82, bytes(8)), Custom(0x83, bytes(4))]
    insts = with_operations(cores.insts(MEMTILE).read_bytes(), *observing)
    assert context.run(insts, buffers(context)).outcome is Outcome.COMPLETED


def test_a_firmware_operation_that_nobody_names_is_refused(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    insts = with_operations(cores.insts(MEMTILE).read_bytes(), Custom(0x86, bytes(4)))
    text = explain(context.run(insts, buffers(context)))
    assert "operation without a name (0x86, 00000000) is not modelled" in text


def merged(cores: Cores, tokens: int, columns: int) -> bytes:
    """The golden stream, which waits for whatever token comes instead of for its channel's."""
    insts = cores.insts(MEMTILE).read_bytes()
    kept = [operation for operation in operations_of(insts) if not isinstance(operation, Sync)]
    return with_operations(insts, *kept, MergeSync(tokens, columns))


def test_tokens_of_whole_columns_can_be_waited_for(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    for _ in range(2):
        data = buffers(context)
        report = context.run(merged(cores, 1, 1), data)
        assert report.completed, explain(report)
        assert (data[1].words == data[0].words).all()
        assert not report.hazards, "the token was taken"
    assert context.run(merged(cores, 0, 1), buffers(context)).completed


def test_a_token_too_many_is_waited_for_with_those_who_owe_one(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    text = explain(context.run(merged(cores, 2, 1), buffers(context)))
    assert "controller waits for 2 task-complete tokens of the first column" in text
    context = cores.context(MEMTILE)
    insts = merged(cores, 1, 1)
    without_input = [
        o for o in operations_of(insts) if not (isinstance(o, Write) and o.address == 0x1D214)
    ]
    text = explain(context.run(with_operations(insts, *without_input), buffers(context)))
    assert "tile (0,0) S2MM 0 waits for data" in text


def test_more_tokens_than_are_waited_for_are_a_hazard(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    insts = cores.insts(MEMTILE).read_bytes()
    started = operations_of(merged(cores, 1, 1))[:-1]
    assert context.run(with_operations(insts, *started, *started), buffers(context)).completed
    report = context.run(with_operations(insts, MergeSync(1, 1)), buffers(context))
    assert report.completed
    told = "2 were there when the runtime sequence waited for 1 task-complete token of the first"
    assert any(hazard.startswith(told) for hazard in report.hazards)


def test_columns_beyond_the_partition_are_refused(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    text = explain(context.run(merged(cores, 1, 2), buffers(context)))
    assert "waits for 1 task-complete token of the first 2 columns; the partition has 1" in text


def eight_tasks(insts: bytes, queue: int, descriptor: int) -> bytes:
    """The stream with eight small tasks in place of the one that goes into a queue."""
    changed: list[Operation] = []
    for operation in operations_of(insts):
        if isinstance(operation, BlockWrite) and operation.address == descriptor:
            data = (WORDS // 8).to_bytes(4, "little") + operation.data[4:]
            changed.append(BlockWrite(operation.address, data, operation.tile))
        elif isinstance(operation, Write) and operation.address == queue:
            changed += [operation] * 8
        else:
            changed.append(operation)
    return with_operations(insts, *changed)


def test_a_full_queue_that_empties_in_time_is_a_hazard(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    data = buffers(context)
    insts = cores.insts(MEMTILE).read_bytes()
    report = context.run(eight_tasks(insts, queue=0x1D214, descriptor=0x1D020), data)
    assert report.completed
    assert (data[1].words == np.tile(np.arange(WORDS // 8), 8)).all()
    assert "gives tile (0,0) MM2S 0 a task while four wait in its queue" in report.hazards[0]


def test_a_descriptor_is_not_written_over_before_its_task_has_begun(cores: Cores) -> None:
    """Four pieces, one descriptor, no wait between them: hardware is in time, or it is not."""
    context = cores.context(MEMTILE)
    insts = cores.insts(MEMTILE).read_bytes()
    descriptor, queue, piece = 0x1D020, 0x1D214, WORDS // 4
    changed: list[Operation] = []
    for operation in operations_of(insts):
        match operation:
            case BlockWrite(address, block) if address == descriptor:
                block = piece.to_bytes(4, "little") + block[4:]
                for i in range(4):
                    changed += [
                        BlockWrite(descriptor, block),
                        AddressPatch(descriptor + 4, argument=0, offset=4 * piece * i),
                        Write(queue, 1),
                    ]
            case AddressPatch(address) if address == descriptor + 4:
                pass
            case Write(address) if address == queue:
                pass
            case _:
                changed.append(operation)
    data = buffers(context)
    report = context.run(with_operations(insts, *changed), data)
    assert report.completed, explain(report)
    assert (data[1].words == data[0].words).all()
    assert "writes a descriptor of tile (0,0) while a task" in report.hazards[0]


def test_a_full_queue_that_never_empties_is_a_hang(cores: Cores) -> None:
    """The outputs' tasks are queued before any input is: none of them can end."""
    context = cores.context(MEMTILE)
    insts = cores.insts(MEMTILE).read_bytes()
    report = context.run(eight_tasks(insts, queue=0x1D204, descriptor=0x1D000), buffers(context))
    assert report.outcome is Outcome.HANG
    explanation = explain(report)
    assert "waits for room in the task queue of tile (0,0) S2MM 0" in explanation
    assert "hardware drops the task" in explanation


def test_a_buffer_that_was_not_given_is_named(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    source, _ = buffers(context)
    report = context.run(cores.insts(MEMTILE).read_bytes(), [source])
    assert report.outcome is Outcome.FAULT
    assert "uses buffer argument 1 (counted from 0), which the run was not given" in explain(report)


def test_tokens_that_nobody_waited_for_are_told_in_the_run_that_leaves_them(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    insts = cores.insts(MEMTILE).read_bytes()
    kept = [o for o in operations_of(insts) if not isinstance(o, Sync)]
    report = context.run(with_operations(insts, *kept), buffers(context))
    assert any("1 task-complete tokens of tile (0,0) S2MM 0" in h for h in report.hazards)
