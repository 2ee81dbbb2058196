"""Trace units: what designs trace arrives in the host's buffer, and says what happened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from softnpu.arch.register import Module
from softnpu.compiler.driver import Options, compile_design
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.report import RunReport
from softnpu.emulator.tracing.modelled import INSTRUCTIONS, MODELLED
from softnpu.formats import txn
from softnpu.formats.event_settings import Settings
from softnpu.formats.trace_frames import Mode
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
