"""Profiles: where cycles went, by function, line and wait; and the flame graph of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import softnpu.core
from softnpu.__main__ import main
from softnpu.compiler.driver import Options, compile_design
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.report import RunReport
from softnpu.emulator.naming import names
from softnpu.emulator.observing.recorder import PATHS, Recorder
from softnpu.emulator.profiling.profile import BANKS, Profile, of_array
from softnpu.emulator.profiling.text import flame, text
from softnpu.formats.xclbin import parse
from tests import perfetto
from tests.softnpu.emulator.machine_code import linked
from tests.softnpu.emulator.test_designs_aie2 import DESIGN, WORKER

NOPS = "\n".join(["nop"] * 5)
CALLS = f"""
    .globl f
f:  mova r3, #10
    mov r8, lr
    {NOPS}
again:
    jl #g
    {NOPS}
    add r3, r3, #-1
    jnz r3, #again
    {NOPS}
    mov lr, r8
    {NOPS}
    ret lr
    {NOPS}
g:  lda r0, [p0, #0]; vldb wl0, [p0, #32]
    ret lr
    {NOPS}
"""
"""f and its loop, which calls g ten times; g has seven bundles, two loads of the first meet."""
STAND_IN = """
!object = memref<256xi32>
!sub = !aie.objectfifosubview<memref<256xi32>>
aie.device(npu1_1col) {
  %shim = aie.tile(0, 0)
  %worker = aie.tile(0, 2)
  aie.objectfifo @in(%shim, {%worker}, 2 : i32) : !aie.objectfifo<memref<256xi32>>
  aie.objectfifo @out(%worker, {%shim}, 2 : i32) : !aie.objectfifo<memref<256xi32>>
  %core = aie.core(%worker) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %words = arith.constant 256 : index
    %objects = arith.constant 4 : index
    scf.for %n = %c0 to %objects step %c1 {
      %i = aie.objectfifo.acquire @in(Consume, 1) : !sub
      %x = aie.objectfifo.subview.access %i[0] : !sub -> !object
      %o = aie.objectfifo.acquire @out(Produce, 1) : !sub
      %y = aie.objectfifo.subview.access %o[0] : !sub -> !object
      scf.for %j = %c0 to %words step %c1 {
        %v = memref.load %x[%j] : !object
        memref.store %v, %y[%j] : !object
      }
      aie.objectfifo.release @in(Consume, 1)
      aie.objectfifo.release @out(Produce, 1)
    }
    aie.end
  }
  aie.runtime_sequence(%a: memref<1024xi32>, %b: memref<1024xi32>) {
    aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, 1, 1024][0, 0, 0, 1])
      {id = 0 : i64, metadata = @out, issue_token = true} : memref<1024xi32>
    aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 1024][0, 0, 0, 1])
      {id = 1 : i64, metadata = @in} : memref<1024xi32>
    aiex.npu.dma_wait {symbol = @out}
  }
}
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("profile") / "calls.s"
    file.write_text(CALLS)
    return file


@pytest.fixture(scope="module")
def profile(kernel: Path) -> Profile:
    done = softnpu.core.run(kernel, np.zeros(16, np.int32), entry="f", profile=True)
    assert done.profile is not None
    return done.profile


def test_a_loop_of_bundles_is_as_many_cycles_of_its_function(profile: Profile) -> None:
    """Seven bundles in front; thirteen of the loop, ten times, and twelve behind it."""
    assert profile.functions() == [
        ("again", 10 * 13 + 12, 10 * 13 + 12 + 10 * 8),
        ("g", 10 * 8, 10 * 8),
        ("f", 7, 7),
    ]
    lines = {line: (function, cycles) for function, line, cycles in profile.lines()}
    assert lines["0x52: lda r0, [p0, #0]; vldb wl0, [p0, #32]"] == ("g", 20)
    assert lines["0x22: add r3, r3, #-1"] == ("again", 10)


def test_stalls_at_memory_banks_stand_at_their_bundle(profile: Profile) -> None:
    assert profile.why() == [(BANKS, 10)]
    (stalled,) = (one for one in profile.spent if one.why == BANKS)
    assert (stalled.stack, stalled.line[:4]) == (("again", "g"), "0x52")


def test_what_is_not_profiled_is_not_recorded(kernel: Path) -> None:
    assert softnpu.core.run(kernel, np.zeros(16, np.int32), entry="f").profile is None


def test_more_calls_in_each_other_than_are_told_apart_come_back_right(tmp_path: Path) -> None:
    """A function that calls itself, deeper than there are paths."""
    file = tmp_path / "deep.s"
    file.write_text(f"""
f:  mov r8, lr
    movxm r3, #{PATHS + 50}
    jl #down
    {NOPS}
    mov lr, r8
    {NOPS}
    ret lr
    {NOPS}
down:
    st lr, [p0], #4
    add r3, r3, #-1
    jz r3, #.Lup
    {NOPS}
    jl #down
    {NOPS}
.Lup:
    padda [p0], #-4
    lda lr, [p0, #0]
    {NOPS}
    nop
    nop
    ret lr
    {NOPS}
""")
    done = softnpu.core.run(file, np.zeros(512, np.int32), entry="f", profile=True)
    assert done.profile is not None
    functions = {name: (own, whole) for name, own, whole in done.profile.functions()}
    deep = PATHS + 50
    assert functions["down"][0] == 8 * deep + 6 * (deep - 1) + 15 * deep
    assert functions["f"] == (20, done.profile.cycles)


def run_design(folder: Path, design: str, options: Options | None = None) -> RunReport:
    (folder / "design.mlir").write_text(design)
    compile_design(folder / "design.mlir", folder, options)
    context = Context(parse((folder / "final.xclbin").read_bytes()), profile=True)
    buffers = [context.allocate(4096, name) for name in "ab"]
    report = context.run((folder / "insts.bin").read_bytes(), buffers)
    assert report.completed
    return report


def profiled(folder: Path, report: RunReport) -> Profile:
    (found,) = of_array(report.array, names.beside(folder / "final.xclbin"))
    counts = report.array.core_tile(0, 2).core.counts
    executed = sum(one.cycles for one in found.spent if not one.why)
    waited = sum(one.cycles for one in found.spent if one.why and one.why != BANKS)
    assert executed == counts.instructions
    assert waited == counts.lock_wait + counts.stream_wait + counts.cascade_wait
    return found


def test_waits_of_aie2_code_are_told_in_the_names_of_locks(tmp_path: Path) -> None:
    (tmp_path / "worker.elf").write_bytes(linked(WORKER))
    report = run_design(tmp_path, DESIGN, Options(elf_dir=tmp_path))
    found = profiled(tmp_path, report)
    waits = dict(found.why())
    assert waits["waits for lock given_full (lock 1 of tile (0,2))"] > 0
    assert all(one.stack == ("forever",) for one in found.spent if one.why)
    functions = {name: own for name, own, _ in found.functions()}
    assert functions["double"] % 4 == 0
    assert "forever" in functions


def test_stand_in_code_is_told_by_lines_and_as_rv32(tmp_path: Path) -> None:
    report = run_design(tmp_path, STAND_IN)
    found = profiled(tmp_path, report)
    lines = {line for _, line, _ in found.lines()}
    load = STAND_IN[: STAND_IN.index("memref.load")].count("\n") + 1
    assert {f"design.mlir:{load}", f"design.mlir:{load + 1}"} & lines
    assert {name: whole for name, _, whole in found.functions()}["__start"] == found.cycles
    assert any("lock in_cons_cons_lock_0 (lock " in why for why, _ in found.why())
    told = text([found])
    assert told.startswith(f"core (0,2): {found.cycles:,} RV32 instructions and waits")
    assert "Instructions are RV32's" in told


def test_a_flame_graph_has_slices_in_each_other_as_long_as_their_cycles(profile: Profile) -> None:
    made = json.loads(json.dumps(flame([profile, profile])))
    assert len(perfetto.read(made).slices) == 1
    names_ = {e["tid"]: e["args"]["name"] for e in made["traceEvents"] if e["ph"] == "M"}
    assert names_ == {0: "cycles by function and line", 1: "calls.s (AIE2)", 2: "calls.s (AIE2)"}
    for thread in (1, 2):
        events = [e for e in made["traceEvents"] if e["tid"] == thread and e["ph"] != "M"]
        assert {e["ph"] for e in events} == {"B", "E"}
        stack: list[dict[str, Any]] = []
        lengths: dict[tuple[str, ...], int] = {}
        clock = 0.0
        for event in events:
            assert event["ts"] >= clock
            clock = event["ts"]
            if event["ph"] == "B":
                stack.append(event)
                continue
            lengths[tuple(e["name"] for e in stack)] = round((clock - stack[-1]["ts"]) * 1000)
            assert stack.pop()["name"] == event["name"]
        assert not stack
        assert min(lengths.values()) > 0
        assert (lengths["again",], lengths["again", "g"]) == (222, 80)
        assert round(clock * 1000) == profile.cycles


def test_the_command_tells_a_function_and_writes_what_it_left(
    kernel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "x.npy"
    np.save(given, np.zeros(16, np.int32))
    flame_file = tmp_path / "flame.json"
    arguments = ["--entry", "f", "--arg", f"in:{given}", "--flame", str(flame_file)]
    assert main(["profile", str(kernel), *arguments]) == 0
    out = capsys.readouterr().out
    assert out.startswith("calls.s: 229 cycles\n")
    assert "80  g" in out
    assert json.loads(flame_file.read_text())["traceEvents"]


def test_the_command_takes_cores_of_npu2(tmp_path: Path) -> None:
    file, flame_file = tmp_path / "two.s", tmp_path / "flame.json"
    file.write_text(f"f:\n    ret lr\n{NOPS}\n")
    assert main(["profile", str(file), "--device", "npu2", "--flame", str(flame_file)]) == 0
    assert "two.s (AIE2P)" in flame_file.read_text()


def test_the_command_runs_an_artifact_on_zeros_or_on_what_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_design(tmp_path, STAND_IN)
    artifact = tmp_path / "final.xclbin"
    assert main(["profile", str(artifact)]) == 0
    of_zeros = capsys.readouterr().out
    assert of_zeros.startswith("core (0,2): ")
    np.save(tmp_path / "a.npy", np.arange(1024, dtype=np.int32))
    out = tmp_path / "b.npy"
    given = ["--arg", f"in:{tmp_path / 'a.npy'}", "--arg", f"out:int32:1024:{out}"]
    assert main(["profile", str(artifact), str(tmp_path / "insts.bin"), *given]) == 0
    assert (np.load(out) == np.arange(1024)).all()
    names = tmp_path / "names.json"
    names.write_text(names.read_text().replace('"i32"', '"i4"'))
    assert main(["profile", str(artifact)]) == 1
    assert "elements of type i4" in capsys.readouterr().err
    names.unlink()
    assert main(["profile", str(artifact)]) == 1
    assert "give each of them by --arg" in capsys.readouterr().err


def test_a_program_that_begins_again_is_on_no_path() -> None:
    recorder = Recorder(bytes(64))
    recorder.state.path = 3
    recorder.begin()
    assert recorder.state.path == 0
