"""Designs whose cores hold AIE2 code, through compiler and packers: right data, hangs, faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from softnpu.compiler.driver import Options, compile_design
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import Outcome, RunReport
from softnpu.emulator.naming import names
from softnpu.formats.xclbin import parse
from tests.softnpu.emulator.machine_code import debugged, linked

DESIGN = """
module {
  aie.device(npu1_1col) {
    %shim = aie.tile(0, 0)
    %worker = aie.tile(0, 2)
    %given = aie.buffer(%worker) {address = 1024 : i32, sym_name = "given"} : memref<16xi32>
    %made = aie.buffer(%worker) {address = 2048 : i32, sym_name = "made"} : memref<16xi32>
    %free = aie.lock(%worker, 0) {init = 1 : i32, sym_name = "given_free"}
    %full = aie.lock(%worker, 1) {init = 0 : i32, sym_name = "given_full"}
    %mfree = aie.lock(%worker, 2) {init = 1 : i32, sym_name = "made_free"}
    %mfull = aie.lock(%worker, 3) {init = 0 : i32, sym_name = "made_full"}
    aie.flow(%shim, DMA : 0, %worker, DMA : 0)
    aie.flow(%worker, DMA : 0, %shim, DMA : 0)
    aie.shim_dma_allocation @src(%shim, MM2S, 0)
    aie.shim_dma_allocation @dst(%shim, S2MM, 0)
    %core = aie.core(%worker) {
      aie.end
    } {elf_file = "worker.elf"}
    %mem = aie.mem(%worker) {
      %0 = aie.dma_start(S2MM, 0, ^in, ^tx)
    ^in:
      %c1 = arith.constant 1 : i32
      aie.use_lock(%free, AcquireGreaterEqual, %c1)
      aie.dma_bd(%given : memref<16xi32> offset = 0 len = 16)
      aie.use_lock(%full, Release, %c1)
      aie.next_bd ^in
    ^tx:
      %1 = aie.dma_start(MM2S, 0, ^out, ^end)
    ^out:
      %c2 = arith.constant 1 : i32
      aie.use_lock(%mfull, AcquireGreaterEqual, %c2)
      aie.dma_bd(%made : memref<16xi32> offset = 0 len = 16)
      aie.use_lock(%mfree, Release, %c2)
      aie.next_bd ^out
    ^end:
      aie.end
    }
    aie.runtime_sequence(%a: memref<64xi32>, %b: memref<64xi32>) {
      aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1])
        {id = 0 : i64, metadata = @dst, issue_token = true} : memref<64xi32>
      aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1])
        {id = 1 : i64, metadata = @src} : memref<64xi32>
      aiex.npu.dma_wait {symbol = @dst}
    }
  }
}
"""
WORKER = """
start:
    movxm p0, #0x70400
    movxm p1, #0x70800
forever:
    mova r1, #-1
    acq #49, r1
    acq #50, r1
    jl #double
    nop
    nop
    nop
    nop
    nop
    mova r1, #1
    rel #48, r1
    rel #51, r1
    j #forever
    nop
    nop
    nop
    nop
    nop
double:
    vlda wl0, [p0, #0]
    vlda wh0, [p0, #32]
    @
    vadd.32 x0, x0, x0
    @
    ret lr
    vst wl0, [p1, #0]
    vst wh0, [p1, #32]
    nop
    nop
    nop
"""


def run(
    folder: Path, program: str, seed: int | None = None, elf: bytes | None = None
) -> tuple[RunReport, np.ndarray]:
    (folder / "worker.elf").write_bytes(elf or linked(program))
    (folder / "design.mlir").write_text(DESIGN)
    compile_design(folder / "design.mlir", folder, Options(elf_dir=folder))
    image = parse((folder / "final.xclbin").read_bytes())
    assert not image.marks
    context = Context(image, seed=seed)
    buffers = [context.allocate(256, name) for name in "ab"]
    buffers[0].data.view(np.int32)[:] = np.arange(64) * 3 - 50
    report = context.run((folder / "insts.bin").read_bytes(), buffers)
    return report, buffers[1].data.view(np.int32)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_program_of_the_npus_own_code_gives_right_data(tmp_path: Path, seed: int | None) -> None:
    report, out = run(tmp_path, WORKER, seed)
    assert report.completed, explain(report)
    assert (out == 2 * (np.arange(64) * 3 - 50)).all()
    counts = report.statistics.cores["core (0,2)"]
    assert counts.instructions >= 4 * 30
    assert report.cycles > counts.instructions


def test_a_hang_is_told_in_the_names_of_locks_and_functions(tmp_path: Path) -> None:
    report, _ = run(tmp_path, WORKER.replace("    rel #51, r1\n", ""))
    assert report.outcome is Outcome.HANG
    told = explain(report, names.beside(tmp_path / "final.xclbin"))
    assert "waits in forever for lock made_free (lock 2 of tile (0,2)) ≥ 1 (now 0" in told


def test_a_fault_is_told_with_its_function(tmp_path: Path) -> None:
    report, _ = run(tmp_path, WORKER.replace("movxm p1, #0x70800", "movxm p1, #0x30000"))
    assert report.outcome is Outcome.FAULT
    told = explain(report, names.beside(tmp_path / "final.xclbin"))
    head, where = told.splitlines()
    assert head == "core (0,2) writes to 0x30000, where there is no memory"
    assert where.startswith("  in double")
    assert "; pc 0x" in where


def test_a_fault_is_told_with_the_line_that_the_compiler_made_the_bundle_of(tmp_path: Path) -> None:
    wrong = WORKER.replace("movxm p1, #0x70800", "movxm p1, #0x30000")
    report, _ = run(tmp_path, wrong, elf=debugged(wrong, tmp_path))
    told = explain(report, names.beside(tmp_path / "final.xclbin"))
    line = wrong.splitlines().index("    vst wl0, [p1, #0]") + 1
    assert told.startswith(f"worker.s:{line}: core (0,2) writes to 0x30000")
    assert f"  in double (worker.s:{line})" in told


NESTED = """
start:
    movxm sp, #0x70000
    movxm p0, #0x70400
    movxm p1, #0x70800
    mova r1, #-1
forever:
    acq #49, r1
    acq #50, r1
    jl #outer
    nop
    nop
    nop
    nop
    nop
    mova r2, #1
    rel #48, r2
    rel #51, r2
    j #forever
    nop
    nop
    nop
    nop
    nop
outer:
    paddb [sp], #64
    jl #inner
    st lr, [sp, #-28]
    nop
    nop
    nop
    nop
    jl #inner
    nop
    nop
    nop
    nop
    nop
    lda lr, [sp, #-28]
    @
    ret lr
    nop
    nop
    nop
    nop
    paddb [sp], #-64
inner:
    jl #leaf
    paddb [sp], #32
    st r7, [sp, #-4]
    st lr, [sp, #-32]
    nop
    nop
    @
    ENDS
    lda lr, [sp, #-32]
    @
    ret lr
    nop
    nop
    nop
    nop
    paddb [sp], #-32
leaf:
    ret lr
    nop
    nop
    nop
    nop
    nop
"""


@pytest.mark.parametrize(
    ("ends", "callers"),
    [
        ("acq #52, r1", "waits in inner, called from outer, called from forever for lock 4"),
        (
            "mova r9, #0\n    st r9, [p2, #0]",
            "in inner, called from outer, called from forever; pc",
        ),
    ],
)
def test_who_called_is_read_off_the_functions_where_no_debug_information_tells(
    tmp_path: Path, ends: str, callers: str
) -> None:
    """As compilers write them: the frame made in delay slots, `lr` kept in it."""
    text = NESTED.replace("ENDS", ends).replace("mova r1, #-1", "mova r1, #-1\n    mova p2, #64")
    report, _ = run(tmp_path, text)
    assert callers in explain(report, names.beside(tmp_path / "final.xclbin"))
