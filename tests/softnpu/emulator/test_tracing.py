"""Trace units: what designs trace arrives in the host's buffer, and says what happened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from softnpu.arch.address import tile_address
from softnpu.arch.device import device
from softnpu.arch.register import Module
from softnpu.compiler.driver import Options, compile_design
from softnpu.emulator.array.array import Array
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.report import RunReport
from softnpu.emulator.tracing.modelled import INSTRUCTIONS, MODELLED
from softnpu.formats import txn
from softnpu.formats.event_settings import Settings
from softnpu.formats.trace_frames import Event, Mode, Start, Stop, decode
from softnpu.formats.xclbin import parse
from softnpu.inspect import trace
from softnpu.inspect.trace import UnitTrace
from tests.project import ROOT
from tests.softnpu.emulator import test_designs_aie2 as aie2
from tests.softnpu.emulator.machine_code import linked

TRACING = """
module {{
  aie.device(npu1_1col) {{
    %shim = aie.tile(0, 0)
    %mid = aie.tile(0, 1)
    %worker = aie.tile(0, 2)
    aie.objectfifo @in(%shim, {{%mid}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @lines(%mid, {{%worker}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo.link [@in] -> [@lines] ([] [0])
    aie.objectfifo @out(%worker, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    %core = aie.core(%worker) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c64 = arith.constant 64 : index
      %forever = arith.constant 9223372036854775807 : index
      scf.for %n = %c0 to %forever step %c1 {{
        %a = aie.objectfifo.acquire @lines(Consume, 1) : !aie.objectfifosubview<memref<64xi32>>
        %x = aie.objectfifo.subview.access %a[0]
          : !aie.objectfifosubview<memref<64xi32>> -> memref<64xi32>
        %b = aie.objectfifo.acquire @out(Produce, 1) : !aie.objectfifosubview<memref<64xi32>>
        %y = aie.objectfifo.subview.access %b[0]
          : !aie.objectfifosubview<memref<64xi32>> -> memref<64xi32>
        aie.event(0)
        scf.for %i = %c0 to %c64 step %c1 {{
          %v = memref.load %x[%i] : memref<64xi32>
          memref.store %v, %y[%i] : memref<64xi32>
        }}
        aie.event(1)
        aie.objectfifo.release @lines(Consume, 1)
        aie.objectfifo.release @out(Produce, 1)
      }}
      aie.end
    }}
    {traces}
    aie.runtime_sequence(%x: memref<256xi32>, %y: memref<256xi32>) {{
      aie.trace.host_config {{buffer_size = {size} : i32}}
      {starts}
      aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 0][1, 1, 1, 256][0, 0, 0, 1])
        {{id = 0 : i64, metadata = @in}} : memref<256xi32>
      aiex.npu.dma_memcpy_nd(%y[0, 0, 0, 0][1, 1, 1, 256][0, 0, 0, 1])
        {{id = 1 : i64, metadata = @out, issue_token = true}} : memref<256xi32>
      aiex.npu.dma_wait {{symbol = @out}}
    }}
  }}
}}
"""
PORTS = (
    "aie.trace.port<0> port=DMA channel=0 direction=S2MM",
    "aie.trace.port<1> port=DMA channel=0 direction=MM2S",
)


def unit(tile: str, type: str, *said: str, mode: str = "") -> str:
    """An `aie.trace` of a tile; events by name, other lines as they are."""
    lines = [one if " " in one else f'aie.trace.event<"{one}">' for one in said]
    head = [f'aie.trace.mode "{mode}"'] if mode else []
    body = [*head, f"aie.trace.packet type={type}", *lines]
    ends = ["aie.trace.start broadcast=15", "aie.trace.stop broadcast=14"]
    return "\n".join([f"aie.trace @{tile}_{type}(%{tile}) {{", *body, *ends, "}"])


class Ran:
    """A run of a traced design."""

    def __init__(self, report: RunReport, out: np.ndarray, data: bytes, insts: bytes) -> None:
        self.report = report
        self.out = out
        self.data = data
        self.stream = txn.parse(insts).operations

    @property
    def units(self) -> dict[str, UnitTrace]:
        return {one.module.value: one for one in trace.read(self.data, self.stream)}

    def seen(self, module: str) -> list[tuple[str, int, int]]:
        return [(one.name, one.begin, one.cycles) for one in self.units[module].seen]


def run(folder: Path, *units: str, size: int = 8192, text: str = TRACING, **options: object) -> Ran:
    starts = "\n".join(
        f"aie.trace.start_config {one.split('(')[0].removeprefix('aie.trace ')}" for one in units
    )
    (folder / "design.mlir").write_text(
        text.format(traces="\n".join(units), starts=starts, size=size)
    )
    compile_design(folder / "design.mlir", folder, Options())
    context = Context(parse((folder / "final.xclbin").read_bytes()), **options)  # type: ignore[arg-type]
    buffers = [context.allocate(n, name) for n, name in ((1024, "x"), (1024, "y"), (size, "t"))]
    buffers[0].words[:] = np.arange(256)
    insts = (folder / "insts.bin").read_bytes()
    report = context.run(insts, buffers)
    return Ran(report, buffers[1].words.copy(), buffers[2].data.tobytes(), insts)


def names(ran: Ran, module: str) -> list[str]:
    return [name for name, *_ in ran.seen(module)]


def test_a_traced_design_tells_what_each_of_its_modules_did(tmp_path: Path) -> None:
    ran = run(
        tmp_path,
        unit("worker", "core", "INSTR_EVENT_0", "INSTR_EVENT_1", "LOCK_STALL", mode="Event-Time"),
        unit("worker", "mem", "DMA_S2MM_0_FINISHED_BD", "DMA_MM2S_0_STALLED_LOCK"),
        unit("mid", "memtile", "PORT_RUNNING_0", "PORT_RUNNING_1", *PORTS),
        unit("shim", "shimtile", "DMA_S2MM_0_START_TASK", "DMA_S2MM_0_FINISHED_TASK"),
    )
    assert ran.report.completed
    assert not ran.report.hazards
    assert (ran.out == np.arange(256)).all()
    core = ran.seen("core")
    assert [name for name, *_ in core if name != "LOCK_STALL"] == [
        "INSTR_EVENT_0",
        "INSTR_EVENT_1",
    ] * 4
    assert core[0][0] == "LOCK_STALL"
    assert names(ran, "memory").count("DMA_S2MM_0_FINISHED_BD") == 4
    running = {"PORT_RUNNING_0": 0, "PORT_RUNNING_1": 0}
    for name, _, cycles in ran.seen("memory_tile"):
        running[name] += cycles
    assert running == {"PORT_RUNNING_0": 256, "PORT_RUNNING_1": 256}
    begun, finished = ran.seen("shim")
    assert begun[:2] == ("DMA_S2MM_0_START_TASK", 1)
    assert finished[0] == "DMA_S2MM_0_FINISHED_TASK"
    assert finished[1] - 1 == ran.report.cycles
    assert all(one.stopped and not one.lost for one in ran.units.values())


def test_packets_have_the_column_of_the_whole_array_and_the_ids_of_their_flows(
    tmp_path: Path,
) -> None:
    ran = run(
        tmp_path,
        unit("worker", "core", "INSTR_EVENT_0", mode="Event-Time"),
        unit("worker", "mem", "DMA_S2MM_0_FINISHED_BD"),
    )
    sources = [one.source for one in ran.units.values()]
    assert {(s.column, s.row, s.module) for s in sources} == {(1, 2, "core"), (1, 2, "memory")}
    assert len({source.id for source in sources}) == 2
    assert {one.place for one in ran.units.values()} == {(0, 2)}


def test_the_traced_run_is_the_untraced_one(tmp_path: Path) -> None:
    traced = unit("worker", "core", "INSTR_LOAD", "PORT_RUNNING_0", *PORTS, mode="Event-Time")
    plain = TRACING.replace("aie.trace.host_config {{buffer_size = {size} : i32}}", "")
    ran = run(tmp_path, traced)
    without = tmp_path / "without"
    without.mkdir()
    text = plain.replace("{starts}", "// {starts}")
    assert run(without, text=text).report.cycles == ran.report.cycles


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_turns_give_whole_traces(tmp_path: Path, seed: int) -> None:
    ran = run(
        tmp_path,
        unit("worker", "core", "INSTR_EVENT_0", "INSTR_EVENT_1", mode="Event-Time"),
        unit("mid", "memtile", "PORT_RUNNING_0", *PORTS),
        seed=seed,
    )
    assert ran.report.completed
    assert names(ran, "core") == ["INSTR_EVENT_0", "INSTR_EVENT_1"] * 4
    assert sum(cycles for *_, cycles in ran.seen("memory_tile")) == 256


def test_single_instructions_are_seen_in_their_cycles(tmp_path: Path) -> None:
    ran = run(
        tmp_path,
        unit("worker", "core", "INSTR_EVENT_0", "INSTR_EVENT_1", "INSTR_STORE", mode="Event-Time"),
    )
    seen = ran.seen("core")
    begins = [at for name, at, _ in seen if name == "INSTR_EVENT_0"]
    ends = [at for name, at, _ in seen if name == "INSTR_EVENT_1"]
    for begin, end in zip(begins, ends, strict=True):
        stores = [n for name, at, n in seen if name == "INSTR_STORE" and begin < at < end]
        assert sum(stores) == 64


def test_event_pc_mode_tells_where_the_program_was(tmp_path: Path) -> None:
    ran = run(
        tmp_path,
        unit("worker", "core", "INSTR_EVENT_0", "INSTR_EVENT_1", mode="Event-PC"),
    )
    core = ran.units["core"]
    assert core.mode is Mode.EVENT_PC
    assert [one.name for one in core.seen] == ["INSTR_EVENT_0", "INSTR_EVENT_1"] * 4
    first, second = {one.pc for one in core.seen[::2]}, {one.pc for one in core.seen[1::2]}
    assert len(first) == len(second) == 1
    assert first != second


def test_a_buffer_that_is_too_small_keeps_the_begin_and_the_loss_is_told(tmp_path: Path) -> None:
    ran = run(
        tmp_path,
        unit("worker", "core", "INSTR_LOAD", "INSTR_STORE", mode="Event-Time"),
        size=128,
    )
    assert ran.report.completed
    assert ran.data[: 4 * 4] != bytes(16)
    assert not ran.units["core"].stopped
    (hazard,) = ran.report.hazards
    assert "packets of the trace" in hazard
    assert "were lost" in hazard
    assert "of tile (0,2), core module" in hazard
    needed = int(hazard.split("a trace buffer of ")[1].split()[0])
    again = tmp_path / "again"
    again.mkdir()
    whole = run(
        again,
        unit("worker", "core", "INSTR_LOAD", "INSTR_STORE", mode="Event-Time"),
        size=needed,
    )
    assert not whole.report.hazards
    assert whole.units["core"].stopped


@pytest.mark.parametrize(
    ("event", "mode", "told"),
    [
        ("FP_HUGE", "Event-Time", "asks for FP_HUGE, which never happens here"),
        ("INSTR_VECTOR", "Event-Time", "asks for INSTR_VECTOR, which never happens here"),
        ("INSTR_EVENT_0", "Execution", "is in execution mode, which traces nothing here"),
    ],
)
def test_what_is_asked_for_and_never_comes_is_named(
    tmp_path: Path, event: str, mode: str, told: str
) -> None:
    ran = run(tmp_path, unit("worker", "core", event, mode=mode))
    assert ran.report.hazards[0] == f"the trace of tile (0,2), core module, {told}"


def test_code_of_the_npu_is_traced_bundle_by_bundle(tmp_path: Path) -> None:
    worker = unit("worker", "core", "INSTR_VECTOR", "INSTR_CALL", "INSTR_RETURN", mode="Event-Time")
    head, tail = aie2.DESIGN.rsplit("aie.runtime_sequence", 1)
    first, rest = tail.split("{\n", 1)
    started = (
        "aie.trace.host_config {buffer_size = 4096 : i32}\naie.trace.start_config @worker_core\n"
    )
    design = f"{head}{worker}\naie.runtime_sequence{first}{{\n{started}{rest}"
    (tmp_path / "worker.elf").write_bytes(linked(aie2.WORKER))
    (tmp_path / "design.mlir").write_text(design)
    compile_design(tmp_path / "design.mlir", tmp_path, Options(elf_dir=tmp_path))
    context = Context(parse((tmp_path / "final.xclbin").read_bytes()))
    buffers = [context.allocate(n) for n in (256, 256, 4096)]
    insts = (tmp_path / "insts.bin").read_bytes()
    assert context.run(insts, buffers).completed
    (core,) = trace.read(buffers[2].data.tobytes(), txn.parse(insts).operations)
    assert [one.name for one in core.seen] == ["INSTR_CALL", "INSTR_VECTOR", "INSTR_RETURN"] * 4
    called = [one.begin for one in core.seen]
    between = [second - first for first, second in zip(called[::3], called[1::3], strict=True)]
    assert between == [6 + 2 + 8] * 4, "five delay slots, two loads, eight nops, vadd"


# registers, without a design


def traced(array: Array, module: Module, **registers: int) -> None:
    """Writes a core tile's registers of one module."""
    from softnpu.arch.registers import address, lookup

    for name, value in registers.items():
        match = lookup(module, name)
        assert match is not None
        array.write(tile_address(0, 2, address(match)), value)


@pytest.fixture
def array() -> Array:
    return Array(device("npu1_1col"))


def generate(array: Array, time: int, *events: int) -> None:
    """The controller makes user events of the core's module happen."""
    array.controller_clock = time
    for event in events:
        traced(array, Module.CORE, Event_Generate=event)


USER = [124, 125, 126, 127]


def masks(array: Array, horizon: int) -> Sequence[tuple[int, int]]:
    """(cycle, slots) of what the core's unit recorded, up to a cycle."""
    unit = array.tracing._units.at((0, 2), Module.CORE)
    assert unit is not None
    recorded: list[tuple[int, int]] = []
    record = unit._record

    def note(begin: int, end: int, mask: int) -> None:
        recorded.extend((cycle, mask) for cycle in range(begin, end) if mask)
        record(begin, end, mask)

    unit._record = note  # type: ignore[method-assign]
    unit.advance(horizon)
    return recorded


def test_edges_and_combinations_follow_from_their_events(array: Array) -> None:
    a, b, start, _ = USER
    combo0, edge0 = 9, 13
    traced(
        array,
        Module.CORE,
        Combo_event_inputs=b << 8 | a,
        Combo_event_control=0b01,
        Edge_Detection_event_control=1 << 10 | a,
        Trace_Event0=edge0 << 8 | combo0,
        Trace_Control0=start << 16,
    )
    generate(array, 10, start)
    generate(array, 20, a)
    generate(array, 30, a, b)
    assert masks(array, 50) == [(20, 0b01), (21, 0b10), (31, 0b10)]


def test_a_trace_goes_from_its_start_event_up_to_its_stop_event(array: Array) -> None:
    a, start, stop, _ = USER
    control = stop << 24 | start << 16
    traced(array, Module.CORE, Trace_Event0=a, Trace_Control0=control)
    for time, event in ((5, a), (10, start), (11, a), (20, stop), (21, a)):
        generate(array, time, event)
    assert masks(array, 50) == [(11, 1)]


def test_a_trace_begins_with_the_time_since_the_timer_was_reset(array: Array) -> None:
    a, start, reset, _ = USER
    traced(
        array,
        Module.CORE,
        Timer_Control=reset << 8,
        Trace_Event0=a,
        Trace_Control0=start << 16 | a << 24,
    )
    for time, event in ((4, reset), (10, start), (11, a)):
        generate(array, time, event)
    unit_ = array.tracing._units.at((0, 2), Module.CORE)
    assert unit_ is not None
    unit_.advance(50)
    ((time, payload),) = unit_.ready
    assert list(decode(payload)) == [Start(10 - 4), Event(1, 1), Stop(0)]
    assert time == 12


def test_trace_status_tells_whether_a_unit_is_running(array: Array) -> None:
    a, start, *_ = USER
    traced(array, Module.CORE, Trace_Event0=a, Trace_Control0=start << 16)
    status = tile_address(0, 2, 0x340D8)
    assert array.read(status) == 0
    generate(array, 10, start)
    masks(array, 20)
    assert array.read(status) == 1 << 8


def test_a_broadcast_does_not_pass_a_module_that_blocks_it(array: Array) -> None:
    a, *_ = USER
    traced(array, Module.CORE, Event_Broadcast3=a, Event_Broadcast_Block_North_Set=1 << 3)
    above = array.tracing._units.use((0, 3), Module.CORE)
    beside = array.tracing._units.use((0, 1), Module.MEMORY_TILE)
    for unit_ in (above, beside):
        unit_.settings.write("Trace_Event0", unit_.settings.broadcast_event(3))
    generate(array, 7, a)
    assert not above.pending
    assert [one[:2] for one in beside.pending] == [(7, 8)]


def test_the_documents_table_has_the_events_that_are_modelled() -> None:
    said = (ROOT / "docs" / "tracing.md").read_text()
    for module, patterns in MODELLED.items():
        for pattern in patterns:
            assert pattern.replace("|", "\\|") in said, f"{pattern} of {module.value}"
    assert INSTRUCTIONS.replace("|", "\\|") in said


def test_settings_of_every_module_read_without_registers() -> None:
    for module in Module:
        assert not Settings(module).wanted


# what selections choose


def selected(array: Array, place: tuple[int, int], module: Module, **registers: int) -> None:
    """Writes registers of a module of a tile, so that its unit runs from cycle 0 on."""
    from softnpu.arch.registers import address, lookup

    for name, value in {**registers, "Trace_Control0": 1 << 16}.items():
        match = lookup(module, name)
        assert match is not None
        array.write(tile_address(*place, address(match)), value)


def recorded(array: Array, place: tuple[int, int], module: Module) -> list[tuple[int, int]]:
    """(cycle, slots) of what a unit records up to cycle 100."""
    unit_ = array.tracing._units.at(place, module)
    assert unit_ is not None
    found: list[tuple[int, int]] = []
    record = unit_._record

    def note(begin: int, end: int, mask: int) -> None:
        found.extend((cycle, mask) for cycle in range(begin, end) if mask)
        record(begin, end, mask)

    unit_._record = note  # type: ignore[method-assign]
    array.tracing._units.advance(100)
    return found


@pytest.mark.parametrize(
    ("place", "module"), [((0, 2), Module.MEMORY), ((0, 1), Module.MEMORY_TILE)]
)
def test_lock_events_are_those_of_the_lock_that_is_selected(
    array: Array, place: tuple[int, int], module: Module
) -> None:
    number = Settings(module).number
    release = number.get("LOCK_2_REL") or number["LOCK_SEL2_REL"]
    chosen, other = array.tile(*place).locks[5], array.tile(*place).locks[6]
    selected(
        array,
        place,
        module,
        Locks_Event_Selection_2=5 << 16 | 2,
        Trace_Event0=number["LOCK_SEL2_EQUAL_TO_VALUE"] << 16
        | release << 8
        | number["LOCK_SEL2_ACQ_GE"],
    )
    actor = array.tile(*place).dma.receivers[0]
    for clock, lock in ((10, chosen), (12, other), (20, chosen)):
        actor.clock = clock
        lock.release(1, actor)
    actor.clock = 30
    assert chosen.acquire(-1, actor)
    assert recorded(array, place, module) == [
        (10, 0b010),
        (20, 0b110),
        *[(cycle, 0b100) for cycle in range(21, 30)],
        (30, 0b001),
    ]


def test_a_memory_tile_tells_of_the_channels_that_it_selects(array: Array) -> None:
    number = Settings(Module.MEMORY_TILE).number
    selected(
        array,
        (0, 1),
        Module.MEMORY_TILE,
        DMA_Event_Channel_Selection=4,
        Trace_Event0=number["DMA_S2MM_SEL1_START_TASK"] << 8 | number["DMA_S2MM_SEL0_START_TASK"],
    )
    channels = array.tile(0, 1).dma.receivers
    for clock, channel in ((10, channels[4]), (20, channels[1]), (30, channels[0])):
        channel.clock = clock
        for observer in array.observers:
            observer.task_began(channel)
    assert recorded(array, (0, 1), Module.MEMORY_TILE) == [(10, 0b01), (30, 0b10)]
