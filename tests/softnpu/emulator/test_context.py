"""Contexts: one array through several runs, outcomes, determinism, PDIs loaded on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from softnpu.arch.address import tile_address
from softnpu.arch.ports import STREAM_SWITCHES, Bundle
from softnpu.arch.tiles import TileKind
from softnpu.emulator.array.array import Array
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import Outcome
from softnpu.emulator.scheduling.clock import CYCLES_PER_MS
from softnpu.errors import EmulatorError, FormatError
from softnpu.formats import txn
from softnpu.formats.operations import BlockWrite, LoadPdi, Sync, Write
from softnpu.formats.xclbin import CdoGroup
from tests.softnpu.emulator.contexts import (
    MEMTILE,
    TILE,
    WORKER,
    buffers,
    operations_of,
    run_worker,
    with_operations,
    worker,
)
from tests.softnpu.emulator.programs import Cores


def test_state_persists_from_run_to_run(cores: Cores) -> None:
    """Three objects of two buffers: the second run starts with pong."""
    context = cores.context(MEMTILE)
    insts = bytearray(cores.insts(MEMTILE).read_bytes())
    stream = txn.parse(bytes(insts))
    length = (3 * 512).to_bytes(4, "little")
    operations = [
        BlockWrite(o.address, length + o.data[4:], o.tile) if isinstance(o, BlockWrite) else o
        for o in stream.operations
    ]
    data = buffers(context, 3 * 2048)
    sender = context.array.tile(0, 1).dma.senders[0]
    seen = []
    for _ in range(2):
        report = context.run(with_operations(bytes(insts), *operations), data)
        assert report.outcome is Outcome.COMPLETED
        assert (data[1].words == data[0].words).all()
        assert sender.descriptor is not None
        seen.append(sender.descriptor.number)
    assert seen == [3, 2], "the next object is in pong, then in ping"


def test_a_run_can_be_stopped_looked_at_and_gone_on_with(cores: Cores) -> None:
    context = worker(cores)
    data = buffers(context, 4096)

    def second_object_is_there(array: Array) -> bool:
        return array.tile(*TILE).dma.receivers[0].counts.descriptors == 2

    insts = cores.insts(WORKER).read_bytes()
    report = context.run(insts, data, until=second_object_is_there)
    assert report.outcome is Outcome.STOPPED
    tile = context.array.tile(*TILE)
    assert tile.words[0x8000 // 4 : 0x8000 // 4 + 4].tolist() == [0, 1, 2, 3]
    assert "tile (0,2) locks:" in explain(report)
    assert context.resume().outcome is Outcome.COMPLETED
    assert (data[1].words == data[0].words + 1).all()


def test_a_core_that_never_waits_times_out(cores: Cores) -> None:
    program = cores.program(WORKER, TILE, "void program(void) { for (;;) {} }")
    context = cores.context(WORKER, {TILE: program})
    report = context.run(cores.insts(WORKER).read_bytes(), buffers(context, 4096), timeout_ms=5)
    assert report.outcome is Outcome.TIMEOUT
    assert context.array.core_tile(*TILE).core.clock == pytest.approx(5 * CYCLES_PER_MS, rel=0.01)
    assert explain(report).endswith("and waits for nothing")


def test_a_core_that_never_waits_does_not_hold_up_the_host(cores: Cores) -> None:
    """It spins when its work is done: the run completes, and the next one finds it alive."""
    source = """
    void program(void) {
      acquire(49, -1); acquire(50, -1); release(48, 1); release(51, 1);
      for (;;) {}
    }
    """
    context = cores.context(WORKER, {TILE: cores.program(WORKER, TILE, source)})
    stream = operations_of(cores.insts(WORKER).read_bytes())
    quiet = [o for o in stream if not isinstance(o, Sync)]
    insts = with_operations(cores.insts(WORKER).read_bytes(), *quiet)
    clocks = []
    for _ in range(2):
        report = context.run(insts, buffers(context, 4096))
        assert report.outcome is Outcome.COMPLETED
        clocks.append(context.array.core_tile(*TILE).core.clock)
    assert clocks[1] > clocks[0]


def test_the_same_inputs_give_the_same_everything(cores: Cores) -> None:
    runs = []
    for _ in range(2):
        context = worker(cores, trace=True)
        data = buffers(context, 4096)
        report = context.run(cores.insts(WORKER).read_bytes(), data)
        assert context.timeline is not None
        runs.append((report.cycles, report.statistics, json.dumps(context.timeline.as_json())))
    assert runs[0] == runs[1]


@pytest.mark.parametrize("seed", range(8))
def test_a_shuffled_order_gives_the_same_data_and_counts(cores: Cores, seed: int) -> None:
    report, out = run_worker(cores)
    shuffled, other = run_worker(cores, seed=seed)
    assert (out == other).all()
    assert {p: c.instructions for p, c in report.statistics.cores.items()} == {
        p: c.instructions for p, c in shuffled.statistics.cores.items()
    }
    assert {p: c.bytes for p, c in report.statistics.channels.items()} == {
        p: c.bytes for p, c in shuffled.statistics.channels.items()
    }


def test_a_race_shows_when_the_order_is_shuffled(cores: Cores) -> None:
    """A worker that waits for one object and reads the next: it meets whatever is there."""
    source = """
    void program(void) {
      const int *from = in_cons_buff_1; int *to = out_buff_0;
      acquire(49, -1); acquire(50, -1);
      for (int i = 0; i < 256; i++) to[i] = from[i] + 1;
      release(51, 1);
    }
    """
    program = cores.program(WORKER, TILE, source)
    results = set()
    for seed in range(8):
        context = cores.context(WORKER, {TILE: program}, seed=seed)
        data = buffers(context, 4096)
        context.run(cores.insts(WORKER).read_bytes(), data)
        results.add(int(data[1].words[255]))
    assert results == {1, 512}


@pytest.mark.parametrize("seed", [None, 0, 1, 2])
def test_the_controller_finds_an_array_at_rest(cores: Cores, seed: int | None) -> None:
    """What a core does before its first wait is over when the first operation writes."""
    source = """
    void program(void) {
      volatile int *word = in_cons_buff_1;
      for (int i = 0; i < 100000; i++) *word = i;
      acquire(49, -1);
    }
    """
    plain = cores.context(WORKER, {TILE: cores.program(WORKER, TILE, source)})
    context = with_pdis(plain, 1, 2, core_isa="rv32", seed=seed)
    offset = cores.places(WORKER, *TILE)["in_cons_buff_1"] - 0x70000
    write = Write(tile_address(*TILE, offset), 7)
    insts = cores.insts(WORKER).read_bytes()
    for operations in [(write,), (LoadPdi(2), write)]:
        report = context.run(with_operations(insts, *operations), buffers(context))
        assert report.outcome is Outcome.COMPLETED
        assert context.array.tile(*TILE).words[offset // 4] == 7


def test_a_core_that_never_rests_does_not_hold_up_the_controller(cores: Cores) -> None:
    program = cores.program(WORKER, TILE, "void program(void) { for (;;) {} }")
    context = cores.context(WORKER, {TILE: program})
    write = Write(tile_address(0, 1, 0), 7)
    report = context.run(with_operations(cores.insts(WORKER).read_bytes(), write), buffers(context))
    assert report.outcome is Outcome.COMPLETED
    assert context.array.tile(0, 1).words[0] == 7


def with_pdis(context: Context, *ids: int, **options: Any) -> Context:
    """Another context, whose partition holds the PDI of this one under several numbers."""
    part = context.xclbin.partition
    image = part.pdis[0]
    pdis = tuple(replace(image, groups=(CdoGroup((0x901,), pdi_id=number),)) for number in ids)
    context.xclbin.__dict__["partition"] = replace(part, pdis=pdis)
    return Context(context.xclbin, **options)


def test_load_pdi_configures_the_array_anew(cores: Cores) -> None:
    context = with_pdis(cores.context(MEMTILE), 1, 2)
    stream = operations_of(cores.insts(MEMTILE).read_bytes())
    insts = with_operations(
        cores.insts(MEMTILE).read_bytes(), *stream, LoadPdi(2), *stream, LoadPdi(1), *stream
    )
    data = buffers(context)
    report = context.run(insts, data)
    assert report.outcome is Outcome.COMPLETED
    assert report.arguments[1].written == 3 * 4 * 2048
    assert (data[1].words == data[0].words).all()


def test_load_pdi_leaves_nothing_but_memories_as_they_were(cores: Cores) -> None:
    context = with_pdis(cores.context(MEMTILE), 1, 2)
    port = tile_address(0, 1, STREAM_SWITCHES[TileKind.MEMORY].slave_register(Bundle.North, 3))
    lock, descriptor = tile_address(0, 1, 0xC0000 + 16 * 40), tile_address(0, 1, 0xA0000 + 32 * 20)
    memory, timer = tile_address(0, 1, 0x7000), tile_address(0, 1, 0x94000)
    places = (port, lock, descriptor, timer, memory)
    writes = [Write(place, 3) for place in places]
    insts = with_operations(cores.insts(MEMTILE).read_bytes(), *writes, LoadPdi(2))
    assert context.run(insts, buffers(context)).completed
    assert [context.array.read(place) for place in places] == [0, 0, 0, 0, 3]


def test_a_pdi_that_was_loaded_last_is_not_loaded_again(cores: Cores) -> None:
    """The first one is loaded with the context; another one in between brings it in again."""
    context = with_pdis(cores.context(MEMTILE), 1, 2)
    lock = tile_address(0, 1, 0xC0000 + 16 * 40)
    found = []
    for loaded in [(1,), (2,), (2,), (1, 2)]:
        loads = map(LoadPdi, loaded)
        insts = with_operations(cores.insts(MEMTILE).read_bytes(), Write(lock, 3), *loads)
        report = context.run(insts, buffers(context))
        told = any("which was loaded last" in note for note in report.hazards)
        found.append((context.array.read(lock), told))
    assert found == [(3, True), (0, False), (3, True), (0, False)]


def test_a_pdi_that_is_not_there_is_refused_with_those_that_are(cores: Cores) -> None:
    context = with_pdis(cores.context(MEMTILE), 1, 2)
    insts = with_operations(cores.insts(MEMTILE).read_bytes(), LoadPdi(7))
    report = context.run(insts, buffers(context))
    assert "loads PDI 7; the xclbin holds: 1, 2" in explain(report)


def test_a_stream_for_more_columns_than_the_partition_has_is_refused(cores: Cores) -> None:
    stream = txn.parse(cores.insts(MEMTILE).read_bytes())
    context = cores.context(MEMTILE)
    with pytest.raises(EmulatorError, match="made for 2 columns, the xclbin's partition has 1"):
        context.run(txn.build(replace(stream, columns=2)), buffers(context))


def test_damaged_instructions_are_a_format_error(cores: Cores) -> None:
    context = cores.context(MEMTILE)
    with pytest.raises(FormatError):
        context.run(b"\0" * 64, buffers(context))


def test_a_core_without_a_program_is_told_of(
    golden_context: Callable[..., Context], cores: Cores
) -> None:
    """AMD's own golden xclbin: its cores are enabled and hold zeros."""
    context = golden_context(WORKER)
    report = context.run(cores.insts(WORKER).read_bytes(), buffers(context, 4096))
    assert report.outcome is Outcome.FAULT
    assert "core (0,2) is enabled, but its program memory holds zeros" in explain(report)


def test_the_estimate_counts_words_and_instructions(cores: Cores) -> None:
    report, _ = run_worker(cores)
    instructions = report.statistics.cores["core (0,2)"].instructions
    assert report.cycles > 1024, "the output takes 1024 cycles at a word each"
    assert report.cycles < 2 * 1024 + instructions
