"""The controller's table: fetched from the host, changed, added to registers, written back."""

from __future__ import annotations

import pytest

from softnpu.arch.address import tile_address
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import RunReport
from softnpu.formats.operations import (
    CreateScratchpad,
    Operation,
    UpdateRegister,
    UpdateScratchpad,
    UpdateState,
    Write,
)
from tests.softnpu.emulator.contexts import MEMTILE, buffers, with_operations
from tests.softnpu.emulator.programs import Cores

MUL, INCR, DECR = range(3)
PLACE = tile_address(0, 1, 0x7000)


def run(
    cores: Cores, values: list[int], *operations: Operation
) -> tuple[RunReport, Context, list[int]]:
    context = cores.context(MEMTILE)
    scratchpad = context.allocate(4 * len(values), "scratchpad")
    scratchpad.words[:] = values
    insts = with_operations(cores.insts(MEMTILE).read_bytes(), *operations)
    report = context.run(insts, buffers(context), scratchpad=scratchpad)
    return report, context, scratchpad.words.tolist()


def test_the_table_is_changed_and_written_back(cores: Cores) -> None:
    report, _, left = run(
        cores,
        [5, 6, 7, 8],
        CreateScratchpad(12),
        UpdateState(0, MUL, 3),
        UpdateState(1, INCR, 0xFFFFFFFF),
        UpdateState(2, DECR, 9),
        UpdateScratchpad(),
    )
    assert report.completed, explain(report)
    assert left == [15, 5, 0xFFFFFFFE, 8]


@pytest.mark.parametrize(
    ("function", "argument", "before", "after"),
    [
        (INCR, 0, (0, 0), (40, 0)),
        (INCR, 3, (2, 0xABCD0000), (40, 0xABCD0000)),
        (MUL, 4, (0xFFFFFFFF, 0x12340001), (156, 0x12340002)),
        (DECR, 44, (0, 0x12340000), (0xFFFFFFFC, 0x1234FFFF)),
    ],
)
def test_a_register_pair_takes_the_lower_48_bits_of_the_sum(
    cores: Cores, function: int, argument: int, before: tuple[int, int], after: tuple[int, int]
) -> None:
    """The lowest two bits are lost, the upper 16 stay as they are."""
    report, context, _ = run(
        cores,
        [0, 40],
        Write(PLACE, before[0]),
        Write(PLACE + 4, before[1]),
        CreateScratchpad(8),
        UpdateRegister(PLACE, 1, function, argument),
    )
    assert report.completed, explain(report)
    assert (context.array.read(PLACE), context.array.read(PLACE + 4)) == after


@pytest.mark.parametrize(
    ("operations", "told"),
    [
        ([UpdateRegister(PLACE, 0, INCR, 0)], "entry 0 of the state table, which has 0"),
        ([CreateScratchpad(8), UpdateState(2, INCR, 0)], "entry 2 of the state table, which has 2"),
        ([CreateScratchpad(8), UpdateState(1, 7, 0)], "function 7 of the state table is not known"),
        ([CreateScratchpad(12)], "fetches 12 bytes of scratchpad, which has 8"),
        ([CreateScratchpad(132)], "a scratchpad of 132 bytes for usage 0; a table of at most 32"),
        ([CreateScratchpad(8, usage=1)], "a scratchpad of 8 bytes for usage 1"),
    ],
)
def test_what_the_table_does_not_hold_is_refused(
    cores: Cores, operations: list[Operation], told: str
) -> None:
    report, _, _ = run(cores, [1, 2], *operations)
    assert told in explain(report)


def test_each_run_fetches_the_table_itself(cores: Cores) -> None:
    report, context, _ = run(cores, [8, 16], CreateScratchpad(8))
    assert report.completed
    adds = UpdateRegister(PLACE, 1, INCR, 0)
    insts = with_operations(cores.insts(MEMTILE).read_bytes(), adds)
    assert "which has 0" in explain(context.run(insts, buffers(context)))
